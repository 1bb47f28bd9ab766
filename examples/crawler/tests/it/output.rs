//! What a crawl leaves on disk.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crawler::args::Args;
use crawler::crawl::{CrawlEvent, Rejections};
use crawler::output::{AppendFile, Outputs, PageRecord};

/// A directory of a test's own, which goes with it.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let name = format!("crawler-{name}-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder).expect("a folder of one's own");
        Self(folder)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn args() -> Args {
    Args::read(["crawler", "http://river.test/"]).expect("a command line")
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
        reason: None,
        error: None,
    }
}

fn page(record: PageRecord) -> CrawlEvent {
    CrawlEvent::Page {
        record,
        retries: 0,
        rejections: Rejections::default(),
    }
}

fn lines(folder: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(folder.join("pages.jsonl")).expect("the file is there");
    text.lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn a_page_is_a_line() {
    let scratch = Scratch::new("line");
    let folder = scratch.0.join("deep/er");
    let mut outputs = Outputs::create(&folder, &args())
        .await
        .expect("they can be made");
    outputs.write(&[page(record(1))]).await.expect("written");
    outputs.flush().await.expect("flushed");
    let expected = concat!(
        r#"{"url":"http://river.test/1","status":200,"depth":1,"referrer":"http://river.test/","#,
        r#""content_type":"text/html","bytes":8192,"title":"The \"River\"\n\u001b","links":3,"#,
        r#""fetched_at":"2023-11-14T22:13:20.250Z","elapsed_ms":12,"error":null}"#
    );
    assert_eq!(lines(&folder), [expected]);
}

#[tokio::test]
async fn many_batches_come_whole_and_in_order() {
    let scratch = Scratch::new("batches");
    let mut outputs = Outputs::create(&scratch.0, &args())
        .await
        .expect("they can be made");
    for start in (0..5000).step_by(100) {
        let batch: Vec<_> = (start..start + 100).map(record).map(page).collect();
        outputs.write(&batch).await.expect("written");
    }
    outputs.close().await.expect("closed");
    let written = lines(&scratch.0);
    assert_eq!(written.len(), 5000);
    for (number, line) in written.iter().enumerate() {
        let page: serde_json::Value = serde_json::from_str(line).expect("JSON");
        assert_eq!(page["url"], format!("http://river.test/{number}"));
    }
    Outputs::create(&scratch.0, &args())
        .await
        .expect("they can be made again");
    assert_eq!(lines(&scratch.0), [""; 0]);
}

#[tokio::test]
async fn a_crawl_goes_on_where_it_was_whole() {
    let scratch = Scratch::new("resume");
    let mut outputs = Outputs::create(&scratch.0, &args())
        .await
        .expect("they can be made");
    outputs.write(&[page(record(1))]).await.expect("written");
    let positions = outputs.positions();
    outputs.write(&[page(record(2))]).await.expect("written");
    outputs.flush().await.expect("flushed");
    drop(outputs);
    let mut torn = std::fs::read(scratch.0.join("pages.jsonl")).expect("there");
    torn.truncate(torn.len() - 20);
    std::fs::write(scratch.0.join("pages.jsonl"), torn).expect("written");

    let kept = serde_json::to_string(&positions).expect("JSON");
    let positions = serde_json::from_str(&kept).expect("the same");
    let mut outputs = Outputs::resume(&scratch.0, &args(), &positions)
        .await
        .expect("it is long enough");
    assert_eq!(outputs.positions(), positions);
    outputs.write(&[page(record(3))]).await.expect("written");
    let end = outputs.positions();
    outputs.close().await.expect("closed");
    let urls: Vec<_> = lines(&scratch.0)
        .iter()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON")["url"].clone())
        .collect();
    assert_eq!(urls, ["http://river.test/1", "http://river.test/3"]);
    let length = std::fs::metadata(scratch.0.join("pages.jsonl")).expect("there");
    assert_eq!(end.get("pages.jsonl"), Some(length.len()));
}

#[tokio::test]
async fn a_file_that_lost_its_end_is_told() {
    let scratch = Scratch::new("short");
    let path = scratch.0.join("short");
    std::fs::write(&path, "four").expect("written");
    let error = AppendFile::open(&path, 5).await.expect_err("too short");
    let line = error.to_string();
    assert!(line.starts_with("cannot go on with "), "{line}");
    assert!(
        line.contains("it has 4 bytes, and 5 were written"),
        "{line}"
    );
    AppendFile::open(&scratch.0.join("missing"), 0)
        .await
        .expect_err("there is none");
}

#[tokio::test]
async fn a_position_counts_what_is_not_written_yet() {
    let scratch = Scratch::new("position");
    let path = scratch.0.join("file");
    let mut file = AppendFile::create(&path).await.expect("made");
    file.append(b"four");
    let length = || std::fs::metadata(&path).expect("there").len();
    assert_eq!((file.position(), length()), (4, 0));
    file.write_if_full().await.expect("nothing to do");
    assert_eq!(length(), 0);
    file.write_out().await.expect("written");
    assert_eq!((file.position(), length()), (4, 4));
    file.append(&vec![b'x'; 100_000]);
    file.write_if_full().await.expect("written");
    file.sync().await.expect("synced");
    assert_eq!((file.position(), length()), (100_004, 100_004));
}

#[tokio::test]
async fn times_out_of_range_are_no_panic() {
    let scratch = Scratch::new("range");
    let mut outputs = Outputs::create(&scratch.0, &args())
        .await
        .expect("they can be made");
    let far = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(1 << 50));
    let early = SystemTime::UNIX_EPOCH - Duration::from_secs(1);
    let batch = [far.expect("a time"), early].map(|fetched_at| {
        page(PageRecord {
            fetched_at,
            ..record(1)
        })
    });
    outputs.write(&batch).await.expect("written");
    outputs.flush().await.expect("flushed");
    let lines = lines(&scratch.0);
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
    let error = Outputs::create(&directory, &args())
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

    let error = Outputs::create(&scratch.0.join("taken"), &args())
        .await
        .expect_err("a directory is there");
    assert!(error.to_string().starts_with("cannot create "), "{error}");
    assert_eq!(error.path(), scratch.0.join("taken/pages.jsonl"));
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_full_disk_is_told() {
    let scratch = Scratch::new("full");
    std::os::unix::fs::symlink("/dev/full", scratch.0.join("pages.jsonl")).expect("a link");
    let mut outputs = Outputs::create(&scratch.0, &args())
        .await
        .expect("they can be opened");
    outputs.write(&[page(record(1))]).await.expect("gathered");
    let error = outputs.flush().await.expect_err("no space left");
    assert!(error.to_string().starts_with("cannot write to "), "{error}");
}
