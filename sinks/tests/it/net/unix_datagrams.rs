#![cfg(unix)]

use std::time::Duration;

use tempfile::tempdir;
use thalweg::{
    Sink,
    operators::error::Backoff,
    sinks::{encoding::Raw, retrying, unix_datagrams},
};
use tokio::net::UnixDatagram;

#[tokio::test]
async fn a_full_queue_holds_back_and_no_datagram_is_lost() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("socket");
    let server = UnixDatagram::bind(&path).unwrap();
    let mut sink = unix_datagrams(&path, Raw);
    let mut batch: Vec<_> = (0_u32..5000).map(u32::to_le_bytes).collect();
    tokio::select! {
        _ = sink.write(&mut batch) => panic!("nobody reads"),
        readable = server.readable() => readable.unwrap(),
    }
    assert!(!batch.is_empty() && batch.len() < 5000);
    let (written, ()) = tokio::join!(sink.write(&mut batch), async {
        for expected in 0_u32..5000 {
            let mut bytes = [0; 4];
            assert_eq!(server.recv(&mut bytes).await.unwrap(), 4);
            assert_eq!(u32::from_le_bytes(bytes), expected);
        }
    });
    written.unwrap();
    assert!(batch.is_empty());
}

#[tokio::test]
async fn a_receiver_that_left_and_came_again_gets_the_rest() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("socket");
    let server = UnixDatagram::bind(&path).unwrap();
    let mut sink = retrying(unix_datagrams(&path, Raw), Backoff::fixed(Duration::from_millis(1)));
    sink.write(&mut vec!["a"]).await.unwrap();
    drop(server);
    std::fs::remove_file(&path).unwrap();
    let mut batch = vec!["b"];
    let (written, server) = tokio::join!(sink.write(&mut batch), async {
        tokio::task::yield_now().await;
        UnixDatagram::bind(&path).unwrap()
    });
    written.unwrap();
    let mut bytes = [0; 4];
    assert_eq!(server.recv(&mut bytes).await.unwrap(), 1);
    assert_eq!(bytes[0], b'b');
}
