//! Operators on a stream that can fail: `futures` has them a second time, with `try_` before the name; ours are the same
//! ones, behind `raise`.

use futures::{TryStreamExt, future::ready};

use super::keep;
use crate::{
    harness::{Rival, Work},
    works::{mix, mix_all},
};

/// Makes a work of an operator on results, none of which is an error.
macro_rules! raised {
    ($name:literal, ours: $($contestants:tt)+) => {
        raised!($name, sum: mix, ours: $($contestants)+)
    };
    (
        $name:literal,
        sum: $sum:ident,
        ours: |$flow:ident| $ours:expr,
        futures: |$stream:ident| $futures:expr
        $(,)?
    ) => {
        Work::new($name, 1_000_000)
            .goal(1.0, Rival::Best)
            .ours(|items| async move {
                use thalweg::prelude::*;

                let $flow = (0..items).flow().map(Ok::<_, u64>).raise();
                $ours.fold(0, $sum).await.unwrap_or_default()
            })
            .rival("futures", |items| async move {
                use futures::{StreamExt, stream};

                let $stream = stream::iter(0..items).map(Ok::<_, u64>);
                $futures
                    .try_fold(0, |sum, n| ready(Ok($sum(sum, n))))
                    .await
                    .unwrap_or_default()
            })
    };
}

pub(super) fn works() -> Vec<Work> {
    vec![
        raised! {
            "raised_map",
            ours: |flow| flow.map(|n| n ^ (n >> 7)),
            futures: |stream| stream.map_ok(|n| n ^ (n >> 7)),
        },
        raised! {
            "raised_filter",
            ours: |flow| flow.filter(|n| keep(*n)),
            futures: |stream| stream.try_filter(|n| ready(keep(*n))),
        },
        raised! {
            "raised_filter_map",
            ours: |flow| flow.filter_map(|n| keep(n).then_some(n + 1)),
            futures: |stream| stream.try_filter_map(|n| ready(Ok(keep(n).then_some(n + 1)))),
        },
        raised! {
            "raised_inspect",
            ours: |flow| flow.inspect(|n| { std::hint::black_box(n); }),
            futures: |stream| stream.inspect_ok(|n| { std::hint::black_box(n); }),
        },
        raised! {
            "raised_map_async",
            ours: |flow| flow.map_async(|n| async move { n + 1 }),
            futures: |stream| stream.and_then(|n| async move { Ok(n + 1) }),
        },
        raised! {
            "raised_take_while",
            ours: |flow| flow.take_while(|n| *n < 900_000),
            futures: |stream| stream.try_take_while(|n| ready(Ok(*n < 900_000))),
        },
        raised! {
            "raised_skip_while",
            ours: |flow| flow.skip_while(|n| *n < 100_000),
            futures: |stream| stream.try_skip_while(|n| ready(Ok(*n < 100_000))),
        },
        raised! {
            "raised_concat_all",
            ours: |flow| flow.map(|n| [n, n + 1].flow().with_error()).concat_all(),
            futures: |stream| stream
                .map_ok(|n| futures::stream::iter([Ok::<_, u64>(n), Ok(n + 1)]))
                .try_flatten(),
        },
        raised! {
            "raised_chunks_of_100",
            sum: mix_all,
            ours: |flow| flow.chunks().max(100),
            futures: |stream| stream.try_chunks(100).map_err(|error| error.1),
        },
        raised! {
            "raised_ready_chunks",
            sum: mix_all,
            ours: |flow| flow.ready_chunks(100),
            futures: |stream| stream.try_ready_chunks(100).map_err(|error| error.1),
        },
        raised! {
            "map_err",
            ours: |flow| flow.map_err(|error| error + 1),
            futures: |stream| stream.map_err(|error| error + 1),
        },
        raised! {
            "catch",
            ours: |flow| flow
                .concat(thalweg::sources::fail(7))
                .catch(thalweg::sources::once),
            futures: |stream| stream
                .chain(futures::stream::iter([Err(7)]))
                .or_else(|error| ready(Ok::<_, u64>(error))),
        },
    ]
}
