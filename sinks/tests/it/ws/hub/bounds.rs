use super::*;
use tokio::time::Instant;

/// A frame of a client, without a mask that changes anything.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).unwrap();
    [&[first, 0x80 | length, 0, 0, 0, 0], payload].concat()
}

async fn send_raw(client: &mut Client, bytes: &[u8]) {
    client.0.get_mut().write_all(bytes).await.unwrap();
}

#[tokio::test]
async fn what_is_no_websocket_ends_the_connection_with_the_code_for_it() {
    let hub = builder()
        .max_message(100)
        .bind("127.0.0.1:0")
        .await
        .unwrap();
    let unmasked = [0x81, 0x01, b'x'];
    let cases: [(&[u8], CloseCode); 5] = [
        (&unmasked, CloseCode::Protocol),
        (&frame(0x80, b"x"), CloseCode::Protocol),
        (&frame(0x81, &[0xff]), CloseCode::Invalid),
        (&frame(0x81, &[b'x'; 101]), CloseCode::Size),
        (&frame(0x88, &[3, 0xe8]), CloseCode::Normal),
    ];
    for (bytes, code) in cases {
        let mut client = Client::of(&hub, "a").await;
        send_raw(&mut client, bytes).await;
        assert_eq!(client.next().await, Err(Some(code)));
        until(|| hub.handle().clients("a") == 0).await;
    }
    assert_eq!(hub.handle().stats().misbehaved, 4);
}

#[tokio::test(start_paused = true)]
async fn what_is_said_at_the_rate_is_heard() {
    let hub = builder()
        .message_rate(10, 20)
        .bind("127.0.0.1:0")
        .await
        .unwrap();
    let mut client = Client::of(&hub, "a").await;
    for _ in 0..3 {
        // What is allowed at once, and again when it is restored.
        for _ in 0..19 {
            send_raw(&mut client, &frame(0x8a, b"")).await;
        }
        client.say(json!({ "subscribe": "a" })).await;
        client.expect(subscribed("a", 0, 1)).await;
        tokio::time::advance(Duration::from_secs(3)).await;
    }
}

#[tokio::test]
async fn more_messages_than_allowed_end_the_connection() {
    let hub = builder()
        .message_rate(1, 20)
        .bind("127.0.0.1:0")
        .await
        .unwrap();
    let mut client = Client::of(&hub, "a").await;
    let flood = frame(0x89, b"ping").repeat(40);
    send_raw(&mut client, &flood).await;
    assert_eq!(client.next().await, Err(Some(CloseCode::Policy)));
    drop(client);
    until(|| hub.handle().stats().clients == 0).await;
    assert_eq!(hub.handle().stats().misbehaved, 1);
}

#[tokio::test]
async fn pings_are_answered_also_while_much_waits() {
    let hub = hub().await;
    let handle = hub.handle();
    let mut client = Client::of(&hub, "a").await;
    client.0.send(Message::Ping("one".into())).await.unwrap();
    assert_eq!(
        client.0.next().await.unwrap().unwrap(),
        Message::Pong("one".into())
    );
    for _ in 0..64 {
        publish(&handle, "a", "x".repeat(4096)).await;
    }
    client.0.send(Message::Ping("two".into())).await.unwrap();
    let mut before = 0;
    while client.0.next().await.unwrap().unwrap() != Message::Pong("two".into()) {
        before += 1;
    }
    for _ in before..64 {
        assert!(client.0.next().await.unwrap().unwrap().is_text());
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_is_quiet_is_pinged_and_one_that_is_dead_is_gone() {
    let hub = hub().await;
    let start = Instant::now();
    let mut alive = Client::of(&hub, "a").await;
    let dead = Client::of(&hub, "a").await;
    for n in 1..=3 {
        assert_eq!(
            alive.0.next().await.unwrap().unwrap(),
            Message::Ping("".into())
        );
        assert_eq!(start.elapsed().as_secs(), n * 25);
        // The pong is on its way with the next poll.
        alive.0.flush().await.unwrap();
    }
    assert_eq!(
        (hub.handle().clients("a"), hub.handle().stats().dead),
        (1, 1)
    );
    drop(dead);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_takes_nothing_is_dead_as_well() {
    let hub = hub().await;
    let handle = hub.handle();
    let ask = "GET /?topic=a HTTP/1.1\r\nAccept: text/event-stream\r\n\r\n";
    let mut slow = request(&hub, ask).await;
    read_until(&mut slow, "e:0\n\n").await;
    let start = Instant::now();
    while handle.stats().dropped == 0 {
        publish(&handle, "a", "x".repeat(16 * 1024)).await;
        yield_now().await;
    }
    while handle.stats().dead == 0 {
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(start.elapsed() < Duration::from_secs(62));
    }
    assert_eq!(
        (handle.clients("a"), start.elapsed().as_secs() / 10),
        (0, 6)
    );
}
