use std::{path::PathBuf, time::Duration};

use futures_util::future::join;
use tempfile::TempDir;
use thalweg::{
    prelude::*,
    sources::{
        TcpFrames,
        framing::{FrameCause, lines},
        http, tcp_connections,
        tls::{TlsClient, TlsServer},
        ws::{Client, Listen, Message},
    },
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// The PEM files of a server at 127.0.0.1 that calls itself localhost.
struct Pem {
    _directory: TempDir,
    certificate: PathBuf,
    key: PathBuf,
}

fn pem() -> Pem {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let (certificate, key) = (directory.path().join("certificate.pem"), directory.path().join("key.pem"));
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    Pem {
        _directory: directory,
        certificate,
        key,
    }
}

#[tokio::test]
async fn a_client_and_a_server_that_trust_each_other() {
    let pem = pem();
    let server = TlsServer::from_pem(&pem.certificate, &pem.key).unwrap();
    let client = TlsClient::trusting(&pem.certificate).unwrap().server_name("localhost");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut connections = tcp_connections(listener);

    let mut flow = TcpFrames::new(address, lines()).tls(client).flow();
    let serve = async {
        let connection = connections.next().await.unwrap().unwrap();
        let mut stream = server.accept(connection.into_stream()).await.unwrap();
        stream.write_all(b"one\n").await.unwrap();
        stream.flush().await.unwrap();
        stream
    };
    let (mut stream, item) = join(serve, flow.next()).await;
    assert_eq!(item.unwrap().as_deref(), Some("one"));
    stream.shutdown().await.unwrap();
    assert_eq!(flow.next().await.unwrap(), None);
}

#[tokio::test]
async fn a_connection_that_is_cut_is_no_good_end() {
    let pem = pem();
    let server = TlsServer::from_pem(&pem.certificate, &pem.key).unwrap();
    let client = TlsClient::trusting(&pem.certificate).unwrap().server_name("localhost");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let flow = TcpFrames::new(listener.local_addr().unwrap(), lines()).tls(client).flow();
    let serve = async {
        let (stream, _) = listener.accept().await.unwrap();
        let mut stream = server.accept(stream).await.unwrap();
        stream.write_all(b"one\n").await.unwrap();
        stream.flush().await.unwrap();
        // Without the word of TLS that this is the end, which somebody in between could not say.
        drop(stream.into_inner().0);
    };
    let ((), counted) = join(serve, flow.count()).await;
    let error = counted.unwrap_err();
    assert!(matches!(error.cause(), FrameCause::Read(_)), "{error:?}");
}

#[tokio::test]
async fn a_certificate_that_is_not_trusted_is_refused() {
    let (ours, theirs) = (pem(), pem());
    let server = TlsServer::from_pem(&theirs.certificate, &theirs.key).unwrap();
    let client = TlsClient::trusting(&ours.certificate).unwrap().server_name("localhost");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serve = async {
        let (stream, _) = listener.accept().await.unwrap();
        server.accept(stream).await.unwrap_err()
    };
    let flow = TcpFrames::new(address, lines()).tls(client).flow();
    let (refused, counted) = join(serve, flow.count()).await;
    assert!(refused.is_handshake());
    let error = counted.unwrap_err();
    assert!(matches!(error.cause(), FrameCause::Open(_)));
    assert!(error.to_string().contains("certificate"), "{error}");
}

#[tokio::test]
async fn websockets_are_encrypted_on_both_sides() {
    let pem = pem();
    let server = TlsServer::from_pem(&pem.certificate, &pem.key).unwrap();
    let trusting = TlsClient::trusting(&pem.certificate).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("wss://localhost:{}", listener.local_addr().unwrap().port());
    let mut clients = Listen::new(listener).tls(server).flow();
    let plain = Client::new(&url).tls(trusting);
    let (connected, client) = join(plain.connect(), clients.next()).await;
    let (mut sender, _received) = connected.unwrap();
    sender.send("hello").await.unwrap();
    let mut client = client.unwrap().unwrap();
    assert_eq!(client.received.next().await.unwrap(), Some(Message::text("hello")));

    // One that trusts the web alone does not trust this one.
    let stranger = async {
        tokio::select! {
            refused = Client::new(&url).connect() => refused,
            _ = clients.next() => unreachable!("it is refused"),
        }
    };
    let error = stranger.await.unwrap_err().to_string();
    assert!(error.contains("certificate"), "{error}");
}

#[tokio::test]
async fn documents_are_read_over_https() {
    let pem = pem();
    let server = TlsServer::from_pem(&pem.certificate, &pem.key).unwrap();
    let trusting = TlsClient::trusting(&pem.certificate).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://localhost:{}/", listener.local_addr().unwrap().port());
    let serve = async {
        let (stream, _) = listener.accept().await.unwrap();
        let mut stream = server.accept(stream).await.unwrap();
        assert!(stream.read(&mut [0; 1024]).await.unwrap() > 0);
        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello";
        stream.write_all(answer).await.unwrap();
        stream.flush().await.unwrap();
        stream
    };
    let mut flow = http::Polling::new(url, Duration::from_mins(1)).tls(trusting).flow();
    let (_stream, item) = join(serve, flow.next()).await;
    assert_eq!(item.unwrap().unwrap().body, "hello");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_says_nothing_has_so_much_time() {
    let pem = pem();
    let server = TlsServer::from_pem(&pem.certificate, &pem.key).unwrap();
    let server = server.handshake_timeout(Duration::from_secs(3));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let _silent = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (stream, _) = listener.accept().await.unwrap();
    let error = server.accept(stream).await.unwrap_err();
    assert_eq!(error.to_string(), "no TLS with a client within 3s");
}

#[tokio::test]
async fn files_that_are_missing_or_wrong_are_named() {
    let pem = pem();
    let error = TlsServer::from_pem("missing.pem", &pem.key).unwrap_err();
    assert!(error.to_string().starts_with("cannot read a certificate or key from missing.pem: "));
    let error = TlsClient::trusting(&pem.key).unwrap_err();
    assert!(error.to_string().contains("key.pem"), "{error}");
    let other = self::pem();
    assert!(TlsServer::from_pem(&pem.certificate, &other.key).is_err());
    assert!(TlsClient::new().is_ok());
}
