use jiff::Timestamp;

use crate::program::Program;

const NONE: [&str; 0] = [];

#[tokio::test]
async fn a_ticker_tells_what_it_missed() {
    let ended = Program::start("ticker", NONE).end().await;
    assert!(ended.succeeded, "{:?}", ended.complaints);
    assert_eq!(ended.output.len(), 8);
    let missed = ended
        .output
        .iter()
        .filter(|line| !line.ends_with(" 0 missed"));
    assert!(missed.count() > 0, "{:?}", ended.output);
}

#[tokio::test]
async fn times_of_a_cron_expression_come_when_they_are_due() {
    let ended = Program::start("cron", ["* * * * * *", "Europe/Berlin"])
        .end()
        .await;
    assert!(ended.succeeded, "{:?}", ended.complaints);
    let time = |line: &String| {
        line.split_once(',')
            .unwrap()
            .0
            .parse::<Timestamp>()
            .unwrap()
    };
    let times: Vec<_> = ended.output.iter().map(time).collect();
    assert_eq!(times.len(), 3);
    assert!(times.is_sorted_by(|early, late| early < late));
    assert!(
        times.iter().all(|time| time.subsec_nanosecond() == 0),
        "{times:?}"
    );

    let ended = Program::start("cron", ["every second"]).end().await;
    assert!(!ended.succeeded);
    assert_eq!((ended.output.len(), ended.complaints.len()), (0, 1));
}
