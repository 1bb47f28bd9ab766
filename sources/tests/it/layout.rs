//! Whether every source has all that a source has. What is missing is told in words.

use std::{fs, path::Path};

/// The groups of which every source has a file of tests of its name.
const GROUPS: [&str; 2] = ["create", "time"];

/// The groups of which every source tells what it holds, what a drop loses, and how it is used.
const DOCUMENTED: [&str; 8] = [
    "adapt", "create", "fs", "http", "net", "process", "time", "ws",
];

const SECTIONS: [&str; 3] = ["Backpressure", "Cancel safety", "Examples"];

/// What several sources of a group share.
const SHARED: [&str; 3] = ["mod", "lazy", "calendar"];

#[test]
fn every_source_has_all_that_a_source_has() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = |path: &Path| fs::read_to_string(path).unwrap_or_default();
    let mut missing = Vec::new();
    for group in GROUPS {
        for entry in fs::read_dir(root.join("src").join(group)).unwrap() {
            let file = entry.unwrap().path();
            let name = file.file_stem().unwrap().to_str().unwrap();
            if SHARED.contains(&name) {
                continue;
            }
            let source = if file.is_dir() {
                text(&file.join("mod.rs"))
            } else {
                text(&file)
            };
            let tests = text(&root.join(format!("tests/it/{group}/{name}.rs")));
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
                source.contains(&format!("pub fn {name}")),
                "no function of its name",
            );
            need(source.contains("```text"), "no marble diagram in its docs");
            for section in ["# Backpressure", "# Examples"] {
                need(
                    source.contains(section),
                    &format!("no section {section} in its docs"),
                );
            }
            need(
                tests.contains("assert_conforms"),
                "no line in its tests that checks that it conforms",
            );
        }
    }
    assert!(missing.is_empty(), "\n{}\n", missing.join("\n"));
}

/// The functions of a file that anybody can call, each with the documentation in front of it.
fn functions(source: &str) -> Vec<(String, Vec<&str>)> {
    let (mut docs, mut found) = (Vec::new(), Vec::new());
    for line in source.lines() {
        if let Some(function) = line.strip_prefix("pub fn ") {
            let name = function.split(['(', '<']).next().unwrap();
            found.push((name.to_owned(), std::mem::take(&mut docs)));
        } else if line.starts_with("///") || line.starts_with('#') {
            docs.push(line);
        } else {
            docs.clear();
        }
    }
    found
}

fn undocumented(folder: &Path, missing: &mut Vec<String>) -> usize {
    let mut sources = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources += undocumented(&path, missing);
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        for (name, docs) in functions(&text) {
            sources += 1;
            for section in SECTIONS {
                if !docs.contains(&&*format!("/// # {section}")) {
                    missing.push(format!(
                        "{name} in {}: no section {section} in its docs",
                        path.display()
                    ));
                }
            }
        }
    }
    sources
}

#[test]
fn every_source_tells_what_it_holds_and_what_a_drop_loses() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut missing = Vec::new();
    let sources: usize = DOCUMENTED
        .iter()
        .map(|group| undocumented(&root.join(group), &mut missing))
        .sum();
    assert!(missing.is_empty(), "\n{}\n", missing.join("\n"));
    assert!(sources > 40, "only {sources} sources were found");
}
