//! Sources.

use thalweg::{Flow, Observable, prelude::*, sources};

use super::sink::Log;
use crate::{
    call::Call,
    functions::{infallible, result_of},
    value::{Stream, Value},
};

pub(crate) fn build(call: &Call) -> Option<Stream> {
    Some(match call.op.as_str() {
        "of" | "from_iter" => call.values("values").flow().with_error().boxed(),
        "once" => sources::once(call.value("value")).with_error().boxed(),
        "empty" => sources::empty().with_error().boxed(),
        "never" => sources::never().with_error().boxed(),
        "throw_error" | "fail" => sources::fail(call.failure("error")).boxed(),
        "range" => {
            let start = call.value("start").number();
            let index = move |index| Value::Number(start + index);
            sources::range(0, call.count("count"))
                .map(move |offset| index(f64::from(i32::try_from(offset).unwrap_or(i32::MAX))))
                .with_error()
                .boxed()
        }
        "create" => {
            let world = std::sync::Arc::clone(&call.world);
            let sends = call.arg("sends")?.clone();
            sources::try_create(async move |emit| {
                let mut sends = world.open(&sends);
                while let Some(value) = sends.next().await? {
                    emit.send(value).await;
                }
                Ok(())
            })
            .boxed()
        }
        "from_future" => sources::from_try_future(result_of(call.stream("future"))).boxed(),
        "repeat_with" => {
            let mut make = call.function("make");
            sources::repeat_with(move || infallible(make(&Value::Null)))
                .with_error()
                .boxed()
        }
        "unfold" => {
            let mut step = call.project("step");
            sources::unfold(Some(call.value("initial")), move |state| {
                let next = state.map(|state| step(&state));
                async move {
                    match next?.next().await {
                        Ok(None) => None,
                        Ok(Some(value)) => Some((Ok(value.clone()), Some(value))),
                        Err(failure) => Some((Err(failure), None)),
                    }
                }
            })
            .raise()
            .boxed()
        }
        "using" => using(call),
        "interval_now" => numbered(sources::interval_now(call.frames("period"))),
        "interval" => numbered(sources::interval(call.frames("period"))),
        "timer" => {
            let timer = sources::Timer::new(call.frames("due"));
            if call.has("period") {
                numbered(timer.then_every(call.frames("period")).flow())
            } else {
                numbered(timer.flow())
            }
        }
        "generate" => {
            let mut goes_on = call.predicate_or_any("condition");
            let mut iterate = call.function("iterate");
            let mut result = call.has("result").then(|| call.function("result"));
            sources::generate(
                call.value("initial"),
                move |value| goes_on(value),
                move |value| infallible(iterate(value)),
            )
            .map(move |value| match &mut result {
                Some(result) => infallible(result(&value)),
                None => value,
            })
            .with_error()
            .boxed()
        }
        "iif" => {
            let branch = if call.predicate("condition")(&Value::Null) {
                "then"
            } else {
                "else"
            };
            let world = std::sync::Arc::clone(&call.world);
            let branch = call.arg(branch)?.clone();
            sources::defer(move || world.open(&branch)).boxed()
        }
        "defer" => sources::defer(call.factory("factory")).boxed(),
        _ => return None,
    })
}

/// What is given back comes behind the items.
fn using(call: &Call) -> Stream {
    let resource = call.value("resource");
    let mut project = call.project("project");
    let released = Log::default();
    let log = released.clone();
    sources::using(
        move || resource,
        move |resource| project(resource),
        move |resource, _| log.add(resource),
    )
    .concat(sources::defer(move || {
        sources::once(released.list()).with_error()
    }))
    .boxed()
}

/// The cases know the ticks by their numbers.
fn numbered<O>(ticks: Flow<O>) -> Stream
where
    O: Observable<Error = Infallible> + Send + 'static,
{
    ticks
        .enumerate()
        .map(|(number, _)| Value::count(number))
        .with_error()
        .boxed()
}
