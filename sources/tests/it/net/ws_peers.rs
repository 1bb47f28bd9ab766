//! Against the libraries of others.

use futures_util::future::join;
use thalweg::sources::ws::{self, Message, WsError};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    net::TcpListener,
};

use crate::peers::Peer;

macro_rules! script {
    ($name:literal) => {
        concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/", $name)
    };
}

async fn a_server_is_understood_and_understands(peer: Peer, script: &str) {
    let Some(mut command) = peer.command(script) else {
        return;
    };
    let mut server = command.spawn().unwrap();
    let mut said = BufReader::new(server.stdout.take().unwrap()).lines();
    let port = said
        .next_line()
        .await
        .unwrap()
        .expect("the server tells its port");

    let client = ws::Client::new(format!("ws://127.0.0.1:{port}/")).subscribe("hello");
    let (mut sender, mut received) = client.connect().await.unwrap();
    assert_eq!(
        received.next().await.unwrap(),
        Some(Message::text("to the sea"))
    );
    let large = Message::binary(vec![7; 4 << 20]);
    assert!(
        received.next().await.unwrap() == Some(large.clone()),
        "the ping was answered"
    );
    let (sent, echoed) = join(sender.send(large.clone()), received.next()).await;
    sent.unwrap();
    assert!(echoed.unwrap() == Some(large));
    let error = received.next().await.unwrap_err();
    assert!(
        matches!(error, WsError::Closed { code: 4000, .. }),
        "{error}"
    );
    assert!(error.to_string().ends_with("code 4000: enough"), "{error}");
}

#[tokio::test]
async fn a_server_in_python_is_understood_and_understands() {
    a_server_is_understood_and_understands(Peer::Python, script!("server.py")).await;
}

#[tokio::test]
async fn a_server_in_node_is_understood_and_understands() {
    a_server_is_understood_and_understands(Peer::Node, script!("server.mjs")).await;
}

#[tokio::test]
async fn clients_in_node_are_understood_and_understand() {
    let Some(mut command) = Peer::Node.command(script!("clients.mjs")) else {
        return;
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let echoing = ws::listen(listener).for_each(|client| {
        tokio::spawn(client.received.run_into(client.sender));
    });
    let output = tokio::select! {
        output = command.arg(port.to_string()).output() => output.unwrap(),
        _ = echoing => panic!("the listener ended"),
    };
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    assert_eq!(output.stdout, b"done\n", "{errors}");
}
