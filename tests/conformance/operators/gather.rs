//! Terminals, whose one result is an item of the stream here.

use std::{cmp::Ordering, future::Future};

use serde_json::Value as Json;
use thalweg::{prelude::*, sources};

use super::sink::Log;
use crate::{
    call::Call,
    functions::infallible,
    value::{Failure, Stream, Value},
};

pub(crate) fn build(call: &Call) -> Option<Stream> {
    Some(match call.op.as_str() {
        "count" => {
            let counted = call
                .source()
                .filter(call.predicate_or_any("predicate"))
                .count();
            always(async { Ok(Value::count(counted.await?)) })
        }
        "reduce" => {
            let mut step = call.accumulator("accumulator");
            let source = call.source();
            if call.has("seed") {
                always(source.fold(call.value("seed"), move |gathered, value| {
                    infallible(step(&gathered, &value))
                }))
            } else {
                perhaps(source.reduce(move |gathered, value| infallible(step(&gathered, &value))))
            }
        }
        "min" => perhaps(call.source().min_by(order(call.arg("comparator")))),
        "max" => perhaps(call.source().max_by(order(call.arg("comparator")))),
        "fold" => {
            let mut step = call.accumulator("accumulator");
            always(call.source().fold(call.value("seed"), move |all, value| {
                infallible(step(&all, &value))
            }))
        }
        "collect" => {
            let collected = call.source().collect::<Vec<_>>();
            always(async { collected.await.map(Value::List) })
        }
        "next" => {
            let mut source = call.source();
            perhaps(async move { source.next().await })
        }
        "for_each" => {
            let seen = Log::default();
            let log = seen.clone();
            let run = call.source().for_each(move |value| log.add(value));
            always(async move { run.await.map(|()| seen.list()) })
        }
        "for_each_async" => {
            let seen = Log::default();
            let log = seen.clone();
            let mut work = call.work("project");
            let run = call.source().for_each_async(move |value| {
                let result = work(value);
                let log = log.clone();
                async move { log.add(infallible(result.await)) }
            });
            always(async move { run.await.map(|()| seen.list()) })
        }
        "every" => {
            let every = call.source().every(call.predicate("predicate"));
            always(async { every.await.map(Value::Bool) })
        }
        "any" => {
            let any = call.source().any(call.predicate("predicate"));
            always(async { any.await.map(Value::Bool) })
        }
        "is_empty" => {
            let is_empty = call.source().is_empty();
            always(async { is_empty.await.map(Value::Bool) })
        }
        _ => return None,
    })
}

pub(super) fn always(
    result: impl Future<Output = Result<Value, Failure>> + Send + 'static,
) -> Stream {
    sources::from_try_future(result).boxed()
}

fn perhaps(
    result: impl Future<Output = Result<Option<Value>, Failure>> + Send + 'static,
) -> Stream {
    sources::from_try_future(result)
        .filter_map(|item| item)
        .boxed()
}

pub(super) fn order(
    comparator: Option<&Json>,
) -> impl FnMut(&Value, &Value) -> Ordering + Send + use<> {
    let name = comparator.map(|json| json.as_str().unwrap_or_default().to_owned());
    move |left, right| match name.as_deref() {
        None => natural(left, right),
        Some("reverse") => natural(right, left),
        Some("always_greater") => Ordering::Greater,
        Some(unknown) => panic!("unknown order {unknown}"),
    }
}

fn natural(left: &Value, right: &Value) -> Ordering {
    match (left, right) {
        (Value::Text(left), Value::Text(right)) => left.cmp(right),
        _ => left
            .number()
            .partial_cmp(&right.number())
            .unwrap_or(Ordering::Equal),
    }
}
