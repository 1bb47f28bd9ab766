//! How many the clients of a topic are, told to all of them.

use std::collections::HashMap;

use super::{
    super::{client::World, wire::Notice},
    Shard,
};

impl Shard {
    /// Tells the clients of every topic how many they are, where that has changed.
    pub(super) fn tell_presence(&mut self, world: World<'_>) {
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
