//! An example that runs: what it prints, what it is told, and how it ends.

use std::{env, ffi::OsStr, path::PathBuf, process::Stdio, time::Duration};

use futures_util::future::join3;
use rustix::process::{Pid, Signal, kill_process};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStderr, ChildStdin, ChildStdout, Command},
    time::timeout,
};

/// A test that waits so long waits for nothing.
const GUARD: Duration = Duration::from_mins(2);

/// Waits for what is sure to come.
pub(crate) async fn soon<T>(future: impl Future<Output = T>) -> T {
    timeout(GUARD, future).await.expect("nothing came")
}

/// Cargo puts examples beside the folder of the tests.
fn path(name: &str) -> PathBuf {
    let test = env::current_exe().unwrap();
    let profile = test.ancestors().nth(2).unwrap();
    let path = profile
        .join("examples")
        .join(name)
        .with_extension(env::consts::EXE_EXTENSION);
    assert!(
        path.exists(),
        "{name} is not built; `cargo test` builds it, and so does `cargo build --examples`"
    );
    path
}

pub(crate) struct Program {
    child: Child,
    input: Option<ChildStdin>,
    output: Lines<BufReader<ChildStdout>>,
    complaints: Lines<BufReader<ChildStderr>>,
}

/// How a program ended, and what it printed that was not read before.
pub(crate) struct Ended {
    pub(crate) succeeded: bool,
    pub(crate) output: Vec<String>,
    pub(crate) complaints: Vec<String>,
}

impl Program {
    pub(crate) fn start<A: AsRef<OsStr>>(
        name: &str,
        arguments: impl IntoIterator<Item = A>,
    ) -> Self {
        let mut child = Command::new(path(name))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        Self {
            input: child.stdin.take(),
            output: BufReader::new(child.stdout.take().unwrap()).lines(),
            complaints: BufReader::new(child.stderr.take().unwrap()).lines(),
            child,
        }
    }

    /// Types a line.
    pub(crate) async fn say(&mut self, line: &str) {
        let input = self.input.as_mut().expect("it was not closed");
        input
            .write_all(format!("{line}\n").as_bytes())
            .await
            .unwrap();
    }

    /// Waits for the next line on the standard output.
    pub(crate) async fn line(&mut self) -> String {
        soon(self.output.next_line())
            .await
            .unwrap()
            .expect("it ended")
    }

    /// Waits for the next line on the standard error output.
    pub(crate) async fn complaint(&mut self) -> String {
        soon(self.complaints.next_line())
            .await
            .unwrap()
            .expect("it ended")
    }

    /// Reads the address from the line that tells where it listens.
    pub(crate) async fn address(&mut self) -> String {
        let line = self.line().await;
        let place = line.strip_prefix("listening on ").expect(&line);
        let address = place.strip_prefix("ws://").unwrap_or(place);
        let end = address.find([' ', '/']).unwrap_or(address.len());
        address[..end].trim_end_matches(':').to_owned()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let id = self.child.id().expect("it has not ended");
        let id = Pid::from_raw(id.try_into().unwrap()).unwrap();
        kill_process(id, signal).unwrap();
    }

    /// Kills it, as a crash or the system would.
    pub(crate) async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// Ends its input, and waits for its own end.
    pub(crate) async fn end(mut self) -> Ended {
        drop(self.input.take());
        let (output, complaints, status) = soon(join3(
            rest(self.output),
            rest(self.complaints),
            self.child.wait(),
        ))
        .await;
        Ended {
            succeeded: status.unwrap().success(),
            output,
            complaints,
        }
    }
}

async fn rest(mut lines: Lines<BufReader<impl AsyncRead + Unpin>>) -> Vec<String> {
    let mut rest = Vec::new();
    while let Some(line) = lines.next_line().await.unwrap() {
        rest.push(line);
    }
    rest
}
