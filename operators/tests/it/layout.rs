//! Whether every operator has all that an operator has. What is missing is told in words.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Groups whose operators run a flow: they end it, so the rules of an observable do not apply to them.
const TERMINAL: &str = "terminal";

/// What the operators of a group have in common, in a folder or file of that name.
const SHARED: &str = "shared";

fn operators() -> Vec<(String, String, PathBuf)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    for group in sorted(&root) {
        if !group.is_dir() || group.ends_with("testing") {
            continue;
        }
        for file in sorted(&group) {
            let name = stem(&file);
            if name != "mod" && name != SHARED {
                found.push((stem(&group), name, file));
            }
        }
    }
    found
}

fn sorted(folder: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    entries.sort();
    entries
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap().to_str().unwrap().to_owned()
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

#[test]
fn every_operator_has_all_that_an_operator_has() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it");
    let mut missing = Vec::new();
    for (group, name, file) in operators() {
        let source = if file.is_dir() {
            text(&file.join("mod.rs"))
        } else {
            text(&file)
        };
        let test = text(&tests.join(&group).join(format!("{name}.rs")));
        let mut need = |there: bool, what: &str| {
            if !there {
                missing.push(format!("{group}/{name}: {what}"));
            }
        };
        need(
            source.starts_with(&format!("//! `{name}`")),
            "its file does not begin with its name and what it does",
        );
        need(
            source.contains(&format!("fn {name}")),
            "no method of its name",
        );
        need(source.contains("```text"), "no marble diagram in its docs");
        for section in ["# Backpressure", "# Cancel safety", "# Examples"] {
            need(
                source.contains(section),
                &format!("no section {section} in its docs"),
            );
        }
        need(
            source.contains("#[must_use") || source.contains("-> impl Future"),
            "its struct is not `must_use`",
        );
        need(
            !test.is_empty(),
            &format!("no tests in operators/tests/it/{group}/{name}.rs"),
        );
        if group != TERMINAL {
            need(
                test.contains("assert_marbles") || test.contains("record("),
                "no marble test",
            );
            need(
                test.contains("Conform::new"),
                "no line that checks that it conforms",
            );
        }
    }
    assert!(missing.is_empty(), "\n{}\n", missing.join("\n"));
}
