//! Operators that do work in tasks of their own. What the work gives is the first item of a stream.

use thalweg::{
    operators::{
        concurrency::{KeyLimits, frontier},
        transform::UNLIMITED,
    },
    prelude::*,
    sources,
};

use super::faultless;
use crate::{
    call::Call,
    functions::infallible,
    value::{Failure, Stream, Value},
};

pub(crate) fn build(call: &Call) -> Option<Stream> {
    let limit = || call.size_or("concurrent", UNLIMITED);
    let work = || call.work("project");
    Some(match call.op.as_str() {
        "par_map" => results(call.source().par_map(limit(), work())),
        "par_map_unordered" => results(call.source().par_map_unordered(limit(), work())),
        "par_map_by_key" => {
            let mut key = call.function("key");
            let mut limits = KeyLimits::new(limit()).per_key(call.size_or("per_key", 1));
            if call.has("delay") {
                limits = limits.delay(call.frames("delay"));
            }
            if call.has("waiting") {
                limits = limits.waiting(call.size("waiting"));
            }
            if call.flag("unordered") {
                limits = limits.unordered();
            }
            let key = move |value: &Value| infallible(key(value)).key();
            results(call.source().par_map_by_key(key, limits, work()))
        }
        "blocking_map" => {
            let project = std::sync::Mutex::new(call.function("project"));
            let project = move |value| {
                let mut project = project
                    .lock()
                    .unwrap_or_else(std::sync::PoisonError::into_inner);
                project(&value)
            };
            results(call.source().blocking_map(limit(), project))
        }
        "spawned" => faultless(call.source().spawned(call.size("capacity"))),
        "frontier" => frontier_of(call),
        _ => return None,
    })
}

fn results<O>(flow: Flow<O>) -> Stream
where
    O: Observable<Item = Result<Value, Failure>, Error = Fault<Failure>> + Send + 'static,
{
    flow.map_err(Failure::from).raise().boxed()
}

/// Work is emitted, and then open for as long as a stream runs whose items are more work.
fn frontier_of(call: &Call) -> Stream {
    let mut project = call.project("project");
    frontier(call.values("seeds"), call.size("capacity"))
        .with_error()
        .merge_map(call.size_or("concurrent", UNLIMITED), move |work| {
            let (item, ticket) = work.into_parts();
            let more = project(&item).filter_map(move |value| {
                // What finds the queue full is left out.
                let _ = ticket.add(value);
                None
            });
            sources::once(item).with_error().concat(more)
        })
        .boxed()
}
