//! Operators that let some items pass.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering::Relaxed},
};

use thalweg::{Flow, Found, Observable, prelude::*};

use crate::{
    call::Call,
    functions::{infallible, result_of},
    value::{Failure, Stream, Value},
};

/// What `distinct` may remember: more than any case has.
const MEMORY: usize = 1_000;

pub(crate) fn build(call: &Call) -> Option<Stream> {
    Some(match call.op.as_str() {
        "filter" => call.source().filter(call.predicate("predicate")).boxed(),
        "filter_async" => {
            let mut predicate = call.project("predicate");
            call.source()
                .filter_async(move |value| {
                    let passes = predicate(value);
                    async move { infallible(result_of(passes).await).is_true() }
                })
                .boxed()
        }
        "try_filter" => {
            let mut predicate = call.function("predicate");
            call.source()
                .filter_map(move |value| match predicate(&value) {
                    Ok(passes) => passes.is_true().then_some(Ok(value)),
                    Err(failure) => Some(Err(failure)),
                })
                .raise()
                .boxed()
        }
        "take" => call.source().take(call.count("count")).boxed(),
        "skip" => call.source().skip(call.count("count")).boxed(),
        "take_last" => call.source().take_last(call.size("count")).boxed(),
        "skip_last" => call.source().skip_last(call.size("count")).boxed(),
        "take_while" if call.flag("inclusive") => call
            .source()
            .take_while_inclusive(call.predicate("predicate"))
            .boxed(),
        "take_while" => call
            .source()
            .take_while(call.predicate("predicate"))
            .boxed(),
        "skip_while" => call
            .source()
            .skip_while(call.predicate("predicate"))
            .boxed(),
        "take_while_inclusive" => call
            .source()
            .take_while_inclusive(call.predicate("predicate"))
            .boxed(),
        "take_for" => call.source().take_for(call.frames("due")).boxed(),
        "skip_for" => call.source().skip_for(call.frames("due")).boxed(),
        "take_until" => call.source().take_until(call.stream("notifier")).boxed(),
        "skip_until" => call.source().skip_until(call.stream("notifier")).boxed(),
        "distinct" => {
            let mut key = key_function(call);
            let distinct = call
                .source()
                .distinct_by_key(call.size_or("capacity", MEMORY), move |value| {
                    key(value).key()
                });
            if call.has("flushes") {
                distinct.flush_on(call.stream("flushes")).boxed()
            } else {
                distinct.boxed()
            }
        }
        "distinct_until_changed" => {
            let mut key = key_function(call);
            let mut equal = call.equality("comparator");
            // The pairs that are compared are the keys.
            call.source()
                .map(move |value| (key(&value), value))
                .distinct_until_changed_by(move |(left, _), (right, _)| equal(left, right))
                .map(|(_, value)| value)
                .boxed()
        }
        _ => return find(call),
    })
}

/// Those that let one item pass, or stand for one that is not there.
fn find(call: &Call) -> Option<Stream> {
    Some(match call.op.as_str() {
        "first" => {
            let first = filtered(call).first();
            or_failure(call, first, Failure::Own("empty"))
        }
        "last" => {
            let last = filtered(call).last();
            or_failure(call, last, Failure::Own("empty"))
        }
        "element_at" => {
            let element = call.source().element_at(call.count("index"));
            or_failure(call, element, Failure::Own("out_of_range"))
        }
        "single" => single(call),
        "find" => call
            .source()
            .find(call.predicate("predicate"))
            .default_if_empty(Value::Null)
            .boxed(),
        "find_index" => call
            .source()
            .find_index(call.predicate("predicate"))
            .map(Value::count)
            .default_if_empty(Value::Number(-1.0))
            .boxed(),
        "ignore_elements" | "ignore_items" => call.source().ignore_items().boxed(),
        "default_if_empty" => call.source().default_if_empty(call.value("value")).boxed(),
        "throw_if_empty" | "fail_if_empty" => {
            let failure = if call.has("error") {
                call.failure("error")
            } else {
                Failure::Own("empty")
            };
            call.source().fail_if_empty(move || failure).boxed()
        }
        _ => return None,
    })
}

fn key_function(call: &Call) -> impl FnMut(&Value) -> Value + Send + use<> {
    let mut key = call.has("key").then(|| call.function("key"));
    move |value| match &mut key {
        Some(key) => infallible(key(value)),
        None => value.clone(),
    }
}

fn filtered(call: &Call) -> Flow<impl Observable<Item = Value, Error = Failure> + Send + use<>> {
    call.source().filter(call.predicate_or_any("predicate"))
}

/// What stands for an item that is not there: the default, or a failure.
fn or_failure<O>(call: &Call, flow: Flow<O>, failure: Failure) -> Stream
where
    O: Observable<Item = Value, Error = Failure> + Send + 'static,
{
    if call.has("default") {
        flow.default_if_empty(call.value("default")).boxed()
    } else {
        flow.fail_if_empty(move || failure).boxed()
    }
}

/// The cases tell two kinds of none: of no items at all, and of none that passed.
fn single(call: &Call) -> Stream {
    let some = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&some);
    call.source()
        .inspect(move |_| seen.store(true, Relaxed))
        .filter(call.predicate_or_any("predicate"))
        .single()
        .map_err(move |fault| match fault {
            Fault::WrongCount(wrong) if wrong.found() == Found::Several => Failure::Own("sequence"),
            Fault::WrongCount(_) if some.load(Relaxed) => Failure::Own("not_found"),
            Fault::WrongCount(_) => Failure::Own("empty"),
            fault => Failure::from(fault),
        })
        .boxed()
}
