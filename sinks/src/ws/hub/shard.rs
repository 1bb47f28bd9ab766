//! A shard: one task that serves its part of the clients, without a task or a buffer for each of them.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap},
    pin::{Pin, pin},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Poll, Wake, Waker},
    time::Duration,
};

use bytes::Bytes;
use slab::Slab;
use tokio::{
    select,
    sync::Notify,
    task::yield_now,
    time::{Instant, Sleep, sleep_until},
};

use super::{
    admission::Admission,
    client::{BoxSocket, Client, Delivered, Gone, World},
    decoder::Message,
    event::Record,
    limits::Seat,
    protocol::{self, Request},
    shared::{Phase, Shared},
    stats::add,
    views::{Subscription, Views},
    wire::{Form, Id, Notice},
};

/// Clients that are written to before other tasks have their turn: some 100 microseconds.
const CHUNK: usize = 64;

/// Bytes that are read at once, for all clients of a shard the same.
const SCRATCH: usize = 16 * 1024;

/// Nothing is due before this.
const LONG: Duration = Duration::from_hours(24);

/// A client on its way from its request to its shard.
pub(super) struct Arrival {
    pub(super) socket: BoxSocket,
    pub(super) form: Form,
    pub(super) admission: Arc<Admission>,
    pub(super) seat: Seat,
    /// The answer to the request: written by the shard, so that who has it has subscribed.
    pub(super) greeting: Bytes,
    /// What came after the request.
    pub(super) rest: Bytes,
    pub(super) topics: Vec<String>,
    pub(super) after: Option<String>,
}

/// How a shard is told that there is something to do.
pub(super) struct Bell {
    rung: Notify,
    ready: Mutex<Vec<usize>>,
    /// `None` once the shard has ended.
    arrivals: Mutex<Option<Vec<Arrival>>>,
}

impl Default for Bell {
    fn default() -> Self {
        Self {
            rung: Notify::new(),
            ready: Mutex::default(),
            arrivals: Mutex::new(Some(Vec::new())),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing panics while these are locked.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Bell {
    pub(super) fn ring(&self) {
        self.rung.notify_one();
    }

    /// Hands over a client; one that comes too late is disconnected.
    pub(super) fn arrive(&self, arrival: Arrival) {
        if let Some(arrivals) = &mut *lock(&self.arrivals) {
            arrivals.push(arrival);
        }
        self.ring();
    }

    fn take_arrivals(&self) -> Vec<Arrival> {
        lock(&self.arrivals)
            .as_mut()
            .map(std::mem::take)
            .unwrap_or_default()
    }
}

/// What a connection wakes.
struct Doorbell {
    client: usize,
    is_rung: AtomicBool,
    bell: Arc<Bell>,
}

impl Wake for Doorbell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.is_rung.swap(true, Ordering::AcqRel) {
            lock(&self.bell.ready).push(self.client);
            self.bell.ring();
        }
    }
}

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
                () = bell.rung.notified() => {}
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
        let doorbell = Arc::new(Doorbell {
            client: id,
            is_rung: AtomicBool::new(false),
            bell,
        });
        let waker = Waker::from(doorbell.clone());
        let Arrival {
            socket,
            form,
            admission,
            seat,
            greeting,
            rest,
            topics,
            after,
        } = arrival;
        let client = Client::new(socket, waker, form, admission, seat, now);
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
            served = self.subscribe(id, topics, after.as_deref(), world);
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
        let ready = std::mem::take(&mut *lock(&bell.ready));
        for chunk in ready.chunks(CHUNK) {
            for &id in chunk {
                // It may have left meanwhile.
                if let Some(guest) = self.guests.get(id) {
                    guest.doorbell.is_rung.store(false, Ordering::Release);
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

    fn answer(&mut self, id: usize, message: &Message, world: World<'_>) -> Result<(), Gone> {
        let client = &mut self.guests[id].client;
        match message {
            Message::Ping(payload) => return client.pong(payload, world),
            Message::Pong => return Ok(()),
            Message::Close => {
                client.take_leave(world);
                return Ok(());
            }
            Message::Text(_) | Message::Binary(_) if client.is_leaving() => return Ok(()),
            Message::Text(_) | Message::Binary(_) => {}
        }
        match protocol::parse(message, client.form) {
            Ok(Request::Subscribe { topics, after }) => {
                self.subscribe(id, topics, after.as_deref(), world)
            }
            Ok(Request::Unsubscribe(topics)) => self.unsubscribe(id, &topics, world),
            Err(error) => {
                let frame = Notice::Error { error: &error }.encode(client.form);
                client.notify(frame, world)
            }
        }
    }

    /// Lets a client get the events of topics from here on, and those that it missed.
    fn subscribe(
        &mut self,
        id: usize,
        topics: Vec<String>,
        after: Option<&str>,
        world: World<'_>,
    ) -> Result<(), Gone> {
        let shared = world.shared;
        let place = self.guests[id].client.place;
        let mut subscriptions = self.views.subscriptions(place).to_vec();
        let (form, admission) = {
            let client = &self.guests[id].client;
            (client.form, client.admission.clone())
        };
        let mut frames = Vec::new();
        let mut missed = Vec::new();
        {
            let log = shared.log();
            let position = log.position(self.index);
            for topic in topics {
                let known = subscriptions.iter().any(|one| *one.topic == *topic);
                let refused = if !admission.allows(&topic) {
                    Some(format!("you may not subscribe to {topic}"))
                } else if !known && subscriptions.len() >= shared.options.max_subscriptions {
                    let most = shared.options.max_subscriptions;
                    Some(format!(
                        "a client has at most {most} topics: unsubscribe from others"
                    ))
                } else {
                    None
                };
                if let Some(error) = refused {
                    frames.push(Notice::Error { error: &error }.encode(form));
                    continue;
                }
                let mut start = position;
                let mut is_reset = false;
                if let Some(after) = after.filter(|_| !known) {
                    let asked = Id::parse(after).filter(|id| id.epoch == &*shared.options.epoch);
                    match asked {
                        Some(id) if log.missed(self.index, &topic, id.offset, &mut missed) => {
                            start = id.offset;
                            add(&shared.counters.resumed, 1);
                        }
                        _ => {
                            is_reset = true;
                            add(&shared.counters.reset, 1);
                        }
                    }
                }
                let topic: Arc<str> = topic.into();
                let clients = if known {
                    shared.clients(&topic)
                } else {
                    // What this shard has not taken yet, and the client has seen, is not for it.
                    let after = if start > position { start } else { 0 };
                    subscriptions.push(Subscription {
                        topic: topic.clone(),
                        after,
                    });
                    shared.enter(&topic)
                };
                let subscribed = Notice::Subscribed {
                    subscribed: &topic,
                    id: shared.id(start),
                    clients,
                };
                frames.push(subscribed.encode(form));
                if is_reset {
                    let reset = Notice::Reset {
                        reset: &topic,
                        id: shared.id(position),
                    };
                    frames.push(reset.encode(form));
                }
            }
        }
        self.move_to(id, subscriptions);
        let client = &mut self.guests[id].client;
        for frame in frames {
            client.notify(frame, world)?;
        }
        if !missed.is_empty() {
            missed.sort_unstable_by_key(|record| record.offset);
            client.push_missed(missed, world);
            client.flush(world)?;
        }
        Ok(())
    }

    fn unsubscribe(&mut self, id: usize, topics: &[String], world: World<'_>) -> Result<(), Gone> {
        let place = self.guests[id].client.place;
        let mut subscriptions = self.views.subscriptions(place).to_vec();
        let before = subscriptions.len();
        subscriptions.retain(|one| {
            let stays = !topics.iter().any(|topic| **topic == *one.topic);
            if !stays {
                world.shared.leave(&one.topic);
            }
            stays
        });
        if subscriptions.len() < before {
            self.move_to(id, subscriptions);
        }
        let client = &mut self.guests[id].client;
        for topic in topics {
            let unsubscribed = Notice::Unsubscribed {
                unsubscribed: topic,
            };
            client.notify(unsubscribed.encode(client.form), world)?;
        }
        Ok(())
    }

    /// Changes what a client gets.
    fn move_to(&mut self, id: usize, mut subscriptions: Vec<Subscription>) {
        let position = self.shared.log().position(self.index);
        for one in &mut subscriptions {
            if one.after <= position {
                one.after = 0;
            }
        }
        self.depart(id);
        let client = &mut self.guests[id].client;
        client.place = self.views.join(
            id,
            client.form,
            subscriptions,
            client.admission.filter.as_ref(),
        );
    }

    /// Takes a client out of its view.
    fn depart(&mut self, id: usize) {
        if let Some(place) = self.guests[id].client.place.take()
            && let Some((moved, place)) = self.views.leave(place)
        {
            self.guests[moved].client.place = Some(place);
        }
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
            for &id in &delivery.clients {
                let client = &mut self.guests[id].client;
                match client.deliver(&delivery, world) {
                    Ok(Delivered::Sent) => {}
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
        if served.is_ok() {
            self.arm(id);
            return;
        }
        for one in self.views.subscriptions(self.guests[id].client.place) {
            self.shared.leave(&one.topic);
        }
        self.depart(id);
        self.guests.remove(id);
        self.shared
            .counters
            .clients
            .fetch_sub(1, std::sync::atomic::Ordering::Relaxed);
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

    /// Tells the clients of every topic how many they are, where that has changed.
    fn tell_presence(&mut self, world: World<'_>) {
        let mut told = HashMap::new();
        for topic in self.views.topics() {
            let clients = world.shared.clients(&topic);
            if self.told.get(&topic) != Some(&clients) {
                let presence = Notice::Presence {
                    presence: &topic,
                    clients,
                };
                let subscribers: Vec<_> = self.views.subscribers(&topic).collect();
                for id in subscribers {
                    let client = &mut self.guests[id].client;
                    let notified = client.notify(presence.encode(client.form), world);
                    self.settle(id, notified);
                }
            }
            told.insert(topic, clients);
        }
        self.told = told;
    }
}

impl Drop for Shard {
    fn drop(&mut self) {
        let late = lock(&self.shared.bell(self.index).arrivals).take();
        drop(late);
        // Also if a filter panicked: nobody may wait for this shard.
        self.shared.advance(Phase::Closed);
    }
}
