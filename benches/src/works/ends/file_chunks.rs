//! The bytes of a file, in pieces of 64 KiB.

use std::io::Read as _;

use bytes::Bytes;

use super::fixture::{Fixture, LINE, LINES};
use crate::{
    harness::{Rival, Work},
    works::mix,
};

const SIZE: usize = 64 * 1024;

#[expect(
    clippy::cast_precision_loss,
    reason = "a file has far fewer bytes than 2^52"
)]
pub(super) fn works() -> Vec<Work> {
    let bytes = LINES * LINE as u64;
    let pieces = bytes.div_ceil(SIZE as u64);
    let fixture = Fixture::of_lines();
    let [ours, hand, tokio] = std::array::from_fn(|_| fixture.clone());
    let work = Work::new("ends_file_chunks", pieces)
        .bytes(bytes as f64 / pieces as f64)
        .goal(1.3, Rival::Hand)
        .goal(1.0, Rival::Best)
        .ours(move |_| {
            let path = ours.file();
            async move {
                let chunks = thalweg::sources::chunks(path);
                let sum = chunks.fold(0, |sum, piece| mix(sum, weigh(&piece)));
                sum.await.expect("the file can be read")
            }
        })
        .by_hand_in_tasks(move |_| {
            let path = hand.file();
            async move {
                let mut file = std::fs::File::open(path).expect("the file is there");
                let mut sum = 0;
                loop {
                    let mut piece = Vec::with_capacity(SIZE);
                    let read = (&mut file).take(SIZE as u64).read_to_end(&mut piece);
                    if read.expect("it can be read") == 0 {
                        return sum;
                    }
                    sum = mix(sum, weigh(&Bytes::from(piece)));
                }
            }
        })
        .rival("tokio-util ReaderStream", move |_| {
            use futures::StreamExt;
            use tokio_util::io::ReaderStream;

            let path = tokio.file();
            async move {
                let file = tokio::fs::File::open(path).await;
                let mut pieces =
                    ReaderStream::with_capacity(file.expect("the file is there"), SIZE);
                let mut sum = 0;
                while let Some(piece) = pieces.next().await {
                    sum = mix(sum, weigh(&piece.expect("it can be read")));
                }
                sum
            }
        });
    vec![work]
}

/// Looks at a byte of every page, as whoever uses them would.
fn weigh(piece: &Bytes) -> u64 {
    let pages = piece.iter().step_by(4096);
    pages.fold(piece.len() as u64, |sum, byte| sum + u64::from(*byte))
}
