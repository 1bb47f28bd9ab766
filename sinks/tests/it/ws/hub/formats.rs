use super::*;
use thalweg::{Sink, prelude::*};

const ASK: &str =
    "GET /events?topic=a&topic=b HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n";

#[tokio::test]
async fn the_same_events_come_over_sse() {
    let mut hub = hub().await;
    let handle = hub.handle();
    let mut stream = request(&hub, &format!("{ASK}\r\n")).await;
    let head = read_until(&mut stream, "\r\n\r\n").await;
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    assert!(
        head.contains("\r\ncontent-type: text/event-stream\r\n"),
        "{head}"
    );
    assert!(
        head.contains("\r\naccess-control-allow-origin: *\r\n"),
        "{head}"
    );
    assert_eq!(read_until(&mut stream, "\n\n").await, "retry: 1000\n\n");
    assert_eq!(
        read_until(&mut stream, "\n\n").await,
        "event: subscribed\ndata: {\"subscribed\":\"a\",\"id\":\"e:0\",\"clients\":1}\nid: e:0\n\n"
    );
    read_until(&mut stream, "\n\n").await;
    publish(&handle, "a", 1).await;
    handle.publish(Event::raw("b", "[1,\n2]")).await.unwrap();
    assert_eq!(
        read_until(&mut stream, "\n\n").await,
        "id: e:1\nevent: a\ndata: 1\n\n"
    );
    assert_eq!(
        read_until(&mut stream, "\n\n").await,
        "id: e:2\nevent: b\ndata: [1,\ndata: 2]\n\n"
    );
    let (closed, rest) = tokio::join!(hub.close(), read_all(stream));
    closed.unwrap();
    assert_eq!(rest, "");
}

#[tokio::test]
async fn sse_goes_on_after_the_last_id() {
    let hub = hub().await;
    let handle = hub.handle();
    for n in 1..=3 {
        publish(&handle, "a", n).await;
    }
    // What the browser knows is newer than the address that it had from the start.
    let ask = ASK.replace("topic=b", "after=e:1");
    let mut stream = request(&hub, &format!("{ask}Last-Event-ID: e:2\r\n\r\n")).await;
    read_until(&mut stream, "id: e:2\n\n").await;
    assert_eq!(
        read_until(&mut stream, "\n\n").await,
        "id: e:3\nevent: a\ndata: 3\n\n"
    );
    let mut stream = request(&hub, &format!("{ask}Last-Event-ID: f:2\r\n\r\n")).await;
    read_until(&mut stream, "id: e:3\n\n").await;
    assert_eq!(
        read_until(&mut stream, "\n\n").await,
        "event: reset\ndata: {\"reset\":\"a\",\"id\":\"e:3\"}\n\n"
    );
    publish(&handle, "a", 4).await;
    assert_eq!(
        read_until(&mut stream, "\n\n").await,
        "id: e:4\nevent: a\ndata: 4\n\n"
    );
}

#[tokio::test(start_paused = true)]
async fn sse_has_a_heart_that_beats() {
    let hub = hub().await;
    let start = tokio::time::Instant::now();
    let mut stream = request(&hub, &format!("{ASK}\r\n")).await;
    read_until(&mut stream, "\n:\n\n:\n\n").await;
    assert_eq!(start.elapsed().as_secs(), 30);
}

#[tokio::test]
async fn an_event_cannot_forge_fields_of_sse() {
    let hub = hub().await;
    let mut stream = request(
        &hub,
        &format!("{ASK}\r\n").replace("topic=b", "topic=b%20c"),
    )
    .await;
    read_until(&mut stream, "e:0\n\n").await;
    read_until(&mut stream, "e:0\n\n").await;
    let handle = hub.handle();
    handle
        .publish(Event::raw("a", "1\r\ndata: 2\n\nid: 9"))
        .await
        .unwrap();
    assert_eq!(
        read_until(&mut stream, "9\n\n").await,
        "id: e:1\nevent: a\ndata: 1\ndata: \ndata: data: 2\ndata: \ndata: id: 9\n\n"
    );
}

#[tokio::test]
async fn a_topic_is_not_taken_for_a_notice_of_sse() {
    let hub = hub().await;
    let handle = hub.handle();
    let names = [
        ("subscribed", "topic:subscribed"),
        ("unsubscribed", "topic:unsubscribed"),
        ("gap", "topic:gap"),
        ("reset", "topic:reset"),
        ("presence", "topic:presence"),
        ("error", "topic:error"),
        ("open", "topic:open"),
        ("topic:gap", "topic:topic:gap"),
        ("message", "message"),
        ("gaps", "gaps"),
        ("Gap", "Gap"),
    ];
    let topics = names.map(|(topic, _)| format!("&topic={topic}")).concat();
    let ask = ASK.replace("&topic=b", &topics);
    let mut stream = request(&hub, &format!("{ask}\r\n")).await;
    read_until(&mut stream, "\r\n\r\nretry: 1000\n\n").await;
    for topic in ["a"].into_iter().chain(names.map(|(topic, _)| topic)) {
        let notice = read_until(&mut stream, "\n\n").await;
        let start = format!("event: subscribed\ndata: {{\"subscribed\":\"{topic}\",");
        assert!(notice.starts_with(&start), "{notice}");
    }
    for (n, (topic, name)) in (1..).zip(names) {
        publish(&handle, topic, n).await;
        assert_eq!(
            read_until(&mut stream, "\n\n").await,
            format!("id: e:{n}\nevent: {name}\ndata: {n}\n\n")
        );
    }
    // Over WebSocket a topic has a place of its own, where it is what it is.
    let mut client = Client::connect(&hub, "?topic=gap&after=e:2").await;
    client.expect(resumed("gap", 2, 2, 1)).await;
    client.expect(event("gap", 3, 3)).await;
}

#[tokio::test]
async fn the_same_maps_come_as_messagepack() {
    let hub = hub().await;
    let handle = hub.handle();
    let headers = [("sec-websocket-protocol", "thalweg.msgpack")];
    let mut client = Client::with(&hub, "?topic=a", &headers).await.unwrap();
    let mut next = async || {
        let message = client.message().await.unwrap();
        assert!(message.is_binary());
        rmp_serde::from_slice::<Value>(&message.into_data()).unwrap()
    };
    assert_eq!(next().await, subscribed("a", 0, 1));
    publish(
        &handle,
        "a",
        json!({ "deep": [1, -2, 0.5, null, true, "text"] }),
    )
    .await;
    assert_eq!(
        next().await,
        event("a", 1, json!({ "deep": [1, -2, 0.5, null, true, "text"] }))
    );
    handle.publish(Event::raw("a", "no JSON")).await.unwrap();
    assert_eq!(next().await, event("a", 2, "no JSON"));
    let ask = rmp_serde::to_vec(&json!({ "subscribe": "b", "after": "f:0" })).unwrap();
    client.0.send(Message::binary(ask)).await.unwrap();
    let mut next = async || {
        let message = client.message().await.unwrap();
        rmp_serde::from_slice::<Value>(&message.into_data()).unwrap()
    };
    assert_eq!(next().await, resumed("b", 2, 1, 0));
    assert_eq!(next().await, json!({ "reset": "b", "id": "e:2" }));
    client.0.send(Message::binary(vec![0xc1])).await.unwrap();
    let mut next = async || {
        let message = client.message().await.unwrap();
        rmp_serde::from_slice::<Value>(&message.into_data()).unwrap()
    };
    assert!(
        next().await["error"]
            .as_str()
            .unwrap()
            .contains("not understood")
    );
}

#[tokio::test]
async fn a_plain_client_gets_the_data_alone() {
    let hub = builder()
        .plain()
        .default_topics(["a"])
        .bind("127.0.0.1:0")
        .await
        .unwrap();
    let mut plain = Client::connect(&hub, "").await;
    let headers = [("sec-websocket-protocol", "other, thalweg.json")];
    let mut json = Client::with(&hub, "?topic=a", &headers).await.unwrap();
    json.expect(subscribed("a", 0, 2)).await;
    ["high tide", "low tide"]
        .flow()
        .run_into(hub.texts("a"))
        .await
        .unwrap();
    assert_eq!(plain.message().await, Ok(Message::text("high tide")));
    assert_eq!(plain.message().await, Ok(Message::text("low tide")));
    assert_eq!(plain.message().await, Err(Some(CloseCode::Restart)));
}

#[tokio::test]
async fn a_client_may_speak_before_it_is_answered() {
    let mut hub = hub().await;
    let mut stream = TcpStream::connect(hub.address()).await.unwrap();
    let mut bytes =
        b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n\
        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
            .to_vec();
    let message = br#"{"subscribe":"a"}"#;
    bytes.extend([
        0x81,
        0x80 | u8::try_from(message.len()).unwrap(),
        0,
        0,
        0,
        0,
    ]);
    bytes.extend(message);
    // Byte by byte.
    for byte in bytes {
        stream.write_u8(byte).await.unwrap();
        yield_now().await;
    }
    let head = read_until(&mut stream, "\r\n\r\n").await;
    assert!(
        head.contains("sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"),
        "{head}"
    );
    let frame = read_until(&mut stream, "}").await;
    assert!(
        frame.contains(r#"{"subscribed":"a","id":"e:0","clients":1}"#),
        "{frame}"
    );
    drop(stream);
    hub.close().await.unwrap();
}
