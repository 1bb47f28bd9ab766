use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
    time::Duration,
};

use thalweg_core::Sink;
use thalweg_operators::{
    IntoFlow,
    terminal::RunError,
    testing::{Conform, Script, assert_marbles, cold, probe},
};
use tokio::time::{sleep, timeout};

use crate::poll::poll;

const FRAME: Duration = Duration::from_millis(1);

/// What a sink was told, in words.
type Log = Arc<Mutex<Vec<String>>>;

/// Takes so many items a write, and so many frames for each.
struct Slow {
    log: Log,
    items: usize,
    frames: u32,
}

fn slow(items: usize, frames: u32) -> (Slow, Log) {
    let log = Log::default();
    let sink = Slow {
        log: Arc::clone(&log),
        items,
        frames,
    };
    (sink, log)
}

impl<T: std::fmt::Display + Send> Sink<T> for Slow {
    type Error = Infallible;

    async fn write(&mut self, batch: &mut Vec<T>) -> Result<(), Infallible> {
        if self.frames > 0 {
            sleep(FRAME * self.frames).await;
        }
        let taken = batch.drain(..self.items.min(batch.len()));
        let words: Vec<_> = taken.map(|item| item.to_string()).collect();
        self.log.lock().unwrap().push(words.concat());
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), Infallible> {
        self.log.lock().unwrap().push("flush".to_owned());
        Ok(())
    }

    async fn close(&mut self) -> Result<(), Infallible> {
        self.log.lock().unwrap().push("close".to_owned());
        Ok(())
    }
}

fn told(log: &Log) -> String {
    log.lock().unwrap().join(" ")
}

/// Fails at an item.
struct Fails(u32);

impl Sink<u32> for Fails {
    type Error = &'static str;

    async fn write(&mut self, batch: &mut Vec<u32>) -> Result<(), &'static str> {
        let Self(at) = self;
        batch.retain(|n| n >= at);
        if batch.is_empty() { Ok(()) } else { Err("full") }
    }
}

#[tokio::test(start_paused = true)]
async fn all_pass_and_the_sink_gets_clones() {
    for (diagram, expected) in [
        ("-a--(bc)--d-|", "a flush bc flush d flush flush close"),
        ("-a-#", "a flush flush close"),
        ("|", "flush close"),
    ] {
        let (sink, log) = slow(9, 0);
        assert_marbles(cold(diagram).observe_into(sink), diagram).await;
        assert_eq!(told(&log), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_sink_holds_back_the_source_and_the_end() {
    let (sink, log) = slow(1, 2);
    let source = ['a', 'b', 'c', 'd'].flow();
    let flow = source.observe_into(sink).map_err(|_: RunError<_, _>| "never");
    assert_marbles(flow, "(abcd)--|").await;
    assert_eq!(told(&log), "a b c d flush close");

    let (sink, log) = slow(9, 3);
    assert_marbles(cold("-a-b--c|").observe_into(sink), "-a--b--c--|").await;
    assert_eq!(told(&log), "a flush b flush c flush close");
}

#[tokio::test(start_paused = true)]
async fn what_was_handed_on_is_written_at_once() {
    let (sink, log) = slow(9, 0);
    let mut flow = (1..=3).flow().observe_into(sink);
    assert_eq!(flow.next().await.unwrap(), Some(1));
    assert_eq!(told(&log), "1");
    assert_eq!(flow.next().await.unwrap(), Some(2));
    assert_eq!(told(&log), "1 2");
}

#[tokio::test]
async fn a_failure_of_the_sink_ends_the_flow() {
    let (source, log) = probe(Script::Endless);
    let mut flow = source.observe_into(Fails(5));
    let mut plan = flow.plan();
    let mut seen = Vec::new();
    let error = loop {
        match flow.next().await {
            Ok(item) => seen.extend(item),
            Err(error) => break error,
        }
    };
    assert!(matches!(error, RunError::Sink("full")));
    assert_eq!(seen, [0, 1, 2, 3, 4, 5]);
    assert!(log.is_dropped());
    assert!(matches!(flow.next().await, Ok(None)));
    plan.refresh();
    let counts = plan.stages()[0].counts().unwrap();
    assert_eq!(
        counts.to_string(),
        "in 6, out 5, dropped 1 (failed), in flight 0"
    );
}

#[tokio::test(start_paused = true)]
async fn dropped_it_loses_the_clones_that_were_not_written() {
    let (sink, log) = slow(2, 4);
    let mut flow = (0..10).flow().observe_into(sink);
    let mut plan = flow.plan();
    assert_eq!(poll(&mut flow, 100, false).0.len(), 10);
    assert!(timeout(FRAME * 5, flow.next()).await.is_err());
    assert_eq!(told(&log), "01");
    drop(flow);
    plan.refresh();
    let counts = plan.stages()[0].counts().unwrap();
    assert_eq!(
        counts.to_string(),
        "in 10, out 0, dropped 10 (cancelled), in flight 0"
    );
}

#[tokio::test(start_paused = true)]
async fn a_stop_reaches_the_source_while_the_sink_writes() {
    let (sink, log) = slow(9, 4);
    let (source, watch) = probe(Script::Endless);
    let mut flow = source.observe_into(sink);
    assert_eq!(flow.next().await.unwrap(), Some(0));
    assert!(poll(&mut flow, 0, true).1.is_pending());
    assert!(watch.saw_stop() && watch.is_dropped());
    assert!(matches!(flow.next().await, Ok(None)));
    assert_eq!(told(&log), "0 flush close");
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| source.observe_into(slow(9, 0).0))
        .check()
        .await;
    Conform::new(|source| source.observe_into(slow(3, 2).0))
        .check()
        .await;
}
