//! Operators that look at the clock, or wait for a notifier in its place.

use thalweg::{operators::combine::concat, prelude::*};

use super::faultless;
use crate::{
    call::Call,
    functions::infallible,
    value::{Failure, Stream},
};

pub(crate) fn build(call: &Call) -> Option<Stream> {
    Some(match call.op.as_str() {
        // By a notifier, `duration`, or by a time, `due`: a name of the facts can mean either of ours.
        "debounce" | "debounce_time" if call.has("due") => debounce(call),
        "debounce" | "debounce_by" => call.source().debounce_by(call.project("duration")).boxed(),
        "throttle" | "throttle_time" if call.has("due") => {
            let throttle = call.source().throttle(call.frames("due"));
            match (call.flag("leading"), call.flag("trailing")) {
                (true, true) => throttle.both().boxed(),
                (false, true) => throttle.trailing().boxed(),
                _ => throttle.leading().boxed(),
            }
        }
        "throttle" | "throttle_by" => {
            let throttle = call.source().throttle_by(call.project("duration"));
            match (call.flag("leading"), call.flag("trailing")) {
                (true, true) => throttle.both().boxed(),
                (false, true) => throttle.trailing().boxed(),
                _ => throttle.leading().boxed(),
            }
        }
        "audit" | "audit_time" if call.has("due") => {
            call.source().audit(call.frames("due")).boxed()
        }
        "audit" | "audit_by" => call.source().audit_by(call.project("duration")).boxed(),
        "sample" | "sample_time" if call.has("period") => {
            call.source().sample(call.frames("period")).boxed()
        }
        "sample" | "sample_by" => call.source().sample_by(call.stream("notifier")).boxed(),
        "delay" => {
            let delayed = call.source().delay(call.frames("due"));
            if call.has("capacity") {
                delayed.capacity(call.size("capacity")).boxed()
            } else {
                delayed.boxed()
            }
        }
        "delay_when" | "delay_by" => {
            let delayed = call.source().delay_by(call.project("duration"));
            let delayed = if call.has("capacity") {
                delayed.capacity(call.size("capacity")).boxed()
            } else {
                delayed.boxed()
            };
            if call.has("sub_delay") {
                concat([
                    call.stream("sub_delay").take(1).ignore_items().boxed(),
                    delayed,
                ])
                .boxed()
            } else {
                delayed
            }
        }
        "delay_subscription" => call.source().delay_subscription(call.frames("due")).boxed(),
        "timeout" | "timeout_first" | "timeout_or_else" => timeout(call),
        "timeout_each" => faultless(call.source().timeout_each(call.frames("each"))),
        "deadline" => faultless(call.source().deadline(call.frames("due"))),
        "keep_alive" => keep_alive(call),
        "pace" => pace(call),
        _ => return None,
    })
}

fn timeout(call: &Call) -> Stream {
    let each = call.has("each").then(|| call.frames("each"));
    let first = call.has("first").then(|| call.frames("first"));
    match (each, first) {
        (Some(each), first) => {
            let with = replacement(call);
            let timeout = call.source().timeout_or_else(each, with);
            match first {
                Some(first) => timeout.first_within(first).boxed(),
                None => timeout.boxed(),
            }
        }
        (None, Some(first)) => {
            let with = replacement(call);
            let timed = call.source().timeout_first(first);
            timed
                .catch(move |fault: Fault<Failure>| {
                    if fault.is_timeout() {
                        with()
                    } else {
                        thalweg::sources::fail(Failure::from(fault)).boxed()
                    }
                })
                .boxed()
        }
        (None, None) => panic!("a timeout needs a time"),
    }
}

/// Gives the stream that follows a time-out: what the case says, or the failure that it is.
fn replacement(call: &Call) -> impl Fn() -> Stream + Send + use<> {
    let with = call.has("with").then(|| call.factory("with"));
    move || match &with {
        Some(with) => with(),
        None => thalweg::sources::fail(Failure::Own("timeout")).boxed(),
    }
}

fn debounce(call: &Call) -> Stream {
    let debounce = call.source().debounce(call.frames("due"));
    if call.has("max_wait") {
        debounce.max_wait(call.frames("max_wait")).boxed()
    } else {
        debounce.boxed()
    }
}

fn pace(call: &Call) -> Stream {
    let items = u32::try_from(call.count("items")).unwrap_or(u32::MAX);
    let mut pace = call.source().pace(items, call.frames("per"));
    if call.has("burst") {
        pace = pace.burst(u32::try_from(call.count("burst")).unwrap_or(u32::MAX));
    }
    if call.has("weight") {
        let mut weight = call.function("weight");
        pace.weigh(move |value| {
            let weight = infallible(weight(value));
            weight.text().parse().expect("a weight")
        })
        .boxed()
    } else {
        pace.boxed()
    }
}

fn keep_alive(call: &Call) -> Stream {
    let value = call.value("value");
    call.source()
        .keep_alive(call.frames("idle"), move || value.clone())
        .boxed()
}
