//! A hub whose process is killed again and again while it publishes, and its clients.

use super::*;
use crate::child;
use futures_util::future::join;
use std::{fs, net::SocketAddr, path::Path};
use thalweg::{
    Sink,
    sinks::ws::{
        SlowClients,
        hub::{BindError, JournalError, PublishError},
    },
};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::Child,
};

/// Publishes on two topics, as fast as its clients take it, until it is killed: who it is, and the place in the order.
#[tokio::test]
#[ignore = "is the process of another test"]
async fn publishes_for_ever() {
    let folder = child::folder();
    let address = fs::read_to_string(folder.join("address")).unwrap_or("127.0.0.1:0".to_owned());
    let builder = Hub::builder()
        .history(100_000, 32 << 20)
        .slow_clients(SlowClients::Wait(Duration::from_mins(1)))
        .journal(folder.join("journal"));
    let hub = builder.bind(&address).await.unwrap();
    fs::write(folder.join("new"), hub.address().to_string()).unwrap();
    fs::rename(folder.join("new"), folder.join("address")).unwrap();
    let handle = hub.handle();
    loop {
        let id = handle.last_id();
        let (_, offset) = id.split_once(':').unwrap();
        let next = offset.parse::<u64>().unwrap() + 1;
        let topic = if next.is_multiple_of(3) { "b" } else { "a" };
        publish(&handle, topic, json!([std::process::id(), next])).await;
    }
}

async fn start(folder: &Path) -> (Child, SocketAddr) {
    let child = child::spawn("ws::hub::killed::publishes_for_ever", folder, "");
    let serving = async {
        loop {
            if let Ok(address) = fs::read_to_string(folder.join("address"))
                && let Ok(address) = address.parse()
                && TcpStream::connect(address).await.is_ok()
            {
                return address;
            }
            yield_now().await;
        }
    };
    let address = timeout(Duration::from_mins(1), serving).await.unwrap();
    (child, address)
}

/// A client that keeps the last id, and every event that it gets.
#[derive(Default)]
struct Keeper {
    last: Option<String>,
    events: Vec<Value>,
}

impl Keeper {
    async fn come(&mut self, way: Way, address: SocketAddr, until: usize) {
        match way {
            Way::WebSocket => self.visit(address, until).await,
            Way::Sse => self.listen(address, until).await,
        }
    }

    /// Comes, or comes back, and takes events: until there are so many, or until the connection ends.
    async fn visit(&mut self, address: SocketAddr, until: usize) {
        let after = self.last.as_ref().map(|last| format!("&after={last}"));
        let url = format!(
            "ws://{address}/?topic=a&topic=b{}",
            after.unwrap_or_default()
        );
        // Whoever comes when it is killed already comes for nothing.
        let Ok(stream) = TcpStream::connect(address).await else {
            return;
        };
        let Ok((socket, _)) = client_async(url, stream).await else {
            return;
        };
        let mut client = Client(socket);
        while self.events.len() < until {
            let Ok(message) = client.next().await else {
                return;
            };
            assert!(
                message["reset"].is_null() && message["gap"].is_null(),
                "{message}"
            );
            let id = message["id"].as_str().unwrap().to_owned();
            if message.get("topic").is_some() {
                self.keep(&id, message["data"].clone());
            }
            self.last = Some(id);
        }
    }

    /// The same over server-sent events, as the `EventSource` of a browser does it.
    async fn listen(&mut self, address: SocketAddr, until: usize) {
        let Ok(mut stream) = TcpStream::connect(address).await else {
            return;
        };
        let last = self
            .last
            .as_ref()
            .map(|last| format!("Last-Event-ID: {last}\r\n"));
        let request = format!(
            "GET /?topic=a&topic=b HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n{}\r\n",
            last.unwrap_or_default()
        );
        if stream.write_all(request.as_bytes()).await.is_err() {
            return;
        }
        let mut lines = BufReader::new(stream).lines();
        let (mut id, mut name, mut data) = (None, String::new(), Value::Null);
        while self.events.len() < until {
            let Ok(Some(line)) = lines.next_line().await else {
                return;
            };
            match line.split_once(": ") {
                Some(("id", value)) => id = Some(value.to_owned()),
                Some(("event", value)) => value.clone_into(&mut name),
                // What is cut off is no event: only an empty line makes it one.
                Some(("data", value)) => data = serde_json::from_str(value).unwrap_or_default(),
                _ if line.is_empty() => {
                    assert!(name != "reset" && name != "gap", "{data}");
                    if let (Some(id), "a" | "b") = (&id, &*name) {
                        self.keep(id, data.take());
                    }
                    self.last = id.take().or(self.last.take());
                    name.clear();
                }
                _ => {}
            }
        }
    }

    fn keep(&mut self, id: &str, data: Value) {
        assert_eq!(id.split_once(':').unwrap().1, data[1].to_string());
        self.events.push(data);
    }
}

/// How a client comes to its events.
#[derive(Clone, Copy)]
enum Way {
    WebSocket,
    Sse,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[cfg(target_os = "linux")]
async fn clients_of_a_hub_that_is_killed_get_everything_once() {
    everything_comes_once(Way::WebSocket).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[cfg(target_os = "linux")]
async fn clients_over_sse_of_a_hub_that_is_killed_get_everything_once() {
    everything_comes_once(Way::Sse).await;
}

/// A client comes back to a hub that is killed each time, with the id of the last event that it got.
#[cfg(target_os = "linux")]
async fn everything_comes_once(way: Way) {
    let folder = tempfile::tempdir().unwrap();
    let mut keeper = Keeper::default();
    let mut witnesses = Vec::new();
    for _ in 0..10 {
        let (mut process, address) = start(folder.path()).await;
        let enough = keeper.events.len() + fastrand::usize(1..3000);
        let killing = async {
            keeper.come(way, address, enough).await;
            process.kill().await.unwrap();
        };
        // One that is there when it happens, and does not come back.
        let mut witness = Keeper::default();
        join(killing, witness.visit(address, usize::MAX)).await;
        assert_eq!(keeper.events.len(), enough);
        witnesses.push(witness);
    }
    let (_process, address) = start(folder.path()).await;
    let places = |events: &[Value]| {
        events
            .iter()
            .map(|event| event[1].as_u64().unwrap())
            .collect::<Vec<_>>()
    };
    let newest = witnesses
        .iter()
        .flat_map(|witness| places(&witness.events))
        .max()
        .unwrap_or(0);
    let first = keeper.events[0][1].as_u64().unwrap();
    let enough = keeper
        .events
        .len()
        .max(usize::try_from(newest - first).unwrap())
        + 100;
    keeper.come(way, address, enough).await;
    let all: Vec<u64> = (first..).take(enough).collect();
    assert_eq!(places(&keeper.events), all, "every event once, in order");
    // What anybody has seen is what it is for all.
    for Keeper { events, .. } in witnesses {
        for event in events {
            let place = event[1].as_u64().unwrap();
            if let Some(index) = place.checked_sub(first) {
                assert_eq!(keeper.events[usize::try_from(index).unwrap()], event);
            }
        }
    }
}

#[tokio::test]
async fn a_hub_with_a_journal_goes_on_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let builder = builder().journal(folder.path().join("journal"));
    let mut hub = builder.clone().bind("127.0.0.1:0").await.unwrap();
    for n in 1..=3 {
        publish(&hub.handle(), "a", n).await;
    }
    let busy = builder.clone().bind("127.0.0.1:0").await.unwrap_err();
    assert!(
        matches!(busy, BindError::Journal(JournalError::Busy { .. })),
        "{busy}"
    );
    hub.close().await.unwrap();
    hub.close().await.unwrap();

    // The epoch is that of the file.
    let mut hub = builder.epoch("other").bind("127.0.0.1:0").await.unwrap();
    assert_eq!(hub.handle().last_id(), "e:3");
    let mut client = Client::connect(&hub, "?topic=a&after=e:1").await;
    assert_eq!(client.next().await.unwrap()["id"], "e:1");
    publish(&hub.handle(), "a", 4).await;
    for n in 2..=4 {
        client.expect(event("a", n, n)).await;
    }
    drop(client);
    hub.close().await.unwrap();
}

#[tokio::test]
async fn several_publishers_are_kept_in_their_order() {
    let folder = tempfile::tempdir().unwrap();
    let builder = builder()
        .journal(folder.path().join("journal"))
        .queue(7, 1 << 20)
        .history(100_000, 64 << 20);
    let mut hub = builder.clone().bind("127.0.0.1:0").await.unwrap();
    let mut publishers = Vec::new();
    for _ in 0..4 {
        let handle = hub.handle();
        publishers.push(tokio::spawn(async move {
            for n in 0..300 {
                // Enough for the file to be written anew several times.
                publish(&handle, "a", format!("{n}{}", "x".repeat(10_000))).await;
            }
        }));
    }
    for publisher in publishers {
        publisher.await.unwrap();
    }
    hub.close().await.unwrap();
    let hub = builder.bind("127.0.0.1:0").await.unwrap();
    let mut client = Client::connect(&hub, "?topic=a&after=e:0").await;
    client.next().await.unwrap();
    for n in 1..=1200 {
        assert_eq!(client.next().await.unwrap()["id"], format!("e:{n}"));
    }
}

#[tokio::test]
async fn a_journal_that_cannot_be_made_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("no such folder").join("journal");
    let error = builder().journal(&path).start().await.unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with(&format!("cannot write the journal {}", path.display())),
        "{error}"
    );
    assert!(std::error::Error::source(&error).is_some());
    let error = PublishError::from(error).to_string();
    assert!(
        error.starts_with("cannot publish: cannot write the journal"),
        "{error}"
    );
}
