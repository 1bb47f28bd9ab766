//! Our hub, as a sink of events of one topic.

use std::io;

use thalweg::{
    Sink,
    sinks::ws::{Event, Hub, hub::Builder},
};

use super::control::{self, Orders};
use crate::order::Numbered;

/// What the clients subscribe to.
const TOPIC: &str = "load";

/// Sends events as they are by default: in an envelope with topic and id, by which a client can resume.
pub(crate) fn run() -> io::Result<()> {
    serve(Hub::builder())
}

/// Sends the data alone: the bytes that the other servers send.
pub(crate) fn run_plain() -> io::Result<()> {
    serve(Hub::builder().plain())
}

fn serve(builder: Builder) -> io::Result<()> {
    control::runtime()?.block_on(async {
        let mut hub = builder
            .bind("127.0.0.1:0")
            .await
            .map_err(io::Error::other)?;
        control::announce(hub.address());
        let mut orders = Orders::of_stdin()?;
        let mut numbered = Numbered::default();
        let mut batch = Vec::new();
        while let Some(order) = orders.next().await? {
            batch.extend(numbered.events(order).map(|data| Event::raw(TOPIC, data)));
            while !batch.is_empty() {
                hub.write(&mut batch).await.map_err(io::Error::other)?;
            }
        }
        Ok(())
    })
}
