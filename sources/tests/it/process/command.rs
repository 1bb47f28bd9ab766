use std::time::Duration;

use thalweg::{
    prelude::*,
    sources::{CommandError, CommandOutput, Output, command, framing::{chunks, lines}},
};
use tokio::process::Command;

fn shell(script: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", script]);
    command
}

/// Waits until there is no process of that number.
async fn gone(process: &str) {
    let kill = async || {
        let status = shell(&format!("kill -0 {process} 2>/dev/null")).status();
        status.await.unwrap().success()
    };
    tokio::time::timeout(Duration::from_mins(1), async { while kill().await {} })
        .await
        .expect("the process is gone");
}

#[tokio::test]
async fn both_outputs_come_each_in_order() {
    let script = "for n in 1 2 3; do echo out $n; echo err $n >&2; done";
    let all = command(shell(script)).collect::<Vec<_>>().await.unwrap();
    let of = |stderr: bool| {
        let texts = all.iter().filter_map(|output| match output {
            Output::Stdout(text) if !stderr => Some(text.as_str()),
            Output::Stderr(text) if stderr => Some(text.as_str()),
            _ => None,
        });
        texts.collect::<Vec<_>>()
    };
    assert_eq!(of(false), ["out 1", "out 2", "out 3"]);
    assert_eq!(of(true), ["err 1", "err 2", "err 3"]);
}

#[tokio::test]
async fn a_bad_end_is_an_error_or_an_item() {
    let error = command(shell("echo one; exit 3")).count().await.unwrap_err();
    assert_eq!(error.to_string(), "sh failed: exit status: 3");
    let flow = CommandOutput::new(shell("echo one; exit 3")).exit_as_item().flow();
    let all = flow.collect::<Vec<_>>().await.unwrap();
    assert_eq!(all[0], Output::Stdout("one".to_owned()));
    let Output::Exited(status) = all[1] else {
        panic!("{all:?}");
    };
    assert_eq!((status.code(), all.len()), (Some(3), 2));

    let error = command(Command::new("no-such-program")).count().await.unwrap_err();
    assert!(error.to_string().starts_with("cannot start no-such-program: "), "{error}");
    let error = command(shell("kill -9 $$")).count().await.unwrap_err();
    assert!(matches!(error, CommandError::Failed { .. }));
    assert!(error.to_string().contains("signal: 9"), "{error}");
}

#[tokio::test]
async fn what_is_no_text_or_too_long_is_told_with_the_output_that_it_came_from() {
    let error = command(shell(r"printf '\377\n' >&2")).count().await.unwrap_err();
    assert_eq!(error.to_string(), "frame 1 of the error output of sh is not UTF-8");
    let endless = CommandOutput::new(shell("yes | tr -d '\\n'")).framing(lines().max_length(1000));
    let error = endless.flow().count().await.unwrap_err();
    assert!(error.to_string().contains("is longer than 1000 bytes"), "{error}");
    let bytes = CommandOutput::new(shell("printf abc")).framing(chunks()).flow();
    assert_eq!(bytes.count().await.unwrap(), 1);
}

#[tokio::test]
async fn a_drop_and_a_stop_kill_the_program() {
    let mut flow = command(shell("echo $$; exec sleep 1000"));
    let Some(Output::Stdout(process)) = flow.next().await.unwrap() else {
        panic!("it prints its number");
    };
    drop(flow);
    gone(&process).await;

    let (sender, mut items) = tokio::sync::mpsc::channel(8);
    let run = command(shell("echo $$; exec sleep 1000")).spawn_into(thalweg::sinks::channel(sender));
    let Some(Output::Stdout(process)) = items.recv().await else {
        panic!("it prints its number");
    };
    run.stop(Duration::from_mins(1)).await.unwrap();
    gone(&process).await;
}

#[tokio::test]
async fn neither_output_starves_the_other() {
    let mut flow = command(shell("yes out & yes err >&2; wait"));
    let both = async {
        let mut of = [0, 0];
        while of.iter().any(|lines| *lines < 10_000) {
            let output = flow.next().await.unwrap();
            of[usize::from(matches!(output, Some(Output::Stderr(_))))] += 1;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), both).await.expect("both outputs are read");
}
