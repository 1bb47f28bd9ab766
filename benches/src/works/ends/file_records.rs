//! Files of lines, of JSON and of comma-separated values; the system brings them to the disk when it likes.

use std::{
    fs::File,
    io::{BufWriter, Write as _},
    path::PathBuf,
};

use serde::Serialize;
use thalweg::{
    prelude::*,
    sinks::{self, FileSink, Fsync},
};

use super::fixture::{Fixture, LINES, length, line};
use crate::harness::{Rival, Work};

/// A record with a text and numbers of each kind.
#[derive(Serialize)]
struct Trade {
    number: u64,
    symbol: &'static str,
    price: f64,
    amount: i64,
    is_buy: bool,
}

impl Trade {
    #[expect(clippy::cast_precision_loss, reason = "the number is small")]
    #[expect(clippy::cast_possible_wrap, reason = "the number is small")]
    fn new(number: u64) -> Self {
        Self {
            number,
            symbol: ["EURUSD", "GBPUSD", "USDJPY"][usize::try_from(number % 3).unwrap_or_default()],
            price: 1.0 + (number % 997) as f64 / 1000.0,
            amount: (number % 1013) as i64 * 100,
            is_buy: number.is_multiple_of(2),
        }
    }
}

pub(super) fn works() -> Vec<Work> {
    let lines = work("ends_lines_out", line, sinks::lines, |path, items| {
        let mut file = create(path);
        for n in 0..items {
            writeln!(file, "{}", line(n)).expect("there is room");
        }
        file.flush().expect("there is room");
    });
    let json = work(
        "ends_json_lines_out",
        Trade::new,
        sinks::json_lines,
        |path, items| {
            let mut file = create(path);
            for n in 0..items {
                serde_json::to_writer(&mut file, &Trade::new(n)).expect("there is room");
                file.write_all(b"\n").expect("there is room");
            }
            file.flush().expect("there is room");
        },
    );
    let csv = work("ends_csv_out", Trade::new, sinks::csv, |path, items| {
        let mut file = csv::Writer::from_path(path).expect("there is room");
        for n in 0..items {
            file.serialize(Trade::new(n)).expect("there is room");
        }
        file.flush().expect("there is room");
    });
    vec![lines, json, csv]
}

fn create(path: PathBuf) -> BufWriter<File> {
    let file = File::create(path).expect("a file can be made");
    BufWriter::with_capacity(64 * 1024, file)
}

/// The sum is the length of the file that was written.
fn work<T, F>(
    name: &'static str,
    item: fn(u64) -> T,
    sink: fn(PathBuf) -> FileSink<F>,
    by_hand: fn(PathBuf, u64),
) -> Work
where
    T: Send + 'static,
    F: 'static,
    FileSink<F>: Sink<T> + Send,
{
    let fixture = Fixture::empty();
    let [ours, hand] = std::array::from_fn(|_| fixture.clone());
    Work::new(name, LINES)
        .goal(1.3, Rival::Hand)
        .ours(move |items| {
            let path = ours.file();
            async move {
                let sink = sink(path.clone()).fsync(Fsync::Never);
                let run = (0..items).flow().map(item).run_into(sink).await;
                assert!(run.is_ok(), "there is room");
                length(&path)
            }
        })
        .by_hand_in_tasks(move |items| {
            let path = hand.file();
            async move {
                by_hand(path.clone(), items);
                length(&path)
            }
        })
}
