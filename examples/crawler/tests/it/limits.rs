//! How far a crawl goes: what is not wanted, when it is enough, and where sites have no end.

use crawler::crawl::Rejection;
use crawler::summary::End;
use tokio::io::AsyncWriteExt;

use crate::crawl::crawl;
use crate::server::{Server, read_head};
use crate::site::{Site, html, page};

#[tokio::test]
async fn what_is_not_wanted_is_counted_by_reason() {
    let long = format!("/{}", "x".repeat(3000));
    let links = [
        "/a/1",
        "/a/2?print=1",
        "/b/1",
        "/a/photo.jpg",
        "http://other.test/a/",
        "/a/a/a/a/a/1",
        &long,
        "mailto:me@example.org",
    ];
    let site = Site::serve([
        ("/", page(&links)),
        ("/a/1", page(&["/b/1", "/a/2?print=1"])),
    ])
    .await;
    let words = format!(r"--include /a/ --exclude [?&]print= {}", site.url("/"));
    let crawled = crawl(&words).await;
    assert_eq!(site.requests(), ["/", "/a/1"]);
    let counts: Vec<_> = crawled.summary.rejected.iter().collect();
    let expected = [
        (Rejection::NoUrl, 1),
        (Rejection::TooLong, 1),
        (Rejection::OutOfScope, 1),
        (Rejection::Extension, 1),
        (Rejection::NotIncluded, 2),
        (Rejection::Excluded, 2),
        (Rejection::RepeatingPath, 1),
    ];
    assert_eq!(counts, expected);
}

#[tokio::test]
async fn extensions_can_be_chosen() {
    let site = Site::serve([
        ("/", page(&["/a.pdf", "/b.html"])),
        ("/a.pdf", page(&[])),
        ("/b.html", page(&[])),
    ])
    .await;
    let crawled = crawl(&format!("--skip-extensions .HTML {}", site.url("/"))).await;
    assert_eq!(site.requests(), ["/", "/a.pdf"]);
    assert_eq!(crawled.summary.rejected.of(Rejection::Extension), 1);
}

#[tokio::test]
async fn parameters_and_sessions_can_be_left_out_of_account() {
    let links = [
        "/a?x=1",
        "/a?utm_source=z&amp;x=1",
        "/a;jsessionid=F00?x=1",
        "/a?PHPSESSID=9&amp;x=1",
        "/(S(abc))/a?x=1",
        "/a?x=2",
    ];
    let site = Site::serve([
        ("/", page(&links)),
        ("/a?x=1", page(&[])),
        ("/a?x=2", page(&[])),
    ])
    .await;
    let words = format!(
        "--strip-params utm_source --strip-session-ids {}",
        site.url("/")
    );
    crawl(&words).await;
    assert_eq!(site.requests(), ["/", "/a?x=1", "/a?x=2"]);
}

#[tokio::test]
async fn a_host_may_have_a_budget() {
    let links = ["/1", "/2", "/3", "/4"];
    let site = Site::serve([("/", page(&links)), ("/1", page(&[])), ("/2", page(&[]))]).await;
    let crawled = crawl(&format!("--max-pages-per-host 3 {}", site.url("/"))).await;
    assert_eq!(site.requests(), ["/", "/1", "/2"]);
    assert_eq!(crawled.summary.rejected.of(Rejection::HostBudget), 2);
    assert_eq!(crawled.summary.end, End::Complete);
}

#[tokio::test]
async fn bytes_are_limited() {
    let text = "x".repeat(1000);
    let site = Site::serve([
        ("/", html(&format!("<a href=/1>{text}"))),
        ("/1", html(&format!("<a href=/2>{text}"))),
        ("/2", html(&format!("<a href=/3>{text}"))),
    ])
    .await;
    let crawled = crawl(&format!("--max-bytes 1500 {}", site.url("/"))).await;
    assert_eq!(site.requests(), ["/", "/1"]);
    assert_eq!(crawled.summary.end, End::Limit);
}

#[tokio::test(start_paused = true)]
async fn time_is_limited() {
    let server = Server::start(|_, mut tcp| async move {
        // Takes requests, and never answers.
        read_head(&mut tcp).await;
        read_head(&mut tcp).await;
    })
    .await;
    let words = format!(
        "--ignore-robots --max-time 1s --timeout 1h {}",
        server.url("/")
    );
    let crawled = crawl(&words).await;
    assert_eq!(crawled.summary.end, End::Limit);
    assert_eq!(crawled.summary.failures, 1);
    assert!(crawled.summary.duration_s < 6.5, "it was cut off");
}

#[tokio::test]
async fn a_calendar_comes_to_an_end() {
    let calendar = Server::start(|_, mut tcp| async move {
        loop {
            let head = read_head(&mut tcp).await;
            let Some(path) = head.split(' ').nth(1) else {
                return;
            };
            let day: u128 = path
                .rsplit('=')
                .next()
                .and_then(|day| day.parse().ok())
                .unwrap_or(1);
            let next = day.wrapping_mul(2);
            let body = format!(
                "<a href='/cal?d={next}'>next</a><a href='/cal?d={}'>",
                next + 1
            );
            let length = body.len();
            let head = "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length:";
            let answer = format!("{head} {length}\r\n\r\n{body}");
            if tcp.write_all(answer.as_bytes()).await.is_err() {
                return;
            }
        }
    })
    .await;
    let words = "--ignore-robots --per-host 8 --max-pages 5000 --max-per-pattern 20";
    let crawled = crawl(&format!("{words} {}", calendar.url("/cal?d=1"))).await;
    assert_eq!(crawled.summary.end, End::Complete);
    // All days to the eighth level, and then as many as are granted.
    assert_eq!(crawled.summary.pages, 511 + 20);
    assert!(crawled.summary.rejected.of(Rejection::PatternBudget) > 0);
}
