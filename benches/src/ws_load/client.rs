//! One client: it asks for a WebSocket, and then counts events by their numbers.

use std::{
    io::{self, ErrorKind, Read, Write},
    net::SocketAddr,
};

use mio::{Interest, Registry, Token, net::TcpStream};
use socket2::{Domain, Socket, Type};

use crate::{
    clock,
    failure::Failure,
    frame::{self, Frame},
    order::Stamp,
    tally::Tally,
};

/// The receive buffer of a client that never reads: what it owes waits at the server then, and not here.
const SMALL_BUFFER: usize = 4 * 1024;

/// What the clients of a server have to know of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dialect {
    /// The path and query to ask for.
    pub(crate) target: &'static str,
    /// The server tells each client that it is subscribed, before the first event.
    pub(crate) greets: bool,
    /// Bytes of a message behind its event.
    pub(crate) behind: usize,
    /// Bytes of an event.
    pub(crate) size: usize,
}

impl Dialect {
    /// Reads the stamp of the event in a message, `None` if it is a message of another kind.
    ///
    /// The event is looked for from the end: what an envelope has in front of it grows with its numbers.
    fn stamp(&self, message: &[u8]) -> Option<Stamp> {
        let start = message.len().checked_sub(self.behind + self.size)?;
        Stamp::read(&message[start..])
    }
}

/// How far a client has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Connecting,
    Asking,
    /// Connected, and not subscribed yet.
    Joining,
    Open,
    Closed,
}

pub(crate) struct Client {
    stream: TcpStream,
    stage: Stage,
    /// The start of a frame, or of the response, whose rest has not come.
    carried: Vec<u8>,
    /// The number of the next event, if none is lost.
    pub(crate) expected: u64,
}

impl Client {
    /// Begins to connect.
    pub(crate) fn connect(server: SocketAddr) -> io::Result<Self> {
        Ok(Self::new(TcpStream::connect(server)?))
    }

    /// Begins to connect, with a small receive buffer.
    pub(crate) fn connect_with_small_buffer(server: SocketAddr) -> io::Result<Self> {
        let socket = Socket::new(Domain::for_address(server), Type::STREAM, None)?;
        socket.set_recv_buffer_size(SMALL_BUFFER)?;
        // Within one machine it takes no time.
        socket.connect(&server.into())?;
        socket.set_nonblocking(true)?;
        Ok(Self::new(TcpStream::from_std(socket.into())))
    }

    fn new(stream: TcpStream) -> Self {
        Self {
            stream,
            stage: Stage::Connecting,
            carried: Vec::new(),
            expected: 0,
        }
    }

    pub(crate) fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        let both = Interest::READABLE | Interest::WRITABLE;
        registry.register(&mut self.stream, token, both)
    }

    pub(crate) fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        registry.deregister(&mut self.stream)
    }

    pub(crate) fn stage(&self) -> Stage {
        self.stage
    }

    /// Does what can be done at once. Fails if the server does not let it in.
    pub(crate) fn serve(
        &mut self,
        dialect: &Dialect,
        server: SocketAddr,
        buffer: &mut [u8],
        tally: &mut Tally,
    ) -> Result<(), Failure> {
        if self.stage == Stage::Connecting {
            self.ask(dialect, server)?;
        }
        loop {
            let carried = self.carried.len();
            buffer[..carried].copy_from_slice(&self.carried);
            let read = match self.stream.read(&mut buffer[carried..]) {
                Ok(0) => return self.close(),
                Ok(read) => read,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(_) => return self.close(),
            };
            let all = carried + read;
            let taken = self.take(&buffer[..all], dialect, tally)?;
            self.carried.clear();
            self.carried.extend(&buffer[taken..all]);
            // A read that does not fill the buffer has emptied the socket; the loop over epoll will tell of more.
            if all < buffer.len() {
                return Ok(());
            }
        }
    }

    /// Sends the request once the connection is there.
    fn ask(&mut self, dialect: &Dialect, server: SocketAddr) -> io::Result<()> {
        if let Some(error) = self.stream.take_error()? {
            return Err(error);
        }
        // A socket that nothing was written to takes it whole.
        let request = format!(
            "GET {} HTTP/1.1\r\nHost: {server}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
            dialect.target
        );
        match self.stream.write_all(request.as_bytes()) {
            Err(error) if error.kind() == ErrorKind::NotConnected => Ok(()),
            Err(error) => Err(error),
            Ok(()) => {
                self.stage = Stage::Asking;
                Ok(())
            }
        }
    }

    fn close(&mut self) -> Result<(), Failure> {
        match self.stage {
            Stage::Open | Stage::Closed => {
                self.stage = Stage::Closed;
                Ok(())
            }
            Stage::Connecting | Stage::Asking | Stage::Joining => Err(Failure::TurnedAway {
                answer: String::from_utf8_lossy(&self.carried).into_owned(),
            }),
        }
    }

    /// Takes what is whole, and gives its length.
    fn take(
        &mut self,
        bytes: &[u8],
        dialect: &Dialect,
        tally: &mut Tally,
    ) -> Result<usize, Failure> {
        let mut taken = 0;
        if self.stage == Stage::Asking {
            let Some(header) = response(bytes)? else {
                return Ok(0);
            };
            taken = header;
            self.stage = if dialect.greets {
                Stage::Joining
            } else {
                Stage::Open
            };
        }
        let now = clock::now();
        while let Some(frame) = Frame::read(&bytes[taken..]) {
            taken += frame.length;
            match frame.opcode {
                frame::CLOSE => {
                    self.close()?;
                    break;
                }
                frame::TEXT => match dialect.stamp(frame.payload) {
                    Some(stamp) => {
                        let latency = now.saturating_sub(stamp.at);
                        self.expected = tally.count(stamp.seq, self.expected, latency);
                    }
                    None if self.stage == Stage::Joining => self.stage = Stage::Open,
                    None => {}
                },
                _ => {}
            }
        }
        Ok(taken)
    }
}

/// Gives the length of the response's header once it is whole.
fn response(bytes: &[u8]) -> Result<Option<usize>, Failure> {
    let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
        return Ok(None);
    };
    if bytes.starts_with(b"HTTP/1.1 101 ") {
        return Ok(Some(end + 4));
    }
    let line = bytes
        .split(|&byte| byte == b'\r')
        .next()
        .unwrap_or_default();
    Err(Failure::TurnedAway {
        answer: String::from_utf8_lossy(line).into_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::{Numbered, Order};

    #[test]
    fn response_is_whole_with_its_empty_line() {
        let bytes = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n";
        let mut longer = bytes.to_vec();
        longer.extend(b"a frame");
        assert_eq!(response(&longer).unwrap(), Some(bytes.len()));
        for end in 0..bytes.len() {
            assert_eq!(response(&bytes[..end]).unwrap(), None);
        }
    }

    #[test]
    fn other_response_turns_the_client_away() {
        let failure = response(b"HTTP/1.1 503 Service Unavailable\r\n\r\n").unwrap_err();
        assert!(failure.to_string().contains("503"), "{failure}");
    }

    #[test]
    fn event_is_found_at_the_end_of_its_envelope() {
        let order = Order {
            count: 1,
            size: 80,
            at: 5,
        };
        let event = Numbered::default().events(order).next().unwrap();
        let dialect = |behind| Dialect {
            target: "/",
            greets: false,
            behind,
            size: 80,
        };
        let stamp = Some(Stamp { seq: 0, at: 5 });
        assert_eq!(dialect(0).stamp(event.as_bytes()), stamp);
        let envelope = format!(r#"{{"topic":"load","id":"e:17","data":{event}}}"#);
        assert_eq!(dialect(1).stamp(envelope.as_bytes()), stamp);
        let greeting = br#"{"subscribed":"load","id":"e:0","clients":1}"#;
        assert_eq!(dialect(1).stamp(greeting), None);
    }
}
