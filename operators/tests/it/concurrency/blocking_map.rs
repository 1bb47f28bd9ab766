use std::{
    sync::{
        Barrier, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
        mpsc,
    },
    task::Poll,
    thread,
};

use thalweg_operators::{
    IntoFlow,
    testing::{Conform, Script, assert_marbles, captured, cold, numbers, probe},
};

use crate::poll::poll;

#[tokio::test(start_paused = true)]
async fn results_come_in_the_order_of_the_items() {
    // The call for 1 is done before that for 0 is.
    let (told, heard) = mpsc::channel();
    let heard = Mutex::new(heard);
    let flow = (0..2).flow().blocking_map(2, move |n| {
        if n == 0 {
            heard.lock().unwrap().recv().unwrap();
        } else {
            told.send(()).unwrap();
        }
        n
    });
    assert_eq!(flow.collect::<Vec<_>>().await, Ok(vec![0, 1]));
}

#[tokio::test(start_paused = true)]
async fn a_call_takes_no_time_of_the_paused_clock() {
    let flow = numbers(" -1--2-|").blocking_map(2, |n| n + 1);
    assert_marbles(flow, "-2--3-|").await;
}

#[tokio::test(start_paused = true)]
async fn calls_run_on_threads_and_so_many_at_once() {
    let here = thread::current().id();
    // Nobody gets past it alone.
    let barrier = Barrier::new(3);
    let flow = (0..3).flow().blocking_map(3, move |_| {
        barrier.wait();
        thread::current().id() != here
    });
    assert_eq!(flow.collect::<Vec<_>>().await, Ok(vec![true; 3]));
}

#[tokio::test(start_paused = true)]
async fn no_more_run_than_the_limit() {
    static RUNNING: AtomicUsize = AtomicUsize::new(0);
    let flow = (0..50).flow().blocking_map(2, |_| {
        let running = RUNNING.fetch_add(1, SeqCst) + 1;
        thread::yield_now();
        RUNNING.fetch_sub(1, SeqCst);
        running
    });
    let most = flow.collect::<Vec<_>>().await.unwrap().into_iter().max();
    assert!(most <= Some(2), "{most:?} at once");
}

#[tokio::test(start_paused = true)]
async fn an_error_comes_after_the_results_of_the_items_before_it() {
    assert_marbles(numbers("(41#)").blocking_map(4, |n| n), "(41#)").await;
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_an_error_that_names_the_stage_and_its_siblings_are_not_lost() {
    let flow = (0..4).flow().blocking_map(4, |n| {
        assert!(n != 1, "one is odd");
        n
    });
    let mut seen = Vec::new();
    let mut plan = flow.plan();
    let fault = flow.for_each(|n| seen.push(n)).await.unwrap_err();
    assert!(fault.is_panic());
    let text = fault.to_string();
    assert!(
        text.contains("blocking_map at ") && text.ends_with("one is odd"),
        "{text}"
    );
    assert_eq!(seen, [0, 2, 3]);
    plan.refresh();
    let counts = plan.stages()[0].counts().unwrap();
    assert_eq!(
        counts.to_string(),
        "in 4, out 3, dropped 1 (failed), in flight 0"
    );
}

#[tokio::test(start_paused = true)]
async fn dropping_the_flow_counts_what_runs() {
    let (release, wait) = mpsc::channel::<()>();
    let wait = Mutex::new(wait);
    let mut flow = cold("(abc)").blocking_map(2, move |letter| {
        // Ends when the test does.
        let _ = wait.lock().unwrap().recv();
        letter
    });
    let mut plan = flow.plan();
    assert_eq!(poll(&mut flow, 8, false), (vec![], Poll::Pending));
    drop(flow);
    plan.refresh();
    let counts = plan.stages()[0].counts().unwrap();
    assert_eq!(
        counts.to_string(),
        "in 2, out 0, dropped 2 (cancelled), in flight 0"
    );
    drop(release);
}

#[tokio::test(start_paused = true)]
async fn a_stop_reaches_the_source_while_calls_run_and_their_results_come() {
    let (release, wait) = mpsc::channel::<()>();
    let wait = Mutex::new(wait);
    let (source, log) = probe(Script::Endless);
    let mut flow = source.blocking_map(2, move |n| {
        let _ = wait.lock().unwrap().recv();
        n
    });
    assert_eq!(poll(&mut flow, 8, false), (vec![], Poll::Pending));
    assert_eq!(poll(&mut flow, 8, true), (vec![], Poll::Pending));
    assert!(log.saw_stop());
    drop(release);
    assert_eq!(flow.collect::<Vec<_>>().await, Ok(vec![0, 1]));
}

#[test]
#[should_panic(expected = "blocking_map of 0 at once never does anything")]
fn of_none_is_refused_at_the_call() {
    let _ = cold("|").blocking_map(0, |letter| letter);
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    for limit in [1, 8] {
        Conform::new(|source| {
            let kept = captured();
            source.blocking_map(limit, move |n| kept.with(n + 1))
        })
        .has_tasks()
        .check()
        .await;
    }
}
