//! Every operator that a rival has too, alone between a range and a checksum; by group.

/// Makes a work of one operator: as we write it, as `futures` and as `tokio-stream` do, as far as they have it.
///
/// The sum is that of the items in their order; `sum: gather` is for operators that keep none. Where there is a rival,
/// the goal is to be no slower than the best of them.
macro_rules! single {
    ($name:literal, ours: $($contestants:tt)+) => {
        single!($name, sum: mix, ours: $($contestants)+)
    };
    ($name:literal, sum: $sum:ident, ours: |$flow:ident| $ours:expr $(,)?) => {
        crate::harness::Work::new($name, 1_000_000).ours(|items| async move {
            use thalweg::prelude::*;
            let $flow = (0..items).flow();
            $ours.fold(0, crate::works::$sum).await.unwrap_or_default()
        })
    };
    (
        $name:literal,
        sum: $sum:ident,
        ours: |$flow:ident| $ours:expr
        $(, futures: |$stream:ident| $futures:expr)?
        $(, tokio: |$tokio_stream:ident| $tokio:expr)?
        $(,)?
    ) => {
        single!($name, sum: $sum, ours: |$flow| $ours)
            .goal(1.0, crate::harness::Rival::Best)
            $(.rival("futures", |items| async move {
                use futures::{StreamExt, future::ready, stream};
                let $stream = stream::iter(0..items);
                $futures.fold(0, |sum, n| ready(crate::works::$sum(sum, n))).await
            }))?
            $(.rival("tokio-stream", |items| async move {
                use tokio_stream::StreamExt;
                let $tokio_stream = tokio_stream::iter(0..items);
                $tokio.fold(0, crate::works::$sum).await
            }))?
    };
}

mod combine;
mod concurrency;
mod error;
mod filter;
mod raised;
mod sources;
mod terminal;
mod time;
mod transform;
mod window;

use crate::harness::Work;

/// Gives all of them.
pub(super) fn works() -> Vec<Work> {
    [
        transform::works(),
        filter::works(),
        combine::works(),
        window::works(),
        time::works(),
        error::works(),
        raised::works(),
        concurrency::works(),
        sources::works(),
        terminal::works(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Lets three of four pass.
#[inline]
fn keep(n: u64) -> bool {
    n & 3 != 0
}
