//! Who gets what: clients that want the same in the same form share one batch of frames. No I/O.

use std::{collections::HashMap, sync::Arc};

use bytes::{Bytes, BytesMut};
use slab::Slab;

use super::{admission::Filter, event::Record, wire::Form};

/// A topic, and the event after which a client gets those of it: one that its shard has not taken yet, else 0.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Subscription {
    pub(super) topic: Arc<str>,
    pub(super) after: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    form: Form,
    subscriptions: Arc<[Subscription]>,
}

/// A set of topics in a form, with the clients that want it.
struct View {
    key: Key,
    filter: Option<Filter>,
    members: Vec<usize>,
    /// Which events of the batch go here.
    picked: Vec<usize>,
}

/// Where a client stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    view: usize,
    member: usize,
}

/// All views of a shard.
#[derive(Default)]
pub(super) struct Views {
    slab: Slab<View>,
    shared: HashMap<Key, usize>,
    by_topic: HashMap<Arc<str>, Vec<(usize, u64)>>,
    /// Views with picked events.
    dirty: Vec<usize>,
}

/// One batch on its way to the clients of one view.
pub(super) struct Delivery {
    pub(super) clients: Vec<usize>,
    /// The frames of all events, one after the other.
    pub(super) frames: Bytes,
    pub(super) records: Vec<Arc<Record>>,
}

impl Views {
    /// Gives what a client has subscribed to.
    pub(super) fn subscriptions(&self, place: Option<Place>) -> &[Subscription] {
        place.map_or(&[], |place| &self.slab[place.view].key.subscriptions)
    }

    /// Lists the topics that somebody has subscribed to.
    pub(super) fn topics(&self) -> Vec<Arc<str>> {
        self.by_topic.keys().cloned().collect()
    }

    /// Lists the clients that have subscribed to a topic.
    pub(super) fn subscribers(&self, topic: &str) -> impl Iterator<Item = usize> {
        let views = self.by_topic.get(topic).into_iter().flatten();
        views.flat_map(|(view, _)| self.slab[*view].members.iter().copied())
    }

    /// Puts a client where it gets what it subscribed to; `None` if that is nothing.
    pub(super) fn join(
        &mut self,
        client: usize,
        form: Form,
        mut subscriptions: Vec<Subscription>,
        filter: Option<&Filter>,
    ) -> Option<Place> {
        if subscriptions.is_empty() {
            return None;
        }
        // One order, so that the same topics are the same view.
        subscriptions.sort_unstable_by(|one, other| one.topic.cmp(&other.topic));
        let key = Key {
            form,
            subscriptions: subscriptions.into(),
        };
        let shared = self.shared.get(&key).filter(|_| filter.is_none());
        let view = match shared {
            Some(&view) => view,
            None => self.create(key, filter.cloned()),
        };
        let members = &mut self.slab[view].members;
        members.push(client);
        Some(Place {
            view,
            member: members.len() - 1,
        })
    }

    fn create(&mut self, key: Key, filter: Option<Filter>) -> usize {
        let is_shared = filter.is_none();
        let view = self.slab.insert(View {
            key: key.clone(),
            filter,
            members: Vec::new(),
            picked: Vec::new(),
        });
        for Subscription { topic, after } in key.subscriptions.iter() {
            let views = self.by_topic.entry(topic.clone()).or_default();
            views.push((view, *after));
        }
        if is_shared {
            self.shared.insert(key, view);
        }
        view
    }

    /// Takes a client away; gives the one that stands in its place now.
    pub(super) fn leave(&mut self, place: Place) -> Option<(usize, Place)> {
        let view = &mut self.slab[place.view];
        view.members.swap_remove(place.member);
        if let Some(&moved) = view.members.get(place.member) {
            return Some((moved, place));
        }
        if view.members.is_empty() {
            self.remove(place.view);
        }
        None
    }

    fn remove(&mut self, view: usize) {
        let View { key, filter, .. } = self.slab.remove(view);
        for Subscription { topic, .. } in key.subscriptions.iter() {
            if let Some(views) = self.by_topic.get_mut(topic) {
                views.retain(|(other, _)| *other != view);
                if views.is_empty() {
                    self.by_topic.remove(topic);
                }
            }
        }
        if filter.is_none() {
            self.shared.remove(&key);
        }
    }

    /// Sorts a batch into the views that want a part of it.
    pub(super) fn pick(&mut self, batch: &[Arc<Record>]) {
        for (index, record) in batch.iter().enumerate() {
            let Some(views) = self.by_topic.get(record.event.topic()) else {
                continue;
            };
            for &(id, after) in views {
                let view = &mut self.slab[id];
                if record.offset <= after
                    || view
                        .filter
                        .as_ref()
                        .is_some_and(|filter| !filter(&record.event))
                {
                    continue;
                }
                if view.picked.is_empty() {
                    self.dirty.push(id);
                }
                view.picked.push(index);
            }
        }
    }

    /// Gives the next view's part of the batch that was picked from.
    pub(super) fn next(&mut self, batch: &[Arc<Record>], epoch: &str) -> Option<Delivery> {
        let view = &mut self.slab[self.dirty.pop()?];
        let records: Vec<_> = view
            .picked
            .drain(..)
            .map(|index| batch[index].clone())
            .collect();
        let form = view.key.form;
        let frames = match &records[..] {
            [one] => one.frame(form, epoch).clone(),
            many => {
                let bytes = many
                    .iter()
                    .map(|record| record.frame(form, epoch).len())
                    .sum();
                let mut frames = BytesMut::with_capacity(bytes);
                for record in many {
                    frames.extend_from_slice(record.frame(form, epoch));
                }
                frames.freeze()
            }
        };
        Some(Delivery {
            clients: view.members.clone(),
            frames,
            records,
        })
    }
}
