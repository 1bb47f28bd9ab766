//! Operators that deal with failures and panics, where there are none.

use std::panic::AssertUnwindSafe;

use crate::harness::Work;

pub(super) fn works() -> Vec<Work> {
    vec![single! {
        "isolate_panics",
        ours: |flow| flow.isolate_panics(),
        futures: |stream| AssertUnwindSafe(stream).catch_unwind().map(Result::unwrap_or_default),
    }]
}
