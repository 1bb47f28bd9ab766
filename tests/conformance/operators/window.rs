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
