use std::fs;

use rustix::process::{Signal, getuid};
use tempfile::tempdir;
use thalweg::{
    prelude::*,
    sources::{TcpFrames, framing::lines, tls::TlsClient},
};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream, UdpSocket},
};

use crate::program::{Program, soon};

const LOOPBACK: &str = "127.0.0.1:0";

async fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind(LOOPBACK).await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    (listener, address)
}

#[tokio::test]
async fn lines_of_all_clients_are_in_the_file_at_the_end() {
    let folder = tempdir().unwrap();
    let file = folder.path().join("lines.jsonl");
    let mut program = Program::start("tcp_lines_to_file", [LOOPBACK, file.to_str().unwrap()]);
    let address = program.address().await;
    let mut clients = Vec::new();
    for text in ["one", "two"] {
        let mut client = TcpStream::connect(&address).await.unwrap();
        client
            .write_all(format!("{text}\n").as_bytes())
            .await
            .unwrap();
        client.shutdown().await.unwrap();
        // The server closes when it has read all.
        assert_eq!(soon(client.read(&mut [0])).await.unwrap(), 0);
        clients.push((client.local_addr().unwrap(), text));
    }
    program.signal(Signal::INT);
    let ended = program.end().await;
    assert!(ended.succeeded, "{:?}", ended.complaints);
    let written = fs::read_to_string(file).unwrap();
    assert_eq!(written.lines().count(), 2);
    for (line, (peer, text)) in written.lines().zip(clients) {
        assert_eq!(line, format!(r#"{{"peer":"{peer}","text":"{text}"}}"#));
    }
}

#[tokio::test]
async fn every_line_of_a_client_is_answered() {
    let mut program = Program::start("tcp_server", [LOOPBACK]);
    let address = program.address().await;
    let mut client = TcpStream::connect(&address).await.unwrap();
    let mut other = TcpStream::connect(&address).await.unwrap();
    other.write_all(b"one\n").await.unwrap();
    client.write_all(b"to the sea\n\n").await.unwrap();
    client.shutdown().await.unwrap();
    let mut answers = String::new();
    soon(client.read_to_string(&mut answers)).await.unwrap();
    assert_eq!(answers, "3\n0\n");
    // Those who are there when it stops are served to their end.
    program.signal(Signal::INT);
    other.write_all(b"and two\n").await.unwrap();
    other.shutdown().await.unwrap();
    answers.clear();
    soon(other.read_to_string(&mut answers)).await.unwrap();
    assert_eq!(answers, "1\n2\n");
    assert!(program.end().await.succeeded);
}

#[tokio::test]
async fn a_feed_goes_on_over_another_connection() {
    let (server, address) = listen().await;
    let mut program = Program::start("tcp_feed", [&address, "price"]);
    let (mut first, _) = soon(server.accept()).await.unwrap();
    first
        .write_all(b"{\"price\":3}\n{\"price\":3}\nnone\n{\"price\":8}\n")
        .await
        .unwrap();
    assert_eq!(program.line().await, "3");
    assert_eq!(program.line().await, "8");
    let complaint = program.complaint().await;
    assert!(
        complaint.starts_with("frame 3 is not the JSON "),
        "{complaint}"
    );
    drop(first);
    let (mut second, _) = soon(server.accept()).await.unwrap();
    second.write_all(b"{\"price\":5}\n").await.unwrap();
    assert_eq!(program.line().await, "5");
    program.kill().await;
}

#[tokio::test]
async fn lines_are_sent_again_after_a_connection_broke() {
    let (server, address) = listen().await;
    let mut program = Program::start("tcp_send", [&address]);
    program.say("one").await;
    let (client, _) = soon(server.accept()).await.unwrap();
    let mut lines = BufReader::new(client).lines();
    assert_eq!(soon(lines.next_line()).await.unwrap().unwrap(), "one");
    drop(lines);
    program.say("two").await;
    let (client, _) = soon(server.accept()).await.unwrap();
    let mut lines = BufReader::new(client).lines();
    for expected in ["one", "two"] {
        assert_eq!(soon(lines.next_line()).await.unwrap().unwrap(), expected);
    }
    let read = tokio::spawn(async move { lines.next_line().await.unwrap() });
    let ended = program.end().await;
    assert!(ended.succeeded, "{:?}", ended.complaints);
    assert_eq!(soon(read).await.unwrap(), None);
}

#[tokio::test]
async fn a_clock_ticks_over_tls() {
    let folder = tempdir().unwrap();
    let issued = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (certificate, key) = (
        folder.path().join("certificate.pem"),
        folder.path().join("key.pem"),
    );
    fs::write(&certificate, issued.cert.pem()).unwrap();
    fs::write(&key, issued.signing_key.serialize_pem()).unwrap();

    let arguments = [certificate.as_os_str(), key.as_os_str(), LOOPBACK.as_ref()];
    let mut program = Program::start("tls_clock", arguments);
    let address = program.address().await;
    // Somebody who speaks no TLS is told, and does no harm.
    let mut plain = TcpStream::connect(&address).await.unwrap();
    plain.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    assert!(program.complaint().await.contains("TLS"));

    let tls = TlsClient::trusting(&certificate)
        .unwrap()
        .server_name("localhost");
    let times = TcpFrames::new(&address, lines()).tls(tls).flow();
    let times = soon(times.take(2).collect::<Vec<_>>()).await.unwrap();
    assert!(
        times
            .iter()
            .all(|time| time.parse::<jiff::Timestamp>().is_ok()),
        "{times:?}"
    );
    program.signal(Signal::INT);
    assert!(program.end().await.succeeded);
}

#[tokio::test]
async fn lines_cross_a_unix_socket() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("socket");
    let path = path.to_str().unwrap();
    let mut listener = Program::start("unix_socket", ["listen", path]);
    assert_eq!(listener.line().await, format!("listening on {path}"));
    let mut sender = Program::start("unix_socket", ["send", path]);
    sender.say("hello").await;
    assert_eq!(
        listener.line().await,
        format!("user {}: hello", getuid().as_raw())
    );
    assert!(sender.end().await.succeeded);
    listener.kill().await;
    // The file that it left is not in the way.
    let mut listener = Program::start("unix_socket", ["listen", path]);
    assert_eq!(listener.line().await, format!("listening on {path}"));
    listener.kill().await;

    let nobody = folder.path().join("nobody");
    let mut sender = Program::start("unix_socket", ["send", nobody.to_str().unwrap()]);
    sender.say("hello").await;
    let ended = sender.end().await;
    assert!(!ended.succeeded);
    assert_eq!(ended.complaints.len(), 1);
}

#[tokio::test]
async fn counters_are_summed_up() {
    let sums = UdpSocket::bind(LOOPBACK).await.unwrap();
    let to = sums.local_addr().unwrap().to_string();
    let mut program = Program::start("udp_counters", [LOOPBACK, &to]);
    let address = program.address().await;
    let source = UdpSocket::bind(LOOPBACK).await.unwrap();
    for counter in ["visits:3", "errors:1", "nonsense", "visits:4"] {
        source.send_to(counter.as_bytes(), &address).await.unwrap();
    }
    assert!(program.complaint().await.contains("nonsense"));
    let (mut visits, mut errors) = (0, 0);
    while visits < 7 || errors < 1 {
        let mut datagram = [0; 1000];
        let length = soon(sums.recv(&mut datagram)).await.unwrap();
        let sum: serde_json::Value = serde_json::from_slice(&datagram[..length]).unwrap();
        visits += sum["visits"].as_u64().unwrap_or(0);
        errors += sum["errors"].as_u64().unwrap_or(0);
    }
    assert_eq!((visits, errors), (7, 1));
    program.kill().await;
}
