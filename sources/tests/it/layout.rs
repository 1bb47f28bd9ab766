//! Whether every source has all that a source has. What is missing is told in words.

use std::{fs, path::Path};

/// The groups of which every source has a file of tests of its name.
const GROUPS: [&str; 2] = ["create", "time"];

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
