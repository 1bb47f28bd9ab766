//! Operators that make a flow of every item.

use thalweg::operators::transform::UNLIMITED;

use super::faultless;
use crate::{
    call::Call,
    value::{Stream, Value},
};

pub(crate) fn build(call: &Call) -> Option<Stream> {
    let concurrent = || call.size_or("concurrent", UNLIMITED);
    Some(match call.op.as_str() {
        "concat_map" => {
            let mut project = call.project("project");
            call.source()
                .concat_map(move |value| project(&value))
                .boxed()
        }
        "merge_map" => {
            let mut project = call.project("project");
            call.source()
                .merge_map(concurrent(), move |value| project(&value))
                .boxed()
        }
        "switch_map" => {
            let mut project = call.project("project");
            call.source()
                .switch_map(move |value| project(&value))
                .boxed()
        }
        "exhaust_map" => {
            let mut project = call.project("project");
            call.source()
                .exhaust_map(move |value| project(&value))
                .boxed()
        }
        "expand" => {
            let mut project = call.project("project");
            let expand = call
                .source()
                .expand(concurrent(), move |value| project(value));
            faultless(if call.has("capacity") {
                expand.capacity(call.size("capacity"))
            } else {
                expand
            })
        }
        "concat_all" => call.source().map(Value::open).concat_all().boxed(),
        "merge_all" => call
            .source()
            .map(Value::open)
            .merge_all(concurrent())
            .boxed(),
        "switch_all" => call.source().map(Value::open).switch_all().boxed(),
        "exhaust_all" => call.source().map(Value::open).exhaust_all().boxed(),
        "merge_scan" => {
            let mut project = call.project2("accumulator");
            call.source()
                .merge_scan(call.value("seed"), concurrent(), move |gathered, value| {
                    project(gathered, &value)
                })
                .boxed()
        }
        "switch_scan" => {
            let mut project = call.project2("accumulator");
            call.source()
                .switch_scan(call.value("seed"), move |gathered, value| {
                    project(gathered, &value)
                })
                .boxed()
        }
        _ => return None,
    })
}
