//! Cases on which we differ on purpose.

use std::{fs, path::Path};

use serde::Deserialize;
use serde_json::Value as Json;

use crate::case::Case;

/// The list in `deviations.toml`.
#[derive(Default, Deserialize)]
pub(crate) struct Deviations {
    #[serde(default)]
    deviation: Vec<Deviation>,
}

/// A reason to differ: the cases that it is known to apply to, and how to tell others.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Deviation {
    reason: String,
    ids: Vec<String>,
    #[serde(default)]
    operators: Vec<String>,
    when: Option<Condition>,
}

/// What a case must be like for a reason to apply to it, if its operator is one of those that the reason names.
#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
enum Condition {
    /// Its result depends on the order of what happens in one frame.
    Tie,
    /// One of its inputs ends without an item.
    EmptyInput,
    /// It has several outputs.
    SeveralOutputs,
}

/// Reads the list.
pub(crate) fn read(path: &Path) -> Result<Deviations, String> {
    let text = fs::read_to_string(path)
        .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    toml::from_str(&text).map_err(|error| format!("{} is no list: {error}", path.display()))
}

impl Deviations {
    /// Tells whether a case of `operator` may differ.
    pub(crate) fn allow(&self, operator: &str, case: &Case) -> bool {
        self.deviation.iter().any(|deviation| {
            debug_assert!(!deviation.reason.is_empty());
            let of_the_kind = deviation.operators.iter().any(|name| name == operator)
                && deviation
                    .when
                    .is_some_and(|condition| condition.holds(case));
            of_the_kind || deviation.ids.contains(&case.id)
        })
    }
}

impl Condition {
    fn holds(self, case: &Case) -> bool {
        match self {
            Self::Tie => !case.ties.is_empty(),
            Self::EmptyInput => {
                let ends_empty = |marbles: &str| {
                    marbles.ends_with('|') && !marbles.contains(|sign: char| sign.is_alphanumeric())
                };
                let of_inputs = case.inputs.iter().any(|input| {
                    // What is left of the `^` was before.
                    let marbles = input.diagram.marbles.as_str();
                    ends_empty(marbles.rsplit('^').next().unwrap_or(marbles))
                });
                of_inputs || has_operator(&Json::Object(case.args.clone()), "empty")
            }
            Self::SeveralOutputs => case.observers().iter().any(|observer| observer.output > 0),
        }
    }
}

/// Tells whether a stream is made with the operator, somewhere.
fn has_operator(json: &Json, name: &str) -> bool {
    match json {
        Json::Object(members) => {
            members.get("op").and_then(Json::as_str) == Some(name)
                || members.values().any(|member| has_operator(member, name))
        }
        Json::Array(values) => values.iter().any(|value| has_operator(value, name)),
        _ => false,
    }
}
