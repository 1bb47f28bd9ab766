//! The newest level over a WebSocket.

use std::time::Duration;

use axum::{
    extract::{
        State,
        ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code},
    },
    response::Response,
};
use futures_util::StreamExt;
use thalweg::{prelude::*, sinks::futures_sink};
use tokio::{pin, time::timeout};

use crate::{
    gauge::{Failure, Update},
    routes::Service,
};

/// Time for a client to answer a goodbye.
const ANSWER: Duration = Duration::from_secs(5);

pub(crate) async fn live(State(service): State<Service>, upgrade: WebSocketUpgrade) -> Response {
    let newest = service.gauge.newest();
    // From now on a stop waits for it, also while hands are being shaken.
    let counted = service.sockets.token();
    upgrade.on_upgrade(async move |socket| {
        serve(socket, newest).await;
        drop(counted);
    })
}

async fn serve(socket: WebSocket, newest: BoxFlow<'static, Option<Update>, Failure>) {
    let (sender, receiver) = socket.split();
    let goodbye = CloseFrame {
        code: close_code::AWAY,
        reason: "the service stops".into(),
    };
    // The socket takes the next item when it has sent the last one: a slow client gets fewer levels, not older ones.
    let sending = newest
        .filter_map(|level| serde_json::to_string(&level?).ok())
        .map(Message::text)
        .end_with([Message::Close(Some(goodbye))])
        .run_into(futures_sink(sender));
    // What clients say is of no interest here, but pings are answered and goodbyes seen only by reading.
    let reading = receiver.try_flow().for_each(drop);
    pin!(reading);
    // A connection that breaks is the client's affair, not an error of the service.
    tokio::select! {
        _ = &mut reading => {}
        _ = sending => drop(timeout(ANSWER, reading).await),
    }
}
