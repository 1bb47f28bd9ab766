//! Files of pages.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crawler::output::{PageRecord, PagesFile};
use thalweg::Sink;

/// A directory of a test's own, which goes with it.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let name = format!("crawler-{name}-{}", std::process::id());
        Self(std::env::temp_dir().join(name))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn record(number: u64) -> PageRecord {
    PageRecord {
        url: format!("http://river.test/{number}"),
        status: Some(200),
        depth: 1,
        referrer: Some("http://river.test/".into()),
        content_type: Some("text/html".to_owned()),
        bytes: 8192,
        title: Some("The \"River\"\n\u{1b}".to_owned()),
        links: 3,
        fetched_at: SystemTime::UNIX_EPOCH + Duration::from_millis(1_700_000_000_250),
        elapsed_ms: 12,
        error: None,
    }
}

fn lines(path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).expect("the file is there");
    text.lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn a_page_is_a_line() {
    let scratch = Scratch::new("line");
    let mut file = PagesFile::create(&scratch.0.join("deep/er"))
        .await
        .expect("it can be made");
    let mut batch = vec![record(1)];
    file.write(&mut batch).await.expect("written");
    assert!(batch.is_empty());
    file.flush().await.expect("flushed");
    let expected = concat!(
        r#"{"url":"http://river.test/1","status":200,"depth":1,"referrer":"http://river.test/","#,
        r#""content_type":"text/html","bytes":8192,"title":"The \"River\"\n\u001b","links":3,"#,
        r#""fetched_at":"2023-11-14T22:13:20.250Z","elapsed_ms":12,"error":null}"#
    );
    assert_eq!(lines(file.path()), [expected]);
}

#[tokio::test]
async fn many_batches_come_whole_and_in_order() {
    let scratch = Scratch::new("batches");
    let mut file = PagesFile::create(&scratch.0).await.expect("it can be made");
    for start in (0..5000).step_by(100) {
        let mut batch: Vec<_> = (start..start + 100).map(record).collect();
        file.write(&mut batch).await.expect("written");
    }
    file.close().await.expect("closed");
    let lines = lines(file.path());
    assert_eq!(lines.len(), 5000);
    for (number, line) in lines.iter().enumerate() {
        let page: serde_json::Value = serde_json::from_str(line).expect("JSON");
        assert_eq!(page["url"], format!("http://river.test/{number}"));
    }
    drop(file);
    let again = PagesFile::create(&scratch.0)
        .await
        .expect("it can be made again");
    assert_eq!(std::fs::metadata(again.path()).expect("there").len(), 0);
}

#[tokio::test]
async fn times_out_of_range_are_no_panic() {
    let scratch = Scratch::new("range");
    let mut file = PagesFile::create(&scratch.0).await.expect("it can be made");
    let far = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(1 << 50));
    let early = SystemTime::UNIX_EPOCH - Duration::from_secs(1);
    let mut batch: Vec<_> = [far.expect("a time"), early]
        .map(|fetched_at| PageRecord {
            fetched_at,
            ..record(1)
        })
        .into();
    file.write(&mut batch).await.expect("written");
    file.flush().await.expect("flushed");
    let lines = lines(file.path());
    assert!(
        lines[0].contains("9999-12-31T23:59:59.000Z"),
        "{}",
        lines[0]
    );
    assert!(
        lines[1].contains("1970-01-01T00:00:00.000Z"),
        "{}",
        lines[1]
    );
}

#[tokio::test]
async fn trouble_is_one_line_that_says_what_to_do() {
    let scratch = Scratch::new("trouble");
    std::fs::create_dir_all(scratch.0.join("taken/pages.jsonl")).expect("a directory");
    std::fs::write(scratch.0.join("file"), "").expect("a file");

    let directory = scratch.0.join("file/below");
    let error = PagesFile::create(&directory)
        .await
        .expect_err("a file is in the way");
    let line = error.to_string();
    assert!(
        line.starts_with(&format!(
            "cannot make the directory {}: ",
            directory.display()
        )),
        "{line}"
    );
    assert!(line.contains("--out") && !line.contains('\n'), "{line}");

    let error = PagesFile::create(&scratch.0.join("taken"))
        .await
        .expect_err("a directory is there");
    assert!(error.to_string().starts_with("cannot create "), "{error}");
    assert_eq!(error.path(), scratch.0.join("taken/pages.jsonl"));
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_full_disk_is_told() {
    let scratch = Scratch::new("full");
    std::fs::create_dir_all(&scratch.0).expect("a directory");
    std::os::unix::fs::symlink("/dev/full", scratch.0.join("pages.jsonl")).expect("a link");
    let mut file = PagesFile::create(&scratch.0)
        .await
        .expect("it can be opened");
    file.write(&mut vec![record(1)]).await.expect("gathered");
    let error = file.flush().await.expect_err("no space left");
    assert!(error.to_string().starts_with("cannot write to "), "{error}");
}
