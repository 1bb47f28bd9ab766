//! What a crawl leaves on disk.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crawler::args::Args;
use crawler::crawl::{CrawlEvent, Rejections};
use crawler::output::{Algorithm, AppendFile, Outputs, PageRecord};

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
    let fetched_at = SystemTime::UNIX_EPOCH + Duration::from_millis(1_700_000_000_250);
    PageRecord {
        status: Some(200),
        depth: 1,
        referrer: Some("http://river.test/".into()),
        content_type: Some("text/html".to_owned()),
        charset: Some("UTF-8"),
        bytes: 8192,
        digest: Some(Algorithm::Xxh3.digest(b"")),
        title: Some("The \"River\"\n\u{1b}".to_owned()),
        links: 3,
        elapsed_ms: 12,
        ..PageRecord::new(format!("http://river.test/{number}"), fetched_at)
    }
}

fn page(record: PageRecord) -> CrawlEvent {
    CrawlEvent::Page {
        record: Box::new(record),
        retries: 0,
        rejections: Rejections::default(),
        rejected: Vec::new(),
        response: None,
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
    outputs
        .write(&mut [page(record(1))])
        .await
        .expect("written");
    outputs.flush().await.expect("flushed");
    let expected = concat!(
        r#"{"url":"http://river.test/1","status":200,"depth":1,"referrer":"http://river.test/","#,
        r#""location":null,"content_type":"text/html","charset":"UTF-8","bytes":8192,"#,
        r#""truncated":false,"digest":"xxh3:99aa06d3014798d86001c324468d497f","#,
        r#""duplicate_of":null,"title":"The \"River\"\n\u001b","description":null,"canonical":null,"noindex":false,"links":3,"#,
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
        let mut batch: Vec<_> = (start..start + 100).map(record).map(page).collect();
        outputs.write(&mut batch).await.expect("written");
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
    outputs
        .write(&mut [page(record(1))])
        .await
        .expect("written");
    let positions = outputs.positions();
    outputs
        .write(&mut [page(record(2))])
        .await
        .expect("written");
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
    outputs
        .write(&mut [page(record(3))])
        .await
        .expect("written");
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

fn args_with(words: &str) -> Args {
    let words = format!("crawler --out unused {words} http://river.test/");
    Args::read(words.split_whitespace()).expect("a command line")
}

/// A page with a body of its own for each number.
fn content(number: u64, body: &[u8]) -> CrawlEvent {
    let mut record = record(number);
    record.digest = Some(Algorithm::Xxh3.digest(body));
    page(record)
}

fn duplicates(folder: &Path) -> Vec<(String, Option<String>)> {
    lines(folder)
        .iter()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON"))
        .map(|page| {
            let text = |name: &str| page[name].as_str().map(str::to_owned);
            let number = text("url").and_then(|url| url.rsplit('/').next().map(str::to_owned));
            (number.expect("a URL"), text("duplicate_of"))
        })
        .collect()
}

#[tokio::test]
async fn a_duplicate_names_the_first_of_its_kind_also_after_a_break() {
    let scratch = Scratch::new("duplicates");
    let args = args_with("--dedupe");
    let mut outputs = Outputs::create(&scratch.0, &args)
        .await
        .expect("they can be made");
    let mut batch = [content(1, b"a"), content(2, b"b"), content(3, b"a")];
    outputs.write(&mut batch).await.expect("written");
    outputs.flush().await.expect("flushed");
    let mut cut = content(4, b"b");
    if let CrawlEvent::Page { record, .. } = &mut cut {
        record.truncated = true;
    }
    let mut batch = [cut, content(5, b"b")];
    outputs.write(&mut batch).await.expect("written");
    outputs.flush().await.expect("flushed");
    let positions = outputs.positions();
    let mut lost = [content(6, b"c")];
    outputs.write(&mut lost).await.expect("written");
    outputs.close().await.expect("closed");

    let mut outputs = Outputs::resume(&scratch.0, &args, &positions)
        .await
        .expect("it is long enough");
    let mut batch = [content(7, b"c"), content(8, b"a")];
    outputs.write(&mut batch).await.expect("written");
    outputs.close().await.expect("closed");
    let first = |number: u64| Some(format!("http://river.test/{number}"));
    let expected = [
        ("1", None),
        ("2", None),
        ("3", first(1)),
        ("4", None),
        ("5", first(2)),
        ("7", None),
        ("8", first(1)),
    ];
    assert_eq!(
        duplicates(&scratch.0),
        expected.map(|(number, first)| (number.to_owned(), first))
    );
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
    let mut batch = [far.expect("a time"), early].map(|fetched_at| {
        page(PageRecord {
            fetched_at,
            ..record(1)
        })
    });
    outputs.write(&mut batch).await.expect("written");
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
    outputs
        .write(&mut [page(record(1))])
        .await
        .expect("gathered");
    let error = outputs.flush().await.expect_err("no space left");
    assert!(error.to_string().starts_with("cannot write to "), "{error}");
}
