//! What all examples have in common: how they begin, and that each is tried here.

use std::{collections::BTreeMap, ffi::OsStr, fs, path::Path};

use serde::Deserialize;

#[derive(Deserialize)]
struct Manifest {
    example: Vec<Example>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Example {
    name: String,
    required_features: Vec<String>,
}

/// Names and texts of the sources in a folder of the package.
fn sources(folder: &str) -> BTreeMap<String, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let paths = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let sources = paths.filter(|path| path.extension() == Some(OsStr::new("rs")));
    let named = |path: std::path::PathBuf| {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        (name, fs::read_to_string(&path).unwrap())
    };
    sources.map(named).collect()
}

#[test]
fn examples_begin_with_what_they_show_and_the_command_that_runs_them() {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let manifest: Manifest = toml::from_str(&fs::read_to_string(manifest).unwrap()).unwrap();
    let features: BTreeMap<_, _> = manifest
        .example
        .into_iter()
        .map(|example| (example.name, example.required_features.join(",")))
        .collect();
    for (name, text) in sources("examples") {
        let command = match features.get(&name) {
            Some(features) => format!("cargo run --example {name} --features {features}"),
            None => format!("cargo run --example {name}"),
        };
        let mut lines = text.lines();
        let first = lines.next().unwrap();
        assert!(
            first.starts_with("//! ") && first.ends_with('.'),
            "{name}: {first}"
        );
        let second = lines.next().unwrap();
        let (_, after) = second
            .split_once(&command)
            .unwrap_or_else(|| panic!("{name}: no `{command}` in {second}"));
        assert!(
            second.starts_with("//! Run with: `")
                && after.starts_with(['`', ' '])
                && !after.starts_with(" --features"),
            "{name}: {second}"
        );
        let length = text.lines().count();
        assert!(
            length <= 60,
            "{name} has {length} lines: an example is read at one go"
        );
    }
}

#[test]
fn every_example_is_tried() {
    let tests: String = sources("tests/examples").into_values().collect();
    for name in sources("examples").into_keys() {
        let start = format!("Program::start(\"{name}\"");
        assert!(tests.contains(&start), "no test runs {name}");
    }
}
