use std::time::Duration;

use thalweg::{
    prelude::*,
    sources::{Datagram, UdpDatagrams, udp_datagrams},
};
use tokio::net::UdpSocket;

async fn socket() -> UdpSocket {
    UdpSocket::bind("127.0.0.1:0").await.unwrap()
}

#[tokio::test]
async fn datagrams_come_with_their_peers_and_those_cut_off_are_told() {
    let (ours, theirs) = (socket().await, socket().await);
    let (to, peer) = (ours.local_addr().unwrap(), theirs.local_addr().unwrap());
    let mut flow = UdpDatagrams::new(ours).max_length(4).flow();
    for (sent, bytes, is_truncated) in [
        (&b""[..], &b""[..], false),
        (b"salt", b"salt", false),
        (b"salty", b"salt", true),
        (b"sea", b"sea", false),
    ] {
        theirs.send_to(sent, to).await.unwrap();
        let expected = Datagram {
            peer,
            bytes: bytes.into(),
            is_truncated,
        };
        assert_eq!(flow.next().await.unwrap(), Some(expected));
    }
}

#[tokio::test]
async fn the_largest_datagram_is_whole() {
    let (ours, theirs) = (socket().await, socket().await);
    let to = ours.local_addr().unwrap();
    let mut flow = udp_datagrams(ours);
    let bytes = vec![7; 65_507];
    theirs.send_to(&bytes, to).await.unwrap();
    let datagram = flow.next().await.unwrap().unwrap();
    assert!(datagram.bytes == bytes && !datagram.is_truncated);
}

#[tokio::test]
async fn a_peer_that_is_not_there_is_no_error_and_a_stop_is_the_end() {
    let (ours, theirs, gone) = (socket().await, socket().await, socket().await);
    let (to, nobody) = (ours.local_addr().unwrap(), gone.local_addr().unwrap());
    drop(gone);
    // What comes back from a port where nobody is fails the next receive of a connected socket.
    ours.connect(nobody).await.unwrap();
    ours.send(b"anybody?").await.unwrap();
    ours.connect(theirs.local_addr().unwrap()).await.unwrap();
    let (sender, mut items) = tokio::sync::mpsc::channel(8);
    let run = udp_datagrams(ours).spawn_into(thalweg::sinks::channel(sender));
    theirs.send_to(b"here", to).await.unwrap();
    assert_eq!(items.recv().await.unwrap().bytes, "here");
    run.stop(Duration::from_mins(1)).await.unwrap();
    assert!(items.recv().await.is_none());
}
