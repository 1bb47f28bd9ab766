//! The lines of a file that may grow, until those that are there were read.

use std::io::BufRead as _;

use super::fixture::{Fixture, LINE, LINES, weigh};
use crate::{
    harness::{Rival, Work},
    works::mix,
};

#[expect(clippy::cast_precision_loss, reason = "a line is short")]
pub(super) fn works() -> Vec<Work> {
    let fixture = Fixture::of_lines();
    let [ours, hand, linemux] = std::array::from_fn(|_| fixture.clone());
    let work = Work::new("ends_tail", LINES)
        .bytes(LINE as f64)
        .sockets()
        .goal(1.3, Rival::Hand)
        .goal(1.0, Rival::Best)
        .ours(move |items| {
            let path = ours.file();
            async move {
                let lines = thalweg::sources::tail(path).take(items).raise();
                let sum = lines.fold(0, |sum, line| mix(sum, weigh(line.bytes())));
                sum.await.expect("the file can be read")
            }
        })
        .by_hand_in_tasks(move |items| {
            let path = hand.file();
            async move {
                let file = std::fs::File::open(path).expect("the file is there");
                let mut file = std::io::BufReader::with_capacity(64 * 1024, file);
                let mut sum = 0;
                for _ in 0..items {
                    let mut line = Vec::new();
                    file.read_until(b'\n', &mut line).expect("it can be read");
                    line.pop();
                    sum = mix(sum, weigh(&line));
                }
                sum
            }
        })
        .rival("linemux", move |items| {
            let path = linemux.file();
            async move {
                let mut lines = linemux::MuxedLines::new().expect("the system tells of changes");
                let added = lines.add_file_from_start(path).await;
                added.expect("the file is there");
                let mut sum = 0;
                for _ in 0..items {
                    let line = lines.next_line().await.expect("it can be read");
                    let line = line.expect("there are more");
                    sum = mix(sum, weigh(line.line().as_bytes()));
                }
                sum
            }
        });
    vec![work]
}
