//! Operators between a source and a consumer that is slower.

use thalweg::prelude::*;

use super::faultless;
use crate::{
    call::Call,
    functions::infallible,
    value::{Stream, Value},
};

pub(crate) fn build(call: &Call) -> Option<Stream> {
    Some(match call.op.as_str() {
        // With a notifier it is one of the windows.
        "buffer" if call.has("capacity") => {
            let overflow = match call.value("overflow").text().as_str() {
                "wait" => Overflow::Wait,
                "drop_incoming" => Overflow::DropIncoming,
                "drop_oldest" => Overflow::DropOldest,
                "fail" => Overflow::Fail,
                unknown => panic!("unknown overflow {unknown}"),
            };
            faultless(call.source().buffer(call.size("capacity"), overflow))
        }
        "conflate" => {
            let mut fold = call.accumulator("accumulator");
            call.source()
                .conflate(
                    |value| value,
                    move |all, value| *all = infallible(fold(all, &value)),
                )
                .boxed()
        }
        "keep_latest" => call.source().keep_latest().boxed(),
        "ready_chunks" => call
            .source()
            .ready_chunks(call.size("max"))
            .map(Value::List)
            .boxed(),
        "pause_when" => {
            let switch = call.stream("switch").map(|value| value.is_true());
            call.source().pause_when(switch).boxed()
        }
        _ => return None,
    })
}
