//! `docs/RELIABILITY.md` names a test for everything that goes wrong: whether there are these tests.

use std::{
    collections::BTreeSet,
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
};

/// A test, and the names of the folders and files in which it stands, from the root of the workspace.
type Test = (Vec<String>, String);

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn is_source(path: &Path) -> bool {
    path.extension() == Some(OsStr::new("rs"))
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() && !name.starts_with('.') && name != "target" {
            sources(&path, found);
        } else if is_source(&path) {
            found.push(path);
        }
    }
}

/// The place of a file as in a path of Rust, without what says nothing.
fn modules(file: &Path) -> Vec<String> {
    let place = file.strip_prefix(root()).unwrap().with_extension("");
    let names = place.iter().map(|name| name.to_str().unwrap());
    names
        .filter(|name| !is_silent(name))
        .map(str::to_owned)
        .collect()
}

fn is_silent(module: &str) -> bool {
    ["mod", "main", "lib", "tests"].contains(&module)
}

fn tests_in(file: &Path) -> Vec<Test> {
    let mut tests = Vec::new();
    let mut is_test = false;
    for line in fs::read_to_string(file).unwrap().lines() {
        let line = line.trim();
        if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
            is_test = true;
        }
        let function = line.trim_start_matches("async ").strip_prefix("fn ");
        if let Some((name, _)) = function.and_then(|rest| rest.split_once(['(', '<']))
            && std::mem::take(&mut is_test)
        {
            tests.push((modules(file), name.to_owned()));
        }
    }
    tests
}

/// Whether a name is as the page has it, which leaves out what `…` and `*` stand for.
fn is_as(name: &str, written: &str) -> bool {
    let written = written
        .replace("...", "…")
        .replace("..", "…")
        .replace('*', "…");
    let parts: Vec<_> = written.split('…').collect();
    let (Some(first), Some(last)) = (parts.first(), parts.last()) else {
        return false;
    };
    let mut rest = name;
    for part in &parts {
        let Some(at) = rest.find(part) else {
            return false;
        };
        rest = &rest[at + part.len()..];
    }
    name.starts_with(first) && name.ends_with(last)
}

/// Whether there is such a test, or a module of that name with tests.
fn is_there(tests: &[Test], written: &str) -> bool {
    let names = written.split("::").filter(|name| !is_silent(name));
    let names: Vec<_> = names.map(str::to_owned).collect();
    let Some((last, modules)) = names.split_last() else {
        return false;
    };
    tests.iter().any(|(place, test)| {
        place.ends_with(modules) && is_as(test, last) || place.ends_with(&names)
    })
}

/// Whether it is the path of a file from the root of the workspace, such as a script of the gate.
fn is_script(written: &str) -> bool {
    written.contains('/') && root().join(written).is_file()
}

/// The words of a cell that are tests or files.
fn named(cell: &str) -> Vec<&str> {
    let words = cell.split(|sign: char| sign.is_whitespace() || "`(),;".contains(sign));
    let is_name = |word: &&str| {
        let is_path = |sign: char| {
            sign.is_ascii_lowercase() || sign.is_ascii_digit() || "_:.*…".contains(sign)
        };
        is_source(Path::new(word))
            || is_script(word)
            || word.chars().all(is_path) && (word.contains("::") || word.matches('_').count() > 1)
    };
    words
        .map(|word| word.trim_end_matches(':'))
        .filter(is_name)
        .collect()
}

#[test]
fn every_test_that_the_page_of_reliability_names_is_there() {
    let mut files = Vec::new();
    sources(root(), &mut files);
    let tests: Vec<_> = files.iter().flat_map(|file| tests_in(file)).collect();
    let page = fs::read_to_string(root().join("docs/RELIABILITY.md")).unwrap();
    let (mut wrong, mut count) = (BTreeSet::new(), 0);
    let mut is_of_tests = false;
    for line in page.lines() {
        let Some(row) = line.strip_prefix('|').and_then(|row| row.strip_suffix('|')) else {
            is_of_tests = false;
            continue;
        };
        let cell = row.rsplit('|').next().unwrap().trim();
        if cell.starts_with("the test") || cell.starts_with("test, in") {
            is_of_tests = true;
        } else if is_of_tests && !cell.starts_with("---") {
            let named = named(cell);
            if named.is_empty() && !cell.contains("same") {
                wrong.insert(format!("no test: {row}"));
            }
            for written in named {
                count += 1;
                let is_file = |file: &PathBuf| file.ends_with(written);
                if !files.iter().any(is_file) && !is_script(written) && !is_there(&tests, written) {
                    wrong.insert(format!("not there: {written}"));
                }
            }
        }
    }
    let wrong: Vec<_> = wrong.into_iter().collect();
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
    assert!(count > 100, "only {count} tests are named");
}
