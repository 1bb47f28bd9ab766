//! The program itself: exit codes, and what it says where.

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::sync::mpsc;

use crate::server::{Server, read_head};
use crate::site::{Site, html, page, redirect, text};

fn crawler() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_crawler"));
    command.stdin(Stdio::null()).kill_on_drop(true);
    command
}

pub(crate) async fn run(words: &[&str]) -> Output {
    crawler().args(words).output().await.expect("it runs")
}

pub(crate) fn code(output: &Output) -> Option<i32> {
    output.status.code()
}

/// Its only line on stderr.
pub(crate) fn line(output: &Output) -> &str {
    let text = str::from_utf8(&output.stderr).expect("text");
    let line = text.strip_suffix('\n').expect("a line");
    assert!(!line.contains('\n'), "{text}");
    line
}

/// The JSON object in the last line of stdout.
pub(crate) fn summary(output: &[u8]) -> Value {
    let text = str::from_utf8(output).expect("text");
    let last = text.lines().last().expect("a line");
    serde_json::from_str(last).expect("JSON")
}

pub(crate) fn scratch(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("crawler-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder of one's own");
    folder
}

pub(crate) fn pages(folder: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(folder.join("pages.jsonl")).expect("a file");
    text.lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect()
}

#[tokio::test]
async fn without_a_url_it_crawls_its_demo() {
    let output = run(&[]).await;
    assert_eq!(code(&output), Some(0));
    let text = str::from_utf8(&output.stdout).expect("text");
    assert!(text.starts_with("Crawled to the last page:\n"), "{text}");
    let notes = str::from_utf8(&output.stderr).expect("text");
    assert!(
        notes.starts_with("crawler: no URL was given, so here is a demo site"),
        "{notes}"
    );

    let output = run(&["--quiet", "--summary", "json"]).await;
    assert_eq!((code(&output), &output.stderr[..]), (Some(0), &b""[..]));
    let summary = summary(&output.stdout);
    for (name, count) in [("pages", 64), ("ok", 62), ("redirects", 1), ("errors", 1)] {
        assert_eq!(summary[name], count, "{summary}");
    }
    assert_eq!(summary["rejected"]["robots"], 1, "{summary}");
    for name in ["bytes", "links", "duration_s", "pages_per_s"] {
        assert!(
            summary[name].as_f64().is_some_and(|number| number > 0.0),
            "{summary}"
        );
    }
}

#[tokio::test]
async fn rejected_urls_go_into_a_file() {
    let folder = scratch("rejected");
    let links = [
        "/a",
        "/no.jpg",
        "mailto:me@example.org",
        "http://xn--x.test/",
    ];
    let robots = text("User-agent: *\nDisallow: /a");
    let site = Site::serve([("/robots.txt", robots), ("/", page(&links))]).await;
    let (out, url) = (folder.join("out"), site.url("/"));
    let words = [
        "-q",
        "--rejected",
        "--out",
        out.to_str().expect("text"),
        url.as_str(),
    ];
    assert_eq!(code(&run(&words).await), Some(0));
    let written = std::fs::read_to_string(out.join("rejected.jsonl")).expect("a file");
    let mut told: Vec<Value> = written
        .lines()
        .map(|line| serde_json::from_str(line).expect("an object"))
        .collect();
    told.sort_by_key(|line| line["url"].to_string());
    let expected = [
        (site.url("/a").to_string(), "robots"),
        (site.url("/no.jpg").to_string(), "extension"),
        ("http://xn--x.test/".to_owned(), "no_url"),
        ("mailto:me@example.org".to_owned(), "no_url"),
    ];
    let expected = expected.map(|(address, reason)| {
        serde_json::json!({"url": address, "referrer": url.as_str(), "reason": reason})
    });
    assert_eq!(told, expected);
}

#[tokio::test]
async fn pages_go_into_a_file() {
    let folder = scratch("pages");
    let site = Site::serve([("/", page(&["/a"])), ("/a", page(&["/"]))]).await;
    let (out, url) = (folder.join("new/deep"), site.url("/"));
    let output = run(&["-q", "--out", out.to_str().expect("text"), url.as_str()]).await;
    assert_eq!(code(&output), Some(0));
    let pages = pages(&out);
    assert_eq!(pages.len(), 2);
    assert_eq!(
        (&pages[0]["url"], &pages[0]["referrer"]),
        (&url.as_str().into(), &Value::Null)
    );
    assert_eq!(pages[1]["referrer"], url.as_str());
    std::fs::remove_dir_all(folder).expect("it is there");
}

#[tokio::test]
async fn a_wrong_command_line_is_one_line_and_2() {
    for words in [
        &["http://["][..],
        &["--max-pages", "many"],
        &["ftp://example.org/"],
        &["--depth", "2"],
    ] {
        let output = run(words).await;
        assert_eq!(code(&output), Some(2), "{words:?}");
        let line = line(&output);
        assert!(
            line.starts_with("crawler: ") && line.contains("--help"),
            "{line}"
        );
    }
}

#[tokio::test]
async fn options_are_printed_and_read_back_and_a_wrong_file_is_one_line_and_2() {
    let folder = scratch("options");
    let site = Site::serve([("/", page(&["/a"])), ("/a", page(&["/b"]))]).await;
    let url = site.url("/");
    let output = run(&[
        "--print-config",
        "--quiet",
        "--max-depth",
        "1",
        url.as_str(),
    ])
    .await;
    assert_eq!((code(&output), &output.stderr[..]), (Some(0), &b""[..]));
    assert_eq!(site.requests(), [""; 0]);
    let file = folder.join("crawl.toml");
    std::fs::write(&file, &output.stdout).expect("a file");
    let words = [
        "--summary",
        "json",
        "--config",
        file.to_str().expect("text"),
    ];
    let output = run(&words).await;
    assert_eq!((code(&output), &output.stderr[..]), (Some(0), &b""[..]));
    assert_eq!(site.requests(), ["/", "/a"]);

    std::fs::write(&file, "quiet = true\nmax-dept = 1\n").expect("a file");
    let output = run(&words).await;
    assert_eq!(code(&output), Some(2));
    let expected = format!(
        "crawler: {}:2: there is no option 'max-dept'; did you mean 'max-depth'?",
        file.display()
    );
    assert!(line(&output).starts_with(&expected), "{}", line(&output));
    std::fs::remove_dir_all(folder).expect("it is there");
}

#[tokio::test]
async fn a_dry_run_fetches_what_was_given_and_tells_the_rest() {
    let folder = scratch("dry");
    let robots = text("user-agent: *\ncrawl-delay: 2\ndisallow: /never");
    let links = page(&["/a", "/b", "/never", "http://elsewhere.test/"]);
    let site = Site::serve([("/robots.txt", robots), ("/", links)]).await;
    let (out, url) = (folder.join("out"), site.url("/"));
    let words = [
        "--dry-run",
        "--out",
        out.to_str().expect("text"),
        url.as_str(),
    ];
    let output = run(&words).await;
    assert_eq!((code(&output), &output.stderr[..]), (Some(0), &b""[..]));
    assert_eq!(site.requests(), ["/"]);
    assert!(!out.exists());
    let text = str::from_utf8(&output.stdout).expect("text");
    for part in [
        "Only the given URLs and sitemaps were fetched, and nothing was written:\n",
        "new URLs that would be crawled, robots.txt permitting: 3\n",
        "a pause of 2s between two requests: 30 pages a minute at most\n",
        "  out of scope               1\n",
        "At most: 1000 pages, 64 requests at once, 2 of them to one host.\n",
    ] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    let output = run(&["--dry-run", "--retries", "0", site.url("/never").as_str()]).await;
    assert_eq!(code(&output), Some(1));
    let text = str::from_utf8(&output.stdout).expect("text");
    assert!(
        text.contains("was not fetched: robots.txt disallows it\n"),
        "{text}"
    );
    std::fs::remove_dir_all(folder).expect("it is there");
}

#[tokio::test]
async fn a_seed_that_cannot_be_reached_is_one_line_and_1() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let url = format!("http://{address}/");
    let words = ["-q", "--retries", "0", "--summary", "json", url.as_str()];
    let output = run(&words).await;
    assert_eq!(code(&output), Some(1));
    let line = line(&output);
    let expected = format!(
        "crawler: {url} was not fetched: its robots.txt cannot be read now (cannot reach {address}: "
    );
    assert!(line.starts_with(&expected), "{line}");
    assert_eq!(summary(&output.stdout)["rejected"]["no_robots"], 1);
}

#[tokio::test]
async fn an_output_that_cannot_be_written_is_one_line_and_1() {
    let folder = scratch("unwritable");
    let file = folder.join("file");
    std::fs::write(&file, "in the way").expect("a file");
    let out = file.join("below");
    let site = Site::serve([("/", page(&[]))]).await;
    let url = site.url("/");
    let output = run(&["-q", "--out", out.to_str().expect("text"), url.as_str()]).await;
    assert_eq!(code(&output), Some(1));
    let line = line(&output);
    assert!(
        line.starts_with("crawler: cannot make the directory"),
        "{line}"
    );
    assert!(line.contains(out.to_str().expect("text")), "{line}");
    assert_eq!(site.requests(), [""; 0]);
    std::fs::remove_dir_all(folder).expect("it is there");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_full_disk_is_one_line_and_1() {
    let folder = scratch("full");
    std::os::unix::fs::symlink("/dev/full", folder.join("pages.jsonl")).expect("a link");
    let site = Site::serve([("/", page(&["/a"])), ("/a", page(&[]))]).await;
    let url = site.url("/");
    let words = ["-q", "--summary", "json", "--out"];
    let output = crawler()
        .args(words)
        .arg(&folder)
        .arg(url.as_str())
        .output()
        .await
        .expect("it runs");
    assert_eq!(code(&output), Some(1));
    let line = line(&output);
    assert!(line.starts_with("crawler: cannot write to "), "{line}");
    assert!(line.contains("No space left"), "{line}");
    assert_eq!(summary(&output.stdout)["end"], "failed");
    std::fs::remove_dir_all(folder).expect("it is there");
}

#[tokio::test]
async fn a_reader_that_has_left_is_no_failure() {
    let site = Site::serve([("/", page(&[]))]).await;
    let mut child = crawler()
        .args(["-q", site.url("/").as_str()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it runs");
    drop(child.stdout.take());
    let output = child.wait_with_output().await.expect("it ends");
    assert_eq!((code(&output), &output.stderr[..]), (Some(0), &b""[..]));
}

#[cfg(unix)]
async fn interrupt(id: u32) {
    signal(id, "-INT").await;
}

#[cfg(unix)]
async fn signal(id: u32, signal: &str) {
    let sent = Command::new("kill")
        .args([signal, &id.to_string()])
        .status();
    assert!(sent.await.expect("it runs").success());
}

/// Tells whether a program has begun to listen for Ctrl-C.
#[cfg(target_os = "linux")]
fn catches_interrupts(id: u32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).expect("it runs");
    let caught = status
        .lines()
        .find_map(|line| line.strip_prefix("SigCgt:"))
        .expect("a mask");
    let mask = u64::from_str_radix(caught.trim(), 16).expect("a number");
    mask & 0b10 != 0
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn an_interrupt_ends_the_wait_for_a_file() {
    let folder = scratch("pipe");
    let made = Command::new("mkfifo")
        .arg(folder.join("pages.jsonl"))
        .status();
    assert!(made.await.expect("it runs").success());
    let mut child = crawler()
        .args(["--out", folder.to_str().expect("text")])
        .spawn()
        .expect("it runs");
    let id = child.id().expect("it runs");
    while !catches_interrupts(id) {
        tokio::task::yield_now().await;
    }
    interrupt(id).await;
    let status = child.wait().await.expect("it ends");
    assert_eq!(status.code(), Some(130));
    std::fs::remove_dir_all(folder).expect("it is there");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn pages_may_go_into_a_pipe() {
    let folder = scratch("piped");
    let pipe = folder.join("pages.jsonl");
    let made = Command::new("mkfifo").arg(&pipe).status();
    assert!(made.await.expect("it runs").success());
    let reading = tokio::task::spawn_blocking(move || std::fs::read_to_string(pipe));
    let output = run(&["-q", "--out", folder.to_str().expect("text")]).await;
    assert_eq!(code(&output), Some(0), "{}", line(&output));
    let pages = reading.await.expect("it runs").expect("text");
    assert_eq!(pages.lines().count(), 64);
    std::fs::remove_dir_all(folder).expect("it is there");
}

/// A crawl that waits for an answer.
struct Waiting {
    child: Child,
    notes: BufReader<tokio::process::ChildStderr>,
    /// Lets the server answer.
    answer: mpsc::Sender<()>,
    _server: Server,
}

#[cfg(unix)]
impl Waiting {
    /// Starts a crawl of a server that answers when it is told to.
    async fn start(words: &[&str]) -> Self {
        let (tell, mut asked) = mpsc::channel(1);
        let (answer, told) = mpsc::channel::<()>(1);
        let told = std::sync::Arc::new(tokio::sync::Mutex::new(told));
        let server = Server::start(move |_, mut tcp| {
            let (tell, told) = (tell.clone(), told.clone());
            async move {
                while !read_head(&mut tcp).await.is_empty() {
                    let _ = tell.send(()).await;
                    told.lock().await.recv().await;
                    let body = page(&["/more", "/and-more"]).remove(0);
                    if tcp.write_all(body.as_bytes()).await.is_err() {
                        return;
                    }
                }
            }
        })
        .await;
        let mut child = crawler()
            .args(words)
            .args(["-q", "--ignore-robots", "--summary", "json"])
            .arg(server.url("/").as_str())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it runs");
        let notes = BufReader::new(child.stderr.take().expect("a pipe"));
        asked.recv().await.expect("the server is there");
        Self {
            child,
            notes,
            answer,
            _server: server,
        }
    }

    /// Presses Ctrl-C.
    async fn interrupt(&self) {
        self.signal("-INT").await;
    }

    async fn signal(&self, name: &str) {
        signal(self.child.id().expect("it runs"), name).await;
    }

    async fn note(&mut self) -> String {
        let mut line = String::new();
        self.notes.read_line(&mut line).await.expect("text");
        line
    }

    /// Waits for the end: the exit code, and what is on stdout.
    async fn end(mut self) -> (Option<i32>, Vec<u8>) {
        let mut output = Vec::new();
        let mut stdout = self.child.stdout.take().expect("a pipe");
        stdout.read_to_end(&mut output).await.expect("text");
        (self.child.wait().await.expect("it ends").code(), output)
    }
}

#[cfg(unix)]
#[tokio::test]
async fn an_interrupt_or_a_termination_lets_running_requests_end() {
    for name in ["-INT", "-TERM"] {
        running_requests_end_after(name).await;
    }
}

#[cfg(unix)]
async fn running_requests_end_after(name: &str) {
    let folder = scratch(&format!("interrupt{name}"));
    let mut waiting = Waiting::start(&["--out", folder.to_str().expect("text")]).await;
    waiting.signal(name).await;
    let note = waiting.note().await;
    assert!(note.starts_with("crawler: stopping; "), "{note}");
    waiting.answer.send(()).await.expect("the server is there");
    let (code, output) = waiting.end().await;
    assert_eq!(code, Some(0));
    let summary = summary(&output);
    assert_eq!((&summary["pages"], &summary["ok"]), (&1.into(), &1.into()));
    assert_eq!(summary["end"], "stopped");
    assert_eq!(pages(&folder).len(), 1);
    std::fs::remove_dir_all(folder).expect("it is there");
}

#[cfg(unix)]
#[tokio::test]
async fn a_second_interrupt_leaves_at_once() {
    let mut waiting = Waiting::start(&[]).await;
    waiting.interrupt().await;
    assert!(waiting.note().await.starts_with("crawler: stopping; "));
    waiting.interrupt().await;
    assert_eq!(waiting.note().await, "crawler: left at once\n");
    let (code, output) = waiting.end().await;
    assert_eq!((code, &output[..]), (Some(130), &b""[..]));
}

#[tokio::test]
async fn links_values_and_texts_are_written_where_asked_for() {
    let folder = scratch("files");
    let home = "<title>T</title><h1>The  <i>River</i></h1><p>a, \"b\"<a href=/a>one</a> <a rel=nofollow href=/a>two</a>\
                <a href=/a>three</a><link rel=canonical href='/?c,d'><script>no</script>";
    let site = Site::serve([("/", html(home)), ("/a", redirect("/b")), ("/b", page(&[]))]).await;
    let url = site.url("/");
    let out = folder.to_str().expect("text");
    let words = [
        "-q",
        "--links",
        "--text",
        "--extract",
        "head=h1",
        "--extract",
        "to=a@href",
    ];
    let output = crawler()
        .args(words)
        .args(["--out", out, url.as_str()])
        .output()
        .await
        .expect("it runs");
    assert_eq!(code(&output), Some(0), "{output:?}");
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).expect("a file");
    let links = read("links.csv").replace(url.as_str(), "/");
    let expected =
        "source,target,kind\n/,\"/?c,d\",canonical\n/,/a,link\n/,/a,nofollow\n/a,/b,redirect\n";
    assert_eq!(links, expected);
    let first = |name: &str| -> Value {
        let text = read(name);
        serde_json::from_str(text.lines().next().expect("a line")).expect("JSON")
    };
    assert_eq!(
        first("text.jsonl")["text"],
        "The River\na, \"b\"one twothree"
    );
    let values = first("extract.jsonl");
    assert_eq!(values["head"], serde_json::json!(["The River"]));
    assert_eq!(
        values["to"],
        serde_json::json!(vec![site.url("/a").as_str(); 3])
    );

    let words = [
        "-q",
        "--overwrite",
        "--extract-format",
        "csv",
        "--extract",
        "to=a@href",
    ];
    let output = crawler()
        .args(words)
        .args(["--out", out, url.as_str()])
        .output()
        .await
        .expect("it runs");
    assert_eq!(code(&output), Some(0), "{output:?}");
    let values = read("extract.csv").replace(url.as_str(), "/");
    assert_eq!(values, "url,to\n/,\"/a\n/a\n/a\"\n");
    std::fs::remove_dir_all(folder).expect("it is there");
}

#[tokio::test]
async fn a_report_tells_what_came_of_a_crawl() {
    let folder = scratch("report");
    let links = page(&["/gone", "/same", "/also"]);
    let site = Site::serve([
        ("/", links),
        ("/same", html("<p>x")),
        ("/also", html("<p>x")),
    ])
    .await;
    let out = folder.to_str().expect("text");
    let output = run(&["-q", "--out", out, site.url("/").as_str()]).await;
    assert_eq!(code(&output), Some(0), "{output:?}");
    // A crawl that goes on has written the half of a line.
    let mut pages = std::fs::OpenOptions::new()
        .append(true)
        .open(folder.join("pages.jsonl"))
        .expect("a file");
    std::io::Write::write_all(&mut pages, b"no page\n{\"url\":\"http://ri").expect("written");

    let file = folder.join("report.html");
    let output = run(&["report", out, "--html", file.to_str().expect("text")]).await;
    assert_eq!((code(&output), &output.stderr[..]), (Some(0), &b""[..]));
    let text = String::from_utf8(output.stdout).expect("text");
    let (gone, home) = (site.url("/gone"), site.url("/"));
    for expected in [
        "pages                        4\n",
        "unreadable lines             1\n",
        "\nBroken links (1)\n",
        &format!("404  {gone}\n    on {home}\n"),
        "2 pages with one body:\n",
    ] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    let html = std::fs::read_to_string(&file).expect("a page");
    assert!(html.contains(&format!("href=\"{gone}\"")), "{html}");
    assert!(
        !html.contains("<script") && !html.contains("src="),
        "{html}"
    );

    let output = run(&["report", folder.join("none").to_str().expect("text")]).await;
    assert_eq!(code(&output), Some(1));
    let line = line(&output);
    assert!(
        line.starts_with("crawler: cannot read ") && line.contains("--out"),
        "{line}"
    );
    std::fs::remove_dir_all(folder).expect("it is there");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_file_that_may_not_grow_is_one_line_and_1_and_the_crawl_goes_on_without_a_torn_record() {
    let folder = scratch("file-limit");
    let paths: Vec<String> = (0..200).map(|number| format!("/{number}")).collect();
    let links: Vec<&str> = paths.iter().map(String::as_str).collect();
    let site = Site::serve([("/", page(&links))]).await;
    let out = folder.to_str().expect("text");
    let limited = Command::new("bash")
        .args([
            "-c",
            "ulimit -f 16 && exec \"$@\"",
            "bash",
            env!("CARGO_BIN_EXE_crawler"),
        ])
        .args([
            "-q",
            "--per-host",
            "8",
            "--out",
            out,
            site.url("/").as_str(),
        ])
        .stdin(Stdio::null())
        .output()
        .await
        .expect("it runs");
    assert_eq!(code(&limited), Some(1), "{limited:?}");
    let told = line(&limited);
    assert!(
        told.starts_with("crawler: cannot ") && told.contains("File too large"),
        "{told}"
    );

    let output = run(&["-q", "--resume", out]).await;
    assert_eq!(code(&output), Some(0), "{output:?}");
    let mut urls: Vec<String> = pages(&folder)
        .iter()
        .map(|page| page["url"].as_str().expect("a URL").to_owned())
        .collect();
    assert_eq!(urls.len(), 201);
    urls.sort();
    urls.dedup();
    assert_eq!(urls.len(), 201);
    std::fs::remove_dir_all(folder).expect("it is there");
}
