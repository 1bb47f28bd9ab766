//! The service as a child process.

use std::{process::Stdio, time::Duration};

use rustix::process::{Pid, Signal, kill_process};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader},
    process::{Child, ChildStdout, Command},
    time::timeout,
};

/// A test that waits so long waits for nothing.
const GUARD: Duration = Duration::from_mins(2);

/// Waits for what is sure to come.
pub(crate) async fn soon<T>(future: impl Future<Output = T>) -> T {
    timeout(GUARD, future).await.expect("nothing came")
}

pub(crate) struct Process {
    child: Child,
    output: BufReader<ChildStdout>,
    /// Where it listens.
    pub(crate) address: String,
}

/// How a process ended, and what it printed after its address.
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) output: String,
    pub(crate) complaints: String,
}

fn spawn(variables: &[(&str, &str)]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_embed"))
        .env_remove("STOP_SECONDS")
        .envs(variables.iter().copied())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

impl Process {
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    pub(crate) async fn start_with(variables: &[(&str, &str)]) -> Self {
        let mut child = spawn(&[&[("LISTEN", "127.0.0.1:0")], variables].concat());
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        soon(output.read_line(&mut line)).await.unwrap();
        let address = line.trim_end().strip_prefix("listening on http://");
        let address = address.expect(&line).to_owned();
        Self {
            child,
            output,
            address,
        }
    }

    pub(crate) fn terminate(&self) {
        let id = self.child.id().expect("it has not ended");
        let id = Pid::from_raw(id.try_into().unwrap()).unwrap();
        kill_process(id, Signal::TERM).unwrap();
    }

    pub(crate) async fn end(mut self) -> Ended {
        let (output, complaints) = (self.output, self.child.stderr.take().unwrap());
        let (output, complaints) = (soon(all(output)).await, soon(all(complaints)).await);
        let status = soon(self.child.wait()).await.unwrap();
        Ended {
            code: status.code(),
            output,
            complaints,
        }
    }
}

/// Starts it with what it cannot work with.
pub(crate) async fn start_in_vain(variables: &[(&str, &str)]) -> Ended {
    let output = soon(spawn(variables).wait_with_output()).await.unwrap();
    Ended {
        code: output.status.code(),
        output: String::from_utf8(output.stdout).unwrap(),
        complaints: String::from_utf8(output.stderr).unwrap(),
    }
}

async fn all(mut reader: impl AsyncRead + Unpin) -> String {
    let mut text = String::new();
    reader.read_to_string(&mut text).await.unwrap();
    text
}
