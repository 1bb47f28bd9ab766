use std::{fs, io::Write};

use flate2::{Compression, write::GzEncoder};
use rustix::process::Signal;
use tempfile::tempdir;
use thalweg::sources::tail;

use crate::program::{Program, soon};

#[tokio::test]
async fn grep_finds_lines_in_plain_and_compressed_files() {
    let folder = tempdir().unwrap();
    fs::create_dir(folder.path().join("b")).unwrap();
    fs::write(folder.path().join("a.txt"), "the river\nthe sea\na river\n").unwrap();
    let mut compressed = GzEncoder::new(Vec::new(), Compression::fast());
    compressed.write_all(b"up the river\n").unwrap();
    fs::write(folder.path().join("b/c.gz"), compressed.finish().unwrap()).unwrap();
    fs::write(folder.path().join("no_text"), [0xff, 0xfe]).unwrap();

    let arguments = ["river", folder.path().to_str().unwrap()];
    let mut ended = Program::start("grep", arguments).end().await;
    assert!(ended.succeeded);
    ended.output.sort();
    let place = folder.path().display();
    let expected = [
        format!("{place}/a.txt:1: the river"),
        format!("{place}/a.txt:3: a river"),
        format!("{place}/b/c.gz:1: up the river"),
    ];
    assert_eq!(ended.output, expected);
    assert_eq!(ended.complaints.len(), 1, "{:?}", ended.complaints);
}

#[tokio::test]
async fn follow_log_leaves_out_no_line_when_it_is_killed() {
    let folder = tempdir().unwrap();
    let (logs, errors) = (folder.path().join("*.log"), folder.path().join("errors"));
    let append_to = |name: &str, text: &str| {
        let path = folder.path().join(name);
        let file = fs::OpenOptions::new().append(true).create(true).open(path);
        file.unwrap().write_all(text.as_bytes()).unwrap();
    };
    let append = |text: &str| append_to("app.log", text);
    let mut copied = tail(&errors).map(|line| line?.into_text()).raise();
    append("INFO started\nERROR one\n");

    let program = Program::start("follow_log", [&logs, &errors]);
    assert_eq!(soon(copied.next()).await.unwrap().unwrap(), "ERROR one");
    append("ERROR two\n");
    program.kill().await;
    append("INFO working\nERROR three\n");

    let program = Program::start("follow_log", [&logs, &errors]);
    // At least once: what was not known to be written when it was killed comes again.
    while soon(copied.next()).await.unwrap().unwrap() != "ERROR three" {}
    program.signal(Signal::TERM);
    let ended = program.end().await;
    assert!(ended.succeeded, "{:?}", ended.complaints);
    let text = fs::read_to_string(&errors).unwrap();
    for line in ["ERROR one\n", "ERROR two\n", "ERROR three\n"] {
        assert!(text.contains(line), "{text}");
    }
    assert!(!text.contains("INFO"));

    // After an orderly end nothing comes again.
    append("ERROR four\n");
    let program = Program::start("follow_log", [&logs, &errors]);
    assert_eq!(soon(copied.next()).await.unwrap().unwrap(), "ERROR four");
    // A log that was not there when it began.
    append_to("other.log", "ERROR five\nINFO working\n");
    assert_eq!(soon(copied.next()).await.unwrap().unwrap(), "ERROR five");
    program.signal(Signal::INT);
    assert!(program.end().await.succeeded);

    let ended = Program::start("follow_log", ["[.log", "errors"])
        .end()
        .await;
    assert!(!ended.succeeded);
    assert!(ended.complaints[0].contains("invalid range pattern"));
}

#[tokio::test]
async fn tee_prints_and_keeps_and_shows_no_half_file() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("kept");
    let mut program = Program::start("tee", [&path]);
    program.say("to").await;
    assert_eq!(program.line().await, "to");
    assert!(!path.exists());
    program.say("sea").await;
    let ended = program.end().await;
    assert!(ended.succeeded);
    assert_eq!(ended.output, ["sea"]);
    assert_eq!(fs::read_to_string(path).unwrap(), "to\nsea\n");
}

#[tokio::test]
async fn json_becomes_a_table_and_lines_that_are_none_are_told() {
    let folder = tempdir().unwrap();
    let (from, to) = (
        folder.path().join("in.jsonl"),
        folder.path().join("out.csv"),
    );
    let trades = r#"{"pair":"EUR,USD","price":1.08}
{"pair":"GBPUSD"}
{"pair":"GBPUSD","price":1.27,"note":"late"}
"#;
    fs::write(&from, trades).unwrap();
    let ended = Program::start("json_to_csv", [&from, &to]).end().await;
    assert!(ended.succeeded, "{:?}", ended.complaints);
    assert_eq!(
        fs::read_to_string(to).unwrap(),
        "pair,price,note\n\"EUR,USD\",1.08,\nGBPUSD,1.27,late\n"
    );
    assert_eq!(ended.complaints.len(), 1);
    assert!(
        ended.complaints[0]
            .starts_with("frame 2 is not the JSON that it should be: missing field `price`"),
        "{:?}",
        ended.complaints
    );
}
