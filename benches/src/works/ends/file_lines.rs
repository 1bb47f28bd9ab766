//! The lines of a file.

use std::io::BufRead as _;

use super::fixture::{Fixture, LINE, LINES, weigh};
use crate::{
    harness::{Rival, Work},
    works::mix,
};

#[expect(clippy::cast_precision_loss, reason = "a line is short")]
pub(super) fn works() -> Vec<Work> {
    let fixture = Fixture::of_lines();
    let [ours, hand, tokio, codec] = std::array::from_fn(|_| fixture.clone());
    let work = Work::new("ends_file_lines", LINES)
        .bytes(LINE as f64)
        .goal(1.3, Rival::Hand)
        .goal(1.0, Rival::Best)
        .ours(move |_| {
            let path = ours.file();
            async move {
                let lines = thalweg::sources::lines(path);
                let sum = lines.fold(0, |sum, line| mix(sum, weigh(line.as_bytes())));
                sum.await.expect("the file can be read")
            }
        })
        .by_hand_in_tasks(move |_| {
            let path = hand.file();
            async move {
                let file = std::fs::File::open(path).expect("the file is there");
                let lines = std::io::BufReader::with_capacity(64 * 1024, file).lines();
                lines.fold(0, |sum, line| {
                    mix(sum, weigh(line.expect("it can be read").as_bytes()))
                })
            }
        })
        .rival("tokio BufReader", move |_| {
            use tokio::io::AsyncBufReadExt;

            let path = tokio.file();
            async move {
                let file = tokio::fs::File::open(path).await;
                let file = file.expect("the file is there");
                let mut lines = tokio::io::BufReader::with_capacity(64 * 1024, file).lines();
                let mut sum = 0;
                while let Some(line) = lines.next_line().await.expect("it can be read") {
                    sum = mix(sum, weigh(line.as_bytes()));
                }
                sum
            }
        })
        .rival("tokio-util LinesCodec", move |_| {
            use futures::StreamExt;
            use tokio_util::codec::{FramedRead, LinesCodec};

            let path = codec.file();
            async move {
                let file = tokio::fs::File::open(path).await;
                let file = file.expect("the file is there");
                let codec = LinesCodec::new_with_max_length(1024 * 1024);
                let mut lines = FramedRead::with_capacity(file, codec, 64 * 1024);
                let mut sum = 0;
                while let Some(line) = lines.next().await {
                    sum = mix(sum, weigh(line.expect("it can be read").as_bytes()));
                }
                sum
            }
        });
    vec![work]
}
