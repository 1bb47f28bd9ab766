//! Whole crawls, of the demo site and of small sites with a catch each.

use std::collections::HashSet;
use std::time::Duration;

use crawler::args::Args;
use crawler::crawl::{Crawl, CrawlEvent, Rejection, SitemapRecord};
use crawler::demo::Demo;
use crawler::fetch::Reason;
use crawler::output::PageRecord;
use crawler::summary::{End, Summary};
use thalweg::prelude::*;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::server::{Server, read_head};
use crate::site::{Site, html, page, redirect, status};

/// What a crawl came to.
pub(crate) struct Crawled {
    pub(crate) summary: Summary,
    pub(crate) pages: Vec<PageRecord>,
    pub(crate) sitemaps: Vec<SitemapRecord>,
    denied: Vec<String>,
    pub(crate) lost_seeds: Vec<String>,
}

impl Crawled {
    pub(crate) fn page(&self, url: impl AsRef<str>) -> &PageRecord {
        let url = url.as_ref();
        self.pages
            .iter()
            .find(|page| page.url == url)
            .unwrap_or_else(|| panic!("{url} was not fetched"))
    }
}

pub(crate) fn parsed(words: &str) -> Args {
    let words = format!("crawler {words}");
    Args::read(words.split_whitespace()).expect("a command line")
}

/// Crawls with these words of a command line.
pub(crate) async fn crawl(words: &str) -> Crawled {
    let mut crawl = Crawl::start(&parsed(words), None);
    let events = crawl.feed().subscribe(10_000);
    crawl.end().await.expect("nothing breaks off");
    let (mut pages, mut sitemaps, mut denied) = (Vec::new(), Vec::new(), Vec::new());
    let told = events.flow().for_each(|event| match event {
        CrawlEvent::Page { record, .. } => pages.push(*record),
        CrawlEvent::Denied(url) => denied.push(url.url),
        CrawlEvent::Sitemap { record, .. } => sitemaps.push(record),
        CrawlEvent::Postponed => panic!("this is never told"),
    });
    told.await.expect("the feed ends with the crawl");
    assert_eq!(crawl.summary().pages, pages.len() as u64);
    let rejected = &crawl.summary().rejected;
    let by_robots = rejected.of(Rejection::Robots) + rejected.of(Rejection::NoRobots);
    assert_eq!(by_robots, denied.len() as u64);
    Crawled {
        summary: *crawl.summary(),
        pages,
        sitemaps,
        denied,
        lost_seeds: crawl.lost_seeds(),
    }
}

#[tokio::test]
async fn every_page_of_the_demo_is_fetched_once() {
    let demo = Demo::start().expect("a free port");
    let crawled = crawl(demo.url().as_str()).await;

    let mut expected: HashSet<String> = demo.pages().into_iter().map(String::from).collect();
    for path in ["old-course", "dried-up", "ferry", "chart.txt"] {
        expected.insert(format!("{}{path}", demo.url()));
    }
    let urls: HashSet<String> = crawled.pages.iter().map(|page| page.url.clone()).collect();
    assert_eq!(urls, expected);
    assert_eq!(crawled.pages.len(), expected.len(), "each once");
    let requests = demo.requests().len();
    assert_eq!(
        requests,
        expected.len() + 3,
        "robots.txt, its sitemap, and the ferry again"
    );

    let Summary {
        ok,
        redirects,
        errors,
        retries,
        rejected,
        end,
        ..
    } = crawled.summary;
    assert_eq!((ok, redirects, errors, retries), (62, 1, 1, 1));
    assert_eq!((rejected.of(Rejection::Robots), end), (1, End::Complete));
    assert_eq!(crawled.denied, [format!("{}private/ledger", demo.url())]);
    assert_eq!(demo.hits("/private/ledger"), 0);
    assert_eq!(demo.hits("/robots.txt"), 1);

    let home = crawled.page(demo.url());
    assert_eq!(
        (home.status, home.depth, &home.referrer),
        (Some(200), 0, &None)
    );
    assert_eq!(home.title.as_deref(), Some("The Source - The River"));
    assert!(home.links > 5 && home.bytes > 500);
    let ferry = crawled.page(format!("{}ferry", demo.url()));
    assert_eq!((ferry.status, ferry.depth), (Some(200), 1));
    assert_eq!(ferry.referrer.as_deref(), Some(demo.url().as_str()));
}

#[tokio::test]
async fn the_limit_of_pages_is_met_and_never_exceeded() {
    let demo = Demo::builder().pages(300).start().expect("a free port");
    for limit in [0, 1, 7, 100] {
        let before = demo.requests().len();
        let words = format!(
            "--max-pages {limit} --per-host 8 --ignore-robots {}",
            demo.url()
        );
        let crawled = crawl(&words).await;
        assert_eq!(crawled.summary.pages, limit);
        assert_eq!(crawled.summary.end, End::Limit);
        let requests = (demo.requests().len() - before) as u64;
        assert_eq!(requests, limit + crawled.summary.retries);
    }
}

#[tokio::test]
async fn the_depth_counts_links_and_not_redirects() {
    let site = Site::serve([
        ("/", page(&["/1", "/over"])),
        ("/1", page(&["/2"])),
        ("/2", page(&["/3"])),
        ("/3", page(&[])),
        ("/over", redirect("/there")),
        ("/there", page(&["/further"])),
        ("/further", page(&["/out-of-reach"])),
    ])
    .await;
    let crawled = crawl(&format!("--max-depth 2 {}", site.url("/"))).await;
    assert_eq!(
        site.requests(),
        ["/", "/1", "/2", "/further", "/over", "/there"]
    );
    assert_eq!(crawled.page(site.url("/there")).depth, 1);
    assert_eq!(crawled.page(site.url("/further")).depth, 2);
    assert_eq!(crawled.page(site.url("/2")).links, 1);
    let too_deep = crawled.summary.rejected.of(Rejection::TooDeep);
    assert_eq!(too_deep, 2, "counted, not followed");
    assert_eq!(crawled.summary.end, End::Complete);
}

#[tokio::test]
async fn one_page_under_many_spellings_is_fetched_once() {
    let links = [
        "/a?x=1&amp;y=2",
        "/a?y=2&amp;x=1",
        "a?x=1&amp;y=2#part",
        "./b/../a?x=1&amp;y=2",
        "/%61?x=1&amp;y=2",
        "//127.0.0.1:PORT/a?x=1&amp;y=2",
        "http://127.0.0.1:PORT//a?x=1&amp;y=2",
        "mailto:a@example.org",
        "javascript:void(0)",
        "/picture.png",
    ];
    // The port is known only once the site is there, so the links stand on a page that a second site serves.
    let target = Site::serve([("/a?x=1&y=2", page(&[]))]).await;
    let port = target.url("/").port().expect("a port").to_string();
    let base = format!("<base href=\"{}\">", target.url("/"));
    let links = links.map(|link| format!("<a href=\"{}\">", link.replace("PORT", &port)));
    let start = Site::serve([("/", html(&(base + &links.concat())))]).await;

    let words = format!(
        "--sort-query --scope any --allow-private {}",
        start.url("/")
    );
    let crawled = crawl(&words).await;
    assert_eq!(target.requests(), ["/a?x=1&y=2"]);
    assert_eq!((crawled.summary.pages, crawled.summary.links), (2, 10));
}

#[tokio::test]
async fn redirects_stay_within_the_scope_and_end() {
    let outside = Site::serve([("/", page(&[]))]).await;
    let site = Site::serve([
        (
            "/",
            page(&["/away", "/round", "/spelled//twice", "/nowhere"]),
        ),
        ("/away", redirect(outside.url("/").as_str())),
        ("/round", redirect("/and-round")),
        ("/and-round", redirect("/round")),
        ("/spelled//twice", redirect("/spelled/twice")),
        ("/spelled/twice", page(&["/last"])),
        ("/last", page(&[])),
        ("/nowhere", vec![status("301 Moved Permanently", "", "")]),
    ])
    .await;
    let crawled = crawl(site.url("/").as_str()).await;
    let expected = [
        "/",
        "/and-round",
        "/away",
        "/last",
        "/nowhere",
        "/round",
        "/spelled//twice",
        "/spelled/twice",
    ];
    assert_eq!(site.requests(), expected);
    assert_eq!(outside.requests(), [""; 0]);
    assert_eq!((crawled.summary.redirects, crawled.summary.ok), (5, 3));
}

#[tokio::test]
async fn a_redirect_between_spellings_without_end_is_given_up() {
    let endless = Site::serve([("/a", redirect("/a?")), ("/a?", redirect("/a"))]).await;
    let crawled = crawl(endless.url("/a").as_str()).await;
    assert_eq!(crawled.summary.redirects, 11);
}

#[tokio::test]
async fn what_the_scope_leaves_out_is_not_asked_for() {
    let other = Site::serve([("/", page(&[]))]).await;
    let links = ["/guide/b", "/blog", other.url("/").to_string().leak()];
    let site = Site::serve([
        ("/guide/a", page(&links)),
        ("/guide/b", page(&[])),
        ("/blog", page(&[])),
    ])
    .await;
    let start = site.url("/guide/a");
    for (scope, pages, others) in [
        ("prefix", 2, 0),
        ("host", 3, 0),
        ("domain", 4, 1),
        ("any", 4, 2),
    ] {
        let crawled = crawl(&format!("--scope {scope} --allow-private {start}")).await;
        assert_eq!(crawled.summary.pages, pages, "{scope}");
        assert_eq!(other.requests().len(), others, "{scope}");
    }
}

#[tokio::test]
async fn links_into_private_networks_are_refused() {
    let inside = Site::serve([("/", page(&[]))]).await;
    let link = inside.url("/").to_string();
    let site = Site::serve([("/", page(&[&link, "/also"])), ("/also", redirect(&link))]).await;
    let crawled = crawl(&format!("--scope any {}", site.url("/"))).await;
    let refused = crawled.page(&link);
    let why = refused.error.as_deref().expect("it was refused");
    assert!(why.contains("is not a public address"), "{why}");
    assert_eq!(inside.requests(), [""; 0]);
    assert_eq!(inside.hits("/robots.txt"), 0);
    assert_eq!((crawled.summary.ok, crawled.summary.failures), (1, 1));
    assert_eq!(crawled.lost_seeds, [""; 0]);
}

#[tokio::test]
async fn a_long_body_is_cut_at_the_limit() {
    let long = format!("<a href=/first>{}<a href=/last>", "x".repeat(10_000));
    let site = Site::serve([("/", html(&long)), ("/first", page(&[]))]).await;
    let crawled = crawl(&format!("--body-limit 5000 {}", site.url("/"))).await;
    assert_eq!(site.requests(), ["/", "/first"]);
    assert_eq!(crawled.page(site.url("/")).bytes, 5000);
}

#[tokio::test]
async fn a_connection_that_breaks_is_a_failure_and_the_crawl_goes_on() {
    let broken = Server::start(|_, tcp| async move { drop(tcp) }).await;
    let site = Site::serve([
        ("/", page(&[broken.url("/x").as_str(), "/fine"])),
        ("/fine", page(&[])),
    ])
    .await;
    // Its robots.txt would break too, and so forbid the page.
    let words = format!(
        "--scope any --allow-private --ignore-robots --retries 0 {}",
        site.url("/")
    );
    let crawled = crawl(&words).await;
    assert_eq!((crawled.summary.ok, crawled.summary.failures), (2, 1));
    assert_eq!(crawled.summary.troubles.of(Reason::Protocol), 1);
    let why = crawled.page(broken.url("/x")).error.as_deref();
    assert!(
        why.is_some_and(|why| why.contains("no valid answer")),
        "{why:?}"
    );
}

#[tokio::test]
async fn a_plan_names_the_stages() {
    let demo = Demo::builder().pages(3).start().expect("a free port");
    let args = Args::read(["crawler", demo.url().as_str()]).expect("a command line");
    let mut crawl = Crawl::start(&args, None);
    crawl.end().await.expect("nothing breaks off");
    let plan = crawl.plan();
    let frontier = plan.find("frontier").expect("the first stage");
    let counts = frontier.counts().expect("it has numbers");
    // The ferry is busy the first time, and lines up again; and there is a sitemap.
    assert_eq!((counts.received, counts.emitted), (10, 10));
    assert_eq!(plan.bound().map(|bound| bound > 1_000_000), Some(true));
    assert!(plan.find("par_map_by_key").is_some());
}

#[tokio::test]
async fn a_request_that_hangs_is_cut_off_after_a_stop() {
    let (tell, mut asked) = mpsc::unbounded_channel();
    let server = Server::start(move |_, mut tcp| {
        let tell = tell.clone();
        async move {
            read_head(&mut tcp).await;
            tell.send(()).expect("the test listens");
            // Holds the connection until the crawler leaves.
            read_head(&mut tcp).await;
        }
    })
    .await;
    let url = server.url("/").to_string();
    let args = Args::read(["crawler", "--ignore-robots", &url]).expect("a command line");
    let mut crawl = Crawl::start(&args, None);
    tokio::select! {
        end = crawl.end() => panic!("there is no answer: {end:?}"),
        told = asked.recv() => told.expect("the server is there"),
    }
    // The clock is stopped only now that the request has got there; it goes on to whatever is due next.
    tokio::time::pause();
    let asked_at = Instant::now();
    crawl.stop();
    crawl.end().await.expect("the end is a good one");
    assert!(asked_at.elapsed() <= Duration::from_secs(5));
    let summary = crawl.summary();
    assert_eq!((summary.failures, summary.end), (1, End::Stopped));
    let expected = format!("{url} was not fetched: cut off when the crawl was stopped");
    assert_eq!(crawl.lost_seeds(), [expected]);
}

#[tokio::test]
async fn a_seed_that_leads_elsewhere_is_told() {
    let other = Site::serve([("/", page(&[]))]).await;
    let site = Site::serve([("/", redirect(other.url("/").as_str()))]).await;
    let url = site.url("/").to_string();
    let args = Args::read(["crawler", &url]).expect("a command line");
    let mut crawl = Crawl::start(&args, None);
    crawl.end().await.expect("nothing breaks off");
    let expected = format!("{url} leads to {}, which is out of scope", other.url("/"));
    assert!(
        crawl.hints()[0].starts_with(&expected),
        "{:?}",
        crawl.hints()
    );
    assert_eq!(crawl.lost_seeds(), [""; 0]);
}
