use thalweg_operators::{
    IntoFlow,
    testing::{Broken, Conform, assert_marbles, cold},
};

#[tokio::test(start_paused = true)]
async fn a_flow_that_cannot_fail_meets_one_that_can() {
    let sure = ['x', 'y'].flow().with_error::<Broken>();
    assert_marbles(cold("-------a-#").merge(sure), "(xy)---a-#").await;
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| source.catch(|_| [7].flow()).with_error::<Broken>())
        .handles_errors()
        .check()
        .await;
}
