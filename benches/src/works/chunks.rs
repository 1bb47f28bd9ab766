//! Items gathered into chunks of 100.

use std::time::Duration;

use super::mix;
use crate::harness::{Rival, Work};

/// Items of a chunk.
const CHUNK: usize = 100;

pub(super) fn work() -> Work {
    Work::new("chunks_of_100", 1_000_000)
        .goal(1.0, Rival::Named("futures"))
        .ours(ours)
        .by_hand(by_hand)
        .rival("futures", futures)
        .rival("futures ready_chunks", futures_ready)
        .rival("tokio-stream chunks_timeout", tokio_stream)
        .pusher("rxrust", rxrust)
}

#[inline]
#[expect(
    clippy::needless_pass_by_value,
    reason = "a consumer owns its chunk, and frees it"
)]
fn gather(sum: u64, chunk: Vec<u64>) -> u64 {
    chunk.iter().fold(sum, |sum, &n| mix(sum, n))
}

async fn ours(items: u64) -> u64 {
    use thalweg::prelude::*;

    let Ok(sum) = (0..items).flow().chunks().max(CHUNK).fold(0, gather).await;
    sum
}

fn by_hand(items: u64) -> u64 {
    let mut sum = 0;
    let mut chunk = Vec::with_capacity(CHUNK);
    for n in 0..items {
        chunk.push(n);
        if chunk.len() == CHUNK {
            sum = gather(
                sum,
                std::mem::replace(&mut chunk, Vec::with_capacity(CHUNK)),
            );
        }
    }
    gather(sum, chunk)
}

async fn futures(items: u64) -> u64 {
    use futures::{StreamExt, future::ready, stream};

    stream::iter(0..items)
        .chunks(CHUNK)
        .fold(0, |sum, chunk| ready(gather(sum, chunk)))
        .await
}

async fn futures_ready(items: u64) -> u64 {
    use futures::{StreamExt, future::ready, stream};

    stream::iter(0..items)
        .ready_chunks(CHUNK)
        .fold(0, |sum, chunk| ready(gather(sum, chunk)))
        .await
}

/// It has chunks only with a time as well.
async fn tokio_stream(items: u64) -> u64 {
    use tokio_stream::StreamExt;

    tokio_stream::iter(0..items)
        .chunks_timeout(CHUNK, Duration::from_mins(1))
        .fold(0, gather)
        .await
}

fn rxrust(items: u64) -> u64 {
    use rxrust::prelude::*;

    let mut sum = 0;
    Local::from_iter(0..items)
        .buffer_count(CHUNK)
        .reduce_initial(0, gather)
        .subscribe(|result| sum = result);
    sum
}
