use std::{
    error::Error,
    io::{self, ErrorKind},
    time::Duration,
};

use thalweg_operators::{
    IntoFlow,
    testing::{Broken, Script, cold, probe},
};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt},
    task::yield_now,
    time::{Instant, timeout},
};

use crate::cancel::at_every_poll;

#[tokio::test]
async fn the_items_are_the_bytes() {
    let mut text = String::new();
    let mut reader = ["he", "", "llo", ""].flow().to_async_read();
    assert_eq!(reader.read_to_string(&mut text).await.unwrap(), 5);
    assert_eq!(text, "hello");
    assert_eq!(reader.read(&mut [0; 4]).await.unwrap(), 0, "it stays ended");
}

#[tokio::test]
async fn an_item_may_be_read_in_pieces() {
    let mut reader = [vec![1, 2, 3, 4, 5], vec![6]].flow().to_async_read();
    let mut two = [0; 2];
    for expected in [&[1, 2][..], &[3, 4], &[5], &[6], &[]] {
        let read = reader.read(&mut two).await.unwrap();
        assert_eq!(&two[..read], expected);
    }
}

#[tokio::test]
async fn a_buffer_without_room_reads_nothing() {
    let (source, log) = probe(Script::Endless);
    let mut reader = source.map(|_| "a").to_async_read();
    assert_eq!(reader.read(&mut []).await.unwrap(), 0);
    assert_eq!(log.polls(), 0);
}

#[tokio::test]
async fn lines_are_read_across_items() {
    let chunks = ["one\nt", "w", "o\n", "\nfour"].flow();
    let mut lines = chunks.to_async_read().lines();
    let mut seen = Vec::new();
    while let Some(line) = lines.next_line().await.unwrap() {
        seen.push(line);
    }
    assert_eq!(seen, ["one", "two", "", "four"]);
}

#[tokio::test]
async fn one_item_is_pulled_when_the_one_before_has_been_read() {
    let (source, log) = probe(Script::Items(3));
    let mut reader = source.map(|_| "abc").to_async_read();
    let mut one = [0; 1];
    for produced in [1, 1, 1, 2, 2, 2, 3] {
        reader.read_exact(&mut one).await.unwrap();
        assert_eq!(log.produced(), produced);
    }
}

#[tokio::test]
async fn an_error_comes_once_after_the_bytes_before_it() {
    let (source, log) = probe(Script::Failing(2));
    let mut reader = source.map(|_| "ab").to_async_read();
    let mut text = String::new();
    let error = reader.read_to_string(&mut text).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Other);
    assert!(error.downcast::<Broken>().is_ok());
    assert!(log.is_dropped());
    assert_eq!(reader.read(&mut [0; 4]).await.unwrap(), 0);
}

#[tokio::test]
async fn an_io_error_keeps_its_kind() {
    let broken = || io::Error::from(ErrorKind::ConnectionReset);
    let chunks = [Ok("a"), Err(broken())].flow().raise();
    let error = chunks.to_async_read().read_u16().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    assert!(error.source().is_none());
}

#[tokio::test(start_paused = true)]
async fn it_waits_for_the_flow_and_a_read_that_is_dropped_has_read_nothing() {
    let start = Instant::now();
    let mut reader = cold("--a---b|").map(String::from).to_async_read();
    let mut one = [0; 1];
    let early = timeout(Duration::from_millis(1), reader.read(&mut one)).await;
    assert!(early.is_err());
    for (letter, frame) in [(b'a', 2), (b'b', 6)] {
        reader.read_exact(&mut one).await.unwrap();
        assert_eq!((one[0], start.elapsed().as_millis()), (letter, frame));
    }
}

#[tokio::test]
async fn empty_items_without_end_do_not_hold_the_thread() {
    let (told, heard) = tokio::sync::oneshot::channel();
    let mut reader = (0_u64..).flow().map(|_| "").to_async_read();
    let run = tokio::spawn(async move { reader.read(&mut [0; 1]).await });
    let sibling = tokio::spawn(async move { told.send(()) });
    heard.await.unwrap();
    sibling.await.unwrap().unwrap();
    run.abort();
}

#[tokio::test]
async fn reading_on_and_on_lets_a_sibling_task_run() {
    let (told, mut heard) = tokio::sync::oneshot::channel();
    let sibling = tokio::spawn(async move { told.send(()) });
    let mut reader = (0_u64..).flow().map(|_| "a").to_async_read();
    while heard.try_recv().is_err() {
        assert_eq!(reader.read_u8().await.unwrap(), b'a');
    }
    sibling.await.unwrap().unwrap();
}

#[tokio::test]
async fn dropped_at_any_poll_it_loses_what_is_left_of_one_item() {
    at_every_poll(1, |source, tally| async move {
        let mut reader = source.map(|_| "abcd").to_async_read();
        let mut two = [0; 2];
        while reader.read_exact(&mut two).await.is_ok() {
            yield_now().await;
            if &two == b"cd" {
                tally.add();
            }
        }
    })
    .await;
}
