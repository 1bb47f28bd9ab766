//! HTTPS with a certificate of our own: HTTP/2, HTTP/1.1, and certificates that nobody vouches for.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use crawler::fetch::{Client, Config, FetchError};
use http_body_util::Full;
use hyper::service::service_fn;
use hyper::{Request, Response, body::Incoming};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};
use url::Url;

use crate::server::{Server, config};

struct Identity {
    acceptor: TlsAcceptor,
    roots: RootCertStore,
}

/// A server identity for 127.0.0.1 that speaks `protocol`, and the roots that vouch for it.
fn identity(protocol: &[u8]) -> Identity {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("a certificate");
    let certificate = made.cert.der().clone();
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone()).expect("a root");
    let mut server = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring serves them")
        .with_no_client_auth()
        .with_single_cert(vec![certificate], made.signing_key.into())
        .expect("a key that fits");
    server.alpn_protocols = vec![protocol.to_vec()];
    Identity {
        acceptor: TlsAcceptor::from(Arc::new(server)),
        roots,
    }
}

async fn respond(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    if request.uri().path() == "/silent" {
        std::future::pending::<()>().await;
    }
    let host = request
        .headers()
        .get("host")
        .map(|host| host.to_str().unwrap_or("?").to_owned());
    let text = format!("{:?} {} {host:?}", request.version(), request.uri());
    Ok(Response::new(text.into()))
}

async fn http1(tcp: TcpStream, acceptor: TlsAcceptor) {
    if let Ok(tls) = acceptor.accept(tcp).await {
        let _ = hyper::server::conn::http1::Builder::new()
            .serve_connection(TokioIo::new(tls), service_fn(respond))
            .await;
    }
}

/// Serves HTTP/2 until `leave` says to go.
async fn http2(tcp: TcpStream, acceptor: TlsAcceptor, leave: Arc<tokio::sync::Notify>) {
    if let Ok(tls) = acceptor.accept(tcp).await {
        let serving = hyper::server::conn::http2::Builder::new(TokioExecutor::new())
            .serve_connection(TokioIo::new(tls), service_fn(respond));
        tokio::select! {
            _ = serving => {}
            () = leave.notified() => {}
        }
    }
}

/// A server that speaks HTTP/1.1 behind TLS, and the roots that vouch for it.
pub(crate) async fn secure_server() -> (Server, RootCertStore) {
    let Identity { acceptor, roots } = identity(b"http/1.1");
    let server = Server::start(move |_, tcp| http1(tcp, acceptor.clone())).await;
    (server, roots)
}

fn url(server: &Server, path: &str) -> Url {
    Url::parse(&format!("https://{}{path}", server.address)).expect("a URL")
}

#[tokio::test]
async fn http2_shares_one_connection_and_is_replaced_when_it_ends() {
    let Identity { acceptor, roots } = identity(b"h2");
    let leave = Arc::new(tokio::sync::Notify::new());
    let leaving = leave.clone();
    let (tell_gone, mut gone) = mpsc::unbounded_channel();
    let server = Server::start(move |_, tcp| {
        let (acceptor, leaving, tell_gone) = (acceptor.clone(), leaving.clone(), tell_gone.clone());
        async move {
            http2(tcp, acceptor, leaving).await;
            let _ = tell_gone.send(());
        }
    })
    .await;
    let client = Client::new(Config {
        roots: Some(roots),
        ..config()
    });
    let page = url(&server, "/a?b");
    let expected = format!("HTTP/2.0 {page} None");

    let first = client.get(&page, |_, _| true).await.expect("answered");
    assert_eq!(first.body, expected);
    let (second, third) = tokio::join!(
        client.get(&page, |_, _| true),
        client.get(&page, |_, _| true)
    );
    assert_eq!(second.expect("answered").body, expected);
    assert_eq!(third.expect("answered").body, expected);
    assert_eq!(server.connections(), 1);

    leave.notify_one();
    gone.recv().await.expect("the server has gone");
    let again = client.get(&page, |_, _| true).await.expect("answered anew");
    assert_eq!(again.body, expected);
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn http1_is_spoken_where_the_server_chooses_it() {
    let Identity { acceptor, roots } = identity(b"http/1.1");
    let server = Server::start(move |_, tcp| http1(tcp, acceptor.clone())).await;
    let client = Client::new(Config {
        roots: Some(roots),
        ..config()
    });
    let expected = format!("HTTP/1.1 /a {:?}", Some(server.address.to_string()));
    for _ in 0..3 {
        let response = client
            .get(&url(&server, "/a"), |_, _| true)
            .await
            .expect("answered");
        assert_eq!(response.body, expected);
    }
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_an_error() {
    let Identity { acceptor, .. } = identity(b"h2");
    let server = Server::start(move |_, tcp| http1(tcp, acceptor.clone())).await;
    // Mozilla's roots do not know it.
    let client = Client::new(config());
    let error = client
        .get(&url(&server, "/"), |_, _| true)
        .await
        .expect_err("unknown issuer");
    assert!(matches!(error, FetchError::Tls { .. }), "{error:?}");
    assert!(!error.is_retryable());
    let line = error.to_string();
    let expected = format!(
        "no secure connection to {}: invalid peer certificate",
        server.address
    );
    assert!(line.starts_with(&expected), "{line}");
}

#[tokio::test]
async fn a_server_that_hangs_up_in_the_handshake_may_be_tried_again() {
    let server = Server::start(|_, tcp| async move { drop(tcp) }).await;
    let client = Client::new(config());
    let error = client
        .get(&url(&server, "/"), |_, _| true)
        .await
        .expect_err("hung up");
    assert!(matches!(error, FetchError::Tls { .. }), "{error:?}");
    assert!(error.is_retryable());
}

#[tokio::test]
async fn a_silent_http2_connection_is_not_used_again() {
    let Identity { acceptor, roots } = identity(b"h2");
    let stay = Arc::new(tokio::sync::Notify::new());
    let server = Server::start(move |_, tcp| http2(tcp, acceptor.clone(), stay.clone())).await;
    let client = Client::new(Config {
        roots: Some(roots),
        ..config()
    });
    client
        .get(&url(&server, "/"), |_, _| true)
        .await
        .expect("answered");

    let silent = {
        let (client, page) = (client.clone(), url(&server, "/silent"));
        tokio::spawn(async move { client.get(&page, |_, _| true).await })
    };
    // Once polled, the request waits on the kept connection and nowhere else.
    tokio::task::yield_now().await;
    tokio::time::pause();
    tokio::time::advance(config().timeout).await;
    let error = silent.await.expect("no panic").expect_err("silence");
    assert!(error.is_timeout(), "{error:?}");
    tokio::time::resume();

    client
        .get(&url(&server, "/"), |_, _| true)
        .await
        .expect("answered");
    assert_eq!(server.connections(), 2);
}
