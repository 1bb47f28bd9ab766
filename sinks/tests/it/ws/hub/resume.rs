use super::*;
use thalweg::sinks::ws::hub::{Admission, Topic};
use tokio_tungstenite::tungstenite::http::StatusCode;

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
    client.expect(resumed("a", 4, 1, 2)).await;
    client.expect(resumed("b", 4, 1, 1)).await;
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
        client.expect(resumed("a", 5, 1, 0)).await;
        client.expect(json!({ "reset": "a", "id": "e:5" })).await;
        drop(client);
        until(|| handle.clients("a") == 0).await;
    }
    let mut client = Client::connect(&hub, "?topic=a&topic=none&after=e:2").await;
    client.expect(resumed("a", 2, 1, 2)).await;
    client.expect(resumed("none", 5, 1, 0)).await;
    client.expect(json!({ "reset": "none", "id": "e:5" })).await;
    client.expect(event("a", 3, 3)).await;
    client.expect(event("a", 4, 4)).await;
    publish(&handle, "none", 6).await;
    client.expect(event("none", 6, 6)).await;
}

#[tokio::test]
async fn a_client_may_ask_for_the_newest() {
    let hub = builder()
        .admit(async |request| {
            let is_odd = |event: &Event| event.data().parse::<u64>().is_ok_and(|n| n % 2 == 1);
            Ok(match request.query("odd") {
                Some(_) => Admission::new().filter(is_odd),
                None => Admission::new(),
            })
        })
        .history(5, 1024)
        .bind("127.0.0.1:0")
        .await
        .unwrap();
    let handle = hub.handle();
    for n in 1..=5 {
        publish(&handle, "a", n * 2 - 1).await;
        publish(&handle, "b", n * 2).await;
    }
    let mut client = Client::connect(&hub, "?topic=a&topic=b&topic=c&last=2").await;
    client.expect(resumed("a", 6, 1, 2)).await;
    client.expect(resumed("b", 7, 1, 2)).await;
    client.expect(resumed("c", 10, 1, 0)).await;
    for n in 7..=10 {
        let topic = if n % 2 == 1 { "a" } else { "b" };
        client.expect(event(topic, n, n)).await;
    }
    // What is known is what was asked for; what is not is a reset, and the newest.
    let mut client = Client::connect(&hub, "?topic=a&after=e:4&last=1").await;
    client.expect(resumed("a", 4, 2, 3)).await;
    for n in [5, 7, 9] {
        client.expect(event("a", n, n)).await;
    }
    client
        .say(json!({ "subscribe": "b", "after": "f:4", "last": 1 }))
        .await;
    client.expect(resumed("b", 9, 2, 1)).await;
    client.expect(json!({ "reset": "b", "id": "e:9" })).await;
    client.expect(event("b", 10, 10)).await;
    client.say(json!({ "subscribe": "b", "last": 3 })).await;
    client.expect(resumed("b", 10, 2, 0)).await;
    client.say(json!({ "subscribe": "b", "last": -3 })).await;
    assert!(client.next().await.unwrap()["error"].is_string());
    // More than there is, and only what passes the filter.
    let mut client = Client::connect(&hub, "?odd&topic=a&topic=b&last=100").await;
    client.expect(resumed("a", 0, 3, 5)).await;
    client.expect(resumed("b", 10, 3, 0)).await;
    for n in [1, 3, 5, 7, 9] {
        client.expect(event("a", n, n)).await;
    }
    let response = refused(Client::with(&hub, "?topic=a&last=many", &[]).await);
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    // What a browser keeps before there is an event loses nothing of any topic.
    let ask = "GET /?topic=b&topic=a&last=1 HTTP/1.1\r\nAccept: text/event-stream\r\n\r\n";
    let mut stream = request(&hub, ask).await;
    let text = read_until(&mut stream, "data: 10\n\n").await;
    let ids: Vec<_> = text
        .lines()
        .filter(|line| line.starts_with("id: "))
        .collect();
    assert_eq!(ids, ["id: e:8", "id: e:8", "id: e:9", "id: e:10"], "{text}");
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
