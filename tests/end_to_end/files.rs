use std::{collections::BTreeMap, error::Error, fs};

use tempfile::tempdir;
use thalweg::{
    Sink,
    operators::terminal::RunError,
    prelude::*,
    sinks::{WriteError, json_lines, lines as write_lines_to},
    sources::{Lines, ReadError, lines},
};

#[tokio::test]
async fn lines_of_a_file_go_through_a_flow_into_another() {
    let folder = tempdir().unwrap();
    let (from, to) = (
        folder.path().join("in.txt"),
        folder.path().join("out.jsonl"),
    );
    // More than is read at once, with both kinds of ends, and none at the last.
    let mut expected: Vec<_> = (0..20_000).map(|n| format!("line {n}")).collect();
    fs::write(&from, format!("the start\n{}", expected.join("\r\n"))).unwrap();
    expected.insert(0, "the start".to_owned());

    lines(&from).run_into(json_lines(&to)).await.unwrap();

    let written = fs::read_to_string(&to).unwrap();
    let read: Vec<String> = written
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(read, expected);
}

#[tokio::test]
async fn a_clone_reads_the_file_from_its_start() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("in.txt");
    fs::write(&path, "1\n2\n").unwrap();
    let mut flow = lines(&path);
    assert_eq!(flow.next().await.unwrap().as_deref(), Some("1"));
    assert_eq!(flow.clone().collect::<Vec<_>>().await.unwrap(), ["1", "2"]);
    assert_eq!(flow.collect::<Vec<_>>().await.unwrap(), ["2"]);
}

#[tokio::test]
async fn errors_of_reading_name_the_file_and_the_line() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("in.txt");
    let name = path.display().to_string();

    let error = lines(&path).count().await.unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with(&format!("cannot open {name}: ")),
        "{error}"
    );
    assert!(error.source().is_some());

    fs::write(&path, "12345\n123456\n").unwrap();
    let error = Lines::new(&path)
        .max_length(5)
        .flow()
        .count()
        .await
        .unwrap_err();
    assert!(matches!(error, ReadError::TooLong { from, line: 2, limit: 5 } if from == name));

    fs::write(&path, b"fine\n\xff\xfe\n").unwrap();
    let mut flow = lines(&path);
    assert_eq!(flow.next().await.unwrap().as_deref(), Some("fine"));
    let error = flow.next().await.unwrap_err();
    assert_eq!(error.to_string(), format!("line 2 of {name} is not UTF-8"));
    assert_eq!(flow.next().await.unwrap(), None, "an error is the end");
}

#[tokio::test]
async fn a_file_is_made_new_or_written_after() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("out.txt");
    fs::write(&path, "old\n").unwrap();
    (1..=2)
        .flow()
        .run_into(write_lines_to(&path).append())
        .await
        .unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "old\n1\n2\n");
    (3..=4)
        .flow()
        .run_into(write_lines_to(&path))
        .await
        .unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "3\n4\n");
    (0..0).flow().run_into(json_lines(&path)).await.unwrap();
    assert_eq!(
        fs::read_to_string(&path).unwrap(),
        "",
        "also without an item"
    );
}

#[tokio::test]
async fn what_is_flushed_can_be_read_while_the_sink_is_open() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("out.jsonl");
    let mut sink = json_lines(&path);
    sink.write(&mut vec![("a", 1), ("b", 2)]).await.unwrap();
    Sink::<(&str, i32)>::flush(&mut sink).await.unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "[\"a\",1]\n[\"b\",2]\n");
}

#[tokio::test]
async fn an_item_that_json_cannot_hold_ends_the_run_and_those_before_it_are_written() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("out.jsonl");
    let good = BTreeMap::from([(vec![0_u8; 0], 0)]);
    // Keys of JSON are texts: a map by lists has none, unless it is empty.
    let items = [BTreeMap::new(), BTreeMap::new(), good];
    let mut sink = json_lines(&path);
    let ended = items.flow().run_into(&mut sink).await;
    let Err(RunError::Sink(error)) = ended else {
        panic!("{ended:?}");
    };
    assert!(matches!(error, WriteError::Encode { .. }));
    assert!(error.to_string().contains("out.jsonl"), "{error}");
    Sink::<BTreeMap<Vec<u8>, i32>>::flush(&mut sink)
        .await
        .unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "{}\n{}\n");
}

#[tokio::test]
async fn a_file_that_cannot_be_opened_is_named() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("no such folder").join("out.txt");
    let error = (1..=2)
        .flow()
        .run_into(write_lines_to(&path))
        .await
        .unwrap_err();
    let expected = format!("cannot open {}: ", path.display());
    assert!(error.to_string().starts_with(&expected), "{error}");
}

#[tokio::test]
#[cfg(target_os = "linux")]
async fn a_disk_that_is_full_is_told() {
    let error = (0..100_000)
        .flow()
        .run_into(write_lines_to("/dev/full"))
        .await
        .unwrap_err();
    let expected = "cannot write to /dev/full: No space left on device";
    assert!(error.to_string().starts_with(expected), "{error}");
}
