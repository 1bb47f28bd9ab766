//! Operators that run futures of their own, several at once; all on the one thread of the runtime.

use crate::harness::Work;

/// Futures at once.
const AT_ONCE: usize = 8;

pub(super) fn works() -> Vec<Work> {
    vec![
        single! {
            "par_map",
            ours: |flow| flow.par_map(AT_ONCE, |n| async move { n + 1 }),
            futures: |stream| stream
                .map(|n| tokio::spawn(async move { n + 1 }))
                .buffered(AT_ONCE)
                .map(Result::unwrap_or_default),
        }
        .items(50_000),
        single! {
            "par_map_unordered",
            sum: gather,
            ours: |flow| flow.par_map_unordered(AT_ONCE, |n| async move { n + 1 }),
            futures: |stream| stream
                .map(|n| tokio::spawn(async move { n + 1 }))
                .buffer_unordered(AT_ONCE)
                .map(Result::unwrap_or_default),
        }
        .items(50_000),
        single! {
            "blocking_map",
            ours: |flow| flow.blocking_map(AT_ONCE, |n| n + 1),
            futures: |stream| stream
                .map(|n| tokio::task::spawn_blocking(move || n + 1))
                .buffered(AT_ONCE)
                .map(Result::unwrap_or_default),
        }
        .items(10_000),
    ]
}
