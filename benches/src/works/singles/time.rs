//! Operators that look at the clock, over a source that always has an item.

use std::time::Duration;

use thalweg::sources::{never, once};

use crate::harness::{Rival, Work};

/// Longer than any run takes, so that nothing but items happens.
const LONG: Duration = Duration::from_mins(1);
/// What a time operator may cost, in nanoseconds an item.
const LIMIT: f64 = 15.0;
/// Of the clock in steps that the timers of the runtime have.
const STEP: Duration = Duration::from_millis(1);

/// Makes a work of an operator that waits for its timer, on a clock that jumps from timer to timer.
macro_rules! jumping {
    ($name:literal, |$flow:ident| $ours:expr) => {
        Work::new($name, 1_000_000).ours(|items| async move {
            use thalweg::prelude::*;
            tokio::time::pause();
            let $flow = (0..items).flow();
            let Ok(sum) = $ours.fold(0, crate::works::mix).await;
            tokio::time::resume();
            sum
        })
    };
}

pub(super) fn works() -> Vec<Work> {
    let mut works = vec![
        single!("throttle", ours: |flow| flow.throttle(LONG)),
        jumping!("throttle_both", |flow| flow.throttle(STEP).both()),
        single!("throttle_by", ours: |flow| flow.throttle_by(|_| never::<()>())),
        jumping!("audit", |flow| flow.audit(STEP)),
        single!("audit_by", ours: |flow| flow.audit_by(|_| once(()))),
        single!("sample", ours: |flow| flow.sample(LONG)),
        single!("sample_by", ours: |flow| flow.sample_by(never::<()>())),
        single!("debounce_by", ours: |flow| flow.debounce_by(|_| never::<()>())),
        single!("timeout_first", ours: |flow| flow.timeout_first(LONG)),
        single!("timeout_or_else", ours: |flow| flow.timeout_or_else(LONG, || once(0))),
        single!("keep_alive", ours: |flow| flow.keep_alive(LONG, || 0)),
        single!("skip_for", ours: |flow| flow.skip_for(LONG)),
        single!("delay_by", ours: |flow| flow.delay_by(|_| once(()))),
        single!("pace_within_burst", ours: |flow| flow.pace(1, STEP).burst(u32::MAX)),
        single!("timestamp", ours: |flow| {
            let start = tokio::time::Instant::now();
            flow.timestamp().map(move |n| n.item ^ u64::from(n.at < start))
        }),
        single!("elapsed", ours: |flow| flow.elapsed().map(|n| n.item ^ u64::from(n.since > LONG))),
        single! {
            "timeout_each",
            ours: |flow| flow.timeout_each(LONG),
            tokio: |stream| stream.timeout(LONG).map(Result::unwrap_or_default),
        },
        single! {
            "deadline",
            ours: |flow| flow.deadline(LONG),
            futures: |stream| stream.take_until(tokio::time::sleep(LONG)),
        },
        single! {
            "take_for",
            ours: |flow| flow.take_for(LONG),
            futures: |stream| stream.take_until(tokio::time::sleep(LONG)),
        },
        jumping!("delay", |flow| flow.delay(STEP)),
        delay_subscription(),
    ];
    works = works.into_iter().map(|work| work.within(LIMIT)).collect();
    works.push(pace());
    works
}

fn delay_subscription() -> Work {
    single! {
        "delay_subscription",
        ours: |flow| flow.delay_subscription(Duration::ZERO),
    }
    .goal(1.0, Rival::Best)
    .rival("futures-concurrency wait_until", |items| async move {
        use futures::{StreamExt, stream};
        use futures_concurrency::stream::StreamExt as _;

        stream::iter(0..items)
            .wait_until(std::future::ready(()))
            .fold(0, |sum, n| std::future::ready(crate::works::mix(sum, n)))
            .await
    })
}

/// On a clock that jumps from timer to timer: an item costs a timer and a jump.
fn pace() -> Work {
    Work::new("pace", 10_000)
        .goal(1.0, Rival::Best)
        .ours(|items| async move {
            use thalweg::prelude::*;

            tokio::time::pause();
            let Ok(sum) = (0..items)
                .flow()
                .pace(1, STEP)
                .fold(0, crate::works::mix)
                .await;
            tokio::time::resume();
            sum
        })
        .rival("tokio-stream throttle", |items| async move {
            use tokio_stream::StreamExt;

            tokio::time::pause();
            let sum = tokio_stream::iter(0..items)
                .throttle(STEP)
                .fold(0, crate::works::mix)
                .await;
            tokio::time::resume();
            sum
        })
}
