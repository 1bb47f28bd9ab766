//! Operators that make other items of the items.

use std::hint::black_box;

use super::keep;
use crate::{harness::Work, works::mix};

pub(super) fn works() -> Vec<Work> {
    vec![
        single! {
            "map",
            ours: |flow| flow.map(|n| n ^ (n >> 7)),
            futures: |stream| stream.map(|n| n ^ (n >> 7)),
            tokio: |stream| stream.map(|n| n ^ (n >> 7)),
        },
        single! {
            "filter_map",
            ours: |flow| flow.filter_map(|n| keep(n).then_some(n + 1)),
            futures: |stream| stream.filter_map(|n| ready(keep(n).then_some(n + 1))),
            tokio: |stream| stream.filter_map(|n| keep(n).then_some(n + 1)),
        },
        single! {
            "inspect",
            ours: |flow| flow.inspect(|n| { black_box(n); }),
            futures: |stream| stream.inspect(|n| { black_box(n); }),
        },
        single! {
            "scan",
            ours: |flow| flow.scan(0, |state, n| { *state = mix(*state, n); *state }),
            futures: |stream| stream.scan(0, |state, n| { *state = mix(*state, n); ready(Some(*state)) }),
        },
        single! {
            "enumerate",
            ours: |flow| flow.enumerate().map(|(index, n)| index ^ (n + 1)),
            futures: |stream| stream.enumerate().map(|(index, n)| index as u64 ^ (n + 1)),
        },
        single! {
            "map_async",
            ours: |flow| flow.map_async(|n| async move { n + 1 }),
            futures: |stream| stream.then(|n| async move { n + 1 }),
            tokio: |stream| stream.then(|n| async move { n + 1 }),
        },
        single! {
            "flat_map_iter",
            ours: |flow| flow.flat_map_iter(|n| [n, n + 1]),
            futures: |stream| stream.flat_map(|n| futures::stream::iter([n, n + 1])),
        },
        single! {
            "concat_map_of_2",
            ours: |flow| flow.concat_map(|n| [n, n + 1].flow()),
            futures: |stream| stream.flat_map(|n| futures::stream::iter([n, n + 1])),
        },
        single! {
            "concat_all",
            ours: |flow| flow.map(|n| [n, n + 1].flow()).concat_all(),
            futures: |stream| stream.map(|n| futures::stream::iter([n, n + 1])).flatten(),
        },
        single! {
            "merge_map",
            sum: gather,
            ours: |flow| flow.merge_map(8, |n| [n, n + 1].flow()),
            futures: |stream| stream.flat_map_unordered(8, |n| futures::stream::iter([n, n + 1])),
        }
        .items(100_000),
        single! {
            "merge_all",
            sum: gather,
            ours: |flow| flow.map(|n| [n, n + 1].flow()).merge_all(8),
            futures: |stream| stream.map(|n| futures::stream::iter([n, n + 1])).flatten_unordered(8),
        }
        .items(100_000),
    ]
}
