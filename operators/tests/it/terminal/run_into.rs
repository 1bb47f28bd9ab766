use std::{convert::Infallible, fmt::Write as _};

use thalweg_core::Sink;
use thalweg_operators::{
    IntoFlow,
    terminal::RunError,
    testing::{Broken, Script, cold, probe},
};
use tokio::task::yield_now;

use crate::cancel::{Tally, at_every_poll};

/// Writes down what it is told to do; refuses an `x`, takes at most two items at a time.
#[derive(Default)]
struct Diary(String);

#[derive(Debug, PartialEq)]
struct NoX;

impl Sink<char> for Diary {
    type Error = NoX;

    async fn write(&mut self, batch: &mut Vec<char>) -> Result<(), NoX> {
        for letter in batch.drain(..batch.len().min(2)) {
            if letter == 'x' {
                return Err(NoX);
            }
            write!(self.0, "{letter}").unwrap();
        }
        self.0.push(' ');
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), NoX> {
        self.0.push_str("flush ");
        Ok(())
    }

    async fn close(&mut self) -> Result<(), NoX> {
        self.0.push_str("close");
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_ready_is_written_then_flushed_when_nothing_is() {
    let mut diary = Diary::default();
    cold("-a--(bcd)---e|").run_into(&mut diary).await.unwrap();
    assert_eq!(diary.0, "a flush bc d flush e flush flush close");
}

#[tokio::test(start_paused = true)]
async fn after_an_error_of_the_stream_the_sink_is_closed() {
    let mut diary = Diary::default();
    let result = cold("-a--#").run_into(&mut diary).await;
    assert!(matches!(result, Err(RunError::Flow(Broken))));
    assert_eq!(diary.0, "a flush flush close");
}

#[tokio::test(start_paused = true)]
async fn an_error_of_the_sink_ends_the_run_and_drops_the_source() {
    let (source, log) = probe(Script::Endless);
    let letters = source.map(|n| if n == 3 { 'x' } else { 'a' });
    let result = letters.run_into(Diary::default()).await;
    assert!(matches!(result, Err(RunError::Sink(NoX))));
    assert!(log.is_dropped());
}

struct Count(u64);

impl Sink<u64> for Count {
    type Error = std::convert::Infallible;

    async fn write(&mut self, batch: &mut Vec<u64>) -> Result<(), Self::Error> {
        assert!(batch.len() <= 1024, "a batch of {}", batch.len());
        self.0 += batch.drain(..).count() as u64;
        Ok(())
    }
}

#[tokio::test]
async fn a_batch_is_bounded() {
    let mut count = Count(0);
    (0..100_000).flow().run_into(&mut count).await.unwrap();
    assert_eq!(count.0, 100_000);
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
async fn dropped_at_any_poll_it_loses_the_batch_that_is_written() {
    at_every_poll(1, |source, tally| source.run_into(Slow(tally))).await;
}
