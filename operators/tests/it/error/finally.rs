use std::{
    sync::{Arc, Mutex},
    task::Poll,
};

use thalweg_core::{Cx, Drained, Observable};
use thalweg_operators::{
    Flow,
    error::Ending,
    testing::{Broken, Conform, Probe, ProbeLog, Script, assert_marbles, captured, cold, probe},
};

use crate::poll::poll;

/// Writes down how flows ended.
#[derive(Clone, Default)]
struct Diary(Arc<Mutex<Vec<String>>>);

impl Diary {
    fn add(&self, ending: &Ending<'_, Broken>) {
        self.0.lock().unwrap().push(format!("{ending:?}"));
    }

    fn text(&self) -> String {
        self.0.lock().unwrap().join(" ")
    }
}

fn told<O: Observable<Error = Broken>>(
    flow: Flow<O>,
    diary: &Diary,
) -> Flow<impl Observable<Item = O::Item, Error = Broken> + use<O>> {
    let diary = diary.clone();
    flow.finally(move |ending| diary.add(&ending))
}

#[tokio::test(start_paused = true)]
async fn each_end_is_told_once() {
    for (diagram, ending) in [("-a-b|", "Completed"), ("-a-#", "Failed(Broken)")] {
        let diary = Diary::default();
        assert_marbles(told(cold(diagram), &diary), diagram).await;
        assert_eq!(diary.text(), ending);
    }
}

#[tokio::test(start_paused = true)]
async fn polled_again_and_dropped_after_the_end_it_is_not_told_again() {
    let diary = Diary::default();
    let mut flow = told(cold("a|"), &diary).boxed();
    assert_eq!(flow.next().await, Ok(Some('a')));
    for _ in 0..2 {
        assert_eq!(flow.next().await, Ok(None));
    }
    let (items, rest) = poll(&mut flow, Cx::DEFAULT_BUDGET, false);
    assert_eq!((items, rest), (vec![], Poll::Ready(Ok(Drained::Completed))));
    drop(flow);
    assert_eq!(diary.text(), "Completed");
}

#[tokio::test(start_paused = true)]
async fn a_flow_that_is_dropped_or_cut_off_is_cancelled() {
    let diary = Diary::default();
    let mut flow = told(cold("a-b|"), &diary).boxed();
    assert_eq!(flow.next().await, Ok(Some('a')));
    assert_eq!(diary.text(), "");
    drop(flow);
    assert_eq!(diary.text(), "Cancelled");

    let diary = Diary::default();
    let seen = diary.clone();
    let cut = told(cold("a-b-c|"), &diary).take(2);
    let cut = cut.map(move |letter| (letter, seen.text()));
    let items = cut.collect::<Vec<_>>().await.unwrap();
    let last = ('b', "Cancelled".to_owned());
    assert_eq!(items, [('a', String::new()), last], "before the last item");
}

#[tokio::test(start_paused = true)]
async fn a_flow_that_was_never_polled_has_not_begun() {
    let diary = Diary::default();
    drop(told(cold("a|"), &diary));
    assert_eq!(diary.text(), "");
    assert_marbles(told(cold("a|"), &diary).take(0), "|").await;
    assert_eq!(diary.text(), "");
}

#[tokio::test(start_paused = true)]
async fn every_round_is_told_by_itself() {
    let diary = Diary::default();
    let seen = diary.clone();
    let rounds = cold("a|").finally(move |ending| seen.add(&ending));
    assert_marbles(rounds.repeat().times(3), "aaa|").await;
    assert_eq!(diary.text(), "Completed Completed Completed");
}

/// The source is dropped when the closure is called.
fn after_the_source(source: Flow<Probe>, log: &Arc<ProbeLog>) -> Flow<impl Observable + use<>> {
    let log = Arc::clone(log);
    source.finally(move |_| assert!(log.is_dropped()))
}

#[tokio::test(start_paused = true)]
async fn the_source_is_dropped_before_it_is_told() {
    for script in [Script::Items(3), Script::Failing(3)] {
        let (source, log) = probe(script);
        let _ = after_the_source(source, &log).count().await;
    }
    let (source, log) = probe(Script::Endless);
    let flow = after_the_source(source, &log);
    assert!(matches!(flow.take(2).count().await, Ok(2)));
}

#[tokio::test]
async fn a_panic_is_told_as_cancelled() {
    let diary = Diary::default();
    let flow = told(cold("a|").inspect(|_| panic!("oh")), &diary);
    let run = tokio::spawn(async move { flow.count().await });
    assert!(run.await.unwrap_err().is_panic());
    assert_eq!(diary.text(), "Cancelled");
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| {
        let kept = captured();
        source.finally(move |_| kept.with(()))
    })
    .check()
    .await;
}
