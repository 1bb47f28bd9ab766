//! Against the library `websockets` of Python, where `tests/peers/install` has put it.

use std::{path::PathBuf, process::Stdio};

use futures_util::future::join;
use thalweg::sources::ws::{self, Message, WsError};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::Command,
};

/// The Python that has the library: that of `THALWEG_PYTHON`, or of the environment that the script makes.
fn python() -> Option<PathBuf> {
    let of_the_script = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/peers/bin/python");
    let python = std::env::var_os("THALWEG_PYTHON").map_or_else(|| of_the_script.into(), PathBuf::from);
    python.exists().then_some(python)
}

#[tokio::test]
async fn a_server_in_python_is_understood_and_understands() {
    let Some(python) = python() else {
        eprintln!("skipped: no Python with `websockets`; run sources/tests/peers/install");
        return;
    };
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/websocket.py");
    let mut server = Command::new(python)
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut said = BufReader::new(server.stdout.take().unwrap()).lines();
    let port = said.next_line().await.unwrap().expect("the server tells its port");

    let client = ws::Client::new(format!("ws://127.0.0.1:{port}/")).subscribe("hello");
    let (mut sender, mut received) = client.connect().await.unwrap();
    assert_eq!(received.next().await.unwrap(), Some(Message::text("to the sea")));
    let large = Message::binary(vec![7; 4 << 20]);
    assert!(received.next().await.unwrap() == Some(large.clone()), "the ping was answered");
    let (sent, echoed) = join(sender.send(large.clone()), received.next()).await;
    sent.unwrap();
    assert!(echoed.unwrap() == Some(large));
    let error = received.next().await.unwrap_err();
    assert!(matches!(error, WsError::Closed { code: 4000, .. }), "{error}");
    assert!(error.to_string().ends_with("code 4000: enough"), "{error}");
}
