//! Measures WebSocket servers that send every event to every client: thalweg's hub beside a hand-written loop and its rivals,
//! in one run.
//!
//! Run with: `cargo run --release -p benches --bin ws_load -- [--quick] [--json] [--server NAME] [SCENARIO]`.
//! `docs/PERFORMANCE.md` says what each number is made of.
//!
//! Every server is a process of its own on the first core; the clients are one loop on the second.

mod client;
mod clock;
mod contestant;
mod cores;
mod failure;
mod fleet;
mod frame;
mod order;
mod readings;
mod report;
mod result;
mod scenarios;
mod server;
mod servers;
mod session;
mod tally;

use std::{io, process::ExitCode};

use contestant::Contestant;
use cores::Cores;
use failure::Failure;
use report::Outcome;
use result::{Row, Rows};
use scenarios::Scenario;
use server::Server;
use session::Session;

const USAGE: &str = "usage: ws_load [--quick] [--json] [--server NAME] [SCENARIO]

Measures every scenario whose name contains SCENARIO, all of them without one: single, burst, idle, stalled, churn.
  --quick        fewer clients and events: tells whether all works, and little of how fast
  --json         prints one JSON object a line instead of tables
  --server NAME  measures only servers whose name contains NAME; may be given several times
What benches/ws_rivals installs is measured too.";

#[derive(Debug, Default)]
struct Options {
    quick: bool,
    json: bool,
    servers: Vec<String>,
    scenario: String,
}

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let result = match arguments.as_slice() {
        [serve, name] if serve == "serve" => self::serve(name),
        [flag] if flag == "--help" || flag == "-h" => {
            println!("{USAGE}");
            Ok(())
        }
        _ => options(arguments).and_then(|options| measure(&options)),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("ws_load: {message}");
            ExitCode::FAILURE
        }
    }
}

fn options(arguments: Vec<String>) -> Result<Options, String> {
    let mut options = Options::default();
    let mut arguments = arguments.into_iter();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--quick" => options.quick = true,
            "--json" => options.json = true,
            "--server" => {
                let name = arguments.next();
                options
                    .servers
                    .push(name.ok_or_else(|| format!("--server needs a NAME\n{USAGE}"))?);
            }
            flag if flag.starts_with('-') => {
                return Err(format!("there is no option {flag}\n{USAGE}"));
            }
            _ => options.scenario = argument,
        }
    }
    Ok(options)
}

/// Is a server, for a `ws_load` that measures.
fn serve(name: &str) -> Result<(), String> {
    let contestants = contestant::all();
    let served = contestants
        .iter()
        .find(|contestant| contestant.name == name)
        .and_then(Contestant::serve);
    match served {
        Some(result) => result.map_err(|error| format!("the server {name} ended: {error}")),
        None => Err(format!("this program has no server {name:?}")),
    }
}

fn measure(options: &Options) -> Result<(), String> {
    let contestants = chosen_servers(&options.servers)?;
    let scenarios = chosen_scenarios(options)?;
    let cores = prepare().map_err(|error| format!("the machine could not be prepared: {error}"))?;
    if !cores.are_two() {
        eprintln!(
            "ws_load: there is but one core, which the servers and the generator share: figures are worth little"
        );
    }
    let (contestants, missing) = startable(contestants, cores);
    if !missing.is_empty() {
        let list: Vec<_> = missing
            .iter()
            .map(|(name, reason)| format!("{name} ({reason})"))
            .collect();
        eprintln!(
            "ws_load: could not start {}; benches/ws_rivals installs the rivals",
            list.join(", ")
        );
    }
    for scenario in &scenarios {
        let outcome = play(scenario, &contestants, cores);
        if options.json {
            println!("{}", report::json(&outcome));
        } else {
            report::print_table(&outcome);
        }
    }
    Ok(())
}

fn chosen_servers(names: &[String]) -> Result<Vec<Contestant>, String> {
    let mut chosen = contestant::all();
    let all: Vec<_> = chosen.iter().map(|contestant| contestant.name).collect();
    chosen.retain(|contestant| {
        names.is_empty() || names.iter().any(|name| contestant.name.contains(name))
    });
    if chosen.is_empty() {
        return Err(format!(
            "no server is named so; there are: {}",
            all.join("; ")
        ));
    }
    Ok(chosen)
}

fn chosen_scenarios(options: &Options) -> Result<Vec<Scenario>, String> {
    let mut chosen = scenarios::all(options.quick);
    let all: Vec<_> = chosen.iter().map(|scenario| scenario.name).collect();
    chosen.retain(|scenario| scenario.name.contains(&options.scenario));
    if chosen.is_empty() {
        let all = all.join(", ");
        return Err(format!(
            "no scenario is named like {:?}; there are {all}",
            options.scenario
        ));
    }
    Ok(chosen)
}

/// Takes as many open files as there may be, here and in the servers, and the generator's core.
fn prepare() -> io::Result<Cores> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    let limit = getrlimit(Resource::Nofile);
    let all = Rlimit {
        current: limit.maximum,
        ..limit
    };
    setrlimit(Resource::Nofile, all)?;
    let cores = Cores::choose()?;
    cores.bind_generator()?;
    Ok(cores)
}

/// Sorts out who cannot be started, with the reason.
fn startable(
    contestants: Vec<Contestant>,
    cores: Cores,
) -> (Vec<Contestant>, Vec<(&'static str, String)>) {
    let mut missing = Vec::new();
    let mut startable = contestants;
    startable.retain(|contestant| {
        let started = contestant
            .command()
            .map_err(Failure::from)
            .and_then(|command| Ok(Server::start(command, cores)?));
        if let Err(reason) = &started {
            missing.push((contestant.name, reason.to_string()));
        }
        started.is_ok()
    });
    (startable, missing)
}

/// Runs a scenario: in each round everyone once, so that noise hits all alike.
fn play<'a>(scenario: &'a Scenario, contestants: &[Contestant], cores: Cores) -> Outcome<'a> {
    let mut rounds = vec![Vec::new(); contestants.len()];
    let mut failures = Vec::new();
    for _ in 0..scenario.rounds {
        for (contestant, rounds) in contestants.iter().zip(&mut rounds) {
            let values = Session::start(contestant, cores)
                .and_then(|mut session| (scenario.run)(&mut session));
            match values {
                Ok(values) => rounds.push(values),
                Err(failure) => failures.push((contestant.name, failure.to_string())),
            }
        }
    }
    let measured = contestants.iter().zip(&rounds);
    let rows = measured
        .filter(|(_, rounds)| !rounds.is_empty())
        .map(|(contestant, rounds)| Row::merge(*contestant, scenario.columns, rounds));
    Outcome {
        scenario,
        rows: Rows {
            columns: scenario.columns,
            rows: rows.collect(),
        },
        failures,
    }
}
