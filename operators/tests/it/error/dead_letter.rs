use std::{
    sync::{Arc, Mutex},
    task::Poll,
    time::Duration,
};

use thalweg_core::{Counts, Cx, Drained, DropReason, Observable, Sink};
use thalweg_operators::{
    Flow,
    terminal::RunError,
    testing::{Broken, Conform, Probe, Script, assert_marbles, cold, probe},
};
use tokio::time::sleep;

use crate::poll::poll;

/// Writes down what it is told to do; takes two letters at a time and as long as it is told, and refuses a `z`.
#[derive(Clone, Default)]
struct Diary {
    text: Arc<Mutex<String>>,
    takes: Duration,
}

#[derive(Debug, PartialEq)]
struct NoZ;

impl std::fmt::Display for NoZ {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("no z")
    }
}

impl Diary {
    fn slow(millis: u64) -> Self {
        Self {
            takes: Duration::from_millis(millis),
            ..Self::default()
        }
    }

    fn add(&self, word: &str) {
        let mut text = self.text.lock().unwrap();
        text.push_str(word);
        text.push(' ');
    }

    fn text(&self) -> String {
        self.text.lock().unwrap().trim_end().to_owned()
    }
}

impl Sink<char> for Diary {
    type Error = NoZ;

    async fn write(&mut self, batch: &mut Vec<char>) -> Result<(), NoZ> {
        if !self.takes.is_zero() {
            sleep(self.takes).await;
        }
        if batch[0] == 'z' {
            return Err(NoZ);
        }
        let word: String = batch.drain(..batch.len().min(2)).collect();
        self.add(&word);
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), NoZ> {
        self.add("flush");
        Ok(())
    }

    async fn close(&mut self) -> Result<(), NoZ> {
        self.add("close");
        Ok(())
    }

    async fn abandon(&mut self) -> Result<(), NoZ> {
        self.add("abandon");
        Ok(())
    }
}

/// Digits pass, letters are dead.
fn digits(diagram: &str) -> Flow<impl Observable<Item = Result<char, char>, Error = Broken> + Clone + Send + use<>> {
    cold(diagram).map(|sign| if sign.is_ascii_digit() { Ok(sign) } else { Err(sign) })
}

#[tokio::test(start_paused = true)]
async fn items_pass_and_errors_are_written_by_the_batch() {
    let diary = Diary::default();
    let flow = digits("  -1-(abc2d)-3|").dead_letter(diary.clone());
    assert_marbles(flow, "-1-2-------3|").await;
    assert_eq!(diary.text(), "ab cd flush flush close");
}

#[tokio::test(start_paused = true)]
async fn the_end_waits_for_the_sink() {
    let diary = Diary::slow(3);
    assert_marbles(digits("1a|").dead_letter(diary.clone()), "1---|").await;
    assert_eq!(diary.text(), "a flush flush close");
    let diary = Diary::slow(3);
    assert_marbles(digits("1(a#)").dead_letter(diary.clone()), "1---#").await;
    assert_eq!(diary.text(), "a flush abandon");
}

#[tokio::test(start_paused = true)]
async fn a_slow_sink_holds_back_the_source() {
    let diary = Diary::slow(4);
    // What is due meanwhile comes when the letter is written.
    let flow = digits("  -a-1-----2-|").dead_letter(diary.clone());
    assert_marbles(flow, "-----1---2-|").await;
    assert_eq!(diary.text(), "a flush flush close");
}

#[tokio::test(start_paused = true)]
async fn an_error_of_the_sink_is_the_end_and_drops_the_source() {
    let (source, log) = probe(Script::Endless);
    let letters = source.map(|n| if n == 3 { Err('z') } else { Ok(n) });
    let flow = letters.dead_letter(Diary::default());
    let mut plan = flow.plan();
    let mut seen = Vec::new();
    let end = flow.for_each(|n| seen.push(n)).await;
    assert!(matches!(end, Err(RunError::Sink(NoZ))));
    assert!(log.is_dropped());
    plan.refresh();
    let counts = plan.stages()[0].counts().unwrap();
    assert_eq!(counts.dropped_by(DropReason::Failed), 1);
    assert_eq!((counts.emitted, counts.in_flight()), (seen.len() as u64, 0));
}

#[tokio::test(start_paused = true)]
async fn an_error_of_the_stream_comes_after_what_was_before_it() {
    let diary = Diary::default();
    let end = digits("(1ab#)").dead_letter(diary.clone()).count().await;
    assert!(matches!(end, Err(RunError::Flow(Broken))));
    // What the sink has may not be all: one that shows all or nothing shows nothing.
    assert_eq!(diary.text(), "ab flush abandon");
}

fn counts<O: Observable>(flow: &Flow<O>) -> Counts {
    let mut plan = flow.plan();
    plan.refresh();
    plan.stages()[0].counts().unwrap()
}

#[tokio::test(start_paused = true)]
async fn dropping_it_loses_what_is_being_written_and_counts_it() {
    let mut flow = digits("(1abc)2|").dead_letter(Diary::slow(5));
    assert_eq!(flow.next().await.unwrap(), Some('1'));
    assert_eq!(poll(&mut flow, Cx::DEFAULT_BUDGET, false).0, []);
    assert_eq!(counts(&flow).to_string(), "in 4, out 1, in flight 3");
    sleep(Duration::from_millis(6)).await;
    assert_eq!(poll(&mut flow, Cx::DEFAULT_BUDGET, false).0, []);
    assert_eq!(counts(&flow).to_string(), "in 4, out 3, in flight 1");
    let mut plan = flow.plan();
    drop(flow);
    plan.refresh();
    let left = plan.stages()[0].counts().unwrap();
    assert_eq!(left.to_string(), "in 4, out 3, dropped 1 (cancelled), in flight 0");
}

#[tokio::test(start_paused = true)]
async fn a_consumer_that_takes_one_by_one_does_not_keep_letters_waiting() {
    let diary = Diary::default();
    let mut flow = digits("(a1b2c3)|").dead_letter(diary.clone());
    assert_eq!(flow.next().await.unwrap(), Some('1'));
    assert_eq!(flow.next().await.unwrap(), Some('2'));
    assert_eq!(diary.text(), "a flush");
    assert_eq!(flow.next().await.unwrap(), Some('3'));
    assert_eq!(diary.text(), "a flush b flush");
}

#[tokio::test]
async fn a_batch_is_bounded() {
    #[derive(Default)]
    struct Largest(Arc<Mutex<usize>>);

    impl Sink<u32> for Largest {
        type Error = NoZ;

        async fn write(&mut self, batch: &mut Vec<u32>) -> Result<(), NoZ> {
            let mut largest = self.0.lock().unwrap();
            *largest = batch.len().max(*largest);
            batch.clear();
            Ok(())
        }
    }

    let largest = Arc::new(Mutex::new(0));
    let source = probe(Script::Items(10_000)).0.map(Err::<u32, u32>);
    let mut flow = source.dead_letter(Largest(Arc::clone(&largest)));
    let (_, rest) = poll(&mut flow, u32::MAX, false);
    assert!(matches!(rest, Poll::Ready(Ok(Drained::Completed)) | Poll::Pending));
    assert_eq!(*largest.lock().unwrap(), 1024);
}

#[tokio::test(start_paused = true)]
async fn a_stop_reaches_the_source_while_the_sink_writes() {
    let (source, log) = probe(Script::Idle(1));
    let diary = Diary::slow(5);
    let mut flow = source.map(|_| Err::<u32, _>('a')).dead_letter(diary.clone());
    assert!(poll(&mut flow, 8, false).1.is_pending());
    assert!(poll(&mut flow, 8, true).1.is_pending());
    assert!(log.saw_stop());
    assert_eq!(flow.count().await.unwrap(), 0);
    assert_eq!(diary.text(), "a flush flush close");
}

#[tokio::test(start_paused = true)]
async fn a_clone_starts_anew() {
    let diary = Diary::default();
    let flow = digits("(1a|)").dead_letter(diary.clone());
    assert_marbles(flow.repeat().times(2), "(11|)").await;
    assert_eq!(diary.text(), "a flush close a flush close");
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    fn split(source: Flow<Probe>, diary: Diary) -> Flow<impl Observable<Item = u32, Error = String> + std::fmt::Debug + Send> {
        source
            .map(|n| if n % 3 == 0 { Err('a') } else { Ok(n) })
            .dead_letter(diary)
            .map_err(|error| error.to_string())
    }
    Conform::new(|source| split(source, Diary::default())).check().await;
    Conform::new(|source| split(source, Diary::slow(2))).check().await;
}
