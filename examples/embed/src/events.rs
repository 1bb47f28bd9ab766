//! Every level as a server-sent event.

use axum::{
    Error,
    extract::State,
    http::HeaderMap,
    response::sse::{Event, KeepAlive, Sse},
};
use futures_util::Stream;
use thalweg::Overflow;

use crate::{gauge::HISTORY, routes::Service};

/// Levels by which a client may be behind. It begins with the whole history, so there is room for more than that.
const BEHIND: usize = 4 * HISTORY;

pub(crate) async fn events(
    State(service): State<Service>,
    headers: HeaderMap,
) -> Sse<impl Stream<Item = Result<Event, Error>>> {
    // A browser that connects again tells the last event that it got.
    let seen = headers
        .get("last-event-id")
        .and_then(|id| id.to_str().ok()?.parse().ok());
    let events = service
        .gauge
        .levels()
        .skip_while(move |level| seen.is_some_and(|seen| level.id <= seen))
        // A client that reads slowly must not hold back the others. It is disconnected, comes again with its last id, and
        // then has missed nothing.
        .buffer(BEHIND, Overflow::Fail)
        .map_err(Error::new)
        .map(|level| {
            let event = Event::default().id(level.id.to_string()).event("level");
            event.json_data(level)
        })
        .raise();
    // A flow is a stream, and what pulls it is the connection.
    Sse::new(events).keep_alive(KeepAlive::default())
}
