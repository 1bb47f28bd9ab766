//! How a stream is consumed.

use std::{
    convert::Infallible,
    hint::black_box,
    pin::Pin,
    task::{Context, Poll},
};

use futures::{TryStreamExt, future::ready};
use tokio::io::AsyncReadExt;

use crate::{
    harness::{Rival, Work},
    works::mix,
};

/// Makes a work of a future that consumes a range.
macro_rules! terminal {
    (
        $name:literal,
        ours: |$flow:ident| $ours:expr
        $(, futures: |$stream:ident| $futures:expr)?
        $(, tokio: |$tokio_stream:ident| $tokio:expr)?
        $(,)?
    ) => {
        Work::new($name, 1_000_000)
            .goal(1.0, Rival::Best)
            .ours(|items| async move {
                use thalweg::prelude::*;
                let $flow = (0..items).flow();
                $ours
            })
            $(.rival("futures", |items| async move {
                use futures::{StreamExt, stream};
                let $stream = stream::iter(0..items);
                $futures
            }))?
            $(.rival("tokio-stream", |items| async move {
                use tokio_stream::StreamExt;
                let $tokio_stream = tokio_stream::iter(0..items);
                $tokio
            }))?
    };
}

pub(super) fn works() -> Vec<Work> {
    let mut works = item_by_item();
    works.extend(to_an_answer());
    works.push(to_async_read());
    works
}

fn item_by_item() -> Vec<Work> {
    vec![
        terminal! {
            "next",
            ours: |flow| {
                let (mut flow, mut sum) = (flow, 0);
                while let Ok(Some(n)) = flow.next().await {
                    sum = mix(sum, n);
                }
                sum
            },
            futures: |stream| {
                let (mut stream, mut sum) = (stream, 0);
                while let Some(n) = stream.next().await {
                    sum = mix(sum, n);
                }
                sum
            },
            tokio: |stream| {
                let (mut stream, mut sum) = (stream, 0);
                while let Some(n) = stream.next().await {
                    sum = mix(sum, n);
                }
                sum
            },
        },
        terminal! {
            "fold",
            ours: |flow| flow.fold(0, mix).await.unwrap_or_default(),
            futures: |stream| stream.fold(0, |sum, n| ready(mix(sum, n))).await,
            tokio: |stream| stream.fold(0, mix).await,
        },
        terminal! {
            "for_each",
            ours: |flow| {
                let mut sum = 0;
                let Ok(()) = flow.for_each(|n| sum = mix(sum, n)).await;
                sum
            },
            futures: |stream| {
                let mut sum = 0;
                stream.for_each(|n| { sum = mix(sum, n); ready(()) }).await;
                sum
            },
        },
        terminal! {
            "for_each_async",
            ours: |flow| {
                let mut sum = 0;
                let Ok(()) = flow.for_each_async(|n| { sum = mix(sum, n); ready(()) }).await;
                sum
            },
            futures: |stream| {
                let mut sum = 0;
                stream.for_each(|n| { sum = mix(sum, n); ready(()) }).await;
                sum
            },
        },
        terminal! {
            "run_into",
            ours: |flow| {
                let mut checksum = Checksum(0);
                flow.run_into(&mut checksum).await.map_or(0, |()| checksum.0)
            },
            futures: |stream| {
                let mut checksum = Checksum(0);
                stream.map(Ok).forward(&mut checksum).await.map_or(0, |()| checksum.0)
            },
        },
        terminal! {
            "into_stream",
            ours: |flow| {
                use futures::StreamExt;
                let stream = flow.into_stream();
                StreamExt::fold(stream, 0, |sum, n| ready(mix(sum, n))).await
            },
            futures: |stream| stream.fold(0, |sum, n| ready(mix(sum, n))).await,
        },
    ]
}

fn to_an_answer() -> Vec<Work> {
    vec![
        terminal! {
            "collect",
            ours: |flow| flow.collect::<Vec<_>>().await.map_or(0, sum_of),
            futures: |stream| sum_of(stream.collect::<Vec<_>>().await),
            tokio: |stream| sum_of(stream.collect::<Vec<_>>().await),
        },
        terminal! {
            "count",
            ours: |flow| flow.map(black_box).count().await.unwrap_or_default(),
            futures: |stream| stream.map(black_box).count().await as u64,
        },
        terminal! {
            "any",
            ours: |flow| flow.any(|n| black_box(*n) == u64::MAX).await.map_or(0, u64::from),
            futures: |stream| u64::from(stream.any(|n| ready(black_box(n) == u64::MAX)).await),
            tokio: |stream| {
                let mut stream = stream;
                u64::from(stream.any(|n| black_box(n) == u64::MAX).await)
            },
        },
        terminal! {
            "every",
            ours: |flow| flow.every(|n| black_box(*n) < u64::MAX).await.map_or(0, u64::from),
            futures: |stream| u64::from(stream.all(|n| ready(black_box(n) < u64::MAX)).await),
            tokio: |stream| {
                let mut stream = stream;
                u64::from(stream.all(|n| black_box(n) < u64::MAX).await)
            },
        },
    ]
}

#[inline]
fn sum_of(items: Vec<u64>) -> u64 {
    items.into_iter().fold(0, mix)
}

/// A sink of both kinds.
struct Checksum(u64);

impl thalweg::Sink<u64> for Checksum {
    type Error = Infallible;

    async fn write(&mut self, batch: &mut Vec<u64>) -> Result<(), Infallible> {
        self.0 = batch.drain(..).fold(self.0, mix);
        Ok(())
    }
}

impl futures::Sink<u64> for Checksum {
    type Error = Infallible;

    fn poll_ready(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn start_send(mut self: Pin<&mut Self>, item: u64) -> Result<(), Infallible> {
        self.0 = mix(self.0, item);
        Ok(())
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }
}

/// Blocks of 64 bytes, read 4 KiB at a time.
fn to_async_read() -> Work {
    async fn read(mut reader: impl tokio::io::AsyncRead + Unpin) -> u64 {
        let (mut bytes, mut sum) = ([0; 4096], 0);
        while let Ok(read @ 1..) = reader.read(&mut bytes).await {
            sum = bytes[..read]
                .iter()
                .step_by(64)
                .fold(sum, |sum, byte| mix(sum, u64::from(*byte)));
        }
        sum
    }

    Work::new("to_async_read", 1_000_000)
        .goal(1.0, Rival::Best)
        .ours(|items| async move {
            use thalweg::prelude::*;

            let blocks = (0..items).flow().map(|n| [n.to_le_bytes()[0]; 64]);
            read(std::pin::pin!(blocks.to_async_read())).await
        })
        .rival("futures", |items| async move {
            use futures::{StreamExt, stream};
            use tokio_util::compat::FuturesAsyncReadCompatExt;

            let blocks = stream::iter(0..items).map(|n| Ok([n.to_le_bytes()[0]; 64]));
            read(blocks.into_async_read().compat()).await
        })
}
