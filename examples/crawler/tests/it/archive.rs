//! Archives of crawls.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crawler::args::Args;
use crawler::crawl::{CrawlEvent, Rejections};
use crawler::fetch::Response;
use crawler::output::{Algorithm, Outputs, PageRecord, Positions};
use flate2::bufread::GzDecoder;
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use hyper::{StatusCode, Version};
use serde_json::Value;

use crate::program::scratch;

fn args(words: &str) -> Args {
    let words = format!("crawler --out unused --warc {words} http://river.test/");
    Args::read(words.split_whitespace()).expect("a command line")
}

fn headers(lines: &[(&'static str, &'static str)]) -> HeaderMap {
    let pair = |&(name, value)| {
        (
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        )
    };
    lines.iter().map(pair).collect()
}

fn response(path: &str, body: &'static [u8]) -> Response {
    Response {
        url: format!("http://river.test{path}").parse().expect("a URL"),
        sent: Some(headers(&[
            ("host", "river.test"),
            ("authorization", "Basic c2VjcmV0"),
        ])),
        version: Version::HTTP_11,
        status: StatusCode::OK,
        headers: headers(&[("content-type", "text/html; charset=utf-8")]),
        is_decoded: false,
        body: body.into(),
        truncated: false,
        is_bomb: false,
        location: None,
        remote: ([192, 0, 2, 7], 80).into(),
        elapsed: Duration::from_millis(12),
        latency: Duration::from_millis(10),
        answered: tokio::time::Instant::now(),
    }
}

fn page(response: Response) -> CrawlEvent {
    let fetched_at = SystemTime::UNIX_EPOCH + Duration::from_millis(1_700_000_000_250);
    let record = PageRecord {
        status: Some(response.status.as_u16()),
        content_type: response.content_type().map(str::to_owned),
        bytes: response.body.len() as u64,
        truncated: response.truncated,
        digest: Some(Algorithm::Sha1.digest(&response.body)),
        ..PageRecord::new(response.url.to_string(), fetched_at)
    };
    CrawlEvent::Page {
        record: Box::new(record),
        retries: 0,
        rejections: Rejections::default(),
        rejected: Vec::new(),
        response: Some(Arc::new(response)),
    }
}

/// The files of an archive, in their order.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(folder.join("archive"))
        .expect("there")
        .map(|entry| entry.expect("there").path())
        .collect();
    files.sort();
    files
}

/// The records of a file, which is read to its very end.
fn records(file: &Path) -> Vec<String> {
    let bytes = fs::read(file).expect("there");
    let (mut rest, mut records) = (&bytes[..], Vec::new());
    while !rest.is_empty() {
        let mut member = GzDecoder::new(rest);
        let mut record = Vec::new();
        member.read_to_end(&mut record).expect("a whole member");
        records.push(String::from_utf8(record).expect("text"));
        rest = member.into_inner();
    }
    records
}

fn field<'a>(record: &'a str, name: &str) -> Option<&'a str> {
    record
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

/// Kind and path of all records but the first of each file.
fn told(folder: &Path) -> Vec<String> {
    let of_file = |file: &PathBuf| {
        let records = records(file);
        assert_eq!(field(&records[0], "WARC-Type"), Some("warcinfo"));
        records[1..].to_vec()
    };
    let all = files(folder).iter().flat_map(of_file).collect::<Vec<_>>();
    all.iter()
        .map(|record| {
            let url = field(record, "WARC-Target-URI").expect("a URL");
            let path = url.strip_prefix("http://river.test").expect("of the site");
            format!("{} {path}", field(record, "WARC-Type").expect("a kind"))
        })
        .collect()
}

async fn create(folder: &Path, args: &Args) -> Outputs {
    Outputs::create(folder, args)
        .await
        .expect("they can be made")
}

async fn write(outputs: &mut Outputs, responses: impl IntoIterator<Item = Response>) -> Positions {
    let mut batch: Vec<_> = responses.into_iter().map(page).collect();
    outputs.write(&mut batch).await.expect("written");
    outputs.flush().await.expect("flushed");
    outputs.positions()
}

#[tokio::test]
async fn what_was_said_is_stored_and_passwords_are_not() {
    let folder = scratch("archive");
    let mut outputs = create(&folder, &args("")).await;
    let mut coded = response("/coded?x", b"<p>plain");
    coded.is_decoded = true;
    coded.version = Version::HTTP_2;
    coded.truncated = true;
    coded.headers = headers(&[
        ("content-encoding", "gzip"),
        ("transfer-encoding", "chunked"),
        ("content-length", "28"),
        ("x-other", "kept"),
    ]);
    write(&mut outputs, [coded]).await;
    outputs.close().await.expect("closed");

    let records = records(&files(&folder)[0]);
    let [info, response, request, metadata] = &records[..] else {
        panic!("{records:?}");
    };
    assert!(info.contains("\r\nrobots: obey\r\n"), "{info}");
    assert!(
        response.ends_with(concat!(
            "\r\n\r\nHTTP/1.1 200 OK\r\nx-orig-content-encoding: gzip\r\n",
            "x-orig-transfer-encoding: chunked\r\ncontent-length: 8\r\n",
            "x-orig-content-length: 28\r\nx-other: kept\r\n\r\n<p>plain\r\n\r\n"
        )),
        "{response}"
    );
    let expected = [
        ("WARC-Date", "2023-11-14T22:13:20.250Z"),
        ("WARC-Target-URI", "http://river.test/coded?x"),
        ("WARC-IP-Address", "192.0.2.7"),
        (
            "WARC-Payload-Digest",
            "sha1:RA5JFIMA56V6YPX66MPDZLTLXWNHV66W",
        ),
        ("WARC-Protocol", "h2"),
        ("WARC-Truncated", "length"),
        ("Content-Type", "application/http; msgtype=response"),
    ];
    for (name, value) in expected {
        assert_eq!(field(response, name), Some(value), "{response}");
    }
    let id = field(response, "WARC-Record-ID").expect("a name");
    assert_eq!((id.len(), &id[..10]), (47, "<urn:uuid:"));
    for record in [request, metadata] {
        assert_eq!(field(record, "WARC-Concurrent-To"), Some(id), "{record}");
    }
    assert!(
        request.ends_with("\r\n\r\nGET /coded?x HTTP/1.1\r\nhost: river.test\r\n\r\n\r\n\r\n"),
        "{request}"
    );
    assert_eq!(field(metadata, "fetchTimeMs"), Some("0"));
    fs::remove_dir_all(folder).expect("it is there");
}

#[tokio::test]
async fn a_body_is_stored_once() {
    let folder = scratch("revisits");
    let mut outputs = create(&folder, &args("")).await;
    let unchanged = Response {
        status: StatusCode::NOT_MODIFIED,
        sent: Some(headers(&[("if-none-match", "\"1\"")])),
        ..response("/c", b"")
    };
    let pages = [response("/a", b"same"), response("/b", b"same"), unchanged];
    write(&mut outputs, pages).await;
    outputs.close().await.expect("closed");

    let records = records(&files(&folder)[0]);
    let revisits: Vec<_> = records
        .iter()
        .filter(|record| field(record, "WARC-Type") == Some("revisit"))
        .collect();
    let [duplicate, unchanged] = revisits[..] else {
        panic!("{records:?}");
    };
    let profile = |record| field(record, "WARC-Profile").and_then(|url| url.rsplit('/').next());
    assert_eq!(profile(duplicate), Some("identical-payload-digest"));
    assert_eq!(
        field(duplicate, "WARC-Refers-To-Target-URI"),
        Some("http://river.test/a")
    );
    assert_eq!(
        field(duplicate, "WARC-Refers-To-Date"),
        Some("2023-11-14T22:13:20.250Z")
    );
    assert!(!duplicate.contains("same"), "{duplicate}");
    assert_eq!(profile(unchanged), Some("server-not-modified"));
    fs::remove_dir_all(folder).expect("it is there");
}

#[tokio::test]
async fn an_archive_goes_on_with_whole_records_wherever_it_broke_off() {
    let folder = scratch("broken");
    let args = args("--warc-size 2kB");
    let mut outputs = create(&folder, &args).await;
    let kept = write(
        &mut outputs,
        [response("/2", b"two"), response("/1", b"one")],
    )
    .await;
    let lost =
        ["/3", "/4", "/5", "/6"].map(|path| response(path, path.as_bytes().to_owned().leak()));
    write(&mut outputs, lost).await;
    drop(outputs);
    let before = files(&folder);
    assert!(before.len() > 2, "{before:?}");
    let newest = before.last().expect("a file");
    let torn = fs::read(newest).expect("there");
    fs::write(newest, &torn[..torn.len() - 5]).expect("written");

    let mut outputs = Outputs::resume(&folder, &args, &kept)
        .await
        .expect("it goes on");
    assert_eq!(outputs.positions(), kept);
    let end = write(&mut outputs, [response("/0", b"one")]).await;
    outputs.close().await.expect("closed");
    let expected = [
        "response /2",
        "request /2",
        "metadata /2",
        "response /1",
        "request /1",
    ];
    let all = told(&folder);
    assert_eq!(all[..5], expected);
    assert_eq!(
        all[5..],
        ["metadata /1", "revisit /0", "request /0", "metadata /0"]
    );
    let keys = || -> Vec<String> {
        let index = fs::read_to_string(folder.join("indexes/index.cdxj")).expect("an index");
        index
            .lines()
            .map(|line| line.split(' ').next().expect("a key").to_owned())
            .collect()
    };
    assert_eq!(keys(), ["test,river)/0", "test,river)/1", "test,river)/2"]);

    // Once more, after it has come to its end.
    let mut outputs = Outputs::resume(&folder, &args, &end)
        .await
        .expect("it goes on");
    write(&mut outputs, [response("/00", b"zero")]).await;
    outputs.close().await.expect("closed");
    assert_eq!(keys().len(), 4);
    assert_eq!(told(&folder).len(), 12);
    assert_eq!(
        fs::read_dir(folder.join("indexes")).expect("there").count(),
        1
    );
    fs::remove_dir_all(folder).expect("it is there");
}

#[tokio::test]
async fn the_index_tells_where_a_record_is() {
    let folder = scratch("index");
    let mut outputs = create(&folder, &args("")).await;
    write(&mut outputs, [response("/a", b"x"), response("/B?c", b"y")]).await;
    outputs.close().await.expect("closed");
    let index = fs::read_to_string(folder.join("indexes/index.cdxj")).expect("an index");
    for (line, path) in index.lines().zip(["/a", "/B?c"]) {
        let (head, json) = line.split_at(line.find('{').expect("JSON"));
        assert!(head.ends_with(" 20231114221320 "), "{line}");
        let entry: Value = serde_json::from_str(json).expect("JSON");
        let number = |name: &str| entry[name].as_str().expect("text").parse::<usize>();
        let name = entry["filename"].as_str().expect("a name");
        let file = fs::read(folder.join("archive").join(name)).expect("there");
        let (start, length) = (
            number("offset").expect("one"),
            number("length").expect("one"),
        );
        let mut record = String::new();
        GzDecoder::new(&file[start..start + length])
            .read_to_string(&mut record)
            .expect("a whole member");
        let url = format!("http://river.test{path}");
        assert_eq!(field(&record, "WARC-Target-URI"), Some(url.as_str()));
    }
    assert_eq!(index.lines().count(), 2);
    fs::remove_dir_all(folder).expect("it is there");
}

#[tokio::test]
async fn an_earlier_archive_is_not_mixed_with_a_new_one() {
    let folder = scratch("earlier");
    create(&folder, &args(""))
        .await
        .close()
        .await
        .expect("closed");
    let error = Outputs::create(&folder, &args(""))
        .await
        .expect_err("there is one");
    let line = error.to_string();
    assert!(line.starts_with("cannot begin an archive in "), "{line}");
    assert!(line.contains("there is one already (crawl-"), "{line}");
    fs::remove_dir_all(folder).expect("it is there");
}
