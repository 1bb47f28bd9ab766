use thalweg::{prelude::*, sinks::stderr};

use crate::child;

/// Prints, for the test below to read.
#[tokio::test]
#[ignore = "is the process of another test"]
async fn prints() {
    (1..=3).flow().run_into(stderr()).await.unwrap();
}

#[tokio::test]
#[cfg(unix)]
async fn every_item_is_a_line_on_standard_error() {
    let folder = tempfile::tempdir().unwrap();
    let to = format!("exec 2>'{}';", folder.path().join("out").display());
    let mut child = child::spawn("adapt::stderr::prints", folder.path(), &to);
    assert!(child.wait().await.unwrap().success());
    let printed = std::fs::read_to_string(folder.path().join("out")).unwrap();
    assert_eq!(printed, "1\n2\n3\n");
}
