//! One client: its connection, what waits for it, and when it has to leave.

use std::{
    io::IoSlice,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use bytes::Bytes;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::Instant,
};

use super::{
    admission::Admission,
    backlog::{AT_ONCE, Backlog, Pushed, SlowClients},
    decoder::{Decoder, Message},
    event::Record,
    limits::{Allowance, Seat},
    shared::Shared,
    stats::add,
    views::{Delivery, Place},
    wire::{Farewell, Form, HEARTBEAT, Opcode, frame},
};

/// A connection of any kind.
pub(super) trait Socket: AsyncRead + AsyncWrite + Send {}
impl<T: AsyncRead + AsyncWrite + Send> Socket for T {}
pub(super) type BoxSocket = Pin<Box<dyn Socket>>;

/// A client that has left is given this long to take the last bytes.
const LEAVING: Duration = Duration::from_secs(5);

/// Reads of one client before others have their turn.
const READS: usize = 8;

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

pub(super) struct Client {
    socket: BoxSocket,
    waker: Waker,
    pub(super) form: Form,
    pub(super) admission: Arc<Admission>,
    pub(super) place: Option<Place>,
    decoder: Decoder,
    backlog: Option<Box<Backlog>>,
    /// The connection keeps bytes of its own.
    is_unflushed: bool,
    leaving: Option<Leaving>,
    /// The moment at which a client that holds back the flow has to leave.
    patience: Option<Instant>,
    /// The moment at which the client is sent away because the hub closes.
    closes: Option<Instant>,
    allowance: Allowance,
    heard: Instant,
    is_pinged: bool,
    progress: Instant,
    /// The next moment at which the shard looks at this client.
    pub(super) timer: Option<Instant>,
    _seat: Seat,
}

impl Client {
    pub(super) fn new(
        socket: BoxSocket,
        waker: Waker,
        form: Form,
        admission: Arc<Admission>,
        seat: Seat,
        now: Instant,
    ) -> Self {
        Self {
            socket,
            waker,
            form,
            admission,
            place: None,
            decoder: Decoder::default(),
            backlog: None,
            is_unflushed: false,
            leaving: None,
            patience: None,
            closes: None,
            allowance: Allowance::new(now),
            heard: now,
            is_pinged: false,
            progress: now,
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

    /// Writes what the system takes now.
    fn write(&mut self, bytes: &[u8], world: World<'_>) -> Result<usize, Gone> {
        let mut task = Context::from_waker(&self.waker);
        let mut written = 0;
        while written < bytes.len() {
            match self
                .socket
                .as_mut()
                .poll_write(&mut task, &bytes[written..])
            {
                Poll::Ready(Ok(count)) if count > 0 => written += count,
                Poll::Ready(_) => return Err(Gone),
                Poll::Pending => break,
            }
        }
        self.after_write(written, world)?;
        Ok(written)
    }

    fn after_write(&mut self, written: usize, world: World<'_>) -> Result<(), Gone> {
        if written > 0 {
            self.progress = world.now;
            add(&world.shared.counters.sent_bytes, written as u64);
        }
        let mut task = Context::from_waker(&self.waker);
        match self.socket.as_mut().poll_flush(&mut task) {
            Poll::Ready(Ok(())) => self.is_unflushed = false,
            Poll::Ready(Err(_)) => return Err(Gone),
            Poll::Pending => self.is_unflushed = true,
        }
        Ok(())
    }

    fn backlog(&mut self, world: World<'_>) -> &mut Backlog {
        // Time without progress counts from here.
        self.backlog.get_or_insert_with(|| {
            self.progress = world.now;
            Box::new(Backlog::new(world.shared.options.backlog))
        })
    }

    /// Sends a batch; what the system does not take waits.
    pub(super) fn deliver(
        &mut self,
        delivery: &Delivery,
        world: World<'_>,
    ) -> Result<Delivered, Gone> {
        if self.is_leaving() {
            return Ok(Delivered::Sent);
        }
        let mut records = &delivery.records[..];
        if self.backlog.is_none() {
            let mut written = self.write(&delivery.frames, world)?;
            let sent = written;
            if sent == delivery.frames.len() {
                add(&world.shared.counters.sent, records.len() as u64);
                return Ok(Delivered::Sent);
            }
            // Whole frames are done with; one that is begun has to be finished.
            let epoch = &world.shared.options.epoch;
            let mut count = 0;
            while let [first, rest @ ..] = records {
                if written == 0 {
                    break;
                }
                let frame = first.frame(self.form, epoch);
                records = rest;
                count += 1;
                if written < frame.len() {
                    let rest = frame.slice(written..);
                    self.backlog(world).begin(rest);
                    break;
                }
                written -= frame.len();
            }
            add(&world.shared.counters.sent, count);
        }
        for record in records {
            self.push(record, world);
            if self.is_leaving() {
                break;
            }
        }
        Ok(Delivered::Waits)
    }

    /// Lets an event wait.
    fn push(&mut self, record: &Arc<Record>, world: World<'_>) {
        let shared = world.shared;
        let policy = self
            .admission
            .slow_client
            .unwrap_or_else(|| shared.options.topic(record.event.topic()).slow_clients);
        let backlog = self.backlog(world);
        match backlog.push(record, policy) {
            Pushed::Kept { dropped } => add(&shared.counters.dropped, dropped),
            Pushed::Full => return self.too_slow(world),
        }
        if let SlowClients::Wait(patience) = policy
            && self.patience.is_none()
            && self.backlog(world).is_full()
        {
            self.patience = Some(world.now + patience);
        }
    }

    fn too_slow(&mut self, world: World<'_>) {
        add(&world.shared.counters.too_slow, 1);
        self.dismiss(Farewell::TooSlow, world);
    }

    /// Lets events that were missed wait their turn, after what waits already.
    pub(super) fn push_missed(&mut self, records: Vec<Arc<Record>>, world: World<'_>) {
        let backlog = self.backlog(world);
        for record in records {
            backlog.push_missed(record);
        }
    }

    /// Sends something that is no event.
    pub(super) fn notify(&mut self, frame: Bytes, world: World<'_>) -> Result<(), Gone> {
        if frame.is_empty() || self.is_leaving() {
            return Ok(());
        }
        self.enqueue(frame, world)
    }

    fn enqueue(&mut self, frame: Bytes, world: World<'_>) -> Result<(), Gone> {
        if self.backlog.is_none() {
            let written = self.write(&frame, world)?;
            if written < frame.len() {
                self.backlog(world).begin(frame.slice(written..));
            }
        } else if !self.backlog(world).push_notice(frame) {
            self.misbehaved(Farewell::Policy("too many answers are not read"), world);
        }
        Ok(())
    }

    /// Answers a ping, as soon as no frame is begun.
    pub(super) fn pong(&mut self, payload: &[u8], world: World<'_>) -> Result<(), Gone> {
        let answer = frame(Opcode::Pong, payload);
        match &mut self.backlog {
            Some(backlog) => backlog.set_pong(answer),
            None => self.notify(answer, world)?,
        }
        Ok(())
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

    /// Writes what waits, as far as the system takes it.
    pub(super) fn flush(&mut self, world: World<'_>) -> Result<(), Gone> {
        if self.is_unflushed {
            self.after_write(0, world)?;
        }
        while let Some(backlog) = &mut self.backlog {
            let staged = backlog.stage(self.form, &world.shared.options.epoch);
            add(&world.shared.counters.sent, staged);
            if !backlog.is_full() {
                self.patience = None;
            }
            if backlog.is_empty() {
                self.backlog = None;
                break;
            }
            let mut slices = [IoSlice::new(&[]); AT_ONCE.events + 1];
            let count = backlog.slices(&mut slices);
            let mut task = Context::from_waker(&self.waker);
            let written = self
                .socket
                .as_mut()
                .poll_write_vectored(&mut task, &slices[..count]);
            match written {
                Poll::Ready(Ok(count)) if count > 0 => {
                    backlog.written(count);
                    self.after_write(count, world)?;
                }
                Poll::Ready(_) => return Err(Gone),
                Poll::Pending => return Ok(()),
            }
        }
        self.shut()
    }

    /// Closes the half that sends, once there is nothing more to send.
    fn shut(&mut self) -> Result<(), Gone> {
        let Some(leaving) = &mut self.leaving else {
            return Ok(());
        };
        if !leaving.is_shut && self.backlog.is_none() {
            let mut task = Context::from_waker(&self.waker);
            match self.socket.as_mut().poll_shutdown(&mut task) {
                Poll::Ready(Ok(())) => leaving.is_shut = true,
                Poll::Ready(Err(_)) => return Err(Gone),
                Poll::Pending => {}
            }
        }
        Ok(())
    }

    /// Gives the next message; ready while there is one.
    pub(super) fn poll_message(
        &mut self,
        scratch: &mut [u8],
        world: World<'_>,
    ) -> Poll<Result<Message, Gone>> {
        for _ in 0..READS {
            if let Some(message) = self.next_message(world) {
                return Poll::Ready(Ok(message));
            }
            let mut buffer = ReadBuf::new(scratch);
            let mut task = Context::from_waker(&self.waker);
            match self.socket.as_mut().poll_read(&mut task, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {
                    self.heard = world.now;
                    self.is_pinged = false;
                    if !self.is_deaf() {
                        self.decoder.feed(buffer.filled());
                    }
                }
                Poll::Ready(_) => return Poll::Ready(Err(Gone)),
                Poll::Pending => return Poll::Pending,
            }
        }
        // Others have their turn.
        self.waker.wake_by_ref();
        Poll::Pending
    }

    /// Gives the next message that has come; one that is not understood or not allowed is the last.
    fn next_message(&mut self, world: World<'_>) -> Option<Message> {
        let options = &world.shared.options;
        if self.is_deaf() {
            return None;
        }
        let farewell = match self.decoder.next(options.max_message) {
            Ok(Some(Message::Close)) => return Some(Message::Close),
            Ok(Some(message)) if self.allowance.take(options.rate, world.now) => {
                return Some(message);
            }
            Ok(Some(_)) => Farewell::Policy("too many messages"),
            Ok(None) => return None,
            Err(farewell) => farewell,
        };
        self.misbehaved(farewell, world);
        if let Some(leaving) = &mut self.leaving {
            leaving.is_deaf = true;
        }
        self.decoder = Decoder::default();
        None
    }

    /// Whether what the client says is of no interest.
    fn is_deaf(&self) -> bool {
        self.form == Form::Sse || self.leaving.is_some_and(|leaving| leaving.is_deaf)
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
