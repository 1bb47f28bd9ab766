//! Operators that gather items, in lists and in streams.

use thalweg::{Flow, Observable, operators::window::Window};

use crate::{
    call::Call,
    value::{Failure, Stream, Value},
};

pub(crate) fn build(call: &Call) -> Option<Stream> {
    let openings = || call.stream("openings");
    Some(match call.op.as_str() {
        "buffer" | "buffer_by" => lists(call.source().buffer_by(call.stream("notifier"))),
        "buffer_count" => {
            let buffers = call.source().buffer_count(call.size("size"));
            if call.has("every") {
                lists(buffers.every(call.size("every")))
            } else {
                lists(buffers)
            }
        }
        "buffer_time" => {
            let mut buffers = call.source().buffer_time(call.frames("span"));
            if call.has("every") {
                buffers = buffers.every(call.frames("every"));
            }
            if call.has("max") {
                buffers = buffers.max(call.size("max"));
            }
            lists(buffers)
        }
        "buffer_toggle" => lists(
            call.source()
                .buffer_toggle(openings(), call.project("closing")),
        ),
        "session" => {
            let session = call.source().session(call.frames("gap"));
            if call.has("max") {
                lists(session.max(call.size("max")))
            } else {
                lists(session)
            }
        }
        "chunks" => chunks(call),
        "buffer_when" => lists(call.source().buffer_when(call.factory("closing"))),
        "window" | "window_by" => streams(call.source().window_by(call.stream("notifier"))),
        "window_count" => {
            let windows = call.source().window_count(call.size("size"));
            if call.has("every") {
                streams(windows.every(call.size("every")))
            } else {
                streams(windows)
            }
        }
        "window_time" => {
            let mut windows = call.source().window_time(call.frames("span"));
            if call.has("every") {
                windows = windows.every(call.frames("every"));
            }
            if call.has("max") {
                windows = windows.max(call.size("max"));
            }
            streams(windows)
        }
        "window_toggle" => streams(
            call.source()
                .window_toggle(openings(), call.project("closing")),
        ),
        "window_when" => streams(call.source().window_when(call.factory("closing"))),
        _ => return None,
    })
}

/// The rules that take a closure or a copy change the type: a case has one of them.
fn chunks(call: &Call) -> Stream {
    let mut chunks = call.source().chunks();
    if call.has("max") {
        chunks = chunks.max(call.size("max"));
    }
    if call.has("within") {
        chunks = chunks.within(call.frames("within"));
    }
    if call.has("bytes") {
        lists(chunks.bytes(call.size("bytes"), |value| value.text().len()))
    } else if call.has("until") {
        lists(chunks.until(call.predicate("until")))
    } else if call.has("overlap") {
        lists(chunks.overlap(call.size("overlap")))
    } else {
        lists(chunks)
    }
}

fn lists<O>(flow: Flow<O>) -> Stream
where
    O: Observable<Item = Vec<Value>, Error = Failure> + Send + 'static,
{
    flow.map(Value::List).boxed()
}

fn streams<O>(flow: Flow<O>) -> Stream
where
    O: Observable<Item = Flow<Window<Value, Failure>>, Error = Failure> + Send + 'static,
{
    flow.map(|window| Value::window(window.boxed())).boxed()
}
