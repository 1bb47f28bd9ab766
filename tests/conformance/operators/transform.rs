//! Operators that make other items out of items.

use thalweg::operators::transform::Notification;

use crate::{
    call::Call,
    functions::infallible,
    value::{Stream, Value},
};

pub(crate) fn build(call: &Call) -> Option<Stream> {
    Some(match call.op.as_str() {
        "map" => {
            let mut project = call.function("project");
            call.source()
                .map(move |value| infallible(project(&value)))
                .boxed()
        }
        "try_map" => {
            let mut project = call.function("project");
            call.source()
                .map(move |value| project(&value))
                .raise()
                .boxed()
        }
        "tap" | "inspect" => call.source().inspect(|_| ()).boxed(),
        "map_async" => call
            .source()
            .map_async(call.work("project"))
            .raise()
            .boxed(),
        "filter_map" => {
            let mut project = call.function("project");
            call.source()
                .filter_map(move |value| match infallible(project(&value)) {
                    Value::Null => None,
                    other => Some(other),
                })
                .boxed()
        }
        "flat_map_iter" => call
            .source()
            .flat_map_iter(|value| match value {
                Value::List(values) => values,
                other => panic!("{other} is no list"),
            })
            .boxed(),
        "enumerate" => call
            .source()
            .enumerate()
            .map(|(number, value)| Value::List(vec![Value::count(number), value]))
            .boxed(),
        "intersperse" => call.source().intersperse(call.value("value")).boxed(),
        "pairwise" => call
            .source()
            .pairwise()
            .map(|(before, now)| Value::List(vec![before, now]))
            .boxed(),
        _ => return scan(call).or_else(|| note(call)),
    })
}

/// Those that carry a state from item to item.
fn scan(call: &Call) -> Option<Stream> {
    Some(match call.op.as_str() {
        "scan" => {
            let mut step = call.accumulator("accumulator");
            if call.has("seed") {
                call.source()
                    .scan(call.value("seed"), move |gathered, value| {
                        *gathered = infallible(step(gathered, &value));
                        gathered.clone()
                    })
                    .boxed()
            } else {
                call.source()
                    .scan(None, move |gathered, value| {
                        let next = match gathered.take() {
                            Some(before) => infallible(step(&before, &value)),
                            None => value,
                        };
                        *gathered = Some(next.clone());
                        next
                    })
                    .boxed()
            }
        }
        "try_scan" => {
            let mut step = call.accumulator("accumulator");
            call.source()
                .scan(call.value("seed"), move |gathered, value| {
                    *gathered = step(gathered, &value)?;
                    Ok(gathered.clone())
                })
                .raise()
                .boxed()
        }
        "scan_with_initial" => {
            let mut step = call.accumulator("accumulator");
            call.source()
                .scan_with_initial(call.value("seed"), move |gathered, value| {
                    *gathered = infallible(step(gathered, &value));
                })
                .boxed()
        }
        "stateful" => {
            let mut step = call.accumulator("accumulator");
            call.source()
                .stateful(
                    call.value("seed"),
                    move |gathered, value| {
                        *gathered = infallible(step(gathered, &value));
                        value
                    },
                    Some,
                )
                .boxed()
        }
        _ => return None,
    })
}

/// Those that make items of what goes on.
fn note(call: &Call) -> Option<Stream> {
    Some(match call.op.as_str() {
        "materialize" => call
            .source()
            .materialize()
            .map(|notification| match notification {
                Notification::Next(value) => Value::Next(Box::new(value)),
                Notification::Failed(failure) => Value::Error(failure),
                Notification::Completed => Value::Complete,
            })
            .with_error()
            .boxed(),
        "dematerialize" => call
            .source()
            .map(|value| match value {
                Value::Next(value) => Notification::Next(*value),
                Value::Error(failure) => Notification::Failed(failure),
                Value::Complete => Notification::Completed,
                other => panic!("{other} is no notification"),
            })
            .dematerialize()
            .boxed(),
        "to_array" | "to_vec" => call.source().to_vec().map(Value::List).boxed(),
        "timestamp" => {
            let world = std::sync::Arc::clone(&call.world);
            call.source()
                .timestamp()
                .map(move |stamped| {
                    let frame = Value::count(world.frame_of(stamped.at));
                    object([("value", stamped.item), ("timestamp", frame)])
                })
                .boxed()
        }
        "time_interval" | "elapsed" => call
            .source()
            .elapsed()
            .map(|elapsed| {
                let frames = u64::try_from(elapsed.since.as_millis()).unwrap_or(u64::MAX);
                object([("value", elapsed.item), ("interval", Value::count(frames))])
            })
            .boxed(),
        _ => return None,
    })
}

fn object<const N: usize>(members: [(&str, Value); N]) -> Value {
    Value::Object(members.map(|(name, value)| (name.to_owned(), value)).into())
}
