//! Clients and a server with a certificate of its own.

use std::path::PathBuf;

use futures_util::{StreamExt, future::join};
use tempfile::TempDir;
use thalweg::{
    operators::error::Backoff,
    prelude::*,
    sinks::{
        http,
        tls::{TlsClient, TlsServer, TlsStream},
        ws,
    },
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tokio_tungstenite::accept_async;

/// A server at 127.0.0.1 that calls itself localhost, and its certificate.
struct Server {
    listener: TcpListener,
    tls: TlsServer,
    certificate: PathBuf,
    _directory: TempDir,
}

impl Server {
    async fn listen() -> Self {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let directory = tempfile::tempdir().unwrap();
        let (certificate, key) = (directory.path().join("certificate.pem"), directory.path().join("key.pem"));
        std::fs::write(&certificate, made.cert.pem()).unwrap();
        std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
        Self {
            listener: TcpListener::bind("127.0.0.1:0").await.unwrap(),
            tls: TlsServer::from_pem(&certificate, &key).unwrap(),
            certificate,
            _directory: directory,
        }
    }

    fn url(&self, scheme: &str) -> String {
        format!("{scheme}://{}/", self.listener.local_addr().unwrap())
    }

    fn trusting_client(&self) -> TlsClient {
        TlsClient::trusting(&self.certificate).unwrap().server_name("localhost")
    }

    async fn accept(&self) -> TlsStream<TcpStream> {
        let (stream, _) = self.listener.accept().await.unwrap();
        self.tls.accept(stream).await.unwrap()
    }

    /// A client that does not trust it.
    async fn refuse(&self) {
        let (stream, _) = self.listener.accept().await.unwrap();
        assert!(self.tls.accept(stream).await.unwrap_err().is_handshake());
    }
}

#[tokio::test]
async fn items_are_posted_to_a_server_that_is_trusted() {
    let server = Server::listen().await;
    let mut sink = http::post(server.url("https")).tls(server.trusting_client());
    let serve = async {
        let mut stream = server.accept().await;
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n[1,2]\n") {
            assert!(stream.read_buf(&mut request).await.unwrap() > 0, "{request:?}");
        }
        stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.unwrap();
        stream.flush().await.unwrap();
        stream
    };
    let mut batch = vec![[1, 2]];
    let (_stream, written) = join(serve, sink.write(&mut batch)).await;
    written.unwrap();
    assert!(batch.is_empty());
}

#[tokio::test]
async fn messages_are_sent_to_a_server_that_is_trusted() {
    let server = Server::listen().await;
    let sink = ws::send(server.url("wss")).tls(server.trusting_client());
    let serve = async {
        let socket = accept_async(server.accept().await).await.unwrap();
        socket.map(Result::unwrap).collect::<Vec<_>>().await
    };
    let (received, run) = join(serve, ["high tide", "low tide"].flow().run_into(sink)).await;
    run.unwrap();
    let texts: Vec<_> = received[..2].iter().map(|message| message.to_text().unwrap()).collect();
    assert_eq!(texts, ["high tide", "low tide"]);
}

/// By default that is who the web trusts.
#[tokio::test]
async fn a_server_that_is_not_trusted_gets_nothing() {
    let server = Server::listen().await;
    let mut batch = vec!["secret"];
    let never_again = Backoff::fixed(std::time::Duration::ZERO).max_retries(0);
    let mut post = http::post(server.url("https")).retries(never_again);
    let ((), written) = join(server.refuse(), post.write(&mut batch)).await;
    let error = written.unwrap_err().to_string();
    assert!(error.contains("certificate"), "{error}");

    let mut send = ws::send(server.url("wss"));
    let ((), written) = join(server.refuse(), send.write(&mut batch)).await;
    let error = written.unwrap_err().to_string();
    assert!(error.contains("certificate"), "{error}");
    assert_eq!(batch, ["secret"]);
}
