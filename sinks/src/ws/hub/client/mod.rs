//! One client: its connection, what waits for it, and when it has to leave.

mod connection;
mod incoming;
mod outgoing;

use std::{sync::Arc, task::Waker, time::Duration};

use tokio::time::Instant;

use super::{
    admission::Admission,
    backlog::Backlog,
    decoder::Decoder,
    limits::{Allowance, Seat},
    shared::Shared,
    stats::add,
    views::Place,
    wire::{Farewell, Form, HEARTBEAT, Opcode, frame},
};

pub(super) use self::connection::Connection;

/// A client that has left is given this long to take the last bytes.
const LEAVING: Duration = Duration::from_secs(5);

/// The connection is of no use any more.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gone;

/// How a delivery left a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Delivered {
    /// Everything is in the hands of the system.
    Sent,
    /// Something waits, or the client has to leave.
    Waits,
}

/// What the client needs to know of the world.
#[derive(Clone, Copy)]
pub(super) struct World<'a> {
    pub(super) shared: &'a Shared,
    pub(super) now: Instant,
}

#[derive(Clone, Copy, Debug)]
struct Leaving {
    until: Instant,
    /// The half that sends is closed.
    is_shut: bool,
    /// The client has said that it leaves, too.
    is_answered: bool,
    /// What the client sends is of no use any more.
    is_deaf: bool,
}

/// In this order and place a delivery touches two lines of the processor's cache; after the write for the client before, which
/// goes through all of the system's network, hardly one of them is still there.
#[repr(C, align(64))]
pub(super) struct Client {
    connection: Connection,
    backlog: Option<Box<Backlog>>,
    leaving: Option<Leaving>,
    progress: Instant,
    /// The connection keeps bytes of its own.
    is_unflushed: bool,
    is_pinged: bool,
    pub(super) form: Form,
    waker: Waker,
    pub(super) admission: Arc<Admission>,
    pub(super) place: Option<Place>,
    decoder: Decoder,
    /// The moment at which a client that holds back the flow has to leave.
    patience: Option<Instant>,
    /// The moment at which the client is sent away because the hub closes.
    closes: Option<Instant>,
    allowance: Allowance,
    heard: Instant,
    /// The next moment at which the shard looks at this client.
    pub(super) timer: Option<Instant>,
    _seat: Seat,
}

impl Client {
    pub(super) fn new(
        connection: Connection,
        waker: Waker,
        form: Form,
        admission: Arc<Admission>,
        seat: Seat,
        now: Instant,
    ) -> Self {
        Self {
            connection,
            backlog: None,
            leaving: None,
            progress: now,
            is_unflushed: false,
            is_pinged: false,
            form,
            waker,
            admission,
            place: None,
            decoder: Decoder::default(),
            patience: None,
            closes: None,
            allowance: Allowance::new(now),
            heard: now,
            timer: None,
            _seat: seat,
        }
    }

    /// Takes in bytes that came with the request.
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        self.decoder.feed(bytes);
    }

    /// Whether the client holds back the flow.
    pub(super) fn holds_back(&self) -> bool {
        self.patience.is_some()
    }

    pub(super) fn is_leaving(&self) -> bool {
        self.leaving.is_some()
    }

    /// Whether nothing can come of the client any more.
    pub(super) fn is_done(&self) -> bool {
        self.leaving.is_some_and(|leaving| {
            leaving.is_shut && (leaving.is_answered || self.form == Form::Sse)
        })
    }

    fn too_slow(&mut self, world: World<'_>) {
        add(&world.shared.counters.too_slow, 1);
        self.dismiss(Farewell::TooSlow, world);
    }

    /// Sends the client away because of what it sent.
    pub(super) fn misbehaved(&mut self, farewell: Farewell, world: World<'_>) {
        add(&world.shared.counters.misbehaved, 1);
        self.dismiss(farewell, world);
    }

    /// Sends the client away without what waits for it.
    fn dismiss(&mut self, farewell: Farewell, world: World<'_>) {
        if let Some(backlog) = &mut self.backlog {
            add(&world.shared.counters.dropped, backlog.clear());
        }
        self.leave(farewell, world);
    }

    /// Sends the client away after what waits for it.
    pub(super) fn leave(&mut self, farewell: Farewell, world: World<'_>) {
        if self.is_leaving() {
            return;
        }
        self.patience = None;
        self.leaving = Some(Leaving {
            until: world.now + LEAVING,
            is_shut: false,
            is_answered: farewell == Farewell::Normal,
            is_deaf: !matches!(farewell, Farewell::Restart | Farewell::TooSlow),
        });
        if self.form != Form::Sse {
            // Written by the next flush, in order.
            self.backlog(world).push_notice(farewell.frame());
        }
        // The shard flushes the client when it looks at it.
        self.waker.wake_by_ref();
    }

    /// The client has said that it leaves.
    pub(super) fn take_leave(&mut self, world: World<'_>) {
        match &mut self.leaving {
            Some(leaving) => leaving.is_answered = true,
            None => self.dismiss(Farewell::Normal, world),
        }
    }

    /// Sets the moment at which the client is sent away because the hub closes.
    pub(super) fn close_at(&mut self, moment: Instant) {
        self.closes = Some(moment);
    }

    /// Gives the moment at which something has to happen.
    pub(super) fn deadline(&self, shared: &Shared) -> Instant {
        let options = &shared.options;
        if let Some(leaving) = self.leaving {
            return leaving.until;
        }
        let alive = match (self.form, &self.backlog) {
            (_, Some(_)) => self.progress + options.dead,
            (Form::Sse, None) => self.progress + options.heartbeat,
            _ if self.is_pinged => self.heard + options.dead,
            _ => self.heard + options.ping,
        };
        [self.patience, self.closes]
            .into_iter()
            .flatten()
            .fold(alive, Instant::min)
    }

    /// Does what has to happen now.
    pub(super) fn on_time(&mut self, world: World<'_>) -> Result<(), Gone> {
        let World { shared, now } = world;
        if self.deadline(shared) > now {
            return Ok(());
        }
        if self.is_leaving() {
            return Err(Gone);
        }
        if self.closes.is_some_and(|moment| moment <= now) {
            self.leave(Farewell::Restart, world);
        } else if self.patience.is_some_and(|moment| moment <= now) {
            self.too_slow(world);
        } else if self.form == Form::Sse && self.backlog.is_none() {
            self.progress = now;
            self.notify(HEARTBEAT, world)?;
        } else if self.is_pinged || self.backlog.is_some() {
            add(&shared.counters.dead, 1);
            return Err(Gone);
        } else {
            self.is_pinged = true;
            self.notify(frame(Opcode::Ping, b""), world)?;
        }
        Ok(())
    }
}
