//! Lines from one process to another over a Unix socket, with the user that sends them.
//! Run with: `cargo run --example unix_socket -- listen /tmp/lines`, then in another terminal:
//! `ls | cargo run --example unix_socket -- send /tmp/lines`

#[cfg(unix)]
use std::{env, error::Error};

#[cfg(unix)]
use thalweg::{
    sinks::{encoding::Text, stdout, unix},
    sources::{empty, stdin_lines, unix_connections},
};

#[cfg(unix)]
async fn listen(path: &str) -> Result<(), Box<dyn Error>> {
    // It stays when a process ends, and would be in the way.
    std::fs::remove_file(path).or_else(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Ok(()),
        _ => Err(error),
    })?;
    let listener = tokio::net::UnixListener::bind(path)?;
    println!("listening on {path}");
    unix_connections(listener)
        .merge_map(100, |connection| {
            let user = connection.credentials().map(|sender| sender.uid());
            let lines = connection.lines().map(move |line| match &user {
                Ok(user) => format!("user {user}: {line}"),
                Err(error) => format!("somebody ({error}): {line}"),
            });
            lines.catch(|error| {
                eprintln!("{error}");
                empty().with_error()
            })
        })
        .run_into(stdout())
        .await?;
    Ok(())
}

#[cfg(unix)]
#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["listen", path] => listen(path).await,
        ["send", path] => Ok(stdin_lines().run_into(unix(path, Text)).await?),
        _ => Err("usage: unix_socket listen|send PATH".into()),
    }
}

#[cfg(not(unix))]
fn main() -> std::process::ExitCode {
    eprintln!("unix_socket: there are no Unix sockets on this system; see tcp_server");
    std::process::ExitCode::FAILURE
}
