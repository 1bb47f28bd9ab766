//! The form of a case file; its words are explained in `cases/README.md`.

use std::{fs, path::Path};

use serde::Deserialize;
use serde_json::{Map, Value as Json};

/// The arguments of an operator, by name.
pub(crate) type Args = Map<String, Json>;

/// A file: the cases of one operator.
#[derive(Deserialize)]
pub(crate) struct CaseFile {
    pub(crate) operator: String,
    pub(crate) cases: Vec<Case>,
}

/// What goes into an operator and what has to come out.
#[derive(Clone, Deserialize)]
pub(crate) struct Case {
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) inputs: Vec<InputSpec>,
    #[serde(default)]
    pub(crate) source: Json,
    #[serde(default)]
    pub(crate) args: Args,
    #[serde(default)]
    pub(crate) then: Vec<Step>,
    pub(crate) observe: Option<Json>,
    #[serde(flatten)]
    pub(crate) observer: ObserverSpec,
    pub(crate) observers: Option<Vec<ObserverSpec>>,
    #[serde(default)]
    pub(crate) subscriptions: Vec<(String, Option<String>)>,
    #[serde(default)]
    pub(crate) ties: Vec<String>,
    #[serde(default)]
    pub(crate) trivial: bool,
}

impl Case {
    /// Gives all observers, also if there is only the one.
    pub(crate) fn observers(&self) -> &[ObserverSpec] {
        match &self.observers {
            Some(observers) => observers,
            None => std::slice::from_ref(&self.observer),
        }
    }
}

/// A test stream.
#[derive(Clone, Deserialize)]
pub(crate) struct InputSpec {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    #[serde(flatten)]
    pub(crate) diagram: DiagramSpec,
}

#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    Hot,
    Cold,
}

/// A diagram, and what its signs stand for.
#[derive(Clone, Deserialize)]
pub(crate) struct DiagramSpec {
    pub(crate) marbles: String,
    #[serde(default)]
    pub(crate) values: Option<Args>,
    #[serde(default)]
    pub(crate) error: Json,
}

/// One more operator, after the one under test.
#[derive(Clone, Deserialize)]
pub(crate) struct Step {
    pub(crate) op: String,
    #[serde(default)]
    pub(crate) args: Args,
}

/// Who looks, when, and at what; and what they have to see.
#[derive(Clone, Deserialize)]
pub(crate) struct ObserverSpec {
    #[serde(default)]
    pub(crate) output: usize,
    #[serde(default)]
    pub(crate) then: Vec<Step>,
    pub(crate) sub: Option<String>,
    pub(crate) expected: Option<String>,
    #[serde(default)]
    pub(crate) expected_values: Option<Args>,
    #[serde(default)]
    pub(crate) expected_error: Json,
}

/// Reads all case files of a folder, in the order of their names.
pub(crate) fn read_folder(folder: &Path) -> Result<Vec<CaseFile>, String> {
    let entries = fs::read_dir(folder)
        .map_err(|error| format!("cannot read the cases in {}: {error}", folder.display()))?;
    let mut paths: Vec<_> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "json")
        })
        .collect();
    paths.sort();
    paths
        .iter()
        .map(|path| {
            let text = fs::read_to_string(path)
                .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
            serde_json::from_str(&text)
                .map_err(|error| format!("{} is not a case file: {error}", path.display()))
        })
        .collect()
}
