//! What a shard's clients ask for: topics to get from here on, or from where they left.

use std::sync::Arc;

use super::{
    super::{
        client::{Gone, World},
        decoder::Message,
        protocol::{self, Request},
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
    pub(super) fn subscribe(
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
        if let Some(filter) = &admission.filter {
            missed.retain(|record| filter(&record.event));
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
