use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::SeqCst},
    },
};

use thalweg_core::Fault;
use thalweg_operators::{
    IntoFlow,
    testing::{Broken, Conform, Script, assert_marbles, cold, probe},
};

fn no_x(letter: char) -> char {
    assert_ne!(letter, 'x', "an x");
    letter
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_an_error_after_the_items_before_it() {
    assert_marbles(cold("-a-(bx)-c|").map(no_x).isolate_panics(), "-a-(b#)").await;
    assert_marbles(cold("-a-b|").map(no_x).isolate_panics(), "-a-b|").await;
}

#[tokio::test(start_paused = true)]
async fn the_fault_tells_the_message_and_the_place() {
    let fault = cold("x|").map(no_x).isolate_panics().count().await;
    let Err(Fault::Panicked(panicked)) = fault else {
        panic!("not a panic but {fault:?}");
    };
    assert!(panicked.message().contains("an x"), "{panicked}");
    assert_eq!(panicked.stage().name(), "isolate_panics");
    assert!(panicked.stage().location().file().ends_with("isolate_panics.rs"));
}

#[tokio::test(start_paused = true)]
async fn an_error_of_the_stream_is_told_apart() {
    let fault = cold("a#").isolate_panics().count().await;
    assert_eq!(fault, Err(Fault::Upstream(Broken)));
}

#[tokio::test]
async fn what_panicked_is_dropped_and_never_polled_again() {
    let (source, log) = probe(Script::Endless);
    let mut flow = source.inspect(|n| assert!(*n < 2)).isolate_panics();
    assert_eq!(flow.next().await, Ok(Some(0)));
    assert_eq!(flow.next().await, Ok(Some(1)));
    assert!(flow.next().await.is_err());
    assert!(log.is_dropped());
    assert_eq!(flow.next().await, Ok(None));
}

#[tokio::test]
async fn a_panic_further_down_is_none_of_its_business() {
    let flow = (0..3).flow().isolate_panics().inspect(|n| assert!(*n < 2, "later"));
    let run = tokio::spawn(flow.catch(|_| [7].flow()).count());
    let panic = run.await.unwrap_err().into_panic();
    assert_eq!(panic.downcast_ref::<&str>(), Some(&"later"));
}

/// Panics when it is dropped.
struct Touchy(u32);

impl Drop for Touchy {
    fn drop(&mut self) {
        assert!(std::thread::panicking(), "let me be");
    }
}

#[tokio::test]
async fn a_panic_while_the_source_is_dropped_is_caught() {
    let touchy = Touchy(2);
    let below = move |n: &u32| {
        let Touchy(limit) = &touchy;
        n < limit
    };
    let flow = (0..2).flow().take_while(below);
    let mut flow = flow.isolate_panics();
    assert_eq!((flow.next().await, flow.next().await), (Ok(Some(0)), Ok(Some(1))));
    assert!(flow.next().await.is_err_and(|fault| fault.to_string().contains("let me be")));
    assert_eq!(flow.next().await, Ok(None));
    assert!(catch_unwind(AssertUnwindSafe(|| drop(flow))).is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_a_reason_to_try_again() {
    let tries = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&tries);
    let shaky = cold("-a|").inspect(move |_| assert!(counter.fetch_add(1, SeqCst) > 1));
    let flow = shaky.isolate_panics().retry_when(|faults| faults);
    assert_marbles(flow, "---a|").await;
    assert_eq!(tries.load(SeqCst), 3);
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| source.isolate_panics()).check().await;
}
