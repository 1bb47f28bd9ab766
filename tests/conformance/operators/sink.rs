//! Operators that write into a sink. Here it keeps what is written, and the list of it is an item at the end.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use thalweg::{Flow, operators::terminal::RunError, prelude::*, sources};
use tokio::io::AsyncReadExt as _;

use super::gather::always;
use crate::{
    call::Call,
    value::{Failure, Stream, Value},
};

/// Subscribers of a subject may be ahead by so many items.
const CAPACITY: usize = 64;

pub(crate) fn build(call: &Call) -> Option<Stream> {
    let sink = Log::default();
    let log = sink.clone();
    Some(match call.op.as_str() {
        "dead_letter" => {
            let items = call.source().map(Value::result).dead_letter(sink);
            and_then_the_list(items, log)
        }
        "observe_into" => and_then_the_list(call.source().observe_into(sink), log),
        "run_into" => {
            let run = call.source().run_into(sink);
            always(async move { run.await.map(|()| log.list()).map_err(Failure::from) })
        }
        "spawn_into" => {
            let source = call.source();
            always(async move {
                let mut run = source.spawn_into(sink);
                let ended = run.join().await;
                ended.map(|_| log.list()).map_err(Failure::from)
            })
        }
        "subscribe" => {
            let subject = Subject::fallible(CAPACITY);
            let subscriber = subject.subscribe().flow();
            let run = sources::from_future(call.source().subscribe(subject));
            run.with_error()
                .filter_map(|()| None)
                .merge(subscriber)
                .boxed()
        }
        "to_async_read" => {
            let bytes = call.source().map(|value| value.text().into_bytes());
            let mut reader = bytes.map_err(|failure| failure.to_string()).to_async_read();
            always(async move {
                let mut text = String::new();
                let read = reader.read_to_string(&mut text).await;
                read.map(|_| Value::Text(text))
                    .map_err(|error| Failure::Named(error.to_string()))
            })
        }
        _ => return None,
    })
}

/// Lets the items pass, and the list of what was written behind them.
fn and_then_the_list<O>(items: Flow<O>, log: Log) -> Stream
where
    O: Observable<Item = Value, Error = RunError<Failure, Infallible>> + Send + 'static,
{
    let list = sources::defer(move || sources::once(log.list()));
    items
        .map_err(Failure::from)
        .concat(list.with_error())
        .boxed()
}

/// What is written into a sink, or seen by a closure.
#[derive(Clone, Default)]
pub(super) struct Log(Arc<Mutex<Vec<Value>>>);

impl Log {
    pub(super) fn add(&self, value: Value) {
        self.values().push(value);
    }

    pub(super) fn list(&self) -> Value {
        Value::List(self.values().clone())
    }

    fn values(&self) -> MutexGuard<'_, Vec<Value>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Into<Value> + Send> Sink<T> for Log {
    type Error = Infallible;

    async fn write(&mut self, batch: &mut Vec<T>) -> Result<(), Infallible> {
        self.values().extend(batch.drain(..).map(T::into));
        Ok(())
    }
}
