//! Operators that serve several observers: of those there is one instance for a case.

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value as Json;
use thalweg::operators::transform::UNLIMITED;

use super::faultless;
use crate::{
    call::Call,
    functions::infallible,
    value::{Stream, Value},
    world::Share,
};

/// Subscribes to an operator of this group as the only one.
pub(crate) fn build(call: &Call) -> Option<Stream> {
    match call.op.as_str() {
        "group_by" => Some(group_by(call)),
        _ => Some(outputs(call)?.first()?()),
    }
}

/// Gives what every observer subscribes to: one output, or several.
pub(crate) fn outputs(call: &Call) -> Option<Vec<Share>> {
    Some(match call.op.as_str() {
        "share" => vec![share(call)],
        "share_replay" | "replay" => {
            let mut replay = call
                .source_again()
                .replay(call.size_or("buffer_size", UNLIMITED))
                .reset_on_zero(call.flag("ref_count"));
            if call.has("ttl") {
                replay = replay.ttl(call.frames("ttl"));
            }
            vec![Arc::new(move || faultless(replay.clone()))]
        }
        "latest" => {
            let latest = call.source_again().latest();
            vec![Arc::new(move || faultless(latest.clone()))]
        }
        "broadcast" => {
            let flows = call.source().broadcast(call.size("flows"));
            flows.into_iter().map(|flow| once(flow.boxed())).collect()
        }
        "balance" => {
            let flows = call.source().balance(call.size("flows"));
            flows.into_iter().map(|flow| once(flow.boxed())).collect()
        }
        "partition" => {
            let (yes, no) = call.source().partition(call.predicate("predicate"));
            vec![once(yes.boxed()), once(no.boxed())]
        }
        _ => return None,
    })
}

fn once(stream: Stream) -> Share {
    let stream = Mutex::new(Some(stream));
    Arc::new(move || {
        let mut stream = stream.lock().unwrap_or_else(PoisonError::into_inner);
        stream.take().expect("an output is observed once")
    })
}

fn share(call: &Call) -> Share {
    let mut share = call.source_again().share();
    // Without a word it resets; `false` says that it does not, a function gives a notifier.
    let resets = |name: &str| call.arg(name).and_then(Json::as_bool).unwrap_or(true);
    let has_notifier = |name: &str| call.arg(name).is_some_and(|json| !json.is_boolean());
    share = share
        .reset_on_error(resets("reset_on_error"))
        .reset_on_completion(resets("reset_on_complete"))
        .reset_on_zero(resets("reset_on_ref_count_zero"));
    if call.has("grace") {
        share = share.grace(call.frames("grace"));
    }
    if has_notifier("reset_on_error") {
        let notifier = call.factory("reset_on_error");
        share = share.reset_on_error_by(move |_| notifier());
    }
    if has_notifier("reset_on_complete") {
        share = share.reset_on_completion_by(call.factory("reset_on_complete"));
    }
    if has_notifier("reset_on_ref_count_zero") {
        share = share.reset_on_zero_by(call.factory("reset_on_ref_count_zero"));
    }
    Arc::new(move || faultless(share.clone()))
}

fn group_by(call: &Call) -> Stream {
    let mut key = call.function("key");
    let element = call.arg("element").cloned();
    let world = Arc::clone(&call.world);
    let mut groups = call
        .source()
        .group_by(move |value| infallible(key(value)).key());
    if let Some(duration) = call.arg("duration") {
        // A group that ends itself after some items is one that is told how many it may have.
        let items = duration["arg"].as_u64();
        groups = match (duration["fn"].as_str(), items) {
            (Some("group_skip"), Some(items)) => groups.group_items(items + 1),
            (Some("group_take"), _) => groups.group_items(1),
            _ => {
                let duration = call.factory("duration");
                groups.close_by(move |_| duration())
            }
        };
    }
    groups
        .map(move |group| {
            let key = Value::Text(group.key().trim_matches('"').to_owned());
            let flow = match &element {
                Some(element) => {
                    let mut element = crate::functions::function(&world, element);
                    faultless(group.map(move |value| infallible(element(&value))))
                }
                None => faultless(group),
            };
            Value::group(&world, key, flow)
        })
        .map_err(crate::value::Failure::from)
        .boxed()
}
