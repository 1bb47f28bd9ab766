//! One loop over epoll, without a runtime and without a library for WebSocket: what the work itself costs.
//!
//! All events that are due go to each client in one write. Only what a socket does not take is kept, and a client that
//! owes more than [`MOST_OWED`] is disconnected. What clients send is thrown away.

use std::{
    collections::VecDeque,
    io::{self, ErrorKind, Read, Write},
    net::SocketAddr,
    os::fd::{AsFd, AsRawFd},
    sync::Arc,
};

use mio::{
    Events, Interest, Poll, Token,
    net::{TcpListener, TcpStream},
    unix::SourceFd,
};
use slab::Slab;
use socket2::{Domain, Socket, Type};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::control;
use crate::{frame, order::Numbered};

const LISTENER: Token = Token(usize::MAX - 1);
const CONTROL: Token = Token(usize::MAX - 2);

/// The bytes that a client may have waiting outside of its socket.
const MOST_OWED: usize = 1024 * 1024;

/// The longest request for a connection.
const LONGEST_REQUEST: usize = 8 * 1024;

pub(crate) fn run() -> io::Result<()> {
    serve(&io::stdin(), control::announce)
}

/// Serves until `orders` end.
pub(crate) fn serve(orders: &impl AsFd, announce: impl FnOnce(SocketAddr)) -> io::Result<()> {
    let mut poll = Poll::new()?;
    let mut listener = listen()?;
    poll.registry()
        .register(&mut listener, LISTENER, Interest::READABLE)?;
    poll.registry().register(
        &mut SourceFd(&orders.as_fd().as_raw_fd()),
        CONTROL,
        Interest::READABLE,
    )?;
    announce(listener.local_addr()?);

    let mut clients = Slab::new();
    let mut numbered = Numbered::default();
    let mut ready = Events::with_capacity(1024);
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match poll.poll(&mut ready, None) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            result => result?,
        }
        for event in &ready {
            match event.token() {
                LISTENER => accept_all(&listener, &poll, &mut clients)?,
                CONTROL => match rustix::io::read(orders, &mut buffer)? {
                    0 => return Ok(()),
                    read => fan_out(&buffer[..read], &mut numbered, &mut clients)?,
                },
                Token(key) => {
                    let Some(client) = clients.get_mut(key) else {
                        continue;
                    };
                    if client.serve(&mut buffer).is_err() {
                        clients.remove(key);
                    }
                }
            }
        }
    }
}

/// Listens with room for all who come at once: the usual 128 makes the others try again after a second.
fn listen() -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into())?;
    socket.listen(4096)?;
    socket.set_nonblocking(true)?;
    Ok(TcpListener::from_std(socket.into()))
}

fn accept_all(listener: &TcpListener, poll: &Poll, clients: &mut Slab<Client>) -> io::Result<()> {
    loop {
        let mut stream = match listener.accept() {
            Ok((stream, _)) => stream,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error),
        };
        stream.set_nodelay(true)?;
        let entry = clients.vacant_entry();
        let both = Interest::READABLE | Interest::WRITABLE;
        poll.registry()
            .register(&mut stream, Token(entry.key()), both)?;
        entry.insert(Client::new(stream));
    }
}

/// Sends what the lines in `orders` ask for, as one batch.
fn fan_out(orders: &[u8], numbered: &mut Numbered, clients: &mut Slab<Client>) -> io::Result<()> {
    let mut batch = Vec::new();
    for line in String::from_utf8_lossy(orders).lines() {
        for event in numbered.events(control::parse(line)?) {
            frame::write_text(event.as_bytes(), &mut batch);
        }
    }
    let batch: Arc<[u8]> = batch.into();
    clients.retain(|_, client| client.send(&batch).is_ok());
    Ok(())
}

struct Client {
    stream: TcpStream,
    stage: Stage,
    owed: VecDeque<Owed>,
}

enum Stage {
    /// The request, as far as it has come.
    Asking(Vec<u8>),
    Open,
}

/// A batch of which everything from `from` on waits.
struct Owed {
    batch: Arc<[u8]>,
    from: usize,
}

impl Client {
    fn new(stream: TcpStream) -> Self {
        Self {
            stream,
            stage: Stage::Asking(Vec::new()),
            owed: VecDeque::new(),
        }
    }

    /// Writes at once, or behind what waits already. Fails if the client is to be removed.
    fn send(&mut self, batch: &Arc<[u8]>) -> io::Result<()> {
        if let Stage::Asking(_) = self.stage {
            return Ok(());
        }
        let from = if self.owed.is_empty() {
            write(&mut self.stream, batch)?
        } else {
            0
        };
        if from < batch.len() {
            let batch = batch.clone();
            self.owed.push_back(Owed { batch, from });
            let owed: usize = self.owed.iter().map(|owed| owed.batch.len()).sum();
            if owed > MOST_OWED {
                return Err(ErrorKind::QuotaExceeded.into());
            }
        }
        Ok(())
    }

    /// Reads and writes what can be. Fails if the client is to be removed.
    fn serve(&mut self, buffer: &mut [u8]) -> io::Result<()> {
        while let Some(read) = self.read(buffer)? {
            if let Stage::Asking(request) = &mut self.stage {
                request.extend(&buffer[..read]);
                if let Some(response) = response(request)? {
                    // A socket that nothing was written to takes it whole.
                    self.stream.write_all(response.as_bytes())?;
                    self.stage = Stage::Open;
                }
            }
            if read < buffer.len() {
                break;
            }
        }
        while let Some(owed) = self.owed.front_mut() {
            owed.from += write(&mut self.stream, &owed.batch[owed.from..])?;
            if owed.from < owed.batch.len() {
                break;
            }
            self.owed.pop_front();
        }
        Ok(())
    }

    /// Gives the number of bytes read, `None` if there are none now.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        match self.stream.read(buffer) {
            Ok(0) => Err(ErrorKind::UnexpectedEof.into()),
            Ok(read) => Ok(Some(read)),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Gives the number of bytes that the socket took.
fn write(stream: &mut TcpStream, bytes: &[u8]) -> io::Result<usize> {
    match stream.write(bytes) {
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(0),
        result => result,
    }
}

/// Gives the response to a request for a WebSocket once its header has come.
pub(super) fn response(request: &[u8]) -> io::Result<Option<String>> {
    if !request.ends_with(b"\r\n\r\n") {
        return match request.len() {
            0..LONGEST_REQUEST => Ok(None),
            _ => Err(ErrorKind::InvalidData.into()),
        };
    }
    let request = String::from_utf8_lossy(request);
    let key = request.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("sec-websocket-key")
            .then(|| value.trim())
    });
    let key = key.ok_or(ErrorKind::InvalidData)?;
    Ok(Some(format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {}\r\n\r\n",
        derive_accept_key(key.as_bytes())
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    const REQUEST: &str =
        "GET / HTTP/1.1\r\nHost: here\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

    #[test]
    fn request_is_answered_once_it_is_whole() {
        for end in 0..REQUEST.len() {
            assert_eq!(response(&REQUEST.as_bytes()[..end]).unwrap(), None);
        }
        let response = response(REQUEST.as_bytes()).unwrap().unwrap();
        assert!(response.contains("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
    }

    #[test]
    fn request_without_end_or_key_is_refused() {
        assert!(response(&[b'x'; LONGEST_REQUEST]).is_err());
        assert!(response(b"GET / HTTP/1.1\r\n\r\n").is_err());
    }
}
