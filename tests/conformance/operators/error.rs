//! Operators that handle failures, and those that begin again.

use thalweg::operators::error::Backoff;
use tokio::time::Duration;

use crate::{
    call::Call,
    value::{Failure, Stream, Value},
};

use super::faultless;

pub(crate) fn build(call: &Call) -> Option<Stream> {
    Some(match call.op.as_str() {
        "catch_error" | "catch" => {
            let mut handler = call.project("handler");
            call.source().catch(move |_| handler(&Value::Null)).boxed()
        }
        "retry" => retry(call),
        "retry_when" => {
            let notifier = call.stream("notifier");
            call.source_again().retry_when(move |_| notifier).boxed()
        }
        "repeat" => repeat(call),
        "repeat_when" => {
            let notifier = call.stream("notifier");
            call.source_again().repeat_when(move |_| notifier).boxed()
        }
        "on_error_resume_next" => {
            let mut sources = call.streams("sources").into_iter().rev();
            let none = thalweg::sources::empty().with_error().boxed();
            let last = sources.next().unwrap_or(none);
            let last = last
                .catch(|_| thalweg::sources::empty().with_error())
                .boxed();
            sources.fold(last, |rest, source| {
                source.on_error_resume_next(rest, |_| ()).boxed()
            })
        }
        "map_err" => {
            let failure = call.failure("error");
            call.source().map_err(|_| failure).boxed()
        }
        "ok_items" => call.source().map(Value::result).ok_items(|_| ()).boxed(),
        "raise" => call.source().map(Value::result).raise().boxed(),
        "with_error" => call
            .source()
            .materialize()
            .with_error()
            .dematerialize()
            .boxed(),
        "finalize" | "finally" => call.source().finally(|_| ()).boxed(),
        "isolate_panics" => faultless(call.source().isolate_panics()),
        _ => return None,
    })
}

/// A delay is a number of frames, or a function that gives a notifier for every attempt.
enum Delay<'a> {
    Frames(Duration),
    Notifier(&'a str),
}

fn delay(call: &Call) -> Delay<'_> {
    match call.arg("delay") {
        None => Delay::Frames(Duration::ZERO),
        Some(json) if json.is_number() => Delay::Frames(call.frames("delay")),
        Some(_) => Delay::Notifier("delay"),
    }
}

fn retry(call: &Call) -> Stream {
    let retries = call.number("count");
    match delay(call) {
        Delay::Frames(time) => {
            // Without a word they never begin to count anew.
            let stable = if call.has("stable_for") {
                call.frames("stable_for")
            } else {
                Duration::MAX
            };
            let mut backoff = Backoff::fixed(time).stable_for(stable);
            if let Some(retries) = retries {
                backoff = backoff.max_retries(u32::try_from(retries).unwrap_or(u32::MAX));
            }
            call.source_again().retry(backoff).boxed()
        }
        Delay::Notifier(name) => {
            let mut notifier = call.project(name);
            let mut left = retries.unwrap_or(u64::MAX);
            call.source_again()
                .retry_when(move |errors| {
                    errors
                        .concat_map(move |error| {
                            if left == 0 {
                                return thalweg::sources::fail(error).boxed();
                            }
                            left -= 1;
                            once_or_end(notifier(&Value::Null))
                        })
                        .take_while(Option::is_some)
                })
                .boxed()
        }
    }
}

fn repeat(call: &Call) -> Stream {
    let rounds = call.number("count");
    match delay(call) {
        Delay::Frames(time) => {
            let repeat = call.source_again().repeat().pause(time);
            match rounds {
                Some(rounds) => repeat.times(rounds).boxed(),
                None => repeat.boxed(),
            }
        }
        Delay::Notifier(name) => {
            let mut notifier = call.project(name);
            // The first round needs no notifier.
            let repeats = rounds.map_or(u64::MAX, |rounds| rounds - 1);
            call.source_again()
                .repeat_when(move |completions| {
                    completions
                        .take(repeats)
                        .concat_map(move |()| once_or_end(notifier(&Value::Null)))
                        .take_while(Option::is_some)
                })
                .boxed()
        }
    }
}

/// The first item of a notifier goes on; one that completes without an item is the end.
fn once_or_end(notifier: Stream) -> thalweg::BoxFlow<'static, Option<Value>, Failure> {
    notifier.take(1).map(Some).default_if_empty(None).boxed()
}
