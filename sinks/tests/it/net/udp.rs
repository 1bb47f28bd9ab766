use thalweg::{
    Sink,
    prelude::*,
    sinks::{WriteError, encoding::Json, encoding::Raw, udp},
};
use tokio::net::UdpSocket;

#[tokio::test]
async fn every_item_is_a_datagram() {
    let server = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    [("a", 1), ("b", 2)].flow().run_into(udp(server.local_addr().unwrap(), Json)).await.unwrap();
    let mut bytes = [0; 64];
    for expected in ["[\"a\",1]\n", "[\"b\",2]\n"] {
        let length = server.recv(&mut bytes).await.unwrap();
        assert_eq!(&bytes[..length], expected.as_bytes());
    }
}

#[tokio::test]
async fn what_is_too_long_is_told_and_stays() {
    let server = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let mut sink = udp(server.local_addr().unwrap(), Raw);
    let mut batch = vec![vec![1; 10], vec![2; 70_000], vec![3; 10]];
    let error = sink.write(&mut batch).await.unwrap_err();
    assert!(matches!(error, WriteError::Write { .. }), "{error}");
    assert_eq!(batch.len(), 2);
    batch.remove(0);
    sink.write(&mut batch).await.unwrap();
    let mut bytes = [0; 64];
    server.recv(&mut bytes).await.unwrap();
    assert_eq!(server.recv(&mut bytes).await.unwrap(), 10);
    assert_eq!(bytes[0], 3);
}

#[tokio::test]
async fn an_address_that_is_none_is_named() {
    let error = ["a"].flow().run_into(udp("nowhere", Raw)).await.unwrap_err();
    let text = error.to_string();
    assert!(text.starts_with("cannot open the UDP address nowhere: "), "{text}");
}
