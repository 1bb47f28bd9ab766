//! Clients of the library `websockets` of Python, where `sources/tests/peers/install` has put it.

use super::*;
use std::{path::PathBuf, process::Stdio};
use tokio::process::Command;

/// The Python that has the library: that of `THALWEG_PYTHON`, or of the environment that the script makes.
fn python() -> Option<PathBuf> {
    let of_the_script = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/peers/bin/python");
    let python =
        std::env::var_os("THALWEG_PYTHON").map_or_else(|| of_the_script.into(), PathBuf::from);
    python.exists().then_some(python)
}

#[tokio::test]
async fn clients_in_python_are_served() {
    let Some(python) = python() else {
        eprintln!("skipped: no Python with `websockets`; run sources/tests/peers/install");
        return;
    };
    let hub = hub().await;
    let handle = hub.handle();
    let clients = Command::new(python)
        .arg(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/peers/hub_clients.py"
        ))
        .arg(hub.address().port().to_string())
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
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
