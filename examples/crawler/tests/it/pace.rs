//! How fast a crawl goes: what its servers see, by a clock that goes on only when there is nothing to do.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use crawler::crawl::Crawl;
use tokio::io::AsyncWriteExt;
use tokio::time::{Instant, sleep};

use crate::crawl::{crawl, parsed};
use crate::server::{Server, read_head};
use crate::site::{Site, page, text};

/// A server that notes when each request comes, and takes its time to answer with so many links.
struct Noting {
    server: Server,
    requests: Arc<Mutex<Vec<Instant>>>,
}

impl Noting {
    async fn start(links: usize, latency: Duration) -> Self {
        let requests = Arc::new(Mutex::new(Vec::new()));
        let log = requests.clone();
        let targets: Vec<String> = (0..links).map(|link| format!("/{link}")).collect();
        let targets: Vec<&str> = targets.iter().map(String::as_str).collect();
        let answer = page(&targets).remove(0);
        let server = Server::start(move |_, mut tcp| {
            let (log, answer) = (log.clone(), answer.clone());
            async move {
                while !read_head(&mut tcp).await.is_empty() {
                    log.lock()
                        .expect("no test panics with it")
                        .push(Instant::now());
                    sleep(latency).await;
                    if tcp.write_all(answer.as_bytes()).await.is_err() {
                        return;
                    }
                }
            }
        })
        .await;
        Self { server, requests }
    }

    fn seen(&self) -> Vec<Instant> {
        self.requests
            .lock()
            .expect("no test panics with it")
            .clone()
    }

    /// The shortest time between two requests.
    fn closest(&self) -> Duration {
        let seen = self.seen();
        let gaps = seen.windows(2).map(|pair| pair[1] - pair[0]);
        gaps.min().expect("two requests")
    }
}

async fn several(count: usize, links: usize, latency: Duration) -> Vec<Noting> {
    let mut servers = Vec::new();
    for _ in 0..count {
        servers.push(Noting::start(links, latency).await);
    }
    servers
}

fn urls(servers: &[Noting]) -> String {
    let urls = servers
        .iter()
        .map(|noting| noting.server.url("/").to_string());
    urls.collect::<Vec<_>>().join(" ")
}

#[tokio::test(start_paused = true)]
async fn no_host_sees_two_requests_closer_than_its_delay_and_none_waits_much_longer() {
    let delay = Duration::from_millis(100);
    let servers = several(10, 8, Duration::from_millis(3)).await;
    let words = format!(
        "--delay 100ms --timeout 1d --stall-timeout 1d {}",
        urls(&servers)
    );
    let crawled = crawl(&words).await;
    assert_eq!(crawled.summary.ok, 10 * 9);
    for server in &servers {
        let seen = server.seen();
        // Its robots.txt is a request too.
        assert_eq!(seen.len(), 10);
        assert!(server.closest() >= delay, "{:?}", server.closest());
        let ideal = delay * 9;
        let taken = seen[9] - seen[0];
        assert!(
            ideal.as_secs_f64() / taken.as_secs_f64() >= 0.95,
            "{taken:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn requests_side_by_side_are_as_far_apart() {
    let servers = several(1, 8, Duration::from_millis(250)).await;
    let words = format!(
        "--delay 100ms --per-host 8 --timeout 1d --stall-timeout 1d {}",
        urls(&servers)
    );
    assert_eq!(crawl(&words).await.summary.ok, 9);
    assert!(servers[0].closest() >= Duration::from_millis(100));
    let seen = servers[0].seen();
    // One by one, each would take 350 ms.
    let taken = seen[9] - seen[0];
    assert!(taken < Duration::from_millis(9 * 200), "{taken:?}");
}

#[tokio::test(start_paused = true)]
async fn a_rate_is_kept() {
    let servers = several(1, 4, Duration::ZERO).await;
    let words = format!("--rate 30/m --timeout 1d {}", urls(&servers));
    assert_eq!(crawl(&words).await.summary.ok, 5);
    assert!(servers[0].closest() >= Duration::from_secs(2));
}

#[tokio::test(start_paused = true)]
async fn sites_at_one_address_share_its_delay() {
    let servers = several(4, 1, Duration::ZERO).await;
    let words = format!(
        "--ip-delay 5s --ignore-robots --timeout 1d {}",
        urls(&servers)
    );
    assert_eq!(crawl(&words).await.summary.ok, 8);
    let mut all: Vec<Instant> = servers.iter().flat_map(Noting::seen).collect();
    all.sort();
    let closest = all.windows(2).map(|pair| pair[1] - pair[0]).min();
    assert!(closest >= Some(Duration::from_secs(5)), "{closest:?}");
    assert!(all[7] - all[0] < Duration::from_secs(7 * 5 + 15), "{all:?}");
}

#[tokio::test(start_paused = true)]
async fn sites_at_one_address_share_its_places() {
    let latency = Duration::from_secs(10);
    for (words, places) in [("--per-ip 1", 1), ("--per-ip 2", 2), ("", 4)] {
        let servers = several(4, 0, latency).await;
        let words = format!(
            "{words} --ignore-robots --timeout 1d --stall-timeout 1d {}",
            urls(&servers)
        );
        assert_eq!(crawl(&words).await.summary.ok, 4);
        let mut all: Vec<Instant> = servers.iter().flat_map(Noting::seen).collect();
        all.sort();
        for pair in all.windows(places + 1) {
            assert!(pair[places] - pair[0] >= latency, "{words} {all:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_server_is_asked_less_often_if_that_is_wanted() {
    let servers = several(1, 3, Duration::from_secs(1)).await;
    let words = |factor: &str| {
        format!(
            "{factor} --ignore-robots --timeout 1d --stall-timeout 1d {}",
            urls(&servers)
        )
    };
    assert_eq!(crawl(&words("--delay-factor 5")).await.summary.ok, 4);
    assert!(servers[0].closest() >= Duration::from_secs(5));
    let before = servers[0].seen().len();
    assert_eq!(crawl(&words("")).await.summary.ok, 4);
    let seen = servers[0].seen();
    assert!(seen[seen.len() - 1] - seen[before] < Duration::from_secs(5));
}

#[tokio::test(start_paused = true)]
async fn a_crawl_delay_is_capped_and_only_then() {
    for (cap, expected) in [
        ("", 20),
        ("--max-crawl-delay 3s", 3),
        ("--max-crawl-delay 5m", 20),
    ] {
        let site = Site::serve([
            ("/robots.txt", text("User-agent: *\nCrawl-delay: 20")),
            ("/", page(&["/a"])),
            ("/a", page(&[])),
        ])
        .await;
        let words = format!("{cap} --timeout 1d {}", site.url("/"));
        let taken = crawl(&words).await.summary.duration_s;
        // The robots.txt, the first page and the second.
        let expected = f64::from(expected) * 2.0;
        assert!(
            (expected..expected + 1.0).contains(&taken),
            "{cap}: {taken}"
        );
    }
}

#[tokio::test]
async fn a_slow_host_never_idles_the_others() {
    let silent =
        Server::start(|_, mut tcp| async move { while !read_head(&mut tcp).await.is_empty() {} })
            .await;
    let paths: Vec<String> = (0..300).map(|path| format!("/{path}")).collect();
    let mut targets: Vec<&str> = paths.iter().map(String::as_str).collect();
    let slow: Vec<String> = (0..300)
        .map(|path| silent.url(&format!("/{path}")).into())
        .collect();
    // All of the slow ones come first.
    let mut links: Vec<&str> = slow.iter().map(String::as_str).collect();
    links.append(&mut targets);
    let mut answers = vec![("/", page(&links))];
    answers.extend(paths.iter().map(|path| (&**path, page(&[]))));
    let site = Site::serve_all(answers).await;
    let words = format!(
        "--scope any --allow-private --concurrency 4 {}",
        site.url("/")
    );
    let mut crawl = Crawl::start(&parsed(&words), None);
    let watch = crawl.watch();
    let fetched = async {
        while watch.snapshot().pages < 301 {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        end = crawl.end() => panic!("the silent one has not answered: {end:?}"),
        () = fetched => {}
    }
    crawl.abort();
}

#[tokio::test(start_paused = true)]
async fn what_is_tried_again_lines_up_again() {
    let broken = crate::site::status("500 Internal Server Error", "", "");
    let fine = page(&[]).remove(0);
    let site = Site::serve([
        ("/", page(&["/broken", "/a", "/b"])),
        ("/broken", vec![broken.clone(), broken, fine]),
        ("/a", page(&[])),
        ("/b", page(&[])),
    ])
    .await;
    let words = format!("--per-host 1 --timeout 1d {}", site.url("/"));
    let crawled = crawl(&words).await;
    assert_eq!((crawled.summary.ok, crawled.summary.retries), (4, 2));
    let hits = ["/broken", "/a", "/b"].map(|path| site.hits(path));
    assert_eq!(hits, [3, 1, 1]);
}

#[tokio::test(start_paused = true)]
async fn the_last_page_that_is_allowed_is_tried_again_too() {
    let broken = crate::site::status("500 Internal Server Error", "", "");
    let fine = page(&[]).remove(0);
    let site = Site::serve([("/", vec![broken, fine])]).await;
    let words = format!("--max-pages 1 --timeout 1d {}", site.url("/"));
    let crawled = crawl(&words).await;
    assert_eq!((crawled.summary.ok, crawled.summary.retries), (1, 1));
}
