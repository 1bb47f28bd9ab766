//! Runs the files of cases of a folder, and counts how many of each family pass.
//!
//! Run with: `CRAWL_CASES=<folder> cargo test -p crawler --test cases`; without `CRAWL_CASES`, it runs those beside this
//! file. Cases that the crawler is not made for are listed, with the reasons, in `deviations.json`.

mod addresses;
mod folder;
mod links;
mod markup;
mod robots;
mod sitemaps;
mod tally;

use std::process::ExitCode;

use folder::Folder;

fn main() -> ExitCode {
    let folder = Folder::of_environment();
    let families = [
        markup::run(&folder),
        robots::run_parsing(&folder),
        sitemaps::run(&folder),
        robots::run(&folder),
        addresses::run_resolution(&folder),
        addresses::run_normalisation(&folder),
        links::run(&folder),
    ];
    // All misses first, then the counts, so that these stand together at the end.
    for tally in &families {
        tally.print_misses();
    }
    for tally in &families {
        tally.print_count();
    }
    let is_empty = families.iter().all(tally::Tally::is_empty);
    if is_empty {
        println!("no cases in {folder}");
    }
    if is_empty || families.iter().any(|tally| !tally.is_enough()) {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}
