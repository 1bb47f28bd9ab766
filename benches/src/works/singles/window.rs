//! Operators that gather items. `chunks_of_100` is a work of its own.

use std::time::Duration;

use crate::harness::Work;

/// Longer than any run takes, so that only the number of items ends a chunk.
const LONG: Duration = Duration::from_mins(1);

pub(super) fn works() -> Vec<Work> {
    vec![
        single! {
            "chunks_within",
            sum: mix_all,
            ours: |flow| flow.chunks().max(100).within(LONG),
            tokio: |stream| stream.chunks_timeout(100, LONG),
        },
        single! {
            "ready_chunks",
            sum: mix_all,
            ours: |flow| flow.ready_chunks(100),
            futures: |stream| stream.ready_chunks(100),
        },
    ]
}
