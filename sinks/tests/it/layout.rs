//! Whether every sink has all that a sink has. What is missing is told in words.

use std::{fs, path::Path};

/// The groups, in each of which a sink is a file of its name.
const GROUPS: [&str; 6] = ["adapt", "combine", "fs", "http", "net", "ws"];

/// What every sink tells: what it holds, when data is safe and what a crash loses, what goes wrong, what a cancelled write
/// leaves, and how it is used.
const SECTIONS: [&str; 5] = [
    "Backpressure",
    "Durability",
    "Errors",
    "Cancel safety",
    "Examples",
];

/// Where the docs of the hub stand, which is begun before a flow runs into it and so is no function.
const HUB: &str = "ws/hub/mod.rs";

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

/// The documentation in front of a function.
fn docs<'a>(source: &'a str, function: &str) -> Option<Vec<&'a str>> {
    let lines: Vec<_> = source.lines().collect();
    let at = lines.iter().position(|line| {
        let rest = line
            .strip_prefix("pub fn ")
            .and_then(|rest| rest.strip_prefix(function));
        rest.is_some_and(|rest| rest.starts_with(['(', '<']))
    })?;
    let above = lines[..at].iter().rev();
    let docs = above.take_while(|line| {
        line.starts_with("///") || line.starts_with('#') || line.starts_with(')')
    });
    Some(docs.copied().collect())
}

#[test]
fn every_sink_has_all_that_a_sink_has() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (mut missing, mut sinks) = (Vec::new(), 0);
    for group in GROUPS {
        for entry in fs::read_dir(root.join(group)).unwrap() {
            let file = entry.unwrap().path();
            let name = file.file_stem().unwrap().to_str().unwrap();
            if !file.is_file() || name == "mod" {
                continue;
            }
            let source = text(&file);
            let (begins, docs) = (
                source.starts_with(&format!("//! `{name}`")),
                docs(&source, name),
            );
            let mut need = |there: bool, what: &str| {
                if !there {
                    missing.push(format!("{group}/{name}: {what}"));
                }
            };
            match docs {
                Some(docs) => {
                    sinks += 1;
                    need(
                        begins,
                        "its file does not begin with its name and what it does",
                    );
                    for section in SECTIONS {
                        let title = format!("/// # {section}");
                        need(
                            docs.contains(&&*title),
                            &format!("no section {section} in its docs"),
                        );
                    }
                    need(
                        source.contains("#[must_use") || !source.contains("\npub struct"),
                        "its struct is not `must_use`",
                    );
                }
                None => need(!begins, "no function of its name"),
            }
        }
    }
    let hub = text(&root.join(HUB));
    for section in SECTIONS {
        if !hub.contains(&format!(" # {section}\n")) {
            missing.push(format!("{HUB}: no section {section}"));
        }
    }
    assert!(missing.is_empty(), "\n{}\n", missing.join("\n"));
    assert!(sinks > 20, "only {sinks} sinks were found");
}
