//! Shows what was measured, to people and to programs.

use serde_json::{Map, Value, json};

use crate::{
    result::{Bound, Rows, Standing},
    scenarios::Scenario,
};

/// What came of a scenario.
pub(crate) struct Outcome<'a> {
    pub(crate) scenario: &'a Scenario,
    pub(crate) rows: Rows,
    /// Who did not get through it, and why.
    pub(crate) failures: Vec<(&'static str, String)>,
}

/// Prints a scenario: a line for each server, and whether the goals are met.
pub(crate) fn print_table(outcome: &Outcome<'_>) {
    let scenario = outcome.scenario;
    println!("{}: {}", scenario.name, scenario.about);
    let columns = outcome.rows.columns;
    let width = |name: &str| name.len().max(7) + 2;
    let heads = columns
        .iter()
        .map(|column| format!("{:>width$}", column.name, width = width(column.name)));
    println!("  {:<26}{}", "", heads.collect::<String>());
    for row in &outcome.rows.rows {
        let values = columns.iter().zip(&row.values).map(|(column, value)| {
            let width = width(column.name);
            format!("{value:>width$.decimals$}", decimals = column.decimals)
        });
        println!(
            "  {:<26}{}",
            row.contestant.name,
            values.collect::<String>()
        );
    }
    for (name, reason) in &outcome.failures {
        println!("  {name:<26}  failed: {reason}");
    }
    for standing in (scenario.goals)(&outcome.rows) {
        println!("  {}", verdict(&standing));
    }
    println!();
}

fn verdict(standing: &Standing) -> String {
    let verdict = if standing.is_met() { "met" } else { "NOT MET" };
    let bound = match standing.bound {
        Bound::AtMost(most) => format!("at most {most:.2}"),
        Bound::AtLeast(least) => format!("at least {least:.2}"),
    };
    format!(
        "goal {verdict}: {:.2} {}, {bound}",
        standing.is, standing.of
    )
}

/// Gives a scenario as one line of JSON.
pub(crate) fn json(outcome: &Outcome<'_>) -> Value {
    let columns = outcome.rows.columns;
    let servers: Map<String, Value> = outcome
        .rows
        .rows
        .iter()
        .map(|row| {
            let values: Map<String, Value> = columns
                .iter()
                .zip(&row.values)
                .map(|(column, value)| (column.name.to_owned(), json!(value)))
                .collect();
            (row.contestant.name.to_owned(), Value::Object(values))
        })
        .collect();
    let goals: Vec<Value> = (outcome.scenario.goals)(&outcome.rows)
        .iter()
        .map(|standing| {
            let (bound, value) = match standing.bound {
                Bound::AtMost(most) => ("at_most", most),
                Bound::AtLeast(least) => ("at_least", least),
            };
            json!({
                "of": standing.of,
                "is": standing.is,
                bound: value,
                "met": standing.is_met(),
            })
        })
        .collect();
    let failures: Map<String, Value> = outcome
        .failures
        .iter()
        .map(|(name, reason)| ((*name).to_owned(), json!(reason)))
        .collect();
    json!({
        "scenario": outcome.scenario.name,
        "about": outcome.scenario.about,
        "rounds": outcome.scenario.rounds,
        "servers": servers,
        "goals": goals,
        "failures": failures,
    })
}
