//! Whether every operator has all that an operator has. What is missing is told in words.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Groups whose operators run a flow: they end it, so the rules of an observable do not apply to them.
const TERMINAL: &str = "terminal";

/// What the operators of a group have in common, in a folder or file of that name.
const SHARED: &str = "shared";

/// The group of the sources in the table of `docs/SEMANTICS.md`; the sources of files and sockets tell their own.
const SOURCES: &str = "sources";
const FOLDERS_OF_SOURCES: [&str; 3] = ["adapt", "create", "time"];

/// Every name that somebody who knows other libraries of this kind will look for, as it is called here.
const COMPLETE: [(&str, &str); 11] = [
    (
        "create",
        "from_iter once empty never fail range repeat_with unfold generate create defer using \
         from_future from_stream from_try_stream channel interval interval_now timer cron at",
    ),
    (
        "transform",
        "map filter_map map_async scan scan_with_initial stateful concat_map merge_map switch_map \
         exhaust_map expand concat_all merge_all switch_all exhaust_all flat_map_iter merge_scan \
         switch_scan pairwise enumerate intersperse materialize dematerialize inspect to_vec \
         timestamp elapsed",
    ),
    (
        "filter",
        "filter filter_async take skip take_last skip_last take_while take_while_inclusive skip_while \
         take_until skip_until take_for skip_for distinct distinct_until_changed \
         distinct_until_changed_by distinct_until_changed_by_key first last single element_at find \
         find_index ignore_items default_if_empty fail_if_empty",
    ),
    (
        "combine",
        "merge merge_keyed merge_weighted merge_sorted concat zip zip_all combine_latest \
         combine_latest_all with_latest_from race fork_join start_with end_with switch_if_empty \
         interleave sequence_equal",
    ),
    (
        "time",
        "debounce max_wait debounce_by throttle leading trailing both throttle_by pace burst weigh \
         audit audit_by sample sample_by delay delay_by delay_subscription timeout_first timeout_each \
         deadline timeout_or_else keep_alive",
    ),
    (
        "window",
        "chunks max bytes within until overlap buffer_count buffer_time buffer_by buffer_toggle \
         buffer_when window_count window_time window_by window_toggle window_when session",
    ),
    (
        "multicast",
        "share replay latest partition group_by broadcast balance observe_into",
    ),
    (
        "pressure",
        "buffer conflate keep_latest ready_chunks pause_when",
    ),
    (
        "error",
        "catch map_err retry repeat on_error_resume_next raise ok_items dead_letter with_error \
         finally isolate_panics",
    ),
    (
        "concurrency",
        "par_map par_map_unordered par_map_by_key blocking_map spawned frontier",
    ),
    (
        "terminal",
        "for_each for_each_async fold reduce collect count min max every any is_empty next run_into \
         spawn_into subscribe to_async_read",
    ),
];

/// The hot sources of the same list, which are types of the core.
const SUBJECTS: [&str; 3] = ["Subject", "BehaviorSubject", "ReplaySubject"];

fn here() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn operators() -> Vec<(String, String, PathBuf)> {
    let root = here().join("src");
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

/// The sources that make or adapt something; as an operator's, the file of one begins with its name.
fn sources() -> Vec<(String, String, PathBuf)> {
    let root = here().join("../sources/src");
    let files = FOLDERS_OF_SOURCES.map(|folder| sorted(&root.join(folder)));
    let mut found = Vec::new();
    for file in files.into_iter().flatten() {
        let name = stem(&file);
        if source_of(&file).starts_with(&format!("//! `{name}`")) {
            found.push((SOURCES.to_owned(), name, file));
        }
    }
    found
}

/// The rows of the table of operators in `docs/SEMANTICS.md`: the group of each, and the names in its first column.
fn rows() -> Vec<(String, Vec<String>)> {
    let page = text(&here().join("../docs/SEMANTICS.md"));
    let lines = page
        .lines()
        .skip_while(|line| !line.starts_with("| operator |"))
        .skip(2)
        .take_while(|line| line.starts_with('|'));
    let mut group = String::new();
    let mut found = Vec::new();
    for line in lines {
        let cell = line.split('|').nth(1).unwrap().trim();
        if let Some(title) = cell.strip_prefix("**") {
            title.trim_end_matches('*').clone_into(&mut group);
        } else {
            let names = cell.split_whitespace().map(|name| name.replace('`', ""));
            found.push((group.clone(), names.collect()));
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

/// The text of an operator or a source that is one file or a folder.
fn source_of(path: &Path) -> String {
    if path.is_dir() {
        text(&path.join("mod.rs"))
    } else {
        text(path)
    }
}

/// All Rust files below a folder, as one text.
fn all_below(folder: &Path) -> String {
    let mut all = String::new();
    for entry in sorted(folder) {
        if entry.is_dir() {
            all += &all_below(&entry);
        } else {
            all += &text(&entry);
        }
    }
    all
}

/// Whether there is a function that begins so: `fn take`, which `fn take_last` does not.
fn has_function(source: &str, beginning: &str) -> bool {
    ["(", "<"]
        .iter()
        .any(|bracket| source.contains(&format!("{beginning}{bracket}")))
}

/// All the code of an operator, of one file or of a folder of them.
fn code(path: &Path) -> String {
    if path.is_dir() {
        all_below(path)
    } else {
        text(path)
    }
}

/// Tells whether an operator is given a closure. The `emit` of a poll is none.
fn takes_a_closure(code: &str) -> bool {
    let bounds = [": FnMut(", ": FnOnce(", ": Fn("];
    let is_emit = |line: &str| line.contains("ControlFlow<()>");
    code.lines()
        .any(|line| bounds.iter().any(|bound| line.contains(bound)) && !is_emit(line))
}

#[test]
fn every_operator_has_all_that_an_operator_has() {
    let tests = here().join("tests/it");
    let groups = text(&tests.join("main.rs"));
    let mut missing = Vec::new();
    for (group, name, file) in operators() {
        let source = source_of(&file);
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
        need(
            groups.contains(&format!("tests/it/{group}\"")),
            "its group is not in operators/tests/it/main.rs",
        );
        if group == TERMINAL {
            need(
                test.contains("at_every_poll"),
                "nothing shows what is lost if its future is dropped; see `cancel::at_every_poll`",
            );
        } else {
            need(
                test.contains("assert_marbles") || test.contains("record("),
                "no marble test",
            );
            need(
                test.contains("Conform::new"),
                "no line that checks that it conforms",
            );
            need(
                !takes_a_closure(&code(&file)) || test.contains("captured()"),
                "nothing shows that its closure is dropped at the end; see `testing::captured`",
            );
        }
    }
    assert!(missing.is_empty(), "\n{}\n", missing.join("\n"));
}

#[test]
fn every_operator_has_a_row_in_the_semantics_and_every_row_an_operator() {
    let rows = rows();
    let operators: Vec<_> = operators().into_iter().chain(sources()).collect();
    let mut wrong = Vec::new();
    for (group, name, _) in &operators {
        let count = rows
            .iter()
            .filter(|(title, names)| title == group && names.first() == Some(name))
            .count();
        if count != 1 {
            wrong.push(format!("{group}/{name}: {count} rows, not one"));
        }
    }
    for (group, names) in &rows {
        let operator = operators
            .iter()
            .find(|(folder, name, _)| folder == group && Some(name) == names.first());
        let Some((.., file)) = operator else {
            wrong.push(format!(
                "{group}, row {names:?}: no operator or source of the first name"
            ));
            continue;
        };
        let source = source_of(file);
        for name in names
            .iter()
            .filter(|name| !has_function(&source, &format!("fn {name}")))
        {
            wrong.push(format!(
                "{group}, row {names:?}: no `{name}` in {}",
                file.display()
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "docs/SEMANTICS.md and the operators differ\n{}\n",
        wrong.join("\n")
    );
}

#[test]
fn the_list_of_operators_is_complete() {
    let files: Vec<_> = operators().into_iter().chain(sources()).collect();
    let methods = all_below(&here().join("src")) + &all_below(&here().join("../sources/src"));
    let core = all_below(&here().join("../core/src"));
    let mut missing = Vec::new();
    for (group, names) in COMPLETE {
        for name in names.split_whitespace() {
            let has_file = files.iter().any(|(_, file, _)| file == name);
            if !has_file && !has_function(&methods, &format!("pub fn {name}")) {
                missing.push(format!("{group}: {name}"));
            }
        }
    }
    for subject in SUBJECTS {
        if !core.contains(&format!("pub struct {subject}<")) {
            missing.push(format!("multicast: {subject}"));
        }
    }
    assert!(missing.is_empty(), "there is no\n{}\n", missing.join("\n"));
}

#[test]
fn every_operator_has_marble_cases() {
    let cases = here().join("../tests/conformance/cases");
    let missing: Vec<_> = operators()
        .into_iter()
        .map(|(group, name, _)| (group, cases.join(format!("{name}.json"))))
        .filter(|(_, file)| !file.exists())
        .map(|(group, file)| format!("{group}: no cases in {}", file.display()))
        .collect();
    assert!(missing.is_empty(), "\n{}\n", missing.join("\n"));
}
