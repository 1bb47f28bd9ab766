//! Lines of the standard input, to the terminal and into a file, which is there when it is complete and not before.
//! Run with: `cargo check 2>&1 | cargo run --example tee -- check.log`

use std::{env, error::Error};

use thalweg::{
    sinks::{lines, stdout, tee},
    sources::stdin_lines,
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let path = env::args_os().nth(1).ok_or("usage: tee FILE")?;
    // The slower of the two holds back the input; names are for errors.
    let both = tee(stdout(), lines(&path).atomic()).names("the terminal", "the file");
    stdin_lines().run_into(both).await?;
    Ok(())
}
