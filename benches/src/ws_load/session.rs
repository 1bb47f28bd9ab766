//! A server and its clients.

use std::time::{Duration, Instant};

use crate::{
    clock, contestant::Contestant, cores::Cores, failure::Failure, fleet::Fleet, order::Order,
    server::Server,
};

/// When nothing has come for so long, nothing is waited for.
const QUIET: Duration = Duration::from_secs(1);

/// How long a server may be behind before what has not come counts as lost.
const PATIENCE: Duration = Duration::from_secs(4);

/// How many clients connect at a time where that is not what is measured.
const AT_ONCE: usize = 64;

pub(crate) struct Session {
    pub(crate) server: Server,
    pub(crate) fleet: Fleet,
}

impl Session {
    pub(crate) fn start(contestant: &Contestant, cores: Cores) -> Result<Self, Failure> {
        let server = Server::start(contestant.command()?, cores)?;
        let fleet = Fleet::new(server.address(), contestant.dialect)?;
        Ok(Self { server, fleet })
    }

    /// Connects clients, a few at a time.
    pub(crate) fn connect(&mut self, count: usize) -> Result<(), Failure> {
        self.fleet.connect(count, AT_ONCE)
    }

    /// Has `count` events of `size` bytes published at once.
    pub(crate) fn publish(&mut self, count: u64, size: usize) -> Result<(), Failure> {
        self.fleet.expect(count, size);
        let at = clock::now();
        Ok(self.server.publish(Order { count, size, at })?)
    }

    /// Has `count` events of `size` bytes published at once, again and again, and waits for the last of them.
    pub(crate) fn publish_paced(
        &mut self,
        times: u32,
        period: Duration,
        count: u64,
        size: usize,
    ) -> Result<(), Failure> {
        let start = Instant::now();
        for time in 0..times {
            self.fleet.serve(start + period * time)?;
            self.publish(count, size)?;
        }
        self.settle()
    }

    /// Has `count` events of `size` bytes published at once, again whenever all of them have come.
    pub(crate) fn publish_again(
        &mut self,
        time: Duration,
        count: u64,
        size: usize,
    ) -> Result<(), Failure> {
        let end = Instant::now() + time;
        while Instant::now() < end {
            self.publish(count, size)?;
            self.settle()?;
        }
        Ok(())
    }

    /// Waits for what is published.
    pub(crate) fn settle(&mut self) -> Result<(), Failure> {
        self.fleet.settle(QUIET, PATIENCE)
    }

    /// Sends a few events, so that what is allocated with the first of them is there, and counts from zero.
    pub(crate) fn warm_up(&mut self, size: usize) -> Result<(), Failure> {
        self.publish_paced(5, Duration::from_millis(20), 1, size)?;
        self.fleet.tally.restart();
        Ok(())
    }
}
