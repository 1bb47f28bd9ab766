use std::{pin::pin, process::Command};

use thalweg::sources::signals;
use tokio::signal::unix::SignalKind;

use crate::contract::poll;

fn send(name: &str) {
    let us = std::process::id().to_string();
    assert!(Command::new("kill").args(["-s", name, &us]).status().unwrap().success());
}

#[tokio::test]
async fn each_tells_which_it_was() {
    let (first, second) = (SignalKind::user_defined1(), SignalKind::user_defined2());
    let mut flow = pin!(signals([first, second]));
    assert_eq!(flow.plan().bound(), Some(2));
    // They are listened to from the first poll on.
    assert_eq!(poll(flow.as_mut(), 8, false).await.0, 0);
    for (name, kind) in [("USR1", first), ("USR2", second), ("USR1", first)] {
        send(name);
        assert_eq!(flow.next().await.unwrap(), Some(kind));
    }
    assert_eq!(poll(flow.as_mut(), 8, true).await.0, 0);
    assert_eq!(flow.next().await.unwrap(), None);
}

#[tokio::test]
async fn one_that_no_program_may_handle_is_refused() {
    let error = signals([SignalKind::from_raw(9)]).next().await.unwrap_err();
    assert!(error.to_string().starts_with("cannot listen to signal 9: "), "{error}");
}
