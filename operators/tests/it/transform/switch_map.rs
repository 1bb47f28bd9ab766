use std::{
    future::poll_fn,
    ops::ControlFlow,
    pin::pin,
    sync::{Arc, Mutex},
    task::Poll,
};

use thalweg_core::{Cx, DropReason, Observable};
use thalweg_operators::{
    IntoFlow,
    testing::{Broken, Conform, Script, assert_marbles, captured, cold, probe},
};

use crate::poll::poll;

#[tokio::test(start_paused = true)]
async fn the_newest_takes_the_place_of_the_one_before() {
    let flow = cold("    -a-------b-------|").switch_map(|_| cold("--1--2--3|"));
    assert_marbles(flow, "---1--2----1--2--3|").await;
}

#[tokio::test(start_paused = true)]
async fn nothing_stale_comes_after_a_switch() {
    // The 1 of the first inner flow is due in the very frame of the switch.
    let flow = cold("    -a-b----|").switch_map(|_| cold("--1-2|"));
    assert_marbles(flow, "-----1-2|").await;
}

#[tokio::test(start_paused = true)]
async fn completion_waits_for_the_inner_flow_and_for_the_source() {
    assert_marbles(cold("a|").switch_map(|_| cold("---1|")), "---1|").await;
    assert_marbles(cold("a------|").switch_map(|_| cold("-1|")), "-1-----|").await;
    assert_marbles(cold("--|").switch_map(|_| cold("-1|")), "--|").await;
}

#[tokio::test(start_paused = true)]
async fn an_error_of_either_is_the_end() {
    assert_marbles(cold("-a---|").switch_map(|_| cold("-1-#")), "--1-#").await;
    assert_marbles(cold("-a--#").switch_map(|_| cold("-1-2-3|")), "--1-#").await;
}

#[tokio::test]
async fn the_old_flow_is_dropped_before_the_new_one_is_made_and_only_the_last_is_run() {
    struct Noted(u32, Arc<Mutex<Vec<String>>>);
    impl Drop for Noted {
        fn drop(&mut self) {
            self.1.lock().unwrap().push(format!("drop {}", self.0));
        }
    }

    let notes = Arc::new(Mutex::new(Vec::new()));
    let flow = (1..=3).flow().switch_map(|n| {
        notes.lock().unwrap().push(format!("make {n}"));
        let guard = Noted(n, Arc::clone(&notes));
        [n * 10].flow().inspect(move |_| {
            let notes = &guard.1;
            notes.lock().unwrap().push(format!("run {}", guard.0));
        })
    });
    let mut plan = flow.plan();
    assert_eq!(flow.collect::<Vec<_>>().await, Ok(vec![30]));
    assert_eq!(
        *notes.lock().unwrap(),
        [
            "make 1", "drop 1", "make 2", "drop 2", "make 3", "run 3", "drop 3"
        ]
    );
    plan.refresh();
    let counts = plan.stages()[0].counts().unwrap();
    assert_eq!((counts.received, counts.emitted), (3, 1));
    assert_eq!(counts.dropped_by(DropReason::Superseded), 2);
}

#[tokio::test]
async fn a_stop_reaches_the_inner_flow() {
    let (inner, log) = probe(Script::Idle(1));
    let mut flow = pin!(cold("a").switch_map(move |_| inner.clone()));
    for stopping in [false, true] {
        poll_fn(|task| {
            let mut cx = Cx::new(task).with_stop(stopping);
            let _ = flow
                .as_mut()
                .poll_drain(&mut cx, |_| ControlFlow::Break(()));
            Poll::Ready(())
        })
        .await;
        assert_eq!(log.saw_stop(), stopping);
    }
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    // How many inner flows are run depends on how many items there are at a time.
    Conform::new(|source| {
        let kept = captured();
        source.switch_map(move |n| kept.with([n, n + 1]).flow().with_error::<Broken>())
    })
    .any_sequence()
    .check()
    .await;
    Conform::new(|source| {
        let source = Arc::new(Mutex::new(Some(source)));
        let kept = captured();
        cold("a|").switch_map(move |_| kept.with(source.lock().unwrap().take().unwrap()))
    })
    .check()
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_source_that_is_busy_without_an_item_does_not_starve_the_inner_flow() {
    let busy = probe(Script::Endless).0.filter(|n| *n == 0);
    let mut flow = busy.switch_map(|_| cold("(ab)")).boxed();
    let seen: Vec<_> = (0..4)
        .flat_map(|_| poll(&mut flow, Cx::DEFAULT_BUDGET, false).0)
        .collect();
    assert_eq!(seen, ['a', 'b']);
}
