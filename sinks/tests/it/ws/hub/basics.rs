use super::*;
use thalweg::{
    Sink,
    prelude::*,
    sinks::ws::hub::{Admission, PublishError},
};

#[tokio::test]
async fn a_client_gets_what_it_subscribed_to() {
    let mut hub = hub().await;
    let handle = hub.handle();
    let mut client = Client::connect(&hub, "?topic=trades").await;
    client.expect(subscribed("trades", 0, 1)).await;
    publish(&handle, "trades", 1).await;
    publish(&handle, "load", 2).await;
    client.expect(event("trades", 1, 1)).await;
    client.say(json!({ "subscribe": ["load", "trades"] })).await;
    client.expect(subscribed("load", 2, 1)).await;
    client.expect(subscribed("trades", 2, 1)).await;
    publish(&handle, "load", json!([3])).await;
    publish(&handle, "trades", json!({ "n": 4 })).await;
    client.expect(event("load", 3, json!([3]))).await;
    client.expect(event("trades", 4, json!({ "n": 4 }))).await;
    client.say(json!({ "unsubscribe": "trades" })).await;
    client.expect(json!({ "unsubscribed": "trades" })).await;
    assert_eq!((handle.clients("trades"), handle.clients("load")), (0, 1));
    publish(&handle, "trades", 5).await;
    publish(&handle, "load", 6).await;
    client.expect(event("load", 6, 6)).await;
    let (closed, ended) = tokio::join!(hub.close(), client.next());
    closed.unwrap();
    assert_eq!(ended, Err(Some(CloseCode::Restart)));
    let stats = handle.stats();
    assert_eq!(
        (stats.clients, stats.admitted, stats.published, stats.sent),
        (0, 1, 6, 4)
    );
    let closed = handle.publish(Event::raw("load", "7")).await.unwrap_err();
    assert_eq!(closed.to_string(), "cannot publish: the hub is closed");
}

async fn everything_comes_in_order() {
    let hub = hub().await;
    let mut clients = Vec::new();
    for _ in 0..50 {
        let mut client = Client::of(&hub, "n").await;
        clients.push(tokio::spawn(async move { client.rest().await }));
    }
    let handle = hub.handle();
    (0..2000_u64).flow().run_into(hub.json("n")).await.unwrap();
    for client in clients {
        let (events, code) = client.await.unwrap();
        let data: Vec<_> = events
            .iter()
            .filter_map(|event| event["data"].as_u64())
            .collect();
        let dropped: u64 = events
            .iter()
            .filter_map(|event| event["dropped"].as_u64())
            .sum();
        assert_eq!(data.len() as u64 + dropped, 2000);
        assert!(data.is_sorted(), "{data:?}");
        assert_eq!((data.last(), code), (Some(&1999), Some(CloseCode::Restart)));
    }
    let stats = handle.stats();
    assert_eq!((stats.sent + stats.dropped, stats.clients), (50 * 2000, 0));
}

#[tokio::test]
async fn everything_comes_in_order_on_one_thread() {
    everything_comes_in_order().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn everything_comes_in_order_on_three_threads() {
    everything_comes_in_order().await;
}

#[tokio::test]
async fn what_is_not_understood_is_told() {
    let hub = builder()
        .max_topics_per_client(2)
        .bind("127.0.0.1:0")
        .await
        .unwrap();
    let mut client = Client::of(&hub, "a").await;
    for (message, word) in [
        (json!({ "subscribe": 1 }), "not understood"),
        (json!({ "subscribe": "b", "unsubscribe": "b" }), "neither"),
        (json!({ "publish": "b" }), "unknown field"),
        (json!("hello"), "not understood"),
        (json!({ "subscribe": "" }), "no such topic"),
        (json!({ "subscribe": "x".repeat(257) }), "no such topic"),
    ] {
        client.say(message).await;
        let answer = client.next().await.unwrap();
        let error = answer["error"].as_str().unwrap();
        assert!(error.contains(word), "{error}");
    }
    client.0.send(Message::binary(vec![1])).await.unwrap();
    let answer = client.next().await.unwrap();
    assert!(
        answer["error"].as_str().unwrap().contains("binary"),
        "{answer}"
    );
    client.say(json!({ "subscribe": ["b", "c"] })).await;
    client.expect(subscribed("b", 0, 1)).await;
    let answer = client.next().await.unwrap();
    assert!(
        answer["error"]
            .as_str()
            .unwrap()
            .contains("at most 2 topics"),
        "{answer}"
    );
}

#[tokio::test]
async fn filters_and_checks_hold_for_the_client_that_has_them() {
    let hub = builder()
        .admit(|request| async move {
            let from: u64 = request
                .query("from")
                .and_then(|from| from.parse().ok())
                .unwrap_or(0);
            let admission = Admission::new().topics(|topic| topic != "secret");
            Ok(admission.filter(move |event| event.data().parse().is_ok_and(|n: u64| n >= from)))
        })
        .bind("127.0.0.1:0")
        .await
        .unwrap();
    let handle = hub.handle();
    let mut all = Client::of(&hub, "n").await;
    let mut some = Client::connect(&hub, "?from=2&topic=n&topic=secret").await;
    some.expect(subscribed("n", 0, 2)).await;
    some.expect(json!({ "error": "you may not subscribe to secret" }))
        .await;
    publish(&handle, "secret", 9).await;
    for n in 1..=2 {
        publish(&handle, "n", n).await;
    }
    all.expect(event("n", 2, 1)).await;
    all.expect(event("n", 3, 2)).await;
    some.expect(event("n", 3, 2)).await;
    let mut back = Client::connect(&hub, "?from=2&topic=n&after=e:0").await;
    back.expect(resumed("n", 0, 3, 1)).await;
    back.expect(event("n", 3, 2)).await;
}

#[tokio::test(start_paused = true)]
async fn presence_is_told_when_it_changes() {
    let hub = builder()
        .presence(Duration::from_secs(1))
        .bind("127.0.0.1:0")
        .await
        .unwrap();
    let handle = hub.handle();
    let mut first = Client::of(&hub, "a").await;
    first.expect(json!({ "presence": "a", "clients": 1 })).await;
    let mut second = Client::of(&hub, "a").await;
    first.expect(json!({ "presence": "a", "clients": 2 })).await;
    second
        .expect(json!({ "presence": "a", "clients": 2 }))
        .await;
    drop(second);
    first.expect(json!({ "presence": "a", "clients": 1 })).await;
    assert_eq!(handle.clients("a"), 1);
}

#[tokio::test]
async fn a_value_without_a_form_in_json_is_an_error() {
    let sink = hub().await.json("n");
    let values = [std::collections::HashMap::from([((1, 2), 3)])];
    let error = values.flow().run_into(sink).await.unwrap_err();
    assert!(
        error.to_string().starts_with("cannot publish to n: "),
        "{error}"
    );
}

#[tokio::test]
async fn a_hub_that_nobody_listens_to_takes_everything() {
    let hub = hub().await;
    let handle = hub.handle();
    (0..10_000).flow().run_into(hub.json("n")).await.unwrap();
    assert_eq!((handle.stats().published, handle.stats().sent), (10_000, 0));
    assert_eq!(handle.last_id(), "e:10000");
}

#[tokio::test]
async fn a_filter_that_panics_ends_the_hub_and_keeps_nobody_waiting() {
    let hub = builder()
        .admit(async |_| Ok(Admission::new().filter(|_| panic!("on purpose"))))
        .queue(1, 1)
        .bind("127.0.0.1:0")
        .await
        .unwrap();
    let _client = Client::of(&hub, "n").await;
    let handle = hub.handle();
    let publishing = async {
        while handle.publish(Event::raw("n", "1")).await.is_ok() {}
        handle.publish(Event::raw("n", "1")).await
    };
    let ended = timeout(Duration::from_mins(1), publishing).await.unwrap();
    assert!(matches!(ended, Err(PublishError::Closed)));
    handle.closed().await;
}
