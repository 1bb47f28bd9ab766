//! Operators that look at the clock, or wait for a notifier in its place.

use thalweg::{operators::combine::concat, prelude::*};

use crate::{
    call::Call,
    value::{Failure, Stream},
};

pub(crate) fn build(call: &Call) -> Option<Stream> {
    Some(match call.op.as_str() {
        "debounce_time" => call.source().debounce(call.frames("due")).boxed(),
        "debounce" => call.source().debounce_by(call.project("duration")).boxed(),
        "throttle_time" => {
            let throttle = call.source().throttle(call.frames("due"));
            match (call.flag("leading"), call.flag("trailing")) {
                (true, true) => throttle.both().boxed(),
                (false, true) => throttle.trailing().boxed(),
                _ => throttle.leading().boxed(),
            }
        }
        "throttle" => {
            let throttle = call.source().throttle_by(call.project("duration"));
            match (call.flag("leading"), call.flag("trailing")) {
                (true, true) => throttle.both().boxed(),
                (false, true) => throttle.trailing().boxed(),
                _ => throttle.leading().boxed(),
            }
        }
        "audit_time" => call.source().audit(call.frames("due")).boxed(),
        "audit" => call.source().audit_by(call.project("duration")).boxed(),
        "sample_time" => call.source().sample(call.frames("period")).boxed(),
        "sample" => call.source().sample_by(call.stream("notifier")).boxed(),
        "delay" => call.source().delay(call.frames("due")).boxed(),
        "delay_when" => {
            let delayed = call.source().delay_by(call.project("duration")).boxed();
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
        "timeout" => timeout(call),
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
