use std::{fs, slice::from_ref};

use tempfile::tempdir;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

use crate::program::{Program, soon};

/// A server that is told what to answer, request by request.
struct Server {
    listener: TcpListener,
    connection: Option<BufReader<TcpStream>>,
}

struct Request {
    /// In lower case.
    head: String,
    body: String,
}

impl Server {
    async fn start() -> (Self, String) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let connection = None;
        (
            Self {
                listener,
                connection,
            },
            url,
        )
    }

    /// Waits for a request, over the connection that there is or another one, and answers it.
    async fn answer(&mut self, answer: &str) -> Request {
        loop {
            let mut connection = match self.connection.take() {
                Some(connection) => connection,
                None => BufReader::new(soon(self.listener.accept()).await.unwrap().0),
            };
            if let Some(request) = soon(read(&mut connection)).await {
                connection.write_all(answer.as_bytes()).await.unwrap();
                self.connection = Some(connection);
                return request;
            }
        }
    }

    fn hang_up(&mut self) {
        self.connection = None;
    }
}

async fn read(connection: &mut BufReader<TcpStream>) -> Option<Request> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if connection.read_line(&mut head).await.ok()? == 0 {
            return None;
        }
    }
    head.make_ascii_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    connection.read_exact(&mut body).await.ok()?;
    let body = String::from_utf8(body).unwrap();
    Some(Request { head, body })
}

fn ok(headers: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 200 OK\r\n{headers}content-length: {length}\r\n\r\n{body}")
}

#[tokio::test]
async fn a_document_is_printed_when_it_has_changed() {
    let (mut server, url) = Server::start().await;
    let mut program = Program::start("http_poll", [&url, "1"]);
    server.answer(&ok("etag: \"1\"\r\n", "low")).await;
    assert_eq!(program.line().await, "low");
    let request = server.answer("HTTP/1.1 304 Not Modified\r\n\r\n").await;
    assert!(
        request.head.contains("if-none-match: \"1\"\r\n"),
        "{}",
        request.head
    );
    server.answer(&ok("etag: \"2\"\r\n", "high")).await;
    assert_eq!(program.line().await, "high");
    server
        .answer("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n")
        .await;
    let ended = program.end().await;
    assert!(!ended.succeeded);
    assert_eq!(ended.complaints.len(), 1);
}

#[tokio::test]
async fn events_go_on_after_the_last() {
    let (mut server, url) = Server::start().await;
    let mut program = Program::start("http_events", from_ref(&url));
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n";
    server
        .answer(&format!("{head}retry: 1\nid: 7\ndata: low\n\n"))
        .await;
    assert_eq!(program.line().await, "7 message low");
    server.hang_up();
    let request = server
        .answer(&format!("{head}id: 8\nevent: alarm\ndata: high\n\n"))
        .await;
    assert!(
        request.head.contains("last-event-id: 7\r\n"),
        "{}",
        request.head
    );
    assert_eq!(program.line().await, "8 alarm high");
    server.hang_up();
    server.answer("HTTP/1.1 204 No Content\r\n\r\n").await;
    assert!(program.end().await.succeeded);

    let program = Program::start("http_events", [&url, "8"]);
    server.hang_up();
    let request = server.answer("HTTP/1.1 204 No Content\r\n\r\n").await;
    assert!(
        request.head.contains("last-event-id: 8\r\n"),
        "{}",
        request.head
    );
    assert!(program.end().await.succeeded);
}

#[tokio::test]
async fn what_the_server_does_not_take_is_put_aside() {
    let folder = tempdir().unwrap();
    let refused = folder.path().join("refused.jsonl");
    let (mut server, url) = Server::start().await;
    let mut program = Program::start("http_post", [&url, refused.to_str().unwrap()]);

    program.say("one").await;
    let busy = "HTTP/1.1 503 Service Unavailable\r\nretry-after: 0\r\ncontent-length: 0\r\n\r\n";
    assert_eq!(server.answer(busy).await.body, "\"one\"\n");
    assert_eq!(server.answer(&ok("", "")).await.body, "\"one\"\n");

    program.say("two").await;
    let request = server
        .answer("HTTP/1.1 400 Bad Request\r\ncontent-length: 6\r\n\r\nno two")
        .await;
    assert_eq!(request.body, "\"two\"\n");
    assert!(program.complaint().await.ends_with("1 lines put aside"));

    let ended = program.end().await;
    assert!(ended.succeeded, "{:?}", ended.complaints);
    assert_eq!(
        ended.output,
        ["in 2, out 1, dropped 1 (failed), in flight 0"]
    );
    assert_eq!(fs::read_to_string(refused).unwrap(), "\"two\"\n");
}
