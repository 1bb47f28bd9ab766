//! The dashboard: in a real browser, and what it answers to others.

use std::collections::{HashMap, HashSet};
use std::error::Error;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use browser::Page;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use crate::server::{Server, read_head};
use crate::site::{page, status};

type Outcome = Result<(), Box<dyn Error>>;

/// A crawl of a site without an end, and its dashboard.
struct Watched {
    crawl: Child,
    /// `127.0.0.1` and a port.
    address: String,
    /// The requests that the site has seen.
    requests: Arc<AtomicUsize>,
    _site: Server,
}

impl Watched {
    async fn start(words: &[&str]) -> Result<Self, Box<dyn Error>> {
        let requests = Arc::new(AtomicUsize::new(0));
        let seen = requests.clone();
        let site = Server::start(move |_, mut tcp| {
            let seen = seen.clone();
            async move {
                loop {
                    let head = read_head(&mut tcp).await;
                    let Some(path) = head.split(' ').nth(1) else {
                        return;
                    };
                    seen.fetch_add(1, Ordering::SeqCst);
                    if tcp.write_all(answer(path).as_bytes()).await.is_err() {
                        return;
                    }
                }
            }
        })
        .await;
        let mut crawl = Command::new(env!("CARGO_BIN_EXE_crawler"))
            .args([
                "--quiet",
                "--summary",
                "json",
                "--max-pages",
                "1000000",
                "--max-per-pattern",
                "1000000",
            ])
            .args(words)
            .arg(site.url("/0").as_str())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let mut notes = BufReader::new(crawl.stderr.take().ok_or("no stderr")?).lines();
        let line = notes.next_line().await?.ok_or("it ended at once")?;
        let url = line.strip_prefix("crawler: dashboard at http://");
        let address = url.ok_or(line.clone())?.trim_end_matches('/').to_owned();
        Ok(Self {
            crawl,
            address,
            requests,
            _site: site,
        })
    }

    fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }

    /// Sends a request and gives the status and the body of the answer.
    async fn ask(&self, request: &str, headers: &str) -> Result<(u16, String), Box<dyn Error>> {
        let mut tcp = TcpStream::connect(&self.address).await?;
        let head = format!("{request} HTTP/1.1\r\n{headers}connection: close\r\n\r\n");
        tcp.write_all(head.as_bytes()).await?;
        let mut answer = String::new();
        tcp.read_to_string(&mut answer).await?;
        let (head, body) = answer.split_once("\r\n\r\n").ok_or("no head")?;
        let status = head.split(' ').nth(1).ok_or("no status")?.parse()?;
        Ok((status, body.to_owned()))
    }

    async fn get(&self, path: &str) -> Result<String, Box<dyn Error>> {
        let host = format!("host: {}\r\n", self.address);
        let (status, body) = self.ask(&format!("GET {path}"), &host).await?;
        if status == 200 {
            Ok(body)
        } else {
            Err(body.into())
        }
    }

    /// Waits for the end: the exit code, and the summary.
    async fn end(self) -> Result<(Option<i32>, Value), Box<dyn Error>> {
        let output = self.crawl.wait_with_output().await?;
        Ok((
            output.status.code(),
            serde_json::from_slice(&output.stdout)?,
        ))
    }
}

/// Pages that lead to two others each, some of them dead, moved, or none for robots.
fn answer(path: &str) -> String {
    let Ok(number) = path.trim_start_matches('/').parse::<u64>() else {
        return match path {
            "/robots.txt" => status("200 OK", "", "user-agent: *\ndisallow: /never/"),
            _ => status("404 Not Found", "", "no"),
        };
    };
    let [left, right] = [1, 2].map(|next| format!("/{}", 2 * number + next));
    match number % 10 {
        7 => status("404 Not Found", "", "no"),
        9 => status("302 Found", &format!("location: {left}\r\n"), ""),
        _ => page(&[&left, &right, "/never/", "http://elsewhere.test/"]).remove(0),
    }
}

async fn shoot(page: &mut Page<'_>, name: &str) -> Outcome {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("dashboard-{name}.png"));
    page.screenshot(path).await?;
    Ok(())
}

const PHASE: &str = "document.querySelector('#phase').dataset.phase";

#[tokio::test]
async fn a_crawl_is_watched_paused_slowed_and_stopped_by_keyboard() -> Outcome {
    let Some(mut browser) = browser::launch().await? else {
        return Ok(());
    };
    let watched = Watched::start(&["--dashboard=127.0.0.1:0", "--max-rate", "200"]).await?;
    let mut page = browser
        .open(&format!("http://{}/", watched.address))
        .await?;
    page.resize(1200, 1250).await?;
    page.until(&format!("{PHASE} === 'running' && model.rates.length > 3"))
        .await?;
    page.until(
        "model.state.totals.pages > 200 && model.pages.length > 20 && model.errors.length > 3",
    )
    .await?;
    let shown = "document.querySelector('#pages').textContent";
    let first: String = page.evaluate(shown).await?;
    page.until(&format!("{shown} !== '{first}'")).await?;
    for table in ["hosts", "statuses", "reasons", "recent", "failed", "plan"] {
        let has_rows = format!("document.querySelector('#{table} td:not(.empty)') !== null");
        assert!(page.evaluate::<bool>(&has_rows).await?, "{table}");
    }

    // A pause: nothing more is asked for, and nothing more is counted, for two looks at least.
    page.press("p").await?;
    page.until(&format!("{PHASE} === 'paused'")).await?;
    let (asked, counted): (usize, u64) = (
        watched.requests(),
        page.evaluate("model.state.totals.pages").await?,
    );
    page.evaluate::<bool>("window.looks = model.rates.length; true")
        .await?;
    page.until("model.rates.length > looks + 2").await?;
    assert_eq!(watched.requests(), asked);
    assert_eq!(
        page.evaluate::<u64>("model.state.totals.pages").await?,
        counted
    );
    shoot(&mut page, "paused").await?;
    page.press("p").await?;
    page.until(&format!(
        "{PHASE} === 'running' && model.state.totals.pages > {counted} + 10"
    ))
    .await?;
    assert!(watched.requests() > asked);

    // Another rate, which is seen.
    for key in ["r", "5", "0", "Enter"] {
        page.press(key).await?;
    }
    page.until("model.state.rate_limit === 50").await?;
    page.until("model.rates.at(-1) > 0 && model.rates.at(-1) <= 60")
        .await?;
    for key in ["r", "x", "Enter"] {
        page.press(key).await?;
    }
    page.until("document.querySelector('#note').textContent.includes('not a number')")
        .await?;
    for key in ["r", "9", "0", "Enter"] {
        page.press(key).await?;
    }
    page.until("document.querySelector('#note').textContent === ''")
        .await?;

    let colours = "getComputedStyle(document.documentElement).backgroundColor";
    let light: String = page.evaluate(colours).await?;
    shoot(&mut page, "light").await?;
    page.prefer_dark(true).await?;
    page.until(&format!("{colours} !== '{light}'")).await?;
    shoot(&mut page, "dark").await?;
    for width in [320, 480, 768, 1024] {
        page.resize(width, 2400).await?;
        assert!(
            page.evaluate::<bool>("document.documentElement.scrollWidth <= innerWidth")
                .await?,
            "{width}"
        );
        if width == 480 {
            shoot(&mut page, "narrow").await?;
        }
    }

    // A stop is asked for twice.
    page.press("s").await?;
    page.press("Escape").await?;
    assert!(
        page.evaluate::<bool>("!document.querySelector('.sure')")
            .await?
    );
    page.press("s").await?;
    page.press("s").await?;
    page.until(&format!("{PHASE} === 'ended'")).await?;
    assert_eq!(page.complaints(), [""; 0]);
    let (code, summary) = watched.end().await?;
    assert_eq!((code, &summary["end"]), (Some(0), &"stopped".into()));
    Ok(())
}

#[tokio::test]
async fn sites_of_others_can_neither_look_nor_act() -> Outcome {
    let watched = Watched::start(&["--dashboard=127.0.0.1:0", "--max-rate", "20"]).await?;
    let own = format!("host: {}\r\n", watched.address);
    let evil = format!("{own}origin: http://evil.test\r\n");
    let upgrade = "upgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 13\r\n\
                   sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    for (request, headers, expected) in [
        ("POST /control/pause", evil.clone(), 403),
        ("POST /control/stop", evil.clone(), 403),
        ("GET /live?topic=state", format!("{evil}{upgrade}"), 403),
        ("GET /state.json", "host: evil.test\r\n".to_owned(), 403),
        ("GET /", String::new(), 403),
        ("GET /control/pause", own.clone(), 404),
        ("POST /control/rate?pages_per_s=-1", own.clone(), 400),
        ("POST /control/rate", own.clone(), 400),
        ("POST /control/sleep", own.clone(), 404),
        ("DELETE /", own.clone(), 405),
        ("GET /nothing", own.clone(), 404),
        ("GET /", own.clone(), 200),
    ] {
        let (status, body) = watched.ask(request, &headers).await?;
        assert_eq!(status, expected, "{request}: {body}");
    }
    let state: Value = serde_json::from_str(&watched.get("/state.json").await?)?;
    assert_eq!(state["state"]["phase"], "running");
    assert_eq!(state["state"]["rate_limit"], 20.0);

    let itself = format!("{own}origin: http://{}\r\n", watched.address);
    let (status, body) = watched.ask("POST /control/pause", &itself).await?;
    let state: Value = serde_json::from_str(&body)?;
    assert_eq!(status, 200);
    let phase = state["state"]["phase"].as_str().ok_or("no phase")?;
    assert!(matches!(phase, "pausing" | "paused"), "{phase}");
    // A crawl that is paused can be stopped all the same.
    let (status, _) = watched.ask("POST /control/stop", &own).await?;
    assert_eq!(status, 200);
    let (code, summary) = watched.end().await?;
    assert_eq!((code, &summary["end"]), (Some(0), &"stopped".into()));
    Ok(())
}

#[tokio::test]
async fn an_address_that_is_taken_is_one_line_and_1() -> Outcome {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?.to_string();
    let output = Command::new(env!("CARGO_BIN_EXE_crawler"))
        .args(["-q", &format!("--dashboard={address}"), "127.0.0.1:9"])
        .output()
        .await?;
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stderr)?;
    assert!(
        text.starts_with(&format!(
            "crawler: cannot serve the dashboard at {address}: "
        )),
        "{text}"
    );
    assert_eq!(text.lines().count(), 1, "{text}");
    Ok(())
}

/// Samples by their name and labels, as a strict reader takes them.
fn parse(text: &str) -> HashMap<String, f64> {
    let mut samples = HashMap::new();
    let mut families = HashSet::new();
    let (mut family, mut kind) = ("", "");
    assert!(text.ends_with('\n'));
    let is_name = |name: &str| {
        name.starts_with(|first: char| first.is_ascii_lowercase())
            && name
                .chars()
                .all(|char| char.is_ascii_lowercase() || char.is_ascii_digit() || char == '_')
    };
    for line in text.lines() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            let (name, words) = help.split_once(' ').expect("a help");
            assert!(words.ends_with('.') && !words.contains('\\'), "{line}");
            assert!(families.insert(name) && is_name(name), "{line}");
            (family, kind) = (name, "");
        } else if let Some(of) = line.strip_prefix("# TYPE ") {
            let (name, of) = of.split_once(' ').expect("a type");
            assert_eq!(name, family, "{line}");
            assert!(
                kind.is_empty() && matches!(of, "counter" | "gauge" | "histogram"),
                "{line}"
            );
            assert_eq!(of == "counter", name.ends_with("_total"), "{line}");
            kind = of;
        } else {
            let (series, value) = line.rsplit_once(' ').expect("a value");
            let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
            let suffix = name.strip_prefix(family).expect("a sample of the family");
            let suffixes: &[&str] = match kind {
                "histogram" => &["_bucket", "_sum", "_count"],
                "counter" | "gauge" => &[""],
                _ => panic!("{line} has no type"),
            };
            assert!(suffixes.contains(&suffix), "{line}");
            let labels = labels.strip_suffix('}').expect("a brace");
            for label in labels.split(',').filter(|label| !label.is_empty()) {
                let (name, value) = label.split_once('=').expect("a label");
                let value = value
                    .strip_prefix('"')
                    .and_then(|value| value.strip_suffix('"'));
                assert!(
                    is_name(name) && value.is_some_and(|value| !value.contains(['"', '\\'])),
                    "{line}"
                );
            }
            let value = if value == "+Inf" {
                f64::INFINITY
            } else {
                value.parse().expect(line)
            };
            assert!(
                samples.insert(series.to_owned(), value).is_none(),
                "{line} comes twice"
            );
        }
    }
    samples
}

#[tokio::test]
async fn metrics_are_of_the_format_and_tell_the_same_as_the_state() -> Outcome {
    let watched = Watched::start(&["--dashboard=127.0.0.1:0", "--max-rate", "200"]).await?;
    let pages = |metrics: &HashMap<String, f64>| metrics["crawler_pages_total{outcome=\"ok\"}"];
    let mut metrics = parse(&watched.get("/metrics").await?);
    while pages(&metrics) < 50.0 {
        metrics = parse(&watched.get("/metrics").await?);
    }
    let own = format!("host: {}\r\n", watched.address);
    watched.ask("POST /control/pause", &own).await?;
    let state = loop {
        let state: Value = serde_json::from_str(&watched.get("/state.json").await?)?;
        if state["state"]["phase"] == "paused" {
            break state["state"].clone();
        }
    };
    let metrics = parse(&watched.get("/metrics").await?);
    let totals = &state["totals"];
    for (series, value) in [
        ("crawler_pages_total{outcome=\"ok\"}", &totals["ok"]),
        (
            "crawler_pages_total{outcome=\"http_error\"}",
            &totals["http_errors"],
        ),
        (
            "crawler_responses_total{status=\"302\"}",
            &totals["redirects"],
        ),
        (
            "crawler_rejected_urls_total{reason=\"out_of_scope\"}",
            &totals["rejected"]["out_of_scope"],
        ),
        ("crawler_queued_urls", &state["queued"]),
        ("crawler_links_total", &totals["links"]),
        ("crawler_rate_limit_pages_per_second", &state["rate_limit"]),
    ] {
        assert_eq!(Some(metrics[series]), value.as_f64(), "{series}");
    }
    assert_eq!(
        (
            metrics["crawler_paused"],
            metrics["crawler_visits_in_flight"],
            metrics["crawler_sites"]
        ),
        (1.0, 0.0, 1.0)
    );
    let of = |suffix: &str| metrics[&format!("crawler_request_duration_seconds{suffix}")];
    let ends = [
        "0.001", "0.002", "0.005", "0.01", "0.02", "0.05", "0.1", "0.2", "0.5", "1", "2", "5",
        "+Inf",
    ];
    let buckets = ends.map(|end| of(&format!("_bucket{{le=\"{end}\"}}")));
    assert!(buckets.is_sorted(), "{buckets:?}");
    assert_eq!(Some(&of("_count")), buckets.last());
    assert_eq!(Some(of("_count")), totals["pages"].as_f64());
    let stages: Vec<&String> = metrics
        .keys()
        .filter(|key| key.contains("operator=\"frontier\""))
        .collect();
    assert_eq!(
        stages.len(),
        4,
        "received, emitted, dropped, held: {stages:?}"
    );
    Ok(())
}
