//! The lines of a folder's files that have a text in them, compressed files included, eight files at a time.
//! Run with: `cargo run --example grep --features compression -- 'fn main' examples`

use std::{env, error::Error};

use thalweg::{
    prelude::*,
    sinks::stdout,
    sources::{Entry, Lines, Walk, empty},
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let text = arguments.next().ok_or("usage: grep TEXT [FOLDER]")?;
    let folder = arguments.next().unwrap_or(".".to_owned());

    Walk::new(&folder)
        .skip_hidden()
        .flow()
        .ok_items(|error| eprintln!("{error}"))
        .filter(Entry::is_file)
        .merge_map(8, move |file| {
            let (path, text) = (file.into_path(), text.clone());
            Lines::new(&path)
                .decompress()
                .flow()
                .enumerate()
                .filter(move |(_, line)| line.contains(&text))
                .map(move |(number, line)| format!("{}:{}: {line}", path.display(), number + 1))
                // A file that is no text is no reason to give up on the others.
                .catch(|error| {
                    eprintln!("{error}");
                    empty()
                })
        })
        .run_into(stdout())
        .await?;
    Ok(())
}
