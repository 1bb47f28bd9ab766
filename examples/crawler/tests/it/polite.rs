//! What a crawl owes to the sites that it visits: their rules, their pace, and peace when they are in trouble.

use crate::crawl::crawl;
use crate::site::{Site, html, page, redirect, status, text};
use crawler::crawl::Rejection;

#[tokio::test]
async fn a_polite_crawl_does_not_follow_what_it_is_asked_not_to() {
    let nofollow = status(
        "200 OK",
        "content-type: text/html\r\nx-robots-tag: otherbot: none\r\nx-robots-tag: nofollow\r\n",
        "<a href=/by-header>",
    );
    let answers = || {
        [
            (
                "/",
                html(
                    "<a rel='ugc nofollow' href=/by-rel><a href=/meta><a href=/header><iframe src=/frame>",
                ),
            ),
            (
                "/meta",
                html("<meta name=robots content=nofollow><a href=/by-meta>"),
            ),
            ("/header", vec![nofollow.clone()]),
        ]
    };
    let site = Site::serve(answers()).await;
    crawl(site.url("/").as_str()).await;
    assert_eq!(site.requests(), ["/", "/header", "/meta"]);

    let site = Site::serve(answers()).await;
    crawl(&format!("--ignore-robots {}", site.url("/"))).await;
    let all = ["/", "/by-header", "/by-meta", "/by-rel", "/header", "/meta"];
    assert_eq!(site.requests(), all);
    assert_eq!(site.hits("/robots.txt"), 0);
}

#[tokio::test]
async fn robots_txt_is_looked_up_by_name_and_read_once() {
    let robots = "User-agent: *\nDisallow: /\n\nUser-agent: crawler\nDisallow: /secret\n";
    let site = Site::serve([
        ("/robots.txt", redirect("/real-robots.txt")),
        ("/real-robots.txt", text(robots)),
        ("/", page(&["/a", "/secret", "/secret/b", "/c"])),
        ("/a", page(&[])),
        ("/c", page(&[])),
    ])
    .await;
    let crawled = crawl(&format!("--per-host 8 {}", site.url("/"))).await;
    assert_eq!(site.requests(), ["/", "/a", "/c", "/real-robots.txt"]);
    assert_eq!(site.hits("/robots.txt"), 1);
    assert_eq!(crawled.summary.rejected.of(Rejection::Robots), 2);

    let other = crawl(&format!("--user-agent somebody/1 {}", site.url("/"))).await;
    assert_eq!(other.summary.pages, 0);
    assert_eq!(other.summary.rejected.of(Rejection::Robots), 1);
    let expected = format!("{} was not fetched: robots.txt disallows it", site.url("/"));
    assert_eq!(other.lost_seeds, [expected]);
}

#[tokio::test]
async fn a_robots_txt_that_fails_forbids_everything_for_now() {
    let failing = vec![status(
        "500 Internal Server Error",
        "retry-after: 0\r\n",
        "",
    )];
    let site = Site::serve([("/robots.txt", failing), ("/", page(&[]))]).await;
    let crawled = crawl(site.url("/").as_str()).await;
    assert_eq!(site.requests(), [""; 0]);
    assert_eq!(site.hits("/robots.txt"), 3, "tried again");
    assert_eq!(crawled.summary.rejected.of(Rejection::NoRobots), 1);
    let expected = "its robots.txt cannot be read now (status 500)";
    assert!(
        crawled.lost_seeds[0].ends_with(expected),
        "{:?}",
        crawled.lost_seeds
    );

    let site = Site::serve([
        ("/robots.txt", vec![status("403 Forbidden", "", "")]),
        ("/", page(&[])),
    ])
    .await;
    assert_eq!(crawl(site.url("/").as_str()).await.summary.ok, 1);
}

#[tokio::test(start_paused = true)]
async fn a_crawl_delay_holds_from_the_first_page_on() {
    let site = Site::serve([
        ("/robots.txt", text("User-agent: *\nCrawl-delay: 5")),
        ("/", page(&["/a", "/b"])),
        ("/a", page(&[])),
        ("/b", page(&[])),
    ])
    .await;
    let crawled = crawl(&format!("--per-host 8 --timeout 1d {}", site.url("/"))).await;
    assert_eq!(site.requests(), ["/", "/a", "/b"]);
    // Three starts are two pauses apart. The clock goes on only when there is nothing to do.
    assert!(
        crawled.summary.duration_s >= 10.0,
        "{}",
        crawled.summary.duration_s
    );
}

#[tokio::test]
async fn what_may_work_later_is_tried_again_and_nothing_else() {
    let busy = |code: &str| status(code, "retry-after: 0\r\n", "");
    let fine = page(&[]).remove(0);
    let site = Site::serve([
        ("/", page(&["/flaky", "/limited", "/broken", "/gone"])),
        (
            "/flaky",
            vec![
                busy("503 Service Unavailable"),
                busy("502 Bad Gateway"),
                fine.clone(),
            ],
        ),
        ("/limited", vec![busy("429 Too Many Requests"), fine]),
        ("/broken", vec![busy("500 Internal Server Error")]),
        ("/gone", vec![busy("410 Gone")]),
    ])
    .await;
    let crawled = crawl(&format!("--retries 2 {}", site.url("/"))).await;
    let hits = ["/flaky", "/limited", "/broken", "/gone"].map(|path| site.hits(path));
    assert_eq!(hits, [3, 2, 3, 1]);
    assert_eq!((crawled.summary.ok, crawled.summary.http_errors), (3, 2));
    assert_eq!(crawled.summary.retries, 2 + 1 + 2);
    assert_eq!(crawled.page(site.url("/broken")).status, Some(500));
}

#[tokio::test(start_paused = true)]
async fn a_site_that_asks_for_a_rest_gets_it() {
    let busy = |seconds: u32| {
        let header = format!("retry-after: {seconds}\r\n");
        vec![status("429 Too Many Requests", &header, "")]
    };
    let site = Site::serve([
        ("/", page(&["/a", "/b", "/c", "/d"])),
        ("/a", busy(15)),
        ("/b", page(&[])),
        // When the first rest is over it is the next, for the one before has been put off.
        ("/c", busy(3600)),
        ("/d", page(&[])),
    ])
    .await;
    let words = format!("--per-host 1 --retries 0 --timeout 1d {}", site.url("/"));
    let summary = crawl(&words).await.summary;
    assert_eq!(site.requests(), ["/", "/a", "/b", "/c", "/d"]);
    // An hour is more than a site is granted.
    let rests = 15.0 + 30.0;
    assert!(
        summary.duration_s >= rests && summary.duration_s < rests + 5.0,
        "{}",
        summary.duration_s
    );
}

#[tokio::test(start_paused = true)]
async fn trying_again_keeps_the_pause_too() {
    let broken = status("500 Internal Server Error", "", "");
    let site = Site::serve([
        ("/robots.txt", text("User-agent: *\nCrawl-delay: 5")),
        ("/", vec![broken, page(&[]).remove(0)]),
    ])
    .await;
    let crawled = crawl(&format!("--timeout 1d {}", site.url("/"))).await;
    assert_eq!((crawled.summary.ok, crawled.summary.retries), (1, 1));
    assert!(
        crawled.summary.duration_s >= 5.0,
        "{}",
        crawled.summary.duration_s
    );
}
