//! A shard: one task that serves its part of the clients, without a task or a buffer for each of them.

mod presence;
mod subscribe;

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap},
    pin::{Pin, pin},
    sync::Arc,
    task::Poll,
    time::Duration,
};

use slab::Slab;
use tokio::{
    select,
    task::yield_now,
    time::{Instant, Sleep, sleep_until},
};

use super::{
    bell::{Arrival, Bell, Doorbell},
    client::{Client, Delivered, Gone, World},
    event::Record,
    shared::{Phase, Shared},
    stats::{add, subtract},
    views::Views,
};

/// Clients that are written to before other tasks have their turn: some 100 microseconds.
const CHUNK: usize = 64;

/// Bytes that are read at once, for all clients of a shard the same.
const SCRATCH: usize = 16 * 1024;

/// Nothing is due before this.
const LONG: Duration = Duration::from_hours(24);

struct Guest {
    client: Client,
    doorbell: Arc<Doorbell>,
    /// Counted among those that hold back the flow.
    is_holding: bool,
}

pub(super) struct Shard {
    shared: Arc<Shared>,
    index: usize,
    guests: Slab<Guest>,
    views: Views,
    timers: BinaryHeap<Reverse<(Instant, usize)>>,
    /// How many clients hold back the flow.
    holding: usize,
    scratch: Box<[u8]>,
    batch: Vec<Arc<Record>>,
    /// What the clients were told last of how many they are.
    told: HashMap<Arc<str>, usize>,
    tells: Option<Instant>,
    is_closing: bool,
}

impl Shard {
    pub(super) fn new(shared: Arc<Shared>, index: usize) -> Self {
        Self {
            tells: shared
                .options
                .presence
                .map(|period| Instant::now() + period),
            shared,
            index,
            guests: Slab::new(),
            views: Views::default(),
            timers: BinaryHeap::new(),
            holding: 0,
            scratch: vec![0; SCRATCH].into(),
            batch: Vec::new(),
            told: HashMap::new(),
            is_closing: false,
        }
    }

    /// Serves its clients until the hub is closed and all of them have left.
    pub(super) async fn run(mut self) {
        let mut timer = pin!(sleep_until(Instant::now() + LONG));
        let bell = self.shared.bell(self.index).clone();
        loop {
            let now = Instant::now();
            for arrival in bell.take_arrivals() {
                self.welcome(arrival, now);
            }
            self.serve_ready(&bell, now).await;
            let is_busy = self.fan_out(now).await;
            self.on_time(now);
            if self.shared.phase() != Phase::Open && self.is_over(now) {
                return;
            }
            if is_busy {
                yield_now().await;
                continue;
            }
            self.set(timer.as_mut());
            select! {
                () = bell.rung() => {}
                () = &mut timer => {}
            }
        }
    }

    fn set(&self, timer: Pin<&mut Sleep>) {
        let first = self.timers.peek().map(|Reverse((moment, _))| *moment);
        match first.into_iter().chain(self.tells).min() {
            Some(due) if timer.deadline() != due => timer.reset(due),
            None if timer.is_elapsed() => timer.reset(Instant::now() + LONG),
            _ => {}
        }
    }

    /// Whether the hub closes and nobody is left; sends everybody away when all is published.
    fn is_over(&mut self, now: Instant) -> bool {
        if !self.shared.log().is_taken(self.index) {
            return false;
        }
        if !self.is_closing {
            self.is_closing = true;
            let window = self.shared.options.closing_window(self.guests.len());
            let everybody: Vec<_> = self.guests.iter().map(|(id, _)| id).collect();
            for id in everybody {
                let moment = now + window.mul_f64(fastrand::f64());
                self.guests[id].client.close_at(moment);
                self.arm(id);
            }
            self.on_time(now);
        }
        self.guests.is_empty()
    }

    /// Takes in a client.
    fn welcome(&mut self, arrival: Arrival, now: Instant) {
        let bell = self.shared.bell(self.index).clone();
        let entry = self.guests.vacant_entry();
        let id = entry.key();
        let doorbell = Doorbell::new(id, bell);
        let Arrival {
            connection,
            form,
            admission,
            seat,
            greeting,
            rest,
            topics,
            since,
        } = arrival;
        let client = Client::new(connection, doorbell.waker(), form, admission, seat, now);
        let guest = entry.insert(Guest {
            client,
            doorbell,
            is_holding: false,
        });
        guest.client.feed(&rest);
        add(&self.shared.counters.clients, 1);
        add(&self.shared.counters.admitted, 1);
        let shared = self.shared.clone();
        let world = World {
            shared: &shared,
            now,
        };
        let mut served = self.guests[id].client.notify(greeting, world);
        if served.is_ok() && !topics.is_empty() {
            served = self.subscribe(id, topics, &since, world);
        }
        if self.is_closing {
            self.guests[id].client.close_at(now);
        }
        // From here on the connection wakes its client.
        let served = served.and_then(|()| self.serve(id, now));
        self.settle(id, served);
    }

    /// Serves the clients whose connections woke.
    async fn serve_ready(&mut self, bell: &Bell, now: Instant) {
        let ready = bell.take_ready();
        for chunk in ready.chunks(CHUNK) {
            for &id in chunk {
                // It may have left meanwhile.
                if let Some(guest) = self.guests.get(id) {
                    guest.doorbell.reset();
                    let served = self.serve(id, now);
                    self.settle(id, served);
                }
            }
            if chunk.len() == CHUNK {
                yield_now().await;
            }
        }
    }

    /// Reads what a client says and writes what it waits for.
    fn serve(&mut self, id: usize, now: Instant) -> Result<(), Gone> {
        let shared = self.shared.clone();
        let world = World {
            shared: &shared,
            now,
        };
        loop {
            let client = &mut self.guests[id].client;
            client.flush(world)?;
            match client.poll_message(&mut self.scratch, world) {
                Poll::Ready(message) => self.answer(id, &message?, world)?,
                Poll::Pending => break,
            }
        }
        let client = &mut self.guests[id].client;
        if client.is_leaving() {
            client.flush(world)?;
        }
        if client.is_done() { Err(Gone) } else { Ok(()) }
    }

    /// Sends the next batch to everybody who wants it; `false` if there is none.
    async fn fan_out(&mut self, now: Instant) -> bool {
        if self.holding > 0 {
            return false;
        }
        let shared = self.shared.clone();
        let mut batch = std::mem::take(&mut self.batch);
        shared.take(self.index, &mut batch);
        let is_busy = !batch.is_empty();
        let world = World {
            shared: &shared,
            now,
        };
        self.views.pick(&batch);
        let mut written = 0;
        while let Some(delivery) = self.views.next(&batch, &shared.options.epoch) {
            let mut sent = 0;
            for &id in &delivery.clients {
                let client = &mut self.guests[id].client;
                match client.deliver(&delivery, world) {
                    Ok(Delivered::Sent) => sent += 1,
                    Ok(Delivered::Waits) => {
                        // If the system takes nothing now, the connection wakes the client when it does.
                        let flushed = client.flush(world);
                        self.settle(id, flushed);
                    }
                    Err(Gone) => self.settle(id, Err(Gone)),
                }
                written += 1;
                if written % CHUNK == 0 {
                    yield_now().await;
                }
            }
            add(&shared.counters.sent, sent * delivery.records.len() as u64);
            add(
                &shared.counters.sent_bytes,
                sent * delivery.frames.len() as u64,
            );
        }
        batch.clear();
        self.batch = batch;
        is_busy
    }

    /// Sees a client off if it is gone, or to it that it is looked at in time.
    fn settle(&mut self, id: usize, served: Result<(), Gone>) {
        let guest = &mut self.guests[id];
        let holds = served.is_ok() && guest.client.holds_back();
        self.holding -= usize::from(guest.is_holding);
        self.holding += usize::from(holds);
        guest.is_holding = holds;
        if served.is_err() || guest.client.is_leaving() {
            for one in self.views.subscriptions(guest.client.place) {
                self.shared.leave(&one.topic);
            }
            self.depart(id);
        }
        if served.is_ok() {
            self.arm(id);
            return;
        }
        self.guests.remove(id);
        subtract(&self.shared.counters.clients, 1);
    }

    fn arm(&mut self, id: usize) {
        let client = &mut self.guests[id].client;
        let due = client.deadline(&self.shared);
        // A timer that is too early sees to itself: it costs nothing to be heard.
        if client.timer.is_none_or(|timer| due < timer) {
            client.timer = Some(due);
            self.timers.push(Reverse((due, id)));
        }
    }

    /// Does what is due.
    fn on_time(&mut self, now: Instant) {
        let shared = self.shared.clone();
        let world = World {
            shared: &shared,
            now,
        };
        while let Some(&Reverse((moment, id))) = self.timers.peek()
            && moment <= now
        {
            self.timers.pop();
            let Some(guest) = self.guests.get_mut(id) else {
                continue;
            };
            if guest.client.timer != Some(moment) {
                continue;
            }
            guest.client.timer = None;
            let seen = guest.client.on_time(world);
            self.settle(id, seen);
        }
        if self.tells.is_some_and(|moment| moment <= now) {
            self.tells = shared.options.presence.map(|period| now + period);
            self.tell_presence(world);
        }
    }
}

impl Drop for Shard {
    fn drop(&mut self) {
        self.shared.bell(self.index).close();
        // Also if a filter panicked: nobody may wait for this shard.
        self.shared.advance(Phase::Closed);
    }
}
