use std::{cell::Cell, time::Duration};

use thalweg::sources::never;
use thalweg_operators::testing::{assert_marbles, cold};

use crate::contract::assert_conforms;

#[tokio::test(start_paused = true)]
async fn it_neither_emits_nor_ends() {
    assert_marbles(never::<char>(), "-").await;
    assert_marbles(cold("--a-|").take_until(never::<()>().with_error()), "--a-|").await;
}

#[tokio::test(start_paused = true)]
async fn it_conforms() {
    assert_conforms(|_| never::<u32>()).await;
}

#[tokio::test(start_paused = true)]
async fn it_ends_a_run_that_is_stopped() {
    let run = never::<u32>().spawn_into(thalweg::sinks::stdout());
    let report = run.stop(Duration::from_secs(1)).await;
    assert!(report.is_ok(), "{report:?}");
}

#[test]
fn it_is_send_and_clone_whatever_the_item() {
    fn check(_: impl Send + Clone) {}
    check(never::<Cell<u32>>());
}
