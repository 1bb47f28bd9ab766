//! What the system really tells; how changes are put together has its tests beside the code.

use std::{collections::BTreeSet, fs, path::PathBuf, time::Duration};

use tempfile::{TempDir, tempdir};
use thalweg::{
    Flow,
    prelude::*,
    sources::{Change, Watch, WatchError, watch},
};
use tokio::time::timeout;

use crate::contract::assert_conforms;

/// Until the system has told; only reached if it does not.
const PATIENCE: Duration = Duration::from_secs(30);

fn folder() -> (TempDir, PathBuf) {
    let folder = tempdir().unwrap();
    let path = folder.path().canonicalize().unwrap();
    (folder, path)
}

/// Polls once, so that it watches from now on.
async fn begin(flow: &mut Flow<Watch>) {
    let polled = futures_util::future::poll_immediate(flow.next()).await;
    assert!(polled.is_none(), "{polled:?}");
}

async fn next(flow: &mut Flow<Watch>) -> Change {
    let next = timeout(PATIENCE, flow.next()).await;
    next.expect("nothing is told").unwrap().expect("it never completes")
}

#[tokio::test]
async fn it_tells_what_is_made_written_renamed_and_removed() {
    let (_folder, root) = folder();
    let (a, b) = (root.join("a"), root.join("b"));
    let mut flow = watch(&root);
    begin(&mut flow).await;
    fs::write(&a, "1").unwrap();
    assert_eq!(next(&mut flow).await, Change::Created(a.clone()));
    fs::write(&a, "2").unwrap();
    assert_eq!(next(&mut flow).await, Change::Modified(a.clone()));
    fs::rename(&a, &b).unwrap();
    let renamed = Change::Renamed { from: a, to: b.clone() };
    assert_eq!(next(&mut flow).await, renamed);
    fs::remove_file(&b).unwrap();
    assert_eq!(next(&mut flow).await, Change::Removed(b));
}

#[tokio::test]
async fn folders_in_the_folder_are_watched_unless_it_is_told_otherwise() {
    let (_folder, root) = folder();
    let deep = root.join("deep");
    fs::create_dir(&deep).unwrap();
    let mut flow = watch(&root);
    let mut flat = Watch::new(&root).this_folder_only().flow();
    begin(&mut flow).await;
    begin(&mut flat).await;
    fs::write(deep.join("file"), "").unwrap();
    fs::write(root.join("mark"), "").unwrap();
    let seen = BTreeSet::from([format!("{:?}", next(&mut flow).await), format!("{:?}", next(&mut flow).await)]);
    let expected = [deep.join("file"), root.join("mark")].map(|path| format!("{:?}", Change::Created(path)));
    assert!(expected.iter().all(|text| seen.contains(text)), "{seen:?}");
    assert_eq!(next(&mut flat).await, Change::Created(root.join("mark")));
}

#[tokio::test]
async fn more_than_can_be_remembered_is_a_rescan_and_it_goes_on() {
    let (_folder, root) = folder();
    let mut flow = watch(&root);
    begin(&mut flow).await;
    for n in 0..6000 {
        fs::write(root.join(n.to_string()), "").unwrap();
    }
    let mut told = 0;
    while next(&mut flow).await != Change::Rescan {
        told += 1;
        assert!(told < 6000, "all were remembered");
    }
    let last = root.join("last");
    fs::write(&last, "").unwrap();
    while next(&mut flow).await != Change::Created(last.clone()) {}
}

#[tokio::test]
async fn what_is_not_there_cannot_be_watched() {
    let error: WatchError = watch("/no such folder").next().await.unwrap_err();
    assert!(error.to_string().starts_with("cannot watch /no such folder: "), "{error}");
}

#[tokio::test(start_paused = true)]
async fn it_conforms() {
    let (_folder, root) = folder();
    assert_conforms(|token| {
        watch(&root).map_err(move |error| {
            let _ = &token;
            error.to_string()
        })
    })
    .await;
}
