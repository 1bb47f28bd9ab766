//! The entries of a tree of folders, with kind and length.

use std::{fs, path::Path};

use walkdir::WalkDir;

use super::fixture::Fixture;
use crate::{
    harness::{Rival, Work},
    works::gather,
};

const FOLDERS: u64 = 50;
const FILES: u64 = 100;

fn fill(root: &Path) {
    for folder in 0..FOLDERS {
        let folder = root.join(folder.to_string());
        fs::create_dir(&folder).expect("a folder can be made");
        for file in 0..FILES {
            fs::write(folder.join(format!("{file}.txt")), "x").expect("a file can be written");
        }
    }
}

pub(super) fn works() -> Vec<Work> {
    let fixture = Fixture::new(fill);
    let [ours, hand] = std::array::from_fn(|_| fixture.clone());
    let work = Work::new("ends_walk", FOLDERS * (FILES + 1))
        .goal(1.3, Rival::Hand)
        .ours(move |_| {
            let folder = ours.folder();
            async move {
                let entries = thalweg::sources::walk(folder).raise();
                let sum = entries.fold(0, |sum, entry| {
                    gather(sum, weigh(entry.path(), entry.is_file(), entry.length()))
                });
                sum.await.expect("the folders can be read")
            }
        })
        .by_hand_in_tasks(move |_| {
            let folder = hand.folder();
            async move {
                WalkDir::new(folder)
                    .min_depth(1)
                    .into_iter()
                    .fold(0, |sum, entry| {
                        let entry = entry.expect("the folders can be read");
                        let metadata = entry.metadata().expect("the file is there");
                        gather(sum, weigh(entry.path(), metadata.is_file(), metadata.len()))
                    })
            }
        });
    vec![work]
}

/// The length of a folder is the file system's own.
fn weigh(path: &Path, is_file: bool, length: u64) -> u64 {
    let path = path.as_os_str().len() as u64;
    if is_file { path + length } else { path }
}
