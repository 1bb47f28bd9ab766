use std::fs;

use rustix::process::Signal;
use tempfile::tempdir;
use thalweg::{prelude::*, sources::Lines};

use crate::program::Program;

#[tokio::test]
async fn a_command_runs_again_when_a_file_has_changed() {
    let folder = tempdir().unwrap();
    let file = folder.path().join("text");
    fs::write(&file, "first\n").unwrap();
    let place = [folder.path().as_os_str(), "cat".as_ref(), file.as_os_str()];
    let mut program = Program::start("run_on_change", place);
    assert_eq!(program.line().await, "first");
    // One step, so that the command sees no half of it.
    let new = folder.path().join("new");
    fs::write(&new, "second\n").unwrap();
    fs::rename(new, &file).unwrap();
    while program.line().await != "second" {}
    assert!(program.complaint().await.contains("exit status: 0"));
    program.kill().await;
}

#[tokio::test]
async fn what_a_command_prints_is_in_files_that_are_rotated() {
    let folder = tempdir().unwrap();
    let log = folder.path().join("log");
    let script = "seq 1 200000; echo last >&2";
    let ended = Program::start(
        "log_command",
        [
            log.as_os_str(),
            "sh".as_ref(),
            "-c".as_ref(),
            script.as_ref(),
        ],
    )
    .end()
    .await;
    assert!(ended.succeeded, "{:?}", ended.complaints);
    assert!(folder.path().join("log.1.gz").exists());

    let mut lines = Vec::new();
    for file in fs::read_dir(folder.path()).unwrap() {
        let file = Lines::new(file.unwrap().path()).decompress().flow();
        lines.extend(file.collect::<Vec<_>>().await.unwrap());
    }
    assert!(lines.contains(&"! last".to_owned()));
    lines.retain(|line| line != "! last");
    let mut numbers: Vec<u32> = lines.iter().map(|line| line.parse().unwrap()).collect();
    numbers.sort_unstable();
    assert!(numbers.into_iter().eq(1..=200_000));
}

#[tokio::test]
async fn a_failing_command_is_told() {
    let folder = tempdir().unwrap();
    let log = folder.path().join("log");
    let ended = Program::start("log_command", [log.as_os_str(), "false".as_ref()])
        .end()
        .await;
    assert!(!ended.succeeded);
    assert_eq!(ended.complaints.len(), 1);
}

#[tokio::test]
async fn readings_are_judged_by_the_limit_that_holds() {
    let mut program = Program::start("channels", [""; 0]);
    program.say("25").await;
    assert_eq!(program.line().await, "25 is too high, with a limit of 20");
    program.say("limit 30").await;
    program.say("25").await;
    assert_eq!(program.line().await, "25 is fine, with a limit of 30");
    program.say("warm").await;
    assert!(
        program
            .complaint()
            .await
            .starts_with("\"warm\" is no number")
    );
    assert!(program.end().await.succeeded);
}

#[tokio::test]
async fn the_configuration_is_read_again_and_the_end_is_graceful() {
    let folder = tempdir().unwrap();
    let greeting = folder.path().join("greeting");
    fs::write(&greeting, "Hello\n").unwrap();
    let mut program = Program::start("reload_on_signal", [&greeting]);
    assert!(program.complaint().await.starts_with("read "));
    program.say("Ann").await;
    assert_eq!(program.line().await, "Hello, Ann!");
    fs::write(&greeting, "Ahoy\n").unwrap();
    program.signal(Signal::HUP);
    assert!(program.complaint().await.starts_with("read "));
    program.say("Bob").await;
    assert_eq!(program.line().await, "Ahoy, Bob!");
    program.signal(Signal::TERM);
    // The plan with its numbers comes when all is done; the input is still open then.
    assert!(program.complaint().await.contains("out 2"));
    assert!(program.end().await.succeeded);
}
