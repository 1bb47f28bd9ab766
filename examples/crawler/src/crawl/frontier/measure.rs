//! What the frontier costs: `cargo test --release -p crawler --lib -- --ignored --nocapture measure`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use thalweg::operators::concurrency::Store;
use url::Url;

use super::*;
use crate::crawl::site::Site;
use crate::crawl::sites::Sites;

/// What this process has in memory, in bytes.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line
        .and_then(|line| line.trim().strip_suffix(" kB"))
        .expect("a size");
    kilobytes.parse::<u64>().expect("a number") * 1024
}

/// How long this thread has run, without the time in which others did.
fn worked() -> Duration {
    let times = std::fs::read_to_string("/proc/thread-self/schedstat").expect("it runs");
    let nanoseconds = times.split(' ').next().expect("a time");
    Duration::from_nanos(nanoseconds.parse().expect("a number"))
}

fn sites(count: usize) -> Vec<Arc<Site>> {
    let mut sites = Sites::new();
    (0..count)
        .map(|host| {
            let url = Url::parse(&format!("https://www.host-{host}.example/")).expect("a URL");
            sites.of(&url, |_| Duration::ZERO)
        })
        .collect()
}

/// A URL of some sixty bytes; those of one page are alike as links are, not one after the other.
fn url(host: usize, number: u64) -> String {
    let mixed = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40;
    let page = number / 30 % 1000;
    format!("https://www.host-{host}.example/section-{page}/article/{mixed:08}-{number}.html")
}

#[test]
#[ignore = "takes a gigabyte"]
fn measure_ten_million_queued_urls() {
    const COUNT: u64 = 10_000_000;
    const HOSTS: usize = 1000;
    let sites = sites(HOSTS);
    let (before, started) = (resident(), worked());
    let mut seen = Seen::new(Key::random());
    let mut queue = Queue::new(usize::MAX, 4);
    let mut bytes = 0;
    for page in 0..COUNT / 30 {
        let host = usize::try_from(page).expect("small") % HOSTS;
        let trail = Trail {
            depth: 3,
            referrer: Some(url(host, page).into()),
            ..Trail::default()
        };
        for id in page * 30..page * 30 + 30 {
            let url = url(host, id);
            bytes += url.len();
            assert!(seen.insert(seen.fingerprint(&url)));
            assert!(queue.add(&sites[host], id, &url, &trail));
        }
    }
    let taken = resident() - before;
    println!(
        "{} URLs of {} bytes on average take {} MiB, {} bytes each; {:?}",
        queue.len(),
        bytes / queue.len(),
        taken >> 20,
        taken / queue.len() as u64,
        worked().saturating_sub(started)
    );
    assert!(taken < 1 << 30);
}

#[test]
#[ignore = "takes a while"]
fn measure_url_checks_in_batches() {
    const BATCH: u64 = 1000;
    const BATCHES: u64 = 3000;
    // One in thirty links leads to something new, or one in two, or all do.
    for (every, syncs) in [
        (30, false),
        (2, false),
        (1, false),
        (30, true),
        (2, true),
        (1, true),
    ] {
        let folder = std::env::temp_dir().join(format!("crawler-measure-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder of one's own");
        let path = folder.join("frontier.log");
        let key = Key::random();
        let mut log = Log::create(&path, key).expect("a file");
        let mut seen = Seen::new(key);
        let urls: Vec<String> = (0..BATCH * BATCHES)
            .map(|number| url(7, number / every))
            .collect();
        let trail = Trail {
            depth: 3,
            referrer: Some(url(7, 0).into()),
            ..Trail::default()
        };
        let (mut id, mut new) = (0, 0);
        let (started, begun) = (Instant::now(), worked());
        for batch in urls.chunks(1000) {
            let mut found = Found::new(&trail);
            let before = id;
            for url in batch {
                let known_by = seen.fingerprint(url);
                if seen.insert(known_by) {
                    found.push(id, url, None);
                    id += 1;
                }
            }
            if id > before {
                log.found(&found);
            }
            log.done(new);
            new += 1;
            log.commit(|numbers| numbers.set("file", "pages.jsonl", id))
                .expect("written");
            if syncs {
                log.to_sync()().expect("written");
            }
        }
        let per = |took: Duration| took.as_nanos() / u128::from(BATCH * BATCHES);
        println!(
            "1 of {every} new, {}: {} ns a check, {} ns of work; {} bytes of log a new URL",
            if syncs {
                "fdatasync each"
            } else {
                "written each"
            },
            per(started.elapsed()),
            per(worked().saturating_sub(begun)),
            std::fs::metadata(&path).expect("a file").len() / id,
        );
        std::fs::remove_dir_all(folder).expect("it is there");
    }
}
