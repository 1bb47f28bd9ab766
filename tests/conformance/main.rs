//! Runs the marble cases of a folder against the operators, on a paused clock.
//!
//! Without a word it runs the project's own, in `cases/`; `MARBLE_CASES=<folder>` names another:
//!
//! ```text
//! MARBLE_CASES=<folder> cargo test -p thalweg --test conformance -- --nocapture
//! ```
//!
//! An argument is a part of the ids of the cases to run, and shows why they fail. Cases on which the two sides differ on
//! purpose stand in `deviations.toml`, each with its reason.

mod call;
mod case;
mod check;
mod deviations;
mod diagram;
mod functions;
mod observe;
mod operators;
mod report;
mod value;
mod world;

use std::{env, path::PathBuf, process::ExitCode};

use deviations::Deviations;

fn main() -> ExitCode {
    // What a case panics with is told with the case.
    std::panic::set_hook(Box::new(|_| ()));
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<bool, String> {
    let home = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/conformance");
    let others = env::var_os("MARBLE_CASES").map(PathBuf::from);
    let wanted = env::args()
        .skip(1)
        .find(|argument| !argument.starts_with('-'));
    // Our own cases say what we do: there is nothing to differ from.
    let deviations = match others {
        Some(_) => deviations::read(&home.join("deviations.toml"))?,
        None => Deviations::default(),
    };
    let folder = others.unwrap_or_else(|| home.join("cases"));
    let mut report = report::Report::default();
    for file in case::read_folder(&folder)? {
        let operator = file.operator.as_str();
        let is_wanted =
            |case: &&case::Case| wanted.as_ref().is_none_or(|part| case.id.contains(part));
        for case in file.cases.iter().filter(is_wanted) {
            let outcome = check::check(operator, case);
            report.add(operator, case, outcome, deviations.allow(operator, case));
        }
    }
    report.print();
    Ok(report.is_clean())
}
