//! A server under measurement: a child process with a control channel.

use std::{
    error::Error,
    fmt,
    io::{self, BufRead, BufReader, Write},
    net::SocketAddr,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use crate::{cores::Cores, order::Order, readings};

/// How long a server may take until it listens.
const STARTUP: Duration = Duration::from_secs(10);

/// A child process, killed when dropped.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    control: ChildStdin,
    address: SocketAddr,
}

impl Server {
    /// Starts a server and waits until it prints `listening <address>`.
    pub(crate) fn start(mut command: Command, cores: Cores) -> Result<Self, StartError> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = cores
            .with_server(|| command.spawn())
            .map_err(StartError::Spawn)?;
        let pipes = child.stdin.take().zip(child.stdout.take());
        let address = pipes
            .ok_or(StartError::Silent)
            .and_then(|(control, output)| {
                let address = listening_address(output)?;
                Ok((control, address))
            });
        match address {
            Ok((control, address)) => Ok(Self {
                child,
                control,
                address,
            }),
            Err(error) => {
                end(&mut child);
                Err(error)
            }
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Has it publish at once.
    pub(crate) fn publish(&mut self, order: Order) -> io::Result<()> {
        // One write a line, so that no server reads half of one.
        self.control.write_all(format!("{order}\n").as_bytes())
    }

    /// Gives the processor time that it has used up to now.
    pub(crate) fn processor_time(&self) -> io::Result<Duration> {
        readings::processor_time(self.child.id())
    }

    /// Gives its resident memory in bytes.
    pub(crate) fn resident(&self) -> io::Result<u64> {
        readings::resident(self.child.id())
    }

    /// Gives the bytes that wait in the send buffers of its connections.
    pub(crate) fn unsent(&self) -> io::Result<u64> {
        readings::unsent(self.address.port())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

fn end(child: &mut Child) {
    // It fails only for a process that has ended by itself.
    let _ = child.kill();
    let _ = child.wait();
}

/// Reads the address from the first line, in a thread because a pipe has no time limit.
fn listening_address(output: ChildStdout) -> Result<SocketAddr, StartError> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut line = String::new();
        let read = BufReader::new(output).read_line(&mut line);
        // Nobody waits any more when it took too long.
        let _ = sender.send(read.map(|_| line));
    });
    let line = receiver
        .recv_timeout(STARTUP)
        .map_err(|_| StartError::Silent)?;
    let line = line.map_err(StartError::Spawn)?;
    parse_listening(&line).ok_or_else(|| StartError::Answer(line.trim().to_owned()))
}

fn parse_listening(line: &str) -> Option<SocketAddr> {
    line.trim_end().strip_prefix("listening ")?.parse().ok()
}

/// Why a server could not be started.
#[derive(Debug)]
pub(crate) enum StartError {
    Spawn(io::Error),
    Silent,
    Answer(String),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Spawn(source) => write!(f, "its process could not be started: {source}"),
            Self::Silent => write!(f, "it did not listen within {STARTUP:?}"),
            Self::Answer(line) if line.is_empty() => {
                f.write_str("its process ended before it listened")
            }
            Self::Answer(line) => {
                write!(
                    f,
                    "it said {line:?} where `listening <address>` was expected"
                )
            }
        }
    }
}

impl Error for StartError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Spawn(source) => Some(source),
            Self::Silent | Self::Answer(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn address_is_what_follows_listening() {
        let address = parse_listening("listening 127.0.0.1:8080\n");
        assert_eq!(address, Some(SocketAddr::from(([127, 0, 0, 1], 8080))));
        for line in ["", "listening", "listening to 127.0.0.1:1", "127.0.0.1:1"] {
            assert_eq!(parse_listening(line), None);
        }
    }
}
