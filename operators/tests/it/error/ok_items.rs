use thalweg_operators::testing::{Broken, Conform, assert_marbles, captured, cold};

fn no_x(letter: char) -> Result<char, Broken> {
    if letter == 'x' {
        Err(Broken)
    } else {
        Ok(letter)
    }
}

#[tokio::test(start_paused = true)]
async fn errors_of_items_go_to_the_closure_and_the_flow_goes_on() {
    let mut errors = 0;
    let flow = cold("-a-x-(bxx)-c|")
        .map(no_x)
        .ok_items(|Broken| errors += 1);
    let mut plan = flow.plan();
    assert_marbles(flow, "-a---b-----c|").await;
    assert_eq!(errors, 3);
    plan.refresh();
    let counts = plan.stages()[0].counts().unwrap();
    assert_eq!(
        counts.to_string(),
        "in 6, out 3, dropped 3 (failed), in flight 0"
    );
}

#[tokio::test(start_paused = true)]
async fn an_error_of_the_stream_passes() {
    assert_marbles(cold("-x-a-#").map(no_x).ok_items(drop), "---a-#").await;
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| {
        let kept = captured();
        source
            .map(|n| if n % 3 == 0 { Err(n) } else { Ok(n) })
            .ok_items(move |_| kept.with(()))
    })
    .check()
    .await;
}
