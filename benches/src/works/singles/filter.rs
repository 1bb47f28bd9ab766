//! Operators that let only some items pass.

use futures::future::{pending, ready};

use super::keep;
use crate::harness::Work;

pub(super) fn works() -> Vec<Work> {
    vec![
        single! {
            "filter",
            ours: |flow| flow.filter(|n| keep(*n)),
            futures: |stream| stream.filter(|n| ready(keep(*n))),
            tokio: |stream| stream.filter(|n| keep(*n)),
        },
        single! {
            "filter_async",
            ours: |flow| flow.filter_async(|n| ready(keep(*n))),
            futures: |stream| stream.filter(|n| ready(keep(*n))),
        },
        single! {
            "take",
            ours: |flow| flow.take(900_000),
            futures: |stream| stream.take(900_000),
            tokio: |stream| stream.take(900_000),
        },
        single! {
            "take_while",
            ours: |flow| flow.take_while(|n| *n < 900_000),
            futures: |stream| stream.take_while(|n| ready(*n < 900_000)),
            tokio: |stream| stream.take_while(|n| *n < 900_000),
        },
        single! {
            "take_until",
            ours: |flow| flow.take_until(thalweg::sources::never::<()>()),
            futures: |stream| stream.take_until(pending::<()>()),
        },
        single! {
            "skip",
            ours: |flow| flow.skip(100_000),
            futures: |stream| stream.skip(100_000),
            tokio: |stream| stream.skip(100_000),
        },
        single! {
            "skip_while",
            ours: |flow| flow.skip_while(|n| *n < 100_000),
            futures: |stream| stream.skip_while(|n| ready(*n < 100_000)),
            tokio: |stream| stream.skip_while(|n| *n < 100_000),
        },
    ]
}
