use super::*;
use thalweg::sinks::ws::hub::Topic;

#[tokio::test]
async fn who_comes_back_gets_what_it_missed_and_goes_on() {
    let hub = hub().await;
    let handle = hub.handle();
    let mut client = Client::connect(&hub, "?topic=a").await;
    client.expect(subscribed("a", 0, 1)).await;
    drop(client);
    for n in 1..=3 {
        publish(&handle, "a", n).await;
        publish(&handle, "b", n).await;
    }
    // The id of a subscription is good before there is any event.
    let mut client = Client::connect(&hub, "?topic=a&after=e:0").await;
    assert_eq!(client.next().await.unwrap()["id"], "e:0");
    client.expect(event("a", 1, 1)).await;
    client.expect(event("a", 3, 2)).await;
    client.expect(event("a", 5, 3)).await;
    publish(&handle, "a", 4).await;
    client.expect(event("a", 7, 4)).await;
    // One id is good for any number of topics.
    client.say(json!({ "unsubscribe": "a" })).await;
    client.expect(json!({ "unsubscribed": "a" })).await;
    client
        .say(json!({ "subscribe": ["a", "b"], "after": "e:4" }))
        .await;
    client.expect(subscribed("a", 4, 1)).await;
    client.expect(subscribed("b", 4, 1)).await;
    client.expect(event("a", 5, 3)).await;
    client.expect(event("b", 6, 3)).await;
    client.expect(event("a", 7, 4)).await;
    publish(&handle, "b", 5).await;
    client.expect(event("b", 8, 5)).await;
    assert_eq!((handle.stats().resumed, handle.stats().reset), (3, 0));
}

#[tokio::test]
async fn an_id_that_is_not_known_is_a_reset() {
    let hub = builder()
        .history(2, 1024)
        .topic("none", |topic: Topic| topic.history(0, 0))
        .bind("127.0.0.1:0")
        .await
        .unwrap();
    let handle = hub.handle();
    for n in 1..=4 {
        publish(&handle, "a", n).await;
    }
    publish(&handle, "none", 5).await;
    // All is taken once somebody who came after it is answered.
    for after in [
        "e:1",
        "f:3",
        "e:6",
        "e:",
        "3",
        "e:-1",
        "e:99999999999999999999999",
    ] {
        let mut client = Client::connect(&hub, &format!("?topic=a&after={after}")).await;
        client.expect(subscribed("a", 5, 1)).await;
        client.expect(json!({ "reset": "a", "id": "e:5" })).await;
        drop(client);
        until(|| handle.clients("a") == 0).await;
    }
    let mut client = Client::connect(&hub, "?topic=a&topic=none&after=e:2").await;
    client.expect(subscribed("a", 2, 1)).await;
    client.expect(subscribed("none", 5, 1)).await;
    client.expect(json!({ "reset": "none", "id": "e:5" })).await;
    client.expect(event("a", 3, 3)).await;
    client.expect(event("a", 4, 4)).await;
    publish(&handle, "none", 6).await;
    client.expect(event("none", 6, 6)).await;
}

/// Clients that come, take some events, and go, while events are published: each gets every event once.
async fn come_and_go(hub: Hub) {
    const EVENTS: u64 = 3000;
    let handle = hub.handle();
    let hub = std::sync::Arc::new(hub);
    let mut clients = Vec::new();
    for stay in 1..12_usize {
        let hub = hub.clone();
        clients.push(tokio::spawn(async move {
            let (mut last, mut got, mut visits) = ("e:0".to_owned(), Vec::new(), 0);
            while got.last() != Some(&EVENTS) {
                let mut client = Client::connect(&hub, &format!("?topic=n&after={last}")).await;
                visits += 1;
                let mut events = 0;
                while events < stay * 17 && got.last() != Some(&EVENTS) {
                    let message = client.next().await.unwrap();
                    message["id"].as_str().unwrap().clone_into(&mut last);
                    assert!(
                        message["reset"].is_null() && message["gap"].is_null(),
                        "{message}"
                    );
                    if let Some(n) = message["data"].as_u64() {
                        events += 1;
                        got.push(n);
                    }
                }
            }
            assert!(visits > 1);
            got
        }));
    }
    for n in 1..=EVENTS {
        publish(&handle, "other", n).await;
        publish(&handle, "n", n).await;
        if n % 50 == 0 {
            yield_now().await;
        }
    }
    for client in clients {
        assert_eq!(client.await.unwrap(), (1..=EVENTS).collect::<Vec<_>>());
    }
}

fn with_a_long_history() -> Builder {
    builder()
        .history(10_000, 1 << 20)
        .backlog(10_000, 1 << 20)
        .queue(100, 1 << 20)
}

#[tokio::test]
async fn nothing_is_missed_or_comes_twice_on_one_thread() {
    come_and_go(with_a_long_history().bind("127.0.0.1:0").await.unwrap()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn nothing_is_missed_or_comes_twice_between_shards() {
    come_and_go(with_a_long_history().bind("127.0.0.1:0").await.unwrap()).await;
}
