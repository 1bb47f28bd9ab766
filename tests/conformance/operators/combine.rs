//! Operators that make one flow of several.

use thalweg::{
    operators::combine::{
        combine_latest, concat, fork_join, merge, merge_keyed, merge_weighted, race, zip,
    },
    prelude::*,
};

use super::gather::order;
use crate::{
    call::Call,
    value::{Stream, Value},
};

pub(crate) fn build(call: &Call) -> Option<Stream> {
    let sources = || call.streams("sources");
    Some(match call.op.as_str() {
        "merge" => {
            if call.has("concurrent") {
                sources()
                    .flow()
                    .with_error()
                    .merge_all(call.size("concurrent"))
                    .boxed()
            } else if call.flag("delay_errors") {
                merge(sources()).delay_errors().boxed()
            } else {
                merge(sources()).boxed()
            }
        }
        "concat" => concat(sources()).boxed(),
        "concat_with" => {
            let mut all = vec![call.source()];
            all.extend(sources());
            concat(all).boxed()
        }
        "zip" => zip(sources()).map(call.combiner("project")).boxed(),
        "zip_all" => call
            .source()
            .map(Value::open)
            .zip_all()
            .map(call.combiner("project"))
            .boxed(),
        "combine_latest" => {
            let mut latest = combine_latest(sources());
            if call.flag("settled") {
                latest = latest.settled();
            }
            latest.map(call.combiner("project")).boxed()
        }
        "combine_latest_all" => call
            .source()
            .map(Value::open)
            .combine_latest_all()
            .map(call.combiner("project"))
            .boxed(),
        "with_latest_from" => with_latest_from(call),
        "race" => race(sources()).boxed(),
        "fork_join" => fork_join(sources()).map(Value::List).boxed(),
        "interleave" => call
            .source()
            .interleave(call.stream("other"), call.size("segment"))
            .boxed(),
        "merge_keyed" => merge_keyed_by(call),
        "merge_sorted" => call
            .source()
            .merge_sorted_by(call.stream("other"), order(call.arg("comparator")))
            .boxed(),
        "merge_weighted" => {
            let weights = call.values("weights").into_iter();
            let weights = weights.map(|weight| weight.text().parse().expect("a weight"));
            merge_weighted(weights.zip(sources())).boxed()
        }
        "switch_if_empty" => call.source().switch_if_empty(call.stream("other")).boxed(),
        "start_with" => call.source().start_with(call.values("values")).boxed(),
        "end_with" => call.source().end_with(call.values("values")).boxed(),
        "sequence_equal" => call
            .source()
            .sequence_equal_by(call.stream("other"), call.equality("comparator"))
            .map(Value::Bool)
            .boxed(),
        _ => return None,
    })
}

/// Ours takes one other flow; several are one after the other, each waiting for the item of its own.
fn with_latest_from(call: &Call) -> Stream {
    let mut flow = call.source().map(|value| vec![value]).boxed();
    for other in call.streams("others") {
        flow = flow
            .with_latest_from(other)
            .map(|(mut values, latest)| {
                values.push(latest);
                values
            })
            .boxed();
    }
    flow.map(call.combiner("project")).boxed()
}

/// The items of the source say what goes in and out: `{"key", "stream"}`, and without a stream it goes out.
fn merge_keyed_by(call: &Call) -> Stream {
    let (set, merged) = merge_keyed();
    call.source()
        .filter_map(move |change| {
            let key = change.member("key").text();
            match change.member("stream") {
                Value::Null => set.remove(&key),
                stream => {
                    set.insert(key, stream.open());
                }
            }
            None
        })
        .merge(merged.map(|(key, value)| Value::List(vec![Value::Text(key), value])))
        .boxed()
}
