#![cfg(unix)]

use std::time::Duration;

use tempfile::tempdir;
use thalweg::{
    Sink,
    operators::error::Backoff,
    prelude::*,
    sinks::{encoding::Text, retrying, unix},
};
use tokio::{io::AsyncReadExt, net::UnixListener};

#[tokio::test]
async fn it_connects_anew_when_the_server_is_there_again() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("socket");
    let server = UnixListener::bind(&path).unwrap();
    let policy = Backoff::fixed(Duration::from_millis(1));
    let mut sink = retrying(unix(&path, Text).resend(1 << 20), policy);
    sink.write(&mut vec![1, 2]).await.unwrap();
    drop(server.accept().await.unwrap());
    drop(server);
    std::fs::remove_file(&path).unwrap();
    let mut batch = vec![3];
    let (written, server) = tokio::join!(sink.write(&mut batch), async {
        tokio::task::yield_now().await;
        UnixListener::bind(&path).unwrap()
    });
    written.unwrap();
    let mut received = String::new();
    let (closed, ()) = tokio::join!(Sink::<i32>::close(&mut sink), async {
        let (mut stream, _) = server.accept().await.unwrap();
        stream.read_to_string(&mut received).await.unwrap();
    });
    closed.unwrap();
    assert_eq!(received, "1\n2\n3\n");
}

#[tokio::test]
async fn a_socket_that_is_not_there_is_named() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("socket");
    let error = [1].flow().run_into(unix(&path, Text)).await.unwrap_err();
    let expected = format!("cannot open the socket {}: ", path.display());
    assert!(error.to_string().starts_with(&expected), "{error}");
}
