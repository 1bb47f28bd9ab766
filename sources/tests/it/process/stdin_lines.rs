//! In processes of their own: this program itself, told by its environment to play the child.

use std::{env, io::Write as _, process::Stdio};

use thalweg::{
    prelude::*,
    sources::{StdinLines, stdin_lines},
};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    process::{Child, Command},
};

const ROLE: &str = "THALWEG_TEST_STDIN";

fn child(role: &str) -> Child {
    Command::new(env::current_exe().unwrap())
        .args(["--exact", "process::stdin_lines::plays_the_child", "--nocapture"])
        .env(ROLE, role)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

/// Does nothing unless it runs in a child of the tests below.
#[tokio::test]
async fn plays_the_child() {
    let Ok(role) = env::var(ROLE) else {
        return;
    };
    let say = |text: &str| {
        println!("\n>{text}");
        std::io::stdout().flush().unwrap();
    };
    match role.as_str() {
        "echo" => {
            stdin_lines().for_each(|line| say(&line)).await.unwrap();
            say("the end");
        }
        "limit" => {
            let error = StdinLines::new().max_length(3).flow().count().await.unwrap_err();
            say(&error.to_string());
        }
        _ => {
            let mut flow = stdin_lines();
            say(&flow.next().await.unwrap().unwrap());
        }
    }
}

/// Gives the next line that the child says.
async fn said(lines: &mut tokio::io::Lines<BufReader<tokio::process::ChildStdout>>) -> String {
    loop {
        let line = lines.next_line().await.unwrap().expect("the child says more");
        if let Some(text) = line.strip_prefix('>') {
            return text.to_owned();
        }
    }
}

#[tokio::test]
async fn lines_come_as_they_are_typed() {
    let mut child = child("echo");
    let mut input = child.stdin.take().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    for text in ["one", "two"] {
        input.write_all(format!("{text}\n").as_bytes()).await.unwrap();
        assert_eq!(said(&mut lines).await, text);
    }
    input.write_all(b"three").await.unwrap();
    drop(input);
    assert_eq!(said(&mut lines).await, "three");
    assert_eq!(said(&mut lines).await, "the end");
    assert!(child.wait().await.unwrap().success());
}

#[tokio::test]
async fn a_line_has_a_limit() {
    let mut child = child("limit");
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    child.stdin.take().unwrap().write_all(b"abcd\n").await.unwrap();
    let text = "line 1 of the standard input is longer than 3 bytes; allow more with `max_length`";
    assert_eq!(said(&mut lines).await, text);
}

#[tokio::test]
async fn a_program_ends_though_its_input_does_not() {
    let mut child = child("one");
    let mut input = child.stdin.take().unwrap();
    input.write_all(b"one\n").await.unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert_eq!(said(&mut lines).await, "one");
    // The input is still open.
    assert!(child.wait().await.unwrap().success());
    drop(input);
}
