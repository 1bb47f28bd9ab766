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
//! argument, or the variable `LISTEN`; `STOP_SECONDS` is the time that clients have once the service is asked to stop.

mod events;
mod gauge;
mod live;
mod routes;

use std::{env, error::Error, process::ExitCode, time::Duration};

use thalweg::Interrupts;
use tokio::{net::TcpListener, sync::oneshot, time::timeout};
use tokio_util::task::TaskTracker;

use crate::{gauge::Gauge, routes::Service};

/// Time for clients to be done and to take what is on its way to them, unless it is told otherwise.
const DEADLINE: Duration = Duration::from_secs(10);

#[tokio::main]
async fn main() -> ExitCode {
    let listen = env::args().nth(1).or_else(|| env::var("LISTEN").ok());
    let address = listen.unwrap_or("127.0.0.1:3000".to_owned());
    let served = async { serve(&address, deadline()?).await };
    match served.await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("embed: {error}");
            ExitCode::FAILURE
        }
    }
}

fn deadline() -> Result<Duration, String> {
    let Ok(text) = env::var("STOP_SECONDS") else {
        return Ok(DEADLINE);
    };
    let seconds = text.parse().ok();
    let deadline = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    deadline.ok_or_else(|| format!("STOP_SECONDS is no number of seconds: {text:?}"))
}

async fn serve(address: &str, deadline: Duration) -> Result<(), Box<dyn Error>> {
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
    let drained = timeout(deadline, async {
        run.join().await?;
        server.await??;
        // The server takes WebSockets for done once they are upgraded.
        sockets.wait().await;
        Ok::<_, Box<dyn Error>>(())
    });
    tokio::select! {
        drained = drained => match drained {
            Ok(drained) => drained?,
            Err(_) => eprintln!("embed: cut off clients that were not done in {deadline:?}"),
        },
        () = interrupts.recv() => return Err("cut short by a second signal".into()),
    }
    println!("{}", gauge.plan());
    Ok(())
}
