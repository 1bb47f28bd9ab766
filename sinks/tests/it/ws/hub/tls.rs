use super::*;
use std::sync::Arc;

use thalweg::Sink;
use tokio_rustls::{
    TlsConnector,
    rustls::{
        ClientConfig, RootCertStore, ServerConfig,
        crypto::ring::default_provider,
        pki_types::{PrivatePkcs8KeyDer, ServerName},
    },
};

/// A server's side and a client's side that trust each other.
fn configs() -> (ServerConfig, ClientConfig) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let server = ServerConfig::builder_with_provider(default_provider().into())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key.into())
        .unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    let client = ClientConfig::builder_with_provider(default_provider().into())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    (server, client)
}

#[tokio::test]
async fn events_come_encrypted_also_to_those_who_are_slow() {
    let (server, client) = configs();
    let mut hub = builder().tls(server).bind("127.0.0.1:0").await.unwrap();
    let handle = hub.handle();
    let stranger = request(&hub, "GET / HTTP/1.1\r\n\r\n").await;
    assert!(!read_all(stranger).await.contains("HTTP"));
    until(|| handle.stats().refused == 1).await;

    let stream = TcpStream::connect(hub.address()).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let stream = TlsConnector::from(Arc::new(client))
        .connect(name, stream)
        .await
        .unwrap();
    let (mut client, _) = client_async("ws://localhost/?topic=a", stream)
        .await
        .unwrap();
    let mut next = async || match client.next().await.unwrap().unwrap() {
        Message::Text(text) => serde_json::from_str::<Value>(&text).unwrap(),
        other => panic!("{other}"),
    };
    assert_eq!(next().await, subscribed("a", 0, 1));
    let large = "x".repeat(4096);
    for _ in 0..64 {
        publish(&handle, "a", large.as_str()).await;
    }
    for offset in 1..=64 {
        assert_eq!(next().await, event("a", offset, large.as_str()));
    }
    let ended = async { while let Some(Ok(_)) = client.next().await {} };
    let (closed, ()) = tokio::join!(hub.close(), ended);
    closed.unwrap();
}
