//! The clients: one loop over epoll, which does as little as will tell whether every event came once and in order.

use std::{
    io::{self, ErrorKind},
    net::SocketAddr,
    time::{Duration, Instant},
};

use mio::{Events, Poll, Token};

use crate::{
    client::{Client, Dialect, Stage},
    failure::Failure,
    tally::Tally,
};

/// How long connecting may take altogether.
const CONNECTING: Duration = Duration::from_secs(30);

/// Many clients of one server.
pub(crate) struct Fleet {
    poll: Poll,
    ready: Events,
    server: SocketAddr,
    dialect: Dialect,
    clients: Vec<Client>,
    /// Clients that are connected and never read.
    stalled: Vec<Client>,
    buffer: Vec<u8>,
    /// Clients that have been served, those included that were disconnected later.
    connected: usize,
    /// The number that the next event will have.
    published: u64,
    /// Deliveries that are yet to come.
    owed: u64,
    pub(crate) tally: Tally,
}

impl Fleet {
    pub(crate) fn new(server: SocketAddr, dialect: Dialect) -> Result<Self, Failure> {
        Ok(Self {
            poll: Poll::new()?,
            ready: Events::with_capacity(1024),
            server,
            dialect,
            clients: Vec::new(),
            stalled: Vec::new(),
            buffer: vec![0; 256 * 1024],
            connected: 0,
            published: 0,
            owed: 0,
            tally: Tally::new().map_err(io::Error::other)?,
        })
    }

    /// Connects `count` more clients, `at_once` of them at a time, and waits until all are served.
    pub(crate) fn connect(&mut self, count: usize, at_once: usize) -> Result<(), Failure> {
        self.connect_with(count, at_once, Client::connect)
    }

    /// Connects `count` more clients that read nothing from then on.
    pub(crate) fn connect_stalled(&mut self, count: usize) -> Result<(), Failure> {
        self.connect_with(count, count, Client::connect_with_small_buffer)?;
        let first = self.clients.len() - count;
        self.connected -= count;
        for mut client in self.clients.drain(first..) {
            client.deregister(self.poll.registry())?;
            self.stalled.push(client);
        }
        Ok(())
    }

    /// Disconnects all clients.
    pub(crate) fn disconnect(&mut self) {
        self.clients.clear();
        self.stalled.clear();
        (self.connected, self.owed) = (0, 0);
    }

    fn connect_with(
        &mut self,
        count: usize,
        at_once: usize,
        connect: impl Fn(SocketAddr) -> io::Result<Client>,
    ) -> Result<(), Failure> {
        let deadline = Instant::now() + CONNECTING;
        let all = self.clients.len() + count;
        while self.connected < all {
            while self.clients.len() < all.min(self.connected + at_once) {
                let mut client = connect(self.server)?;
                client.register(self.poll.registry(), Token(self.clients.len()))?;
                client.expected = self.published;
                self.clients.push(client);
            }
            self.turn()?;
            if Instant::now() > deadline {
                return Err(Failure::Slow {
                    connected: self.connected,
                    all,
                });
            }
        }
        Ok(())
    }

    /// Takes note that `count` events of `size` bytes are published to all.
    pub(crate) fn expect(&mut self, count: u64, size: usize) {
        self.dialect.size = size;
        self.published += count;
        let open = self
            .clients
            .iter()
            .filter(|client| client.stage() == Stage::Open);
        self.owed += count * open.count() as u64;
    }

    /// Waits until everything published has come, or nothing has for the time `quiet`; at most for the time `patience`.
    pub(crate) fn settle(&mut self, quiet: Duration, patience: Duration) -> Result<(), Failure> {
        let start = Instant::now();
        let mut last = (self.owed, start);
        while self.owed > 0 && last.1.elapsed() < quiet && start.elapsed() < patience {
            self.turn()?;
            if self.owed != last.0 {
                last = (self.owed, Instant::now());
            }
        }
        Ok(())
    }

    /// Gives the number of deliveries that were left out, or have not come.
    pub(crate) fn lost(&self) -> u64 {
        self.tally.lost + self.owed
    }

    /// Serves the clients until `until`.
    pub(crate) fn serve(&mut self, until: Instant) -> Result<(), Failure> {
        while Instant::now() < until {
            self.turn()?;
        }
        Ok(())
    }

    /// Serves the clients who can be, and never sleeps: waking up a process costs the one that does it several times as much as
    /// a write, and the servers' clients of other days are on other machines.
    pub(crate) fn turn(&mut self) -> Result<(), Failure> {
        match self.poll.poll(&mut self.ready, Some(Duration::ZERO)) {
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(()),
            result => result?,
        }
        for event in &self.ready {
            let client = &mut self.clients[event.token().0];
            let (stage, expected) = (client.stage(), client.expected);
            client.serve(
                &self.dialect,
                self.server,
                &mut self.buffer,
                &mut self.tally,
            )?;
            self.owed = self.owed.saturating_sub(client.expected - expected);
            match (stage, client.stage()) {
                (Stage::Open, Stage::Closed) => {
                    let missed = self.published - client.expected;
                    self.owed = self.owed.saturating_sub(missed);
                    self.tally.lost += missed;
                }
                (Stage::Open, _) | (_, Stage::Closed) => {}
                (_, Stage::Open) => self.connected += 1,
                _ => {}
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::{io::Write, sync::mpsc, thread};

    use super::*;
    use crate::{order::Order, servers::by_hand};

    #[test]
    fn every_client_counts_every_event_once() {
        let (orders, mut control) = io::pipe().unwrap();
        let (announce, address) = mpsc::channel();
        let server = thread::spawn(move || {
            by_hand::serve(&orders, |address| announce.send(address).unwrap())
        });
        let dialect = Dialect {
            target: "/",
            greets: false,
            behind: 0,
            size: 0,
        };
        let mut fleet = Fleet::new(address.recv().unwrap(), dialect).unwrap();
        fleet.connect(20, 5).unwrap();
        fleet.connect_stalled(2).unwrap();
        for (count, size) in [(1, 100), (32, 100), (3, 70_000)] {
            fleet.expect(count, size);
            let order = Order { count, size, at: 0 };
            control.write_all(format!("{order}\n").as_bytes()).unwrap();
            let minute = Duration::from_mins(1);
            fleet.settle(minute, minute).unwrap();
        }
        assert_eq!(fleet.tally.deliveries, 20 * 36);
        assert_eq!((fleet.lost(), fleet.tally.repeated), (0, 0));

        drop(control);
        server.join().unwrap().unwrap();
    }
}
