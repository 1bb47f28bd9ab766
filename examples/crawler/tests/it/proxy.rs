//! Requests by way of a proxy.

use crawler::fetch::{Client, Config, FetchError, NoProxy, Proxy, Reason};
use tokio::io::{AsyncWriteExt, copy_bidirectional};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use url::Url;

use crate::server::{OK, Server, config, read_head};
use crate::tls::secure_server;

/// A proxy that opens every tunnel to `target`, answers all else itself, and tells of the heads of the requests.
async fn proxy(target: std::net::SocketAddr) -> (Server, mpsc::UnboundedReceiver<String>) {
    let (tell, heads) = mpsc::unbounded_channel();
    let server = Server::start(move |_, mut tcp| {
        let tell = tell.clone();
        async move {
            loop {
                let head = read_head(&mut tcp).await;
                if head.is_empty() || tell.send(head.clone()).is_err() {
                    return;
                }
                if !head.starts_with("CONNECT ") {
                    let _ = tcp.write_all(OK).await;
                    continue;
                }
                let mut tunnel = TcpStream::connect(target).await.expect("it is there");
                let answer = b"HTTP/1.1 200 Connected\r\nvia: river\r\n\r\n";
                tcp.write_all(answer).await.expect("the client reads");
                let _ = copy_bidirectional(&mut tcp, &mut tunnel).await;
                return;
            }
        }
    })
    .await;
    (server, heads)
}

fn by_way_of(server: &Server, config: Config, passed_by: &str) -> Client {
    let url = format!("http://me:secret@{}", server.address);
    let passed_by: NoProxy = passed_by.parse().expect("a list");
    let proxy = Proxy::new(&Url::parse(&url).expect("a URL"), passed_by);
    Client::new(Config {
        proxy: Some(proxy.expect("a proxy")),
        ..config
    })
}

#[tokio::test]
async fn plain_requests_are_sent_to_it_whole() {
    let (server, mut heads) = proxy(([127, 0, 0, 1], 1).into()).await;
    // No name is looked up here: nobody else knows this one.
    let client = by_way_of(&server, Config::default(), "");
    for path in ["/a?b=c", "/d"] {
        let url = Url::parse("http://river.test:8080").expect("a URL");
        let url = url.join(path).expect("a URL");
        let answer = client.get(&url, |_, _| true).await.expect("answered");
        assert_eq!(&answer.body[..], b"ok");
        assert_eq!(answer.remote, server.address);
        let head = heads.recv().await.expect("a request");
        let expected = format!("GET {url} HTTP/1.1\r\nhost: river.test:8080\r\n");
        assert!(head.starts_with(&expected), "{head}");
        let expected = "proxy-authorization: Basic bWU6c2VjcmV0\r\n";
        assert!(head.contains(expected), "{head}");
        assert_eq!(client.address_of(&url).await.expect("a proxy"), None);
    }
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn private_addresses_are_refused_there_too() {
    let (server, _heads) = proxy(([127, 0, 0, 1], 1).into()).await;
    let client = by_way_of(&server, Config::default(), "");
    for host in ["10.0.0.1", "[::1]", "localhost", "a.localhost"] {
        let url = Url::parse(&format!("http://{host}/")).expect("a URL");
        let error = client.get(&url, |_, _| true).await.expect_err(host);
        // Not every system knows names below localhost.
        let expected = [Reason::PrivateAddress, Reason::Name];
        assert!(expected.contains(&error.reason()), "{error:?}");
    }
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn secure_requests_go_through_a_tunnel() {
    let (target, roots) = secure_server().await;
    let (server, mut heads) = proxy(target.address).await;
    let config = Config {
        roots: Some(roots),
        ..config()
    };
    let client = by_way_of(&server, config, "river.test");
    let url = Url::parse(&format!("https://{}/x", target.address)).expect("a URL");
    let answer = client.get(&url, |_, _| true).await.expect("answered");
    assert_eq!(answer.status.as_u16(), 200);
    let head = heads.recv().await.expect("a request");
    let expected = format!("CONNECT {0} HTTP/1.1\r\nHost: {0}\r\n", target.address);
    assert!(head.starts_with(&expected), "{head}");
    assert!(head.contains("Proxy-Authorization: Basic bWU6c2VjcmV0\r\n"));
}

#[tokio::test]
async fn a_proxy_that_refuses_is_told_of() {
    let refusing = "HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n";
    for (answer, expected) in [
        (refusing, "\"HTTP/1.1 407 Proxy Authentication Required\""),
        ("SSH-2.0\r\n\r\n", "\"SSH-2.0\""),
    ] {
        let server = Server::answering(answer).await;
        let client = by_way_of(&server, Config::default(), "");
        let url = Url::parse("https://river.test/").expect("a URL");
        let error = client.get(&url, |_, _| true).await.expect_err("refused");
        assert!(matches!(error, FetchError::Unreachable { .. }), "{error:?}");
        let expected = format!("cannot reach river.test: the proxy answered {expected}");
        assert_eq!(error.to_string(), expected);
    }
    let endless = "HTTP/1.1 200 ".to_owned() + &"x".repeat(100_000);
    let server = Server::answering(endless).await;
    let client = by_way_of(&server, Config::default(), "");
    let url = Url::parse("https://river.test/").expect("a URL");
    let error = client.get(&url, |_, _| true).await.expect_err("no end");
    assert!(error.to_string().ends_with("has no end"), "{error}");
}

#[tokio::test]
async fn it_is_passed_by_for_those_who_are_listed() {
    let direct = Server::answering(OK).await;
    let (server, _heads) = proxy(([127, 0, 0, 1], 1).into()).await;
    let client = by_way_of(&server, config(), "127.0.0.0/8");
    let answer = client.get(&direct.url("/"), |_, _| true).await;
    assert_eq!(answer.expect("answered").remote, direct.address);
    assert_eq!(server.connections(), 0);
}
