use futures_util::StreamExt;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, protocol::frame::coding::CloseCode},
};

use crate::{
    client::Client,
    process::{Process, soon, start_in_vain},
};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

async fn live(address: &str) -> Socket {
    connect_async(format!("ws://{address}/live"))
        .await
        .unwrap()
        .0
}

/// Reads levels until one is `expected`: a socket may miss those before it.
async fn hear(socket: &mut Socket, expected: f64) {
    loop {
        let text = soon(socket.next()).await.unwrap().unwrap();
        let level: Value = serde_json::from_str(text.to_text().unwrap()).unwrap();
        if level["level_cm"] == expected {
            return;
        }
    }
}

#[tokio::test]
async fn levels_come_in_three_ways() {
    let process = Process::start().await;
    let mut client = Client::connect(&process.address).await;
    assert_eq!(client.get("/latest").await, (204, String::new()));
    let mut socket = live(&process.address).await;
    let mut early = Client::connect(&process.address).await.events(None).await;
    for level_cm in [250.0, 252.5, 252.0] {
        client.post_level(level_cm).await;
    }

    let mut ids = Vec::new();
    for (level_cm, change_cm) in [(250.0, 0.0), (252.5, 2.5), (252.0, -0.5)] {
        let event = early.next().await.unwrap();
        assert_eq!(event.data["level_cm"], level_cm);
        assert_eq!(event.data["change_cm"], change_cm);
        assert_eq!(event.data["id"].to_string(), event.id);
        ids.push(event.id.parse::<u64>().unwrap());
    }
    assert_eq!([ids[1] - ids[0], ids[2] - ids[1]], [1, 1]);

    hear(&mut socket, 252.0).await;
    let (status, latest) = client.get("/latest").await;
    let expected = json!({ "id": ids[2], "level_cm": 252.0, "change_cm": -0.5 });
    assert_eq!(
        (status, serde_json::from_str(&latest).unwrap()),
        (200, expected)
    );

    // Who comes late gets what was, and who comes back what it has missed.
    let mut late = Client::connect(&process.address).await.events(None).await;
    assert_eq!(late.next().await.unwrap().data["level_cm"], 250.0);
    let last = ids[1].to_string();
    let mut back = Client::connect(&process.address)
        .await
        .events(Some(&last))
        .await;
    assert_eq!(back.next().await.unwrap().data["level_cm"], 252.0);

    let (_, plan) = client.get("/plan").await;
    assert!(
        plan.contains("replay_once") && plan.contains("in 3"),
        "{plan}"
    );
    assert!(plan.ends_with("1 sockets\n"), "{plan}");
    assert!(client.get("/").await.1.contains("EventSource"));
}

#[tokio::test]
async fn what_is_no_reading_is_refused() {
    let process = Process::start().await;
    let mut client = Client::connect(&process.address).await;
    assert_eq!(client.post("{".to_owned()).await, 400);
    assert_eq!(client.post(r#"{"level_cm":"high"}"#.to_owned()).await, 422);
    assert_eq!(client.get("/latest").await.0, 204);
}

#[tokio::test]
async fn a_stop_drains_and_says_goodbye() {
    const LEVELS: u32 = 200;
    let process = Process::start().await;
    let mut client = Client::connect(&process.address).await;
    let mut events = Client::connect(&process.address).await.events(None).await;
    let mut socket = live(&process.address).await;
    for level in 1..=LEVELS {
        client.post_level(level.into()).await;
    }
    process.terminate();

    // Everything that was accepted comes, then the end.
    for level in 1..=LEVELS {
        let event = events.next().await.expect("it was accepted");
        assert_eq!(event.data["level_cm"], f64::from(level));
    }
    assert!(events.next().await.is_none());
    hear(&mut socket, LEVELS.into()).await;
    match soon(socket.next()).await.unwrap().unwrap() {
        Message::Close(Some(frame)) => assert_eq!(frame.code, CloseCode::Away),
        other => panic!("no goodbye: {other}"),
    }
    while let Some(Ok(_)) = soon(socket.next()).await {}

    assert!(TcpStream::connect(&process.address).await.is_err());
    let ended = process.end().await;
    assert_eq!((ended.code, ended.complaints.as_str()), (Some(0), ""));
    // The plan with its last numbers: nothing is missing.
    let expected = format!("holds 64 items  [in {LEVELS}, out {LEVELS}, in flight 0]");
    assert!(ended.output.contains(&expected), "{}", ended.output);
}

#[tokio::test]
async fn a_stop_waits_for_nobody_who_is_idle() {
    let process = Process::start().await;
    let mut idle = Client::connect(&process.address).await;
    assert_eq!(idle.get("/latest").await.0, 204);
    let silent = TcpStream::connect(&process.address).await.unwrap();
    process.terminate();
    let ended = process.end().await;
    assert_eq!((ended.code, ended.complaints.as_str()), (Some(0), ""));
    drop(silent);
}

#[tokio::test]
async fn who_is_not_done_at_the_deadline_is_cut_off() {
    const ASKS: &[u8] =
        b"POST /readings HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
        content-length: 20\r\nexpect: 100-continue\r\n\r\n";
    const GOES_ON: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";
    let process = Process::start_with(&[("STOP_SECONDS", "0.05")]).await;
    let mut done = Client::connect(&process.address).await;
    done.post_level(250.0).await;
    // Until it has been through, however long that takes.
    while done.get("/latest").await.0 != 200 {}
    let mut client = TcpStream::connect(&process.address).await.unwrap();
    client.write_all(ASKS).await.unwrap();
    // The service says so when it waits for the rest of the request, which never comes.
    let mut said = vec![0; GOES_ON.len()];
    soon(client.read_exact(&mut said)).await.unwrap();
    assert_eq!(said, GOES_ON);
    process.terminate();

    let ended = process.end().await;
    let expected = "embed: cut off clients that were not done in 50ms\n";
    assert_eq!((ended.code, ended.complaints.as_str()), (Some(0), expected));
    // What was accepted has been through all the same.
    let plan = "holds 64 items  [in 1, out 1, in flight 0]";
    assert!(ended.output.contains(plan), "{}", ended.output);
    // The connection is closed, or reset, without an answer.
    let mut rest = Vec::new();
    let _ = soon(client.read_to_end(&mut rest)).await;
    assert_eq!(rest, b"");
}

#[tokio::test]
async fn a_deadline_that_is_none_is_told() {
    for text in ["soon", "-1", ""] {
        let variables = [("LISTEN", "127.0.0.1:0"), ("STOP_SECONDS", text)];
        let ended = start_in_vain(&variables).await;
        let expected = format!("embed: STOP_SECONDS is no number of seconds: {text:?}\n");
        assert_eq!((ended.code, ended.complaints), (Some(1), expected));
        assert_eq!(ended.output, "");
    }
}

#[tokio::test]
async fn an_address_that_is_taken_is_told() {
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let ended = start_in_vain(&[("LISTEN", &address)]).await;
    assert_eq!((ended.code, ended.output.as_str()), (Some(1), ""));
    let expected = format!("embed: cannot listen on {address}: ");
    assert!(
        ended.complaints.starts_with(&expected),
        "{}",
        ended.complaints
    );
}
