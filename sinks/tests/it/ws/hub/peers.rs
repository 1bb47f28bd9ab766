//! Clients on the libraries of others.

use super::*;
use crate::peers::Peer;

async fn clients_are_served(peer: Peer, script: &str) {
    let Some(mut command) = peer.command(script) else {
        return;
    };
    let hub = hub().await;
    let handle = hub.handle();
    let clients = command.arg(hub.address().port().to_string()).output();
    let publishing = async {
        until(|| handle.clients("large") == 1).await;
        publish(&handle, "large", "x".repeat(4 << 20)).await;
    };
    let (output, ()) = tokio::join!(clients, publishing);
    let output = output.unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    assert_eq!(output.stdout, b"done\n", "{errors}");
    until(|| handle.stats().clients == 0).await;
    assert_eq!(handle.stats().misbehaved, 1);
}

macro_rules! script {
    ($name:literal) => {
        concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/", $name)
    };
}

#[tokio::test]
async fn clients_in_python_are_served() {
    clients_are_served(Peer::Python, script!("hub_clients.py")).await;
}

#[tokio::test]
async fn clients_in_node_are_served() {
    clients_are_served(Peer::Node, script!("hub_clients.mjs")).await;
}
