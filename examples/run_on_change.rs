//! A command that runs, and runs again when something in a folder has changed; a run that is not done is killed first.
//! Run with: `cargo run --example run_on_change --features watch -- src cargo check`

use std::{env, error::Error, ffi::OsString, time::Duration};

use thalweg::{
    prelude::*,
    sources::{CommandOutput, Output, empty, watch},
};
use tokio::process::Command;

fn run(words: &[OsString]) -> Command {
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]);
    command
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args_os().skip(1);
    let folder = arguments
        .next()
        .ok_or("usage: run_on_change FOLDER COMMAND...")?;
    let words: Vec<_> = arguments.collect();
    if words.is_empty() {
        return Err("no command to run: run_on_change FOLDER COMMAND...".into());
    }

    watch(&folder)
        .map(drop)
        // Who saves all files, or checks out a branch, means one change.
        .debounce(Duration::from_millis(100))
        .start_with([()])
        .switch_map(|()| {
            CommandOutput::new(run(&words))
                .exit_as_item()
                .flow()
                .catch(|error| {
                    eprintln!("{error}");
                    empty().with_error()
                })
        })
        .for_each(|output| match output {
            Output::Stdout(line) => println!("{line}"),
            Output::Stderr(line) => eprintln!("{line}"),
            Output::Exited(status) => eprintln!("-- {status}; waiting for changes"),
        })
        .await?;
    Ok(())
}
