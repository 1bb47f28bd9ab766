//! What a shard's clients ask for: topics to get from here on, or from where they left.

use std::sync::Arc;

use super::{
    super::{
        admission::Admission,
        client::{Client, Gone, World},
        decoder::Message,
        event::Record,
        log::Log,
        protocol::{self, Request, Since},
        stats::add,
        views::Subscription,
        wire::{Id, Notice},
    },
    Shard,
};

impl Shard {
    pub(super) fn answer(
        &mut self,
        id: usize,
        message: &Message,
        world: World<'_>,
    ) -> Result<(), Gone> {
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
            Ok(Request::Subscribe { topics, since }) => self.subscribe(id, topics, &since, world),
            Ok(Request::Unsubscribe(topics)) => self.unsubscribe(id, &topics, world),
            Err(error) => {
                let frame = Notice::Error { error: &error }.encode(client.form);
                client.notify(frame, world)
            }
        }
    }

    /// Lets a client get the events of topics from here on, and those that it missed.
    pub(super) fn subscribe(
        &mut self,
        id: usize,
        topics: Vec<String>,
        since: &Since,
        world: World<'_>,
    ) -> Result<(), Gone> {
        let shared = world.shared;
        let place = self.guests[id].client.place;
        let mut subscriptions = self.views.subscriptions(place).to_vec();
        let admission = self.guests[id].client.admission.clone();
        let mut outcomes = Vec::new();
        {
            let log = shared.log();
            for topic in topics {
                let is_known = subscriptions.iter().any(|one| *one.topic == *topic);
                let most = shared.options.max_subscriptions;
                outcomes.push(if !admission.allows(&topic) {
                    Err(format!("you may not subscribe to {topic}"))
                } else if is_known {
                    Ok(Joined::again(topic.into(), log.position(self.index), since))
                } else if subscriptions.len() >= most {
                    Err(format!(
                        "a client has at most {most} topics: unsubscribe from others"
                    ))
                } else {
                    let joined =
                        Joined::new(topic.into(), &log, self.index, since, &admission, world);
                    subscriptions.push(joined.subscription(log.position(self.index)));
                    shared.enter(&joined.topic);
                    Ok(joined)
                });
            }
        }
        self.move_to(id, subscriptions);
        for joined in outcomes.iter_mut().flatten() {
            joined.select(&admission, since);
        }
        let start = outcomes.iter().flatten().map(|joined| joined.start).min();
        let resume = shared.id(start.unwrap_or_default());
        let client = &mut self.guests[id].client;
        let mut missed = Vec::new();
        for outcome in outcomes {
            match outcome {
                Ok(joined) => {
                    joined.tell(client, resume, world)?;
                    missed.extend(joined.missed);
                }
                Err(error) => {
                    let error = Notice::Error { error: &error };
                    client.notify(error.encode(client.form), world)?;
                }
            }
        }
        if !missed.is_empty() {
            missed.sort_unstable_by_key(|record| record.offset);
            client.push_missed(missed, world);
            client.flush(world)?;
        }
        Ok(())
    }

    pub(super) fn unsubscribe(
        &mut self,
        id: usize,
        topics: &[String],
        world: World<'_>,
    ) -> Result<(), Gone> {
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
    pub(super) fn move_to(&mut self, id: usize, mut subscriptions: Vec<Subscription>) {
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
    pub(super) fn depart(&mut self, id: usize) {
        if let Some(place) = self.guests[id].client.place.take()
            && let Some((moved, place)) = self.views.leave(place)
        {
            self.guests[moved].client.place = Some(place);
        }
    }
}

/// A topic that a client has subscribed to, and what it gets of the history.
struct Joined {
    topic: Arc<str>,
    /// Everything that the client gets comes after this.
    start: u64,
    missed: Vec<Arc<Record>>,
    /// The client is to know how much that is.
    is_asked: bool,
    /// The client has asked for what is not known.
    is_reset: bool,
    /// The newest are enough.
    is_newest: bool,
}

impl Joined {
    /// A topic that the client has already: it gets what it would get anyway.
    fn again(topic: Arc<str>, position: u64, since: &Since) -> Self {
        Self {
            topic,
            start: position,
            missed: Vec::new(),
            is_asked: since.after.is_some() || since.last.is_some(),
            is_reset: false,
            is_newest: false,
        }
    }

    fn new(
        topic: Arc<str>,
        log: &Log,
        shard: usize,
        since: &Since,
        admission: &Admission,
        world: World<'_>,
    ) -> Self {
        let mut joined = Self::again(topic, log.position(shard), since);
        if let Some(after) = &since.after {
            let asked = Id::parse(after).filter(|id| id.epoch == &*world.shared.options.epoch);
            if let Some(id) = asked
                && log.missed(shard, &joined.topic, id.offset, &mut joined.missed)
            {
                add(&world.shared.counters.resumed, 1);
                joined.start = id.offset;
                return joined;
            }
            add(&world.shared.counters.reset, 1);
            joined.is_reset = true;
        }
        if let Some(last) = since.last {
            // Which of them pass the filter is found out when nobody waits for the log.
            let most = if admission.filter.is_some() {
                usize::MAX
            } else {
                last
            };
            joined.missed = log.newest(shard, &joined.topic, most);
            joined.is_newest = true;
        }
        joined
    }

    /// What the shard has not taken yet, and the client has seen, is not for it.
    fn subscription(&self, position: u64) -> Subscription {
        Subscription {
            topic: self.topic.clone(),
            after: if self.start > position { self.start } else { 0 },
        }
    }

    /// Leaves out what the client may not get, and what it did not ask for.
    fn select(&mut self, admission: &Admission, since: &Since) {
        if let Some(filter) = &admission.filter {
            self.missed.retain(|record| filter(&record.event));
        }
        if let (true, Some(last)) = (self.is_newest, since.last) {
            self.missed.drain(..self.missed.len().saturating_sub(last));
            if let Some(first) = self.missed.first() {
                self.start = first.offset - 1;
            }
        }
    }

    fn tell(&self, client: &mut Client, resume: Id<'_>, world: World<'_>) -> Result<(), Gone> {
        let id = world.shared.id(self.start);
        let subscribed = Notice::Subscribed {
            subscribed: &self.topic,
            id,
            clients: world.shared.clients(&self.topic),
            missed: self.is_asked.then_some(self.missed.len()),
            resume,
        };
        client.notify(subscribed.encode(client.form), world)?;
        if self.is_reset {
            let reset = Notice::Reset {
                reset: &self.topic,
                id,
            };
            client.notify(reset.encode(client.form), world)?;
        }
        Ok(())
    }
}
