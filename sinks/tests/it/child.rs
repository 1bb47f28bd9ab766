//! Processes of this binary that a test may limit and kill.

use std::{
    env,
    path::{Path, PathBuf},
    process::Stdio,
};

use tokio::process::{Child, Command};

const FOLDER: &str = "THALWEG_TEST_FOLDER";

/// Runs an ignored test of this binary, and nothing else, after some shell commands.
pub(crate) fn spawn(test: &str, folder: &Path, before: &str) -> Child {
    let binary = env::current_exe().unwrap();
    Command::new("sh")
        .arg("-c")
        .arg(format!(
            "{before} exec \"$0\" --exact {test} --ignored --nocapture"
        ))
        .arg(binary)
        .env(FOLDER, folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

/// Gives the folder of the test that this process belongs to.
pub(crate) fn folder() -> PathBuf {
    env::var_os(FOLDER).unwrap().into()
}
