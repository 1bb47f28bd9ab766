//! A crawl after another one asks only for what has changed.

use std::path::Path;

use crawler::crawl::{Crawl, Earlier, Folder};
use tokio::io::AsyncWriteExt;

use crate::crawl::parsed;
use crate::program::scratch;
use crate::server::{Server, read_head};

/// A site of a home page with an `ETag`, and a page that leads on with a date; each is only sent to who does not have it.
async fn site() -> Server {
    Server::start(|_, mut tcp| async move {
        loop {
            let head = read_head(&mut tcp).await;
            let (validator, body) = match head.split(' ').nth(1) {
                Some("/") => ("etag: \"1\"", "<a href=/dated>"),
                Some("/dated") => (
                    "last-modified: Wed, 21 Oct 2015 07:28:00 GMT",
                    "<a href=/plain>",
                ),
                Some("/plain") => ("x: y", "<p>"),
                Some(_) => ("x: y", ""),
                None => return,
            };
            let has_it = head.contains("if-none-match: \"1\"")
                || head.contains("if-modified-since: Wed, 21 Oct 2015 07:28:00 GMT");
            let answer = if has_it {
                "HTTP/1.1 304 Not Modified\r\n\r\n".to_owned()
            } else {
                format!(
                    "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n{validator}\r\ncontent-length: {}\r\n\r\n{body}",
                    body.len()
                )
            };
            if tcp.write_all(answer.as_bytes()).await.is_err() {
                return;
            }
        }
    })
    .await
}

/// Crawls into `to`; gives how many pages were sent, and how many were as they were.
async fn crawl(server: &Server, from: Option<&Path>, to: &Path) -> (u64, u64) {
    let args = parsed(&format!("--out {} {}", to.display(), server.url("/")));
    let earlier = from.map(|from| Earlier::read(from).expect("a crawl"));
    let folder = Folder::create(to, &args).await.expect("a new one");
    let mut crawl = Crawl::start_again(&args, Some(folder), earlier.unwrap_or_default());
    crawl.end().await.expect("nothing breaks off");
    let summary = crawl.summary();
    assert_eq!(summary.redirects, 0);
    (summary.ok, summary.unchanged)
}

#[tokio::test]
async fn what_has_not_changed_is_not_sent_and_leads_on_all_the_same() {
    let server = site().await;
    let folder = scratch("recrawl");
    let [first, second, third] = ["first", "second", "third"].map(|name| folder.join(name));
    assert_eq!(crawl(&server, None, &first).await, (3, 0));
    assert_eq!(crawl(&server, Some(&first), &second).await, (1, 2));
    // What a 304 leaves out is remembered.
    assert_eq!(crawl(&server, Some(&second), &third).await, (1, 2));
    std::fs::remove_dir_all(folder).expect("it is there");
}

#[test]
fn what_is_no_crawl_is_told() {
    let folder = scratch("no-crawl");
    let error = Earlier::read(&folder).expect_err("it is empty");
    assert!(error.to_string().starts_with("cannot read "), "{error}");
    std::fs::write(folder.join("pages.jsonl"), "no JSON\n").expect("it is ours");
    let error = Earlier::read(&folder).expect_err("no JSON");
    assert!(error.to_string().contains("--recrawl"), "{error}");
    std::fs::write(folder.join("pages.jsonl"), "{\"url\":\"http://a").expect("it is ours");
    Earlier::read(&folder).expect("a line that was cut off is no harm");
    std::fs::remove_dir_all(folder).expect("it is there");
}
