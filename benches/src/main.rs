//! Measures thalweg beside hand-written loops and its rivals, in one process and run.
//!
//! Run with: `cargo run --release -p benches --bin versus -- [--json] [FILTER]`. `docs/PERFORMANCE.md` says what each
//! number is made of.

// The types of 40 stages are nested deeper than the compiler looks by itself.
#![recursion_limit = "256"]

mod harness;
mod report;
mod works;

use std::process::ExitCode;

const USAGE: &str = "usage: versus [--json] [FILTER]

Measures every work whose name contains FILTER, all of them without one.
  --json   prints one JSON object a line instead of a table";

fn main() -> ExitCode {
    let mut json = false;
    let mut filter = String::new();
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "--json" => json = true,
            "--help" | "-h" => {
                println!("{USAGE}");
                return ExitCode::SUCCESS;
            }
            flag if flag.starts_with('-') => {
                eprintln!("versus: there is no option {flag}\n{USAGE}");
                return ExitCode::FAILURE;
            }
            name => name.clone_into(&mut filter),
        }
    }
    let works: Vec<_> = works::all()
        .into_iter()
        .filter(|work| work.name.contains(&filter))
        .collect();
    if works.is_empty() {
        let names: Vec<_> = works::all().iter().map(|work| work.name).collect();
        eprintln!(
            "versus: no work is named like {filter:?}; there are {}",
            names.join(", ")
        );
        return ExitCode::FAILURE;
    }
    if !json {
        report::print_heading();
    }
    for work in &works {
        match work.measure() {
            Ok(result) if json => println!("{}", report::json(&result)),
            Ok(result) => report::print_table(&result),
            Err(error) => {
                eprintln!("versus: {error}");
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}
