use super::*;
use thalweg::{
    Sink,
    sinks::ws::{SlowClients, hub::Admission},
};

const LARGE: usize = 4096;

fn large(n: u64) -> Value {
    json!({ "n": n, "x": "x".repeat(LARGE) })
}

async fn with(policy: SlowClients) -> Hub {
    let builder = builder().backlog(8, 1 << 20).slow_clients(policy);
    builder.bind("127.0.0.1:0").await.unwrap()
}

/// Publishes until it is enough, to a client that reads and to others that do not.
async fn overflow(hub: &Hub, quick: &mut Client, mut is_enough: impl FnMut() -> bool) -> u64 {
    let handle = hub.handle();
    let mut n = 0;
    while !is_enough() {
        n += 1;
        assert!(n < 10_000, "nobody is slow");
        publish(&handle, "n", large(n)).await;
        assert_eq!(quick.next().await.unwrap()["data"]["n"], n);
    }
    n
}

/// What a slow client got and was told to have missed has to be all there was, in order.
fn check(messages: &[Value], sent: u64) -> u64 {
    let mut next = 1;
    let mut missed = 0;
    for message in messages {
        if let Some(dropped) = message["dropped"].as_u64() {
            missed += dropped;
            next += dropped;
            assert_eq!(message["id"], format!("e:{}", next - 1));
        } else {
            assert_eq!(message["data"]["n"], next);
            next += 1;
        }
    }
    assert_eq!(next, sent + 1);
    missed
}

#[tokio::test]
async fn the_oldest_are_dropped_and_nobody_else_minds() {
    let mut hub = with(SlowClients::DropOldest).await;
    let handle = hub.handle();
    let mut slow = Client::slow(&hub, "?topic=n").await;
    let mut quick = Client::of(&hub, "n").await;
    let sent = overflow(&hub, &mut quick, || handle.stats().dropped >= 100).await;
    drop(quick);
    let (closed, (messages, code)) = tokio::join!(hub.close(), slow.rest());
    closed.unwrap();
    assert_eq!(check(&messages, sent), handle.stats().dropped);
    assert_eq!(
        messages.last().unwrap()["data"]["n"],
        sent,
        "the newest is kept"
    );
    assert_eq!(code, Some(CloseCode::Restart));
}

#[tokio::test]
async fn what_comes_is_dropped_and_told_with_what_comes_after_it() {
    let mut hub = with(SlowClients::DropIncoming).await;
    let handle = hub.handle();
    let mut slow = Client::slow(&hub, "?topic=n").await;
    let mut quick = Client::of(&hub, "n").await;
    let sent = overflow(&hub, &mut quick, || handle.stats().dropped >= 100).await;
    drop(quick);
    let (closed, (messages, _)) = tokio::join!(hub.close(), slow.rest());
    closed.unwrap();
    assert_eq!(check(&messages, sent), handle.stats().dropped);
    assert_eq!(
        messages.last().unwrap()["gap"],
        "n",
        "the newest are dropped"
    );
}

#[tokio::test]
async fn the_newest_of_a_key_is_what_a_slow_client_gets() {
    let mut hub = with(SlowClients::Conflate).await;
    let handle = hub.handle();
    let mut slow = Client::slow(&hub, "?topic=n").await;
    let mut quick = Client::of(&hub, "n").await;
    let mut sent = 0;
    while handle.stats().dropped < 100 {
        sent += 1;
        let key = format!("key {}", sent % 3);
        let event = Event::json("n", &large(sent)).unwrap().with_key(key);
        handle.publish(event).await.unwrap();
        assert_eq!(quick.next().await.unwrap()["data"]["n"], sent);
    }
    drop(quick);
    let (closed, (messages, _)) = tokio::join!(hub.close(), slow.rest());
    closed.unwrap();
    let missed: u64 = messages
        .iter()
        .filter_map(|message| message["dropped"].as_u64())
        .sum();
    let mut got: Vec<_> = messages
        .iter()
        .filter_map(|m| m["data"]["n"].as_u64())
        .collect();
    assert_eq!(
        (missed, got.len() as u64),
        (handle.stats().dropped, sent - missed)
    );
    got.sort_unstable();
    assert!(
        got.ends_with(&[sent - 2, sent - 1, sent]),
        "the newest of every key: {got:?}"
    );
}

#[tokio::test]
async fn a_slow_client_is_disconnected_and_can_come_back_for_the_rest() {
    let hub = with(SlowClients::Disconnect).await;
    let handle = hub.handle();
    let mut slow = Client::slow(&hub, "?topic=n").await;
    let mut quick = Client::of(&hub, "n").await;
    overflow(&hub, &mut quick, || handle.stats().too_slow == 1).await;
    let (messages, code) = slow.rest().await;
    assert_eq!(code, Some(CloseCode::Again));
    let got = messages.len() as u64;
    assert_eq!(check(&messages, got), 0);
    until(|| handle.clients("n") == 1).await;
    let query = format!(
        "?topic=n&after={}",
        messages.last().unwrap()["id"].as_str().unwrap()
    );
    let mut back = Client::connect(&hub, &query).await;
    back.next().await.unwrap();
    assert_eq!(back.next().await.unwrap()["data"]["n"], got + 1);
    publish(&handle, "n", "still here").await;
    assert_eq!(quick.next().await.unwrap()["data"], "still here");
}

#[tokio::test]
async fn a_slow_client_holds_back_the_flow_and_nothing_is_lost() {
    let hub = builder()
        .backlog(8, 1 << 20)
        .queue(4, 1 << 20)
        .slow_clients(SlowClients::Wait(Duration::from_mins(10)))
        .bind("127.0.0.1:0")
        .await
        .unwrap();
    let handle = hub.handle();
    let mut slow = Client::slow(&hub, "?topic=n").await;
    let publishing = tokio::spawn({
        let handle = handle.clone();
        async move {
            for n in 1..=1000 {
                publish(&handle, "n", large(n)).await;
            }
        }
    });
    // It stands still when as much as may is on its way.
    let mut published = u64::MAX;
    while handle.stats().published != published {
        published = handle.stats().published;
        for _ in 0..1000 {
            yield_now().await;
        }
    }
    assert!((8..500).contains(&published), "{published}");
    for n in 1..=1000 {
        assert_eq!(slow.next().await.unwrap()["data"]["n"], n);
    }
    publishing.await.unwrap();
    assert_eq!((handle.stats().dropped, handle.stats().too_slow), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_holds_back_the_flow_for_too_long_is_disconnected() {
    let hub = with(SlowClients::Wait(Duration::from_secs(3))).await;
    let handle = hub.handle();
    let mut slow = Client::slow(&hub, "?topic=n").await;
    let start = tokio::time::Instant::now();
    let mut quick = Client::of(&hub, "n").await;
    overflow(&hub, &mut quick, || handle.stats().too_slow == 1).await;
    assert_eq!(start.elapsed().as_secs(), 3);
    assert_eq!(slow.rest().await.1, Some(CloseCode::Again));
}

#[tokio::test]
async fn topics_and_clients_have_policies_of_their_own() {
    let hub = builder()
        .backlog(8, 1 << 20)
        .topic("n", |topic| topic.slow_clients(SlowClients::Disconnect))
        .admit(async |request| {
            let admission = Admission::new();
            Ok(match request.query("keep") {
                Some(_) => admission.slow_client(SlowClients::DropIncoming),
                None => admission,
            })
        })
        .bind("127.0.0.1:0")
        .await
        .unwrap();
    let handle = hub.handle();
    let _topics = Client::slow(&hub, "?topic=n").await;
    let _own = Client::slow(&hub, "?keep&topic=n").await;
    let mut quick = Client::of(&hub, "n").await;
    let enough = || handle.stats().too_slow == 1 && handle.stats().dropped > 100;
    overflow(&hub, &mut quick, enough).await;
    until(|| handle.clients("n") == 2).await;
}

#[tokio::test]
async fn a_client_that_vanishes_is_gone() {
    let hub = hub().await;
    let handle = hub.handle();
    let rude = Client::of(&hub, "n").await;
    let mut stays = Client::of(&hub, "n").await;
    let stream = rude.0.into_inner();
    // A reset, and no word.
    stream.set_zero_linger().unwrap();
    drop(stream);
    until(|| handle.stats().clients == 1).await;
    publish(&handle, "n", 1).await;
    stays.expect(event("n", 1, 1)).await;
    // One that vanishes with a backlog.
    let slow = Client::of(&hub, "n").await;
    overflow_from(&handle, &mut stays).await;
    drop(slow);
    until(|| handle.clients("n") == 1).await;
}

async fn overflow_from(handle: &Handle, quick: &mut Client) {
    for n in 0..64 {
        publish(handle, "n", large(n)).await;
        assert_eq!(quick.next().await.unwrap()["data"]["n"], n);
    }
}
