use std::{collections::BTreeMap, fs, os::unix::fs::symlink, path::Path};

use tempfile::{TempDir, tempdir};
use thalweg::{
    prelude::*,
    sources::{Entry, EntryKind, Walk, WalkError, walk},
};

use crate::contract::assert_conforms;

fn tree() -> TempDir {
    let folder = tempdir().unwrap();
    let root = folder.path();
    fs::create_dir_all(root.join("a/deep/deeper")).unwrap();
    fs::create_dir_all(root.join(".hidden")).unwrap();
    for (name, text) in [
        ("a/one", "1"),
        ("a/deep/deeper/two", "22"),
        (".hidden/three", "333"),
        ("b", "4444"),
    ] {
        fs::write(root.join(name), text).unwrap();
    }
    symlink("a", root.join("link")).unwrap();
    folder
}

/// What came, by name below the root: `!` for what could not be looked at.
async fn names(walk: Walk, root: &Path) -> Vec<String> {
    let below = |path: &Path| path.strip_prefix(root).unwrap().display().to_string();
    let named = walk.flow().map(|entry| match entry {
        Ok(entry) => below(entry.path()),
        Err(error) => format!("!{}", below(error.path())),
    });
    named.collect().await.unwrap()
}

#[tokio::test]
async fn every_entry_has_its_kind_length_and_depth() {
    let folder = tree();
    let entries: Vec<Entry> = walk(folder.path()).raise().collect().await.unwrap();
    let seen: BTreeMap<_, _> = entries
        .iter()
        .map(|entry| {
            let name = entry.path().strip_prefix(folder.path()).unwrap();
            let length = entry.is_file().then_some(entry.length());
            (name.to_str().unwrap(), (entry.kind(), length, entry.depth()))
        })
        .collect();
    let expected = BTreeMap::from([
        (".hidden", (EntryKind::Folder, None, 1)),
        (".hidden/three", (EntryKind::File, Some(3), 2)),
        ("a", (EntryKind::Folder, None, 1)),
        ("a/deep", (EntryKind::Folder, None, 2)),
        ("a/deep/deeper", (EntryKind::Folder, None, 3)),
        ("a/deep/deeper/two", (EntryKind::File, Some(2), 4)),
        ("a/one", (EntryKind::File, Some(1), 2)),
        ("b", (EntryKind::File, Some(4), 1)),
        ("link", (EntryKind::Link, None, 1)),
    ]);
    assert_eq!(seen, expected);
    assert_eq!(entries.len(), expected.len(), "each once");
}

#[tokio::test]
async fn depth_hidden_names_order_and_links_are_options() {
    let folder = tree();
    let root = folder.path();
    let sorted = names(Walk::new(root).sorted().skip_hidden(), root).await;
    assert_eq!(
        sorted,
        ["a", "a/deep", "a/deep/deeper", "a/deep/deeper/two", "a/one", "b", "link"]
    );
    let flat = names(Walk::new(root).sorted().max_depth(1), root).await;
    assert_eq!(flat, [".hidden", "a", "b", "link"]);
    let followed = names(Walk::new(root).sorted().skip_hidden().follow_links().max_depth(2), root).await;
    assert_eq!(
        followed,
        ["a", "a/deep", "a/one", "b", "link", "link/deep", "link/one"]
    );
}

#[tokio::test]
async fn a_link_that_leads_back_is_an_item_and_not_a_loop() {
    let folder = tree();
    let root = folder.path();
    symlink("../..", root.join("a/deep/up")).unwrap();
    symlink("nowhere", root.join("a/lost")).unwrap();
    let walk = Walk::new(root).sorted().skip_hidden().follow_links();
    let seen = names(walk.clone(), root).await;
    assert!(seen.contains(&"!a/deep/up".to_owned()), "{seen:?}");
    assert!(seen.contains(&"!a/lost".to_owned()), "{seen:?}");
    assert!(seen.contains(&"b".to_owned()), "{seen:?}");
    let told = walk.flow().raise().collect::<Vec<_>>().await.unwrap_err();
    assert!(told.to_string().contains("leads back to"), "{told}");
}

#[tokio::test]
async fn what_cannot_be_looked_into_is_an_item_and_the_rest_comes() {
    let missing = walk("/no such folder");
    let told: Vec<Result<Entry, WalkError>> = missing.collect().await.unwrap();
    let [Err(error)] = &told[..] else {
        panic!("{told:?}")
    };
    assert!(error.to_string().starts_with("cannot walk /no such folder: "), "{error}");

    let folder = tree();
    let file = walk(folder.path().join("b"));
    let told: Vec<_> = file.collect().await.unwrap();
    assert!(matches!(&told[..], [Err(_)]), "{told:?}");
}

/// Links to themselves cannot be opened by anybody, root not excepted.
#[tokio::test]
async fn an_unreadable_folder_is_told_in_its_place() {
    let folder = tree();
    let root = folder.path();
    symlink("self", root.join("a/self")).unwrap();
    let seen = names(Walk::new(root).sorted().skip_hidden().follow_links().max_depth(2), root).await;
    assert_eq!(
        seen,
        ["a", "a/deep", "a/one", "!a/self", "b", "link", "link/deep", "link/one", "!link/self"]
    );
}

#[tokio::test]
async fn thousands_of_entries_come_in_batches_and_what_is_held_is_told() {
    let folder = tempdir().unwrap();
    for n in 0..3000 {
        fs::write(folder.path().join(n.to_string()), "").unwrap();
    }
    let mut flow = walk(folder.path());
    assert_eq!(flow.plan().bound(), Some(256));
    assert!(flow.next().await.unwrap().is_some());
    let mut plan = flow.plan();
    plan.refresh();
    let counts = plan.stages()[0].counts().unwrap();
    assert_eq!((counts.emitted, counts.in_flight()), (1, counts.received - 1));
    assert!(counts.received <= 256);
    assert_eq!(flow.count().await.unwrap(), 2999);
}

#[tokio::test]
async fn it_conforms() {
    let folder = tree();
    assert_conforms(|token| {
        let walk = Walk::new(folder.path()).sorted().flow();
        walk.map(move |entry| {
            let _ = &token;
            entry.map(Entry::into_path).map_err(|error| error.to_string())
        })
    })
    .await;
}
