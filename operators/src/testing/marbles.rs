//! Marble strings, and sources that play them.

use std::{collections::VecDeque, error::Error, fmt, ops::ControlFlow, pin::Pin, task::Poll};

use thalweg_core::{Cx, Drained, Observable, Plan, StageId};
use tokio::time::{Duration, Instant};

use crate::{Flow, timer::Timer};

use super::{
    Event,
    subscriptions::{Subscribed, Subscriptions},
};

/// The error of a `#` in a marble diagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Broken;

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("#")
    }
}

impl Error for Broken {}

/// Plays a diagram from the moment it is first polled; the items are its characters.
///
/// # Panics
///
/// Panics if the diagram cannot be read.
#[track_caller]
pub fn cold(diagram: &str) -> Flow<Marbles> {
    Flow::new(Marbles {
        left: Some(parse(diagram).into_iter().map(one_letter).collect()),
        origin: None,
        skip_missed: false,
        timer: Timer::new(),
        subscribed: Subscribed::from_now(),
        id: StageId::here("cold"),
    })
}

/// Plays a diagram from now on, whether or not it is polled: what comes before the first poll is missed.
///
/// # Panics
///
/// Panics if the diagram cannot be read, and outside of a tokio runtime.
#[track_caller]
pub fn hot(diagram: &str) -> Flow<Marbles> {
    let mut marbles = cold(diagram).into_inner();
    marbles.origin = Some(Instant::now());
    marbles.skip_missed = true;
    marbles.id = StageId::here("hot");
    Flow::new(marbles)
}

/// Plays a diagram of digits as numbers, as [`cold`].
///
/// # Panics
///
/// Panics if the diagram cannot be read, and at an item that is no digit.
#[track_caller]
pub fn numbers(
    diagram: &str,
) -> Flow<impl Observable<Item = u32, Error = Broken> + Clone + Send + fmt::Debug + use<>> {
    cold(diagram).map(|letter| {
        letter
            .to_digit(10)
            .unwrap_or_else(|| panic!("{letter:?} is no digit"))
    })
}

fn one_letter((frame, event): (u64, Event<String, Broken>)) -> (u64, Event<char, Broken>) {
    let event = match event {
        Event::Item(text) => {
            let mut letters = text.chars();
            match (letters.next(), letters.next()) {
                (Some(letter), None) => Event::Item(letter),
                _ => panic!("a source has items of one character, not {text:?}"),
            }
        }
        Event::Completed => Event::Completed,
        Event::Failed(error) => Event::Failed(error),
    };
    (frame, event)
}

/// Reads a diagram into frames and events.
pub(super) fn parse(diagram: &str) -> Vec<(u64, Event<String, Broken>)> {
    let mut events = Vec::new();
    let mut frame = 0;
    let mut group: Option<u64> = None;
    let mut signs = diagram.chars().filter(|sign| !sign.is_whitespace());
    while let Some(sign) = signs.next() {
        let at = group.unwrap_or(frame);
        match sign {
            '-' => {}
            '(' => {
                assert!(group.is_none(), "a group in a group in {diagram:?}");
                group = Some(frame);
            }
            ')' => {
                assert!(group.is_some(), "a `)` without `(` in {diagram:?}");
                group = None;
            }
            '|' => events.push((at, Event::Completed)),
            '#' => events.push((at, Event::Failed(Broken))),
            '{' => {
                let text: String = signs.by_ref().take_while(|sign| *sign != '}').collect();
                events.push((at, Event::Item(text)));
            }
            item => events.push((at, Event::Item(item.to_string()))),
        }
        frame += 1;
    }
    assert!(group.is_none(), "a `(` without `)` in {diagram:?}");
    events
}

/// The observable of [`cold`] and [`hot`]. Completes when it is asked to stop.
#[derive(Clone, Debug)]
#[must_use = "observables do nothing unless they are polled"]
pub struct Marbles {
    left: Option<VecDeque<(u64, Event<char, Broken>)>>,
    origin: Option<Instant>,
    skip_missed: bool,
    timer: Timer,
    subscribed: Subscribed,
    id: StageId,
}

impl Marbles {
    /// Tells when it, or a clone of it, was subscribed. Frames count from when it was made.
    pub fn subscriptions(&self) -> Subscriptions {
        self.subscribed.log()
    }

    fn end(&mut self) {
        self.left = None;
        self.subscribed.end();
    }
}

impl Observable for Marbles {
    type Item = char;
    type Error = Broken;

    fn poll_drain<F>(
        mut self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        mut emit: F,
    ) -> Poll<Result<Drained, Broken>>
    where
        F: FnMut(char) -> ControlFlow<()>,
    {
        let this = &mut *self;
        let now = Instant::now();
        let origin = *this.origin.get_or_insert(now);
        this.subscribed.begin();
        if cx.stopping() {
            this.end();
        }
        let Some(left) = &mut this.left else {
            return Poll::Ready(Ok(Drained::Completed));
        };
        if std::mem::take(&mut this.skip_missed) {
            let is_missed = |(frame, event): &mut (u64, Event<char, Broken>)| {
                origin + Duration::from_millis(*frame) < now && matches!(event, Event::Item(_))
            };
            while left.pop_front_if(is_missed).is_some() {}
        }
        loop {
            let Some((frame, event)) = left.front() else {
                return Poll::Pending;
            };
            let due = origin + Duration::from_millis(*frame);
            if now < due {
                this.timer.set(due);
                if !this.timer.poll(cx.task(), now) {
                    return Poll::Pending;
                }
            }
            if matches!(event, Event::Item(_)) && !cx.spend() {
                return Poll::Ready(Ok(Drained::Exhausted));
            }
            match left.pop_front() {
                Some((_, Event::Item(item))) => {
                    if emit(item).is_break() {
                        return Poll::Ready(Ok(Drained::Stopped));
                    }
                }
                Some((_, Event::Failed(error))) => {
                    this.end();
                    return Poll::Ready(Err(error));
                }
                Some((_, Event::Completed)) | None => {
                    this.end();
                    return Poll::Ready(Ok(Drained::Completed));
                }
            }
        }
    }

    fn describe(&self, plan: &mut Plan) {
        plan.stage(self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diagram_is_read_frame_by_frame() {
        let item = |text: &str| Event::Item(text.to_owned());
        assert_eq!(
            parse("-a {10}(bc)-|"),
            [
                (1, item("a")),
                (2, item("10")),
                (3, item("b")),
                (3, item("c")),
                (8, Event::Completed)
            ]
        );
        assert_eq!(parse("--#"), [(2, Event::Failed(Broken))]);
        assert_eq!(parse("----"), []);
    }
}
