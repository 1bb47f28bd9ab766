//! A worker that reads its configuration again on SIGHUP, and ends what it is at on SIGTERM or Ctrl-C.
//! Run with: `cargo run --example reload_on_signal --features signal -- greeting.txt`, then type names

#[cfg(unix)]
use std::{env, error::Error, io, time::Duration};

#[cfg(unix)]
use thalweg::{
    sinks::stdout,
    sources::{never, signals, stdin_lines},
};
#[cfg(unix)]
use tokio::{fs::read_to_string, signal::unix::SignalKind};

#[cfg(unix)]
async fn read(path: String) -> io::Result<String> {
    let greeting = read_to_string(&path).await?;
    eprintln!("read {path}");
    Ok(greeting.trim_end().to_owned())
}

#[cfg(unix)]
#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let path = env::args().nth(1).ok_or("usage: reload_on_signal FILE")?;

    let greetings = signals([SignalKind::hangup()])
        .map(drop)
        .catch(|error| {
            eprintln!("{error}: the greeting stays as it is");
            never().with_error()
        })
        .start_with([()])
        .map_async(move |()| read(path.clone()))
        // What cannot be read now leaves the greeting as it was.
        .ok_items(|error| eprintln!("cannot read the greeting: {error}"));

    let run = stdin_lines()
        .with_latest_from(greetings)
        .map(|(name, greeting)| format!("{greeting}, {name}!"))
        .spawn_into(stdout());

    let plan = run.stop_on_signal(Duration::from_secs(5))?.await?;
    eprintln!("{plan}");
    Ok(())
}

#[cfg(not(unix))]
fn main() -> std::process::ExitCode {
    eprintln!("reload_on_signal: this system has no SIGHUP to be told by; see run_on_change");
    std::process::ExitCode::FAILURE
}
