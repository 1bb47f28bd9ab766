use std::{convert::Infallible, sync::Arc, time::Duration};

use thalweg_core::Sink;
use thalweg_operators::{
    IntoFlow,
    terminal::{RunError, RunHandle},
    testing::{Broken, Script, probe},
};
use tokio::{
    sync::{Semaphore, mpsc},
    task::yield_now,
};

use crate::cancel::{Tally, at_every_poll};

const LONG: Duration = Duration::from_secs(5);

/// Hands every item to the test, when it gets a permit for it.
struct Gate {
    permits: Arc<Semaphore>,
    passed: mpsc::UnboundedSender<u32>,
}

impl Sink<u32> for Gate {
    type Error = Infallible;

    async fn write(&mut self, batch: &mut Vec<u32>) -> Result<(), Infallible> {
        self.permits.acquire().await.unwrap().forget();
        self.passed.send(batch.remove(0)).unwrap();
        Ok(())
    }
}

fn gate(permits: usize) -> (Gate, Arc<Semaphore>, mpsc::UnboundedReceiver<u32>) {
    let permits = Arc::new(Semaphore::new(permits));
    let (passed, received) = mpsc::unbounded_channel();
    let gate = Gate {
        permits: Arc::clone(&permits),
        passed,
    };
    (gate, permits, received)
}

#[tokio::test(start_paused = true)]
async fn a_stop_drains_what_is_in_flight() {
    let (source, log) = probe(Script::Endless);
    let (sink, permits, mut received) = gate(10);
    let run = source.spawned(64).spawn_into(sink);
    for expected in 0..10 {
        assert_eq!(received.recv().await, Some(expected));
    }
    run.request_stop();
    permits.add_permits(Semaphore::MAX_PERMITS / 2);
    let plan = run.stop(LONG).await.unwrap();
    let mut left = 0;
    while received.recv().await.is_some() {
        left += 1;
    }
    assert_eq!(10 + left, log.produced(), "every item made was written");
    assert!(log.is_dropped());
    for stage in plan.stages() {
        assert_eq!(
            stage.counts().map_or(0, |counts| counts.in_flight()),
            0,
            "{plan}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_deadline_that_passes_tells_what_was_left_in_each_stage() {
    let (sink, _permits, mut received) = gate(3);
    let run = (0..100).flow().spawned(8).spawn_into(sink);
    assert_eq!(received.recv().await, Some(0));
    let Err(RunError::Deadline(stage, plan)) = run.stop(LONG).await else {
        panic!("it cannot have drained");
    };
    assert_eq!(stage.name(), "spawn_into");
    let sink = plan.stages()[0].counts().unwrap();
    assert_eq!((sink.emitted, sink.in_flight() > 0), (3, true), "{plan}");
    assert!(plan.find("spawned").unwrap().counts().is_some());
}

#[tokio::test(start_paused = true)]
async fn the_snapshot_has_live_numbers() {
    let (sink, permits, mut received) = gate(2);
    let mut run = (0..5).flow().spawn_into(sink);
    assert_eq!(
        (received.recv().await, received.recv().await),
        (Some(0), Some(1))
    );
    yield_now().await;
    let counts = run.snapshot().stages()[0].counts().unwrap();
    assert_eq!(
        (counts.received, counts.emitted, counts.in_flight()),
        (5, 2, 3)
    );
    permits.add_permits(3);
    let counts = run.join().await.unwrap().stages()[0].counts().unwrap();
    assert_eq!(
        (counts.received, counts.emitted, counts.in_flight()),
        (5, 5, 0)
    );
    assert!(run.is_finished());
}

#[tokio::test(start_paused = true)]
async fn abort_ends_it_at_once_and_drops_the_source() {
    let (source, log) = probe(Script::Endless);
    let (sink, _permits, mut received) = gate(1);
    let mut run = source.spawn_into(sink);
    assert_eq!(received.recv().await, Some(0));
    run.abort();
    assert!(matches!(run.join().await, Err(RunError::Aborted(_))));
    let counts = run.snapshot().stages()[0].counts().unwrap();
    assert_eq!(
        counts.to_string(),
        "in 1024, out 1, dropped 1023 (cancelled), in flight 0"
    );
    assert!(log.is_dropped());
}

#[tokio::test(start_paused = true)]
async fn an_error_and_a_panic_are_told_by_join() {
    let (sink, _permits, _received) = gate(100);
    let mut run = probe(Script::Failing(3)).0.spawn_into(sink);
    assert!(matches!(run.join().await, Err(RunError::Flow(Broken))));

    let (sink, _permits, _received) = gate(100);
    let mut run = (0..3)
        .flow()
        .inspect(|n| assert!(*n < 2, "two many"))
        .spawn_into(sink);
    let Err(RunError::Panicked(panicked)) = run.join().await else {
        panic!("it panicked");
    };
    assert_eq!(
        (panicked.message(), panicked.stage().name()),
        ("two many", "spawn_into")
    );
}

struct AbortOnDrop(RunHandle<Broken, Infallible>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Takes one item at a time, and some time for it.
struct Slow(Tally);

impl Sink<u32> for Slow {
    type Error = Infallible;

    async fn write(&mut self, batch: &mut Vec<u32>) -> Result<(), Infallible> {
        yield_now().await;
        batch.pop();
        self.0.add();
        Ok(())
    }
}

#[tokio::test]
async fn aborted_at_any_time_it_loses_the_batch_that_is_written() {
    at_every_poll(1, |source, tally| async move {
        let mut run = AbortOnDrop(source.spawn_into(Slow(tally)));
        run.0.join().await
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn at_the_deadline_the_sink_still_flushes_and_closes_what_it_took() {
    #[derive(Clone, Default)]
    struct Steps(Arc<std::sync::Mutex<Vec<&'static str>>>);

    impl Sink<u32> for Steps {
        type Error = Infallible;

        async fn write(&mut self, batch: &mut Vec<u32>) -> Result<(), Infallible> {
            batch.clear();
            self.0.lock().unwrap().push("write");
            Ok(())
        }

        async fn flush(&mut self) -> Result<(), Infallible> {
            self.0.lock().unwrap().push("flush");
            Ok(())
        }

        async fn close(&mut self) -> Result<(), Infallible> {
            self.0.lock().unwrap().push("close");
            Ok(())
        }
    }

    let steps = Steps::default();
    // One item comes through, the other never does.
    let slow = |n| async move {
        if n > 0 {
            std::future::pending::<()>().await;
        }
        n
    };
    let run = (0..2).flow().map_async(slow).spawn_into(steps.clone());
    yield_now().await;
    let Err(RunError::Deadline(_, plan)) = run.stop(LONG).await else {
        panic!("it cannot have drained");
    };
    assert_eq!(plan.find("map_async").unwrap().counts().unwrap().in_flight(), 1);
    assert_eq!(*steps.0.lock().unwrap(), ["write", "flush", "flush", "close"]);
}

#[tokio::test(start_paused = true)]
async fn an_end_is_told_once() {
    let (sink, _permits, _received) = gate(100);
    let mut run = probe(Script::Failing(3)).0.spawn_into(sink);
    assert!(matches!(run.join().await, Err(RunError::Flow(Broken))));
    assert!(matches!(run.join().await, Err(RunError::Told(_))));
    assert!(matches!(run.stop(LONG).await, Err(RunError::Told(_))));
}

#[tokio::test(start_paused = true)]
async fn it_stops_when_it_is_told_to_or_ends_by_itself() {
    let (sink, _permits, _received) = gate(Semaphore::MAX_PERMITS / 2);
    let (source, log) = probe(Script::Idle(3));
    let run = source.spawn_into(sink);
    let plan = run.stop_when(tokio::time::sleep(LONG), LONG).await.unwrap();
    assert_eq!(plan.stages()[0].counts().unwrap().emitted, 3);
    assert!(log.saw_stop());

    let (sink, _permits, _received) = gate(Semaphore::MAX_PERMITS / 2);
    let run = probe(Script::Items(3)).0.spawn_into(sink);
    let plan = run.stop_when(std::future::pending::<()>(), LONG).await.unwrap();
    assert_eq!(plan.stages()[0].counts().unwrap().emitted, 3);
}
