//! Programs on the WebSocket libraries of others, which tests talk to: `tests/peers/install` puts those where they are looked for.

use std::{env, path::PathBuf, process::Stdio};

use tokio::process::Command;

/// A language with a library.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Peer {
    /// `websockets`
    Python,
    /// `ws`
    Node,
}

impl Peer {
    /// Gives the command that runs a script; `None`, told on stderr, if the library is not there.
    ///
    /// # Panics
    ///
    /// Panics if it is not there and `PEERS_REQUIRED` names it, so that a gate cannot pass by default.
    pub(crate) fn command(self, script: &str) -> Option<Command> {
        let of_the_script = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/peers");
        let folder = env::var_os("PEERS").map_or_else(|| of_the_script.into(), PathBuf::from);
        let (name, needed, mut command) = match self {
            Self::Python => {
                let python = folder.join("python/bin/python");
                ("python", python.clone(), Command::new(python))
            }
            Self::Node => {
                let library = folder.join("node_modules/ws");
                ("node", library, Command::new("node"))
            }
        };
        if !needed.exists() {
            let required = env::var("PEERS_REQUIRED").unwrap_or_default();
            let missing = format!("{} is not there: run tests/peers/install", needed.display());
            assert!(!required.contains(name), "{missing}");
            eprintln!("skipped: {missing}");
            return None;
        }
        command
            .arg(script)
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true);
        Some(command)
    }
}
