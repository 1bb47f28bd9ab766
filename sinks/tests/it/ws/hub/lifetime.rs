use super::*;
use thalweg::{Sink, prelude::*, sources::channel};
use tokio::time::Instant;

#[tokio::test(start_paused = true)]
async fn a_close_sends_everybody_away_over_a_window() {
    let mut hub = builder()
        .drain(Duration::from_millis(100))
        .bind("127.0.0.1:0")
        .await
        .unwrap();
    let mut clients = Vec::new();
    for _ in 0..200 {
        let mut client = Client::of(&hub, "a").await;
        clients.push(tokio::spawn(async move {
            let (events, code) = client.rest().await;
            assert_eq!(events, [event("a", 1, 1)]);
            assert_eq!(code, Some(CloseCode::Restart));
            Instant::now()
        }));
    }
    publish(&hub.handle(), "a", 1).await;
    let start = Instant::now();
    hub.close().await.unwrap();
    assert_eq!(hub.handle().stats().clients, 0);
    let mut moments = std::collections::BTreeSet::new();
    for client in clients {
        let moment = client.await.unwrap() - start;
        assert!(moment <= Duration::from_millis(110), "{moment:?}");
        moments.insert(moment.as_millis());
    }
    assert!(moments.len() > 50, "not all at once: {moments:?}");
    assert!(
        TcpStream::connect(hub.address()).await.is_err(),
        "nobody listens any more"
    );
}

#[tokio::test(start_paused = true)]
async fn a_close_does_not_wait_for_ever() {
    let mut hub = hub().await;
    let handle = hub.handle();
    let slow = Client::slow(&hub, "?topic=a").await;
    let silent = TcpStream::connect(hub.address()).await.unwrap();
    for _ in 0..64 {
        publish(&handle, "a", "x".repeat(4096)).await;
    }
    let start = Instant::now();
    hub.close().await.unwrap();
    assert_eq!(start.elapsed().as_secs(), 5);
    drop((slow, silent));
    hub.close().await.unwrap();
}

#[tokio::test]
async fn a_stopped_run_closes_the_hub() {
    let hub = hub().await;
    let handle = hub.handle();
    let mut client = Client::of(&hub, "a").await;
    let (sender, values) = channel(8, Overflow::Wait);
    let run = values.spawn_into(hub.json("a"));
    sender.send(1).await.unwrap();
    client.expect(event("a", 1, 1)).await;
    let (stopped, ended) = tokio::join!(run.stop(Duration::from_mins(1)), client.next());
    stopped.unwrap();
    assert_eq!(ended, Err(Some(CloseCode::Restart)));
    handle.closed().await;
}

#[tokio::test]
async fn a_hub_that_is_dropped_disconnects_all() {
    let hub = hub().await;
    let (address, handle) = (hub.address(), hub.handle());
    let mut client = Client::of(&hub, "a").await;
    let silent = TcpStream::connect(address).await.unwrap();
    drop(hub);
    assert_eq!(client.next().await, Err(None));
    assert_eq!(read_all(silent).await, "");
    handle.closed().await;
    assert!(handle.publish(Event::raw("a", "1")).await.is_err());
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn an_address_can_be_listened_on_again_at_once() {
    let mut first = hub().await;
    let address = first.address();
    let mut client = Client::of(&first, "a").await;
    let (closed, _) = tokio::join!(first.close(), client.rest());
    closed.unwrap();
    let second = builder().bind(address).await.unwrap();
    Client::of(&second, "a").await;
}
