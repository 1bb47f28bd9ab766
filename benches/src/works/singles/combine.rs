//! Operators of several inputs. `merge_of_4` and `zip` are works of their own.

use crate::{
    harness::{Rival, Work},
    works::gather,
};

/// Items of an input.
fn input(items: u64) -> std::ops::Range<u64> {
    0..items / 4
}

pub(super) fn works() -> Vec<Work> {
    vec![
        concat(),
        single! {
            "interleave",
            ours: |flow| flow.interleave((0..1_000_000_u64).flow(), 1),
            futures: |stream| futures::stream::select(stream, futures::stream::iter(0..1_000_000)),
        },
        single! {
            "merge_of_2",
            sum: gather,
            ours: |flow| flow.merge((0..1_000_000_u64).flow()),
            futures: |stream| futures::stream::select(stream, futures::stream::iter(0..1_000_000)),
            tokio: |stream| stream.merge(tokio_stream::iter(0..1_000_000)),
        },
        merge_keyed(),
    ]
}

fn concat() -> Work {
    single! {
        "concat",
        ours: |flow| flow.concat((0..1_000_000_u64).flow()),
        futures: |stream| stream.chain(futures::stream::iter(0..1_000_000)),
        tokio: |stream| stream.chain(tokio_stream::iter(0..1_000_000)),
    }
    .rival("futures-concurrency", |items| async move {
        use futures::{StreamExt, stream};
        use futures_concurrency::stream::Chain;

        let chained = (stream::iter(0..items), stream::iter(0..1_000_000)).chain();
        chained
            .fold(0, |sum, n| std::future::ready(crate::works::mix(sum, n)))
            .await
    })
}

fn merge_keyed() -> Work {
    Work::new("merge_keyed_of_4", 400_000)
        .goal(1.0, Rival::Best)
        .ours(|items| async move {
            use thalweg::{operators::combine::merge_keyed, prelude::*};

            let (inputs, merged) = merge_keyed();
            for key in 0..4_u64 {
                inputs.insert(key, input(items).flow());
            }
            drop(inputs);
            let Ok(sum) = merged.fold(0, |sum, (key, n)| gather(sum, key ^ n)).await;
            sum
        })
        .rival("tokio-stream StreamMap", |items| async move {
            use tokio_stream::{StreamExt, StreamMap};

            let mut inputs = StreamMap::new();
            for key in 0..4_u64 {
                inputs.insert(key, tokio_stream::iter(input(items)));
            }
            inputs.fold(0, |sum, (key, n)| gather(sum, key ^ n)).await
        })
        .rival("futures-concurrency StreamGroup", |items| async move {
            use futures::{StreamExt, stream};
            use futures_concurrency::stream::StreamGroup;

            let mut inputs = StreamGroup::new();
            for key in 0..4_u64 {
                inputs.insert(stream::iter(input(items)).map(move |n| key ^ n));
            }
            inputs
                .fold(0, |sum, n| std::future::ready(gather(sum, n)))
                .await
        })
}
