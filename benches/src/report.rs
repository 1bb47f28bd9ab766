//! Shows what was measured, to people and to programs.

use serde_json::{Map, Value, json};

use crate::harness::{Measured, Role, Score, Standing};

/// Prints the head of the table.
pub(crate) fn print_heading() {
    println!("ns per item, one thread; median of all rounds (quartiles)\n");
}

/// Prints a work: its contestants, the fastest first, and whether the goals are met.
pub(crate) fn print_table(measured: &Measured) {
    println!("{} ({} items)", measured.work, measured.items);
    let ours = measured.ours().map(|score| score.times.median);
    let mut scores: Vec<_> = measured.scores.iter().collect();
    scores.sort_by(|one, other| one.times.median.total_cmp(&other.times.median));
    for score in scores {
        let factor = match ours {
            Some(ours) if score.role != Role::Ours => {
                format!("{:8.2} x ours", score.times.median / ours)
            }
            _ => String::new(),
        };
        let times = score.times;
        // A byte in a nanosecond is a gigabyte in a second.
        let rate = measured.bytes.map_or_else(String::new, |bytes| {
            format!("{:8.2} GB/s", bytes / times.median)
        });
        println!(
            "  {:<28}{:>9.2}  ({:.2} to {:.2}){rate}{factor:>24}",
            label(score),
            times.median,
            times.lower,
            times.upper
        );
    }
    for standing in measured.standings() {
        println!("  {}", verdict(&standing));
    }
    println!();
}

fn label(score: &Score) -> String {
    match score.role {
        Role::Ours => "thalweg".to_owned(),
        Role::OursToo => format!("thalweg, {}", score.name),
        Role::Hand => "by hand".to_owned(),
        Role::Rival => score.name.to_owned(),
        Role::Pusher => format!("{} (push)", score.name),
    }
}

fn verdict(standing: &Standing) -> String {
    let verdict = if standing.is_met() { "met" } else { "NOT MET" };
    format!(
        "goal {verdict}: {:.3} of {}, at most {:.3}",
        standing.is, standing.of, standing.at_most
    )
}

/// Gives a work as one line of JSON.
pub(crate) fn json(measured: &Measured) -> Value {
    let median = |score: Option<&Score>| score.map(|score| score.times.median);
    let of = |roles: &[Role]| -> Map<String, Value> {
        measured
            .scores
            .iter()
            .filter(|score| roles.contains(&score.role))
            .map(|score| (score.name.to_owned(), json!(score.times.median)))
            .collect()
    };
    let spread: Map<String, Value> = measured
        .scores
        .iter()
        .map(|score| {
            let quartiles = json!([score.times.lower, score.times.upper]);
            (score.name.to_owned(), quartiles)
        })
        .collect();
    let goals: Vec<Value> = measured
        .standings()
        .iter()
        .map(|standing| {
            json!({
                "of": standing.of,
                "at_most": standing.at_most,
                "is": standing.is,
                "met": standing.is_met(),
            })
        })
        .collect();
    json!({
        "work": measured.work,
        "items": measured.items,
        "bytes_an_item": measured.bytes,
        "ours_ns": median(measured.ours()),
        "hand_ns": median(measured.hand()),
        "rivals": of(&[Role::Rival, Role::Pusher]),
        "pushers": of(&[Role::Pusher]).keys().collect::<Vec<_>>(),
        "other_forms": of(&[Role::OursToo]),
        "quartiles_ns": spread,
        "goals": goals,
    })
}
