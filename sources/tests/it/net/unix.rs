#![cfg(unix)]

use std::time::Duration;

use futures_util::future::join;
use thalweg::{
    operators::error::Backoff,
    prelude::*,
    sources::{
        UnixFrames,
        framing::{FrameCause, json_lines, lines},
        unix_connections, unix_frames,
    },
};
use tokio::{
    io::AsyncWriteExt,
    net::{UnixListener, UnixStream},
};

#[tokio::test]
async fn connections_come_with_what_they_send_and_who_they_are() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("socket");
    let mut connections = unix_connections(UnixListener::bind(&path).unwrap());
    for n in 0..3 {
        let mut client = UnixStream::connect(&path).await.unwrap();
        client.write_all(format!("{n}\nx\n").as_bytes()).await.unwrap();
        let connection = connections.next().await.unwrap().unwrap();
        let user = connection.credentials().unwrap().uid();
        assert_eq!(user, client.peer_cred().unwrap().uid());
        let mut numbers = connection.frames(json_lines::<u32>());
        assert_eq!(numbers.next().await.unwrap(), Some(n));
        let error = numbers.next().await.unwrap_err();
        let text = format!("frame 2 of a connection to the socket {} is not the JSON", path.display());
        assert!(error.to_string().starts_with(&text), "{error}");
    }
}

#[tokio::test]
async fn a_stop_closes_the_listener_and_not_the_connections() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("socket");
    let (sender, mut accepted) = tokio::sync::mpsc::channel(8);
    let connections = unix_connections(UnixListener::bind(&path).unwrap());
    let run = connections.spawn_into(thalweg::sinks::channel(sender));
    let mut client = UnixStream::connect(&path).await.unwrap();
    let mut lines = accepted.recv().await.unwrap().lines();
    run.stop(Duration::from_mins(1)).await.unwrap();
    assert!(UnixStream::connect(&path).await.is_err());
    client.write_all(b"still here\n").await.unwrap();
    assert_eq!(lines.next().await.unwrap().as_deref(), Some("still here"));
}

#[tokio::test]
async fn a_client_reconnects_to_a_socket_that_was_gone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("socket");
    let error = unix_frames(&path, lines()).count().await.unwrap_err();
    assert!(matches!(error.cause(), FrameCause::Open(_)));
    let text = format!("cannot open the socket {}: ", path.display());
    assert!(error.to_string().starts_with(&text), "{error}");

    let milli = Duration::from_millis(1);
    let mut flow = UnixFrames::new(&path, lines())
        .reconnect(Backoff::exponential(milli, milli))
        .flow();
    for text in ["one", "two"] {
        let serve = async {
            let server = UnixListener::bind(&path).unwrap();
            let (mut client, _) = server.accept().await.unwrap();
            client.write_all(format!("{text}\n").as_bytes()).await.unwrap();
            std::fs::remove_file(&path).unwrap();
        };
        let ((), item) = join(serve, flow.next()).await;
        assert_eq!(item.unwrap().as_deref(), Some(text));
    }
}

#[tokio::test(start_paused = true)]
async fn a_silent_server_is_found_out() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("socket");
    let _server = UnixListener::bind(&path).unwrap();
    let flow = UnixFrames::new(&path, lines()).idle_timeout(Duration::from_secs(5)).flow();
    assert!(matches!(flow.count().await.unwrap_err().cause(), FrameCause::Idle(_)));
}
