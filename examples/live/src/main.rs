//! Live events in a browser: a market that is made up, and the load of this machine.
//!
//! Run with: `cargo run --release -p live`, then open the address that it prints. `live ADDRESS HISTORY_FILE` listens there,
//! and keeps the history in that file: a program that is killed and started again goes on as if nothing had been.

mod clock;
mod machine;
mod market;

use std::env;
use std::error::Error;
use std::future::IntoFuture;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::ACCEPT;
use axum::response::{Html, Response};
use axum::routing::get;
use thalweg::prelude::*;
use thalweg::sinks::ws::hub::{Event, Handle, Hub};
use thalweg::{Interrupts, Observable};
use tokio::net::TcpListener;

/// The whole page: it needs nothing else, and nobody else's server.
const PAGE: &str = include_str!("page.html");

/// How long the viewers' connections may take to be closed.
const GOODBYE: Duration = Duration::from_secs(5);

#[tokio::main]
async fn main() -> ExitCode {
    let mut arguments = env::args().skip(1);
    let address = arguments.next().unwrap_or("127.0.0.1:3000".to_owned());
    match serve(&address, arguments.next()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("live: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(address: &str, history: Option<String>) -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind(address).await.map_err(|error| {
        format!("cannot listen at {address}: {error}; another one can be given: live 127.0.0.1:0")
    })?;
    let mut interrupts = Interrupts::listen()?;

    // Two minutes of history: what a viewer missed by then is caught up with.
    let mut hub = Hub::builder()
        .history(4096, 1024 * 1024)
        .presence(Duration::from_secs(1))
        .drain(Duration::from_secs(1));
    if let Some(file) = history {
        hub = hub.journal(file);
    }
    let hub = hub.start().await?;
    let site = Router::new()
        .route("/", get(async || Html(PAGE)))
        .route("/live", get(live))
        .with_state(hub.handle())
        .into_make_service_with_connect_info::<SocketAddr>();
    println!("open http://{}/", listener.local_addr()?);

    let run = events()?.spawn_into(hub);
    tokio::select! {
        served = axum::serve(listener, site).into_future() => served?,
        () = interrupts.recv() => {}
    }
    println!("{}", run.stop(GOODBYE).await?);
    Ok(())
}

/// All that there is to see.
fn events()
-> Result<Flow<impl Observable<Item = Event, Error = serde_json::Error> + Send>, sysinfo::Error> {
    let trades = market::trades().map(|trade| Event::json("trades", &trade));
    let load = machine::load()?.map(|load| Event::json("load", &load));
    Ok(trades.merge(load).raise())
}

/// A viewer comes: from here on it is the hub's. Who asks for server-sent events gets those, all others a WebSocket.
async fn live(
    State(hub): State<Handle>,
    ConnectInfo(viewer): ConnectInfo<SocketAddr>,
    mut request: Request,
) -> Response {
    let accepted = request.headers().get(ACCEPT);
    if accepted.is_some_and(|accepted| accepted == "text/event-stream") {
        return hub.events(&request, Some(viewer)).await.map(Body::new);
    }
    let upgrade = hyper::upgrade::on(&mut request);
    let upgraded = async { upgrade.await.map(hyper_util::rt::TokioIo::new) };
    hub.upgrade(&request, Some(viewer), upgraded)
        .await
        .map(Body::new)
}
