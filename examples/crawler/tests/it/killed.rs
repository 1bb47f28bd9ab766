//! The program is killed again and again, and goes on each time, until nothing is left.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, Command};
use tokio::sync::mpsc;

use crate::program::scratch;
use crate::server::{Server, read_head};
use crate::site::status;

/// Requests in flight.
const AT_ONCE: usize = 8;

/// A site of numbered pages: from each, links lead to three new ones and to some that are known. One in ten is a
/// redirect to the next, one in eleven is missing.
#[derive(Clone, Copy)]
struct Web {
    pages: usize,
}

impl Web {
    fn answer(self, path: &str) -> String {
        let Some(number) = path.strip_prefix("/p/").and_then(|rest| rest.parse().ok()) else {
            return match path {
                "/" => self.page(0),
                _ => status("404 Not Found", "", ""),
            };
        };
        match number {
            _ if number >= self.pages || number % 11 == 7 => status("404 Not Found", "", ""),
            _ if number % 10 == 3 => {
                status("302 Found", &format!("location: /p/{}\r\n", number + 1), "")
            }
            _ => self.page(number),
        }
    }

    fn page(self, number: usize) -> String {
        let links = self.links(number).into_iter();
        let links = links.map(|link| format!("<a href='/p/{link}'>{link}</a> "));
        let body = format!("<title>{number}</title>{}", links.collect::<String>());
        status("200 OK", "content-type: text/html\r\n", &body)
    }

    fn links(self, number: usize) -> Vec<usize> {
        let new = (1..=3).map(|branch| number * 3 + branch);
        let known = [
            number / 2,
            number * 7 % self.pages,
            (number * number + 5) % self.pages,
        ];
        new.filter(|link| *link < self.pages).chain(known).collect()
    }

    /// The paths that can be reached.
    fn paths(self) -> BTreeSet<String> {
        let mut reached = BTreeSet::from(["/".to_owned()]);
        let mut left = self.links(0);
        while let Some(number) = left.pop() {
            if !reached.insert(format!("/p/{number}")) {
                continue;
            }
            match number {
                _ if number % 11 == 7 => {}
                _ if number % 10 == 3 => left.push(number + 1),
                _ => left.extend(self.links(number)),
            }
        }
        reached
    }
}

/// A server of a web that tells of each request.
struct Watched {
    server: Server,
    requests: mpsc::UnboundedReceiver<()>,
    by_path: Arc<Mutex<BTreeMap<String, usize>>>,
}

impl Watched {
    async fn start(web: Web) -> Self {
        let (tell, requests) = mpsc::unbounded_channel();
        let by_path = Arc::new(Mutex::new(BTreeMap::new()));
        let counts = by_path.clone();
        let server = Server::start(move |_, mut tcp| {
            let (tell, counts) = (tell.clone(), counts.clone());
            async move {
                loop {
                    let head = read_head(&mut tcp).await;
                    let Some(path) = head.split(' ').nth(1) else {
                        return;
                    };
                    {
                        let mut counts = counts.lock().expect("no test panics with it");
                        *counts.entry(path.to_owned()).or_default() += 1;
                    }
                    let _ = tell.send(());
                    if tcp.write_all(web.answer(path).as_bytes()).await.is_err() {
                        return;
                    }
                }
            }
        })
        .await;
        Self {
            server,
            requests,
            by_path,
        }
    }

    /// How often each page was asked for.
    fn counts(&self) -> BTreeMap<String, usize> {
        let mut counts = self.by_path.lock().expect("no test panics with it").clone();
        counts.remove("/robots.txt");
        counts
    }

    /// Lets the crawler go on for so many requests, and kills it then; `false` if it came to its end before.
    async fn kill_after(&mut self, requests: usize, crawler: &mut Child) -> bool {
        while self.requests.try_recv().is_ok() {}
        for _ in 0..requests {
            tokio::select! {
                request = self.requests.recv() => request.expect("the server is there"),
                end = crawler.wait() => {
                    assert!(end.expect("it runs").success());
                    return false;
                }
            }
        }
        crawler.kill().await.expect("it runs");
        true
    }
}

fn crawler(words: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_crawler"))
        .args(words)
        .args(["--quiet", "--summary", "json"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("it runs")
}

fn records(folder: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(folder.join("pages.jsonl")).expect("a file");
    assert!(text.ends_with('\n'), "the last record is torn");
    let lines = text.lines();
    lines
        .map(|line| serde_json::from_str(line).expect("no record is torn"))
        .collect()
}

/// `KILLS` says how often; a dozen by default.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_crawl_that_is_killed_again_and_again_comes_to_the_same_end() {
    let kills: usize = std::env::var("KILLS").map_or(12, |kills| kills.parse().expect("a number"));
    let web = Web { pages: kills * 100 };
    let folder = scratch("killed");
    let out = folder.to_str().expect("text");
    let mut site = Watched::start(web).await;
    let url = site.server.url("/").to_string();
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);

    let at_once = AT_ONCE.to_string();
    let pace = ["--concurrency", &at_once, "--per-host", &at_once];
    let begin = ["--out", out, "--max-pages", "1000000", &url];
    let mut running = crawler(&[&begin[..], &pace].concat());
    let mut killed = 0;
    // At once, or a while after it went on.
    while killed < kills
        && site
            .kill_after(random.usize(killed.min(1)..150), &mut running)
            .await
    {
        killed += 1;
        running = crawler(&["--resume", out]);
    }
    assert_eq!(killed, kills, "it came to its end before");
    let end = running.wait_with_output().await.expect("it ends");
    assert!(end.status.success(), "{end:?}");

    let expected = web.paths();
    let records = records(&folder);
    let urls: BTreeSet<String> = records
        .iter()
        .map(|record| record["url"].as_str().expect("text")[url.len() - 1..].to_owned())
        .collect();
    assert_eq!(urls, expected);
    assert_eq!(records.len(), expected.len(), "a record is there twice");
    let counts = site.counts();
    assert!(counts.keys().eq(&expected));
    let again: usize = counts.values().map(|count| count - 1).sum();
    println!(
        "{killed} kills, {} pages, {again} fetched again",
        expected.len()
    );
    assert!(
        again <= killed * 2 * AT_ONCE,
        "{again} after {killed} kills"
    );
    let summary: Value = serde_json::from_slice(&end.stdout).expect("JSON");
    assert_eq!(summary["pages"], expected.len());
    assert_eq!(summary["end"], "complete");
    // A page stands behind the one that led to it.
    let mut known = BTreeSet::from([url.as_str()]);
    for record in &records {
        let referrer = record["referrer"].as_str();
        assert!(
            referrer.is_none_or(|referrer| known.contains(referrer)),
            "{record}"
        );
        known.extend(record["url"].as_str());
    }
    std::fs::remove_dir_all(folder).expect("it is there");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn what_a_host_has_spent_stays_spent() {
    let folder = scratch("spent");
    let out = folder.to_str().expect("text");
    let mut site = Watched::start(Web { pages: 1000 }).await;
    let url = site.server.url("/").to_string();
    let limit = ["--max-pages-per-host", "60", "--concurrency", "4"];
    let mut running = crawler(&[&["--out", out, &url][..], &limit].concat());
    for _ in 0..3 {
        assert!(site.kill_after(15, &mut running).await);
        running = crawler(&["--resume", out]);
    }
    let end = running.wait_with_output().await.expect("it ends");
    assert!(end.status.success(), "{end:?}");
    assert_eq!(records(&folder).len(), 60);
    std::fs::remove_dir_all(folder).expect("it is there");
}
