//! A web service with shared flows in it: levels of a river are posted, and served live in three ways.
//! Run with: `cargo run -p embed`, then open <http://127.0.0.1:3000>
//!
//! ```text
//! POST /readings ─► channel ─► scan ─► replay ─┬─► GET /events   server-sent events: every level, also those missed
//!                                              └─► latest ─┬─► GET /live     WebSocket: the newest level
//!                                                          └─► GET /latest   JSON: the newest level
//! ```
//!
//! Each way delivers as its clients need it, and none of them can hold back the others. The address to listen on is the first
//! argument, or the variable `LISTEN`.

mod events;
mod gauge;
mod live;
mod routes;

use std::{env, error::Error, process::ExitCode, time::Duration};

use thalweg::Interrupts;
use tokio::{net::TcpListener, sync::oneshot, time::timeout};
use tokio_util::task::TaskTracker;

use crate::{gauge::Gauge, routes::Service};

/// Time for clients to take what is on its way to them, once the service is asked to stop.
const DEADLINE: Duration = Duration::from_secs(10);

#[tokio::main]
async fn main() -> ExitCode {
    let listen = env::args().nth(1).or_else(|| env::var("LISTEN").ok());
    let address = listen.unwrap_or("127.0.0.1:3000".to_owned());
    match serve(&address).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("embed: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(address: &str) -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind(address)
        .await
        .map_err(|error| format!("cannot listen on {address}: {error}"))?;
    // From here on a signal is a request, not the end.
    let mut interrupts = Interrupts::listen()?;
    println!("listening on http://{}", listener.local_addr()?);

    let (gauge, mut run) = Gauge::start().await?;
    let sockets = TaskTracker::new();
    let service = Service {
        gauge: gauge.clone(),
        sockets: sockets.clone(),
    };
    let (stop, stopped) = oneshot::channel::<()>();
    let server = axum::serve(listener, routes::router(service))
        .with_graceful_shutdown(async { drop(stopped.await) });
    let server = tokio::spawn(server.into_future());

    tokio::select! {
        () = interrupts.recv() => {}
        // A service whose flows have failed is better begun anew than half dead.
        ended = run.join() => {
            ended?;
            return Err("the flows ended although nobody asked them to".into());
        }
    }
    // First no more connections and no more readings. The end then travels the way of the data: what was accepted
    // drains, every response that is a flow ends after its last item, and with them the server does.
    drop(stop);
    gauge.close();
    sockets.close();
    let drained = timeout(DEADLINE, async {
        run.join().await?;
        server.await??;
        // The server takes WebSockets for done once they are upgraded.
        sockets.wait().await;
        Ok::<_, Box<dyn Error>>(())
    });
    tokio::select! {
        drained = drained => match drained {
            Ok(drained) => drained?,
            Err(_) => eprintln!("embed: cut off clients that did not take their last items in {DEADLINE:?}"),
        },
        () = interrupts.recv() => return Err("cut short by a second signal".into()),
    }
    println!("{}", gauge.plan());
    Ok(())
}
