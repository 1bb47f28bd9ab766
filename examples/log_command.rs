//! What a command prints, in files of 1 MiB that are rotated: the newest five are kept, all but one compressed.
//! Run with: `cargo run --example log_command --features gzip -- check.log cargo check`

use std::{env, error::Error};

use thalweg::{
    sinks::{Rotation, lines},
    sources::{Output, command},
};
use tokio::process::Command;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args_os().skip(1);
    let (Some(log), Some(program)) = (arguments.next(), arguments.next()) else {
        return Err("usage: log_command LOG COMMAND...".into());
    };
    let mut noisy = Command::new(program);
    noisy.args(arguments);

    command(noisy)
        .filter_map(|output| match output {
            Output::Stdout(line) => Some(line),
            Output::Stderr(line) => Some(format!("! {line}")),
            Output::Exited(_) => None,
        })
        .run_into(lines(&log).rotate(Rotation::bytes(1 << 20).keep(5).gzip()))
        .await?;
    Ok(())
}
