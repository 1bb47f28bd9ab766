//! What came out of a flow, and when.

use std::{
    fmt::{self, Write as _},
    future::poll_fn,
    ops::ControlFlow,
    pin::{Pin, pin},
    task::Poll,
};

use thalweg_core::{Cx, Drained, Observable};
use tokio::time::{Duration, Instant, sleep};

use crate::Flow;

use super::marbles::parse;

/// Frames after which a flow that does not end is no longer observed.
const PATIENCE: u64 = 1_000;

/// What happens to a flow in a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event<T, E> {
    /// An item came.
    Item(T),
    /// The flow completed.
    Completed,
    /// The flow failed.
    Failed(E),
}

/// Runs a flow and notes every event with its frame, in milliseconds since the first poll.
///
/// Waits for the end of the flow for 1,000 frames at most. The clock must be paused.
pub async fn record<O: Observable>(flow: Flow<O>) -> Vec<(u64, Event<O::Item, O::Error>)> {
    let mut flow = pin!(flow);
    let start = Instant::now();
    let mut events = Vec::new();
    let mut patience = pin!(sleep(Duration::from_millis(PATIENCE)));
    poll_fn(|task| {
        loop {
            let frame = frames_since(start);
            let drained = flow.as_mut().poll_drain(&mut Cx::new(task), |item| {
                events.push((frame, Event::Item(item)));
                ControlFlow::Continue(())
            });
            match drained {
                Poll::Ready(Ok(Drained::Completed)) => events.push((frame, Event::Completed)),
                Poll::Ready(Ok(_)) => continue,
                Poll::Ready(Err(error)) => events.push((frame, Event::Failed(error))),
                Poll::Pending => return Pin::new(&mut patience).poll(task),
            }
            return Poll::Ready(());
        }
    })
    .await;
    events
}

fn frames_since(start: Instant) -> u64 {
    u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// Runs a flow on the paused clock and compares what comes out with a diagram.
///
/// Items are compared by their text. A flow that does not end is observed for 1,000 frames.
///
/// # Panics
///
/// Panics with both diagrams, one above the other, if they differ.
pub async fn assert_marbles<O>(flow: Flow<O>, expected: &str)
where
    O: Observable,
    O::Item: fmt::Display,
    O::Error: fmt::Display,
{
    let actual: Vec<_> = record(flow)
        .await
        .into_iter()
        .map(|(frame, event)| (frame, text_of(event)))
        .collect();
    let wanted: Vec<_> = parse(expected)
        .into_iter()
        .map(|(frame, event)| (frame, text_of(event)))
        .collect();
    let (wanted, actual) = (draw(&wanted), draw(&actual));
    assert!(
        actual == wanted,
        "the flow differs from its diagram\n  expected  {wanted}\n  actual    {actual}\n{:>place$}\n",
        '^',
        place = "  expected  ".len() + same_signs(&wanted, &actual) + 1
    );
}

/// Counts the signs at the start of two diagrams in which they agree.
fn same_signs(left: &str, right: &str) -> usize {
    left.chars()
        .zip(right.chars())
        .take_while(|(l, r)| l == r)
        .count()
}

/// Runs a test on a clock that does not wait: whenever nothing can go on, it jumps to the next timer.
///
/// The same as `#[tokio::test(start_paused = true)]`, for whoever has no `tokio` of their own.
///
/// # Panics
///
/// Panics if the test does, or within a runtime.
pub fn with_virtual_time<T>(test: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime of one thread needs nothing from the system but memory")
        .block_on(test)
}

fn text_of<T: fmt::Display, E: fmt::Display>(event: Event<T, E>) -> Event<String, ()> {
    match event {
        Event::Item(item) => Event::Item(item.to_string()),
        Event::Completed => Event::Completed,
        // Whatever the error is, in a diagram it is a `#`.
        Event::Failed(_) => Event::Failed(()),
    }
}

/// Draws events as a diagram.
fn draw(events: &[(u64, Event<String, ()>)]) -> String {
    let mut diagram = String::new();
    let mut frame = 0;
    let mut left = events;
    while let Some((at, _)) = left.first() {
        let count = left.iter().take_while(|(other, _)| other == at).count();
        while frame < *at {
            diagram.push('-');
            frame += 1;
        }
        if frame > *at {
            // The group before takes more frames than there are until here, which no diagram can show.
            let _ = write!(diagram, "<{at}>");
            frame = *at;
        }
        let (now, later) = left.split_at(count);
        if count > 1 {
            diagram.push('(');
        }
        for (_, event) in now {
            match event {
                Event::Item(text) if text.chars().count() == 1 => diagram.push_str(text),
                // Writing to a String cannot fail.
                Event::Item(text) => drop(write!(diagram, "{{{text}}}")),
                Event::Completed => diagram.push('|'),
                Event::Failed(()) => diagram.push('#'),
            }
        }
        frame += 1;
        if count > 1 {
            diagram.push(')');
            frame += count as u64 + 1;
        }
        left = later;
    }
    diagram
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "  expected  -a-b|\n  actual    -a-c|\n               ^\n")]
    fn a_difference_is_pointed_at() {
        with_virtual_time(assert_marbles(super::super::cold("-a-c|"), "-a-b|"));
    }

    #[test]
    fn what_is_drawn_reads_the_same() {
        for diagram in ["--a-(bc|)", "-{10}--{20}#", "(ab)----c|"] {
            let events: Vec<_> = parse(diagram)
                .into_iter()
                .map(|(frame, event)| (frame, text_of(event)))
                .collect();
            assert_eq!(draw(&events), diagram);
        }
    }
}
