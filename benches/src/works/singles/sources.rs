//! Where items come from.

use std::time::Duration;

use futures::future::ready;

use crate::{
    harness::{Rival, Work},
    works::mix,
};

const STEP: Duration = Duration::from_millis(1);
const CAPACITY: usize = 1024;

pub(super) fn works() -> Vec<Work> {
    vec![
        single! {
            "from_iter",
            ours: |flow| flow,
            futures: |stream| stream,
            tokio: |stream| stream,
        },
        repeat(),
        repeat_with(),
        once(),
        from_future(),
        unfold(),
        create(),
        channel(),
        interval(),
        read_lines(),
    ]
}

fn repeat() -> Work {
    Work::new("repeat", 1_000_000)
        .goal(1.0, Rival::Best)
        .ours(|items| async move {
            use thalweg::prelude::*;

            let Ok(sum) = (0..1_000).flow().repeat().take(items).fold(0, mix).await;
            sum
        })
        .rival("futures", |items| async move {
            use futures::{StreamExt, stream};

            stream::iter(0..1_000)
                .cycle()
                .take(usize::try_from(items).unwrap_or(usize::MAX))
                .fold(0, |sum, n| ready(mix(sum, n)))
                .await
        })
}

fn repeat_with() -> Work {
    Work::new("repeat_with", 1_000_000)
        .goal(1.0, Rival::Best)
        .ours(|items| async move {
            let mut n = 0;
            let numbers = thalweg::sources::repeat_with(move || {
                n += 1;
                n
            });
            let Ok(sum) = numbers.take(items).fold(0, mix).await;
            sum
        })
        .rival("futures", |items| async move {
            use futures::{StreamExt, stream};

            let mut n = 0;
            let numbers = stream::repeat_with(move || {
                n += 1;
                n
            });
            numbers
                .take(usize::try_from(items).unwrap_or(usize::MAX))
                .fold(0, |sum, n| ready(mix(sum, n)))
                .await
        })
}

/// A flow for every item, built and run.
fn once() -> Work {
    Work::new("once", 100_000)
        .goal(1.0, Rival::Best)
        .ours(|items| async move {
            let mut sum = 0;
            for n in 0..items {
                let Ok(next) = thalweg::sources::once(n).fold(sum, mix).await;
                sum = next;
            }
            sum
        })
        .rival("futures", |items| async move {
            use futures::{StreamExt, stream};

            let mut sum = 0;
            for n in 0..items {
                sum = stream::once(ready(n))
                    .fold(sum, |sum, n| ready(mix(sum, n)))
                    .await;
            }
            sum
        })
        .rival("tokio-stream", |items| async move {
            use tokio_stream::StreamExt;

            let mut sum = 0;
            for n in 0..items {
                sum = tokio_stream::once(n).fold(sum, mix).await;
            }
            sum
        })
}

/// As `once`.
fn from_future() -> Work {
    Work::new("from_future", 100_000)
        .goal(1.0, Rival::Best)
        .ours(|items| async move {
            let mut sum = 0;
            for n in 0..items {
                let flow = thalweg::sources::from_future(async move { n });
                let Ok(next) = flow.fold(sum, mix).await;
                sum = next;
            }
            sum
        })
        .rival("futures", |items| async move {
            use futures::{StreamExt, stream};

            let mut sum = 0;
            for n in 0..items {
                sum = stream::once(async move { n })
                    .fold(sum, |sum, n| ready(mix(sum, n)))
                    .await;
            }
            sum
        })
}

fn unfold() -> Work {
    Work::new("unfold", 1_000_000)
        .goal(1.0, Rival::Best)
        .ours(|items| async move {
            let flow = thalweg::sources::unfold(0, |n| async move {
                (n < items).then_some((n ^ (n >> 7), n + 1))
            });
            let Ok(sum) = flow.fold(0, mix).await;
            sum
        })
        .rival("futures", |items| async move {
            use futures::{StreamExt, stream};

            let stream = stream::unfold(0, |n| async move {
                (n < items).then_some((n ^ (n >> 7), n + 1))
            });
            stream.fold(0, |sum, n| ready(mix(sum, n))).await
        })
}

fn create() -> Work {
    Work::new("create", 1_000_000)
        .goal(1.0, Rival::Best)
        .ours(|items| async move {
            let flow = thalweg::sources::create(|emit| async move {
                for n in 0..items {
                    emit.send(n).await;
                }
            });
            let Ok(sum) = flow.fold(0, mix).await;
            sum
        })
        .rival("async-stream", |items| async move {
            use futures::StreamExt;

            let stream = async_stream::stream! {
                for n in 0..items {
                    yield n;
                }
            };
            stream.fold(0, |sum, n| ready(mix(sum, n))).await
        })
}

/// From another task, item by item.
fn channel() -> Work {
    Work::new("channel", 400_000)
        .goal(1.0, Rival::Best)
        .ours(|items| async move {
            use thalweg::prelude::*;

            let (sender, flow) = thalweg::sources::channel(CAPACITY, Overflow::Wait);
            tokio::spawn(async move {
                for n in 0..items {
                    if sender.send(n).await.is_err() {
                        break;
                    }
                }
            });
            flow.fold(0, mix).await.unwrap_or_default()
        })
        .rival("tokio mpsc", |items| async move {
            use tokio_stream::{StreamExt, wrappers::ReceiverStream};

            let (sender, receiver) = tokio::sync::mpsc::channel(CAPACITY);
            tokio::spawn(async move {
                for n in 0..items {
                    if sender.send(n).await.is_err() {
                        break;
                    }
                }
            });
            ReceiverStream::new(receiver).fold(0, mix).await
        })
        .rival("futures mpsc", |items| async move {
            use futures::{SinkExt, StreamExt, channel::mpsc};

            let (mut sender, receiver) = mpsc::channel(CAPACITY);
            tokio::spawn(async move {
                for n in 0..items {
                    if sender.send(n).await.is_err() {
                        break;
                    }
                }
            });
            receiver.fold(0, |sum, n| ready(mix(sum, n))).await
        })
}

/// On a clock that jumps from timer to timer.
fn interval() -> Work {
    Work::new("interval", 10_000)
        .goal(1.0, Rival::Best)
        .ours(|items| async move {
            tokio::time::pause();
            let ticks = thalweg::sources::interval(STEP).take(items);
            let Ok(count) = ticks.count().await;
            tokio::time::resume();
            count
        })
        .rival("tokio-stream", |items| async move {
            use tokio_stream::{StreamExt, wrappers::IntervalStream};

            tokio::time::pause();
            let ticks = IntervalStream::new(tokio::time::interval(STEP));
            let count = ticks
                .take(usize::try_from(items).unwrap_or(usize::MAX))
                .fold(0, |count, _| count + 1)
                .await;
            tokio::time::resume();
            count
        })
}

/// Lines of 64 bytes that lie in memory.
fn read_lines() -> Work {
    fn text(items: u64) -> Vec<u8> {
        let mut line = vec![b'x'; 63];
        line.push(b'\n');
        line.repeat(usize::try_from(items).unwrap_or_default())
    }

    Work::new("read_lines", 100_000)
        .goal(1.0, Rival::Best)
        .ours(|items| async move {
            let text = text(items);
            let lines = thalweg::sources::read_lines(&*text, "memory");
            let sum = lines.fold(0, |sum, line| mix(sum, line.len() as u64));
            sum.await.unwrap_or_default()
        })
        .rival("tokio-stream", |items| async move {
            use tokio::io::AsyncBufReadExt;
            use tokio_stream::{StreamExt, wrappers::LinesStream};

            let text = text(items);
            LinesStream::new(text.lines())
                .fold(0, |sum, line| {
                    mix(sum, line.map_or(0, |line| line.len() as u64))
                })
                .await
        })
}
