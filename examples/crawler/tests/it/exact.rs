//! What is asked for is exactly what is to be: on a site of three hosts with the catches of real ones.

use std::sync::{Arc, Mutex, OnceLock};

use tokio::io::AsyncWriteExt;
use url::Url;

use crate::crawl::crawl;
use crate::server::{Server, read_head};
use crate::site::status;

const HOSTS: usize = 3;

/// Of each host.
const PAGES: usize = 200;

/// As many days of a calendar as are less than nine links from the start, and the budget of those after them.
const DAYS: usize = 8 + 20;

const ROBOTS: &str = "User-agent: *\nDisallow: /private/\n";

/// What is no link, for all that it looks like one, or must not be followed.
const TRAPS: &str = r#"<a href="mailto:a@example.org">mail</a><a href="javascript:void(0)">js</a>
    <!-- <a href="/never/comment">no</a> --><script>var next = '<a href="/never/script">'; 1 < 2</script>
    <textarea><a href="/never/text"></textarea><a title='<a href="/never/attribute">' rel="nofollow" href="/never/nofollow">
    <link rel="stylesheet" href="/never/style.css"><img src="/never/logo.png"><a href="/private/page">private</a>"#;

/// Hosts that link to each other; the last one is out of scope.
#[derive(Default)]
struct Web {
    hosts: OnceLock<Vec<Url>>,
    requests: Mutex<Vec<Url>>,
}

impl Web {
    async fn start() -> (Arc<Self>, Vec<Server>) {
        let web = Arc::new(Self::default());
        let mut servers = Vec::new();
        for host in 0..=HOSTS {
            let web = web.clone();
            let server = Server::start(move |_, mut tcp| {
                let web = web.clone();
                async move {
                    while let Some(path) = read_head(&mut tcp).await.split(' ').nth(1) {
                        let answer = web.answer(host, path);
                        if tcp.write_all(answer.as_bytes()).await.is_err() {
                            return;
                        }
                    }
                }
            });
            servers.push(server.await);
        }
        let hosts = servers.iter().map(|server| server.url("/")).collect();
        web.hosts.set(hosts).expect("it is told once");
        (web, servers)
    }

    fn url(&self, host: usize, path: &str) -> Url {
        let hosts = self.hosts.get().expect("all hosts are there");
        hosts[host].join(path).expect("a URL")
    }

    fn answer(&self, host: usize, path: &str) -> String {
        let mut requests = self.requests.lock().expect("no test panics with it");
        requests.push(self.url(host, path));
        drop(requests);
        if path == "/robots.txt" {
            return status("200 OK", "", ROBOTS);
        }
        let body = if let Some(number) = (0..PAGES).find(|number| page(*number) == path) {
            self.links(host, number)
        } else if let Some(day) = path.strip_prefix("/calendar?d=") {
            let day: usize = day.parse().expect("a day");
            format!("<a href='/calendar?d={}'>the next day</a>", day + 1)
        } else if path == "/noindex" {
            "<meta name=robots content='noindex, nofollow'><a href=/never/noindex>no</a>".to_owned()
        } else if path == "/huge" {
            format!("<a href='/'>home</a>{}", "long ".repeat(1 << 20))
        } else if let Some(number) = path.strip_prefix("/moved/") {
            let target = page(number.parse().expect("a number"));
            return status("301 Moved", &format!("location: {target}\r\n"), "");
        } else {
            return status("404 Not Found", "content-type: text/html\r\n", TRAPS);
        };
        status("200 OK", "content-type: text/html\r\n", &body)
    }

    /// The body of a page: a tree, so that all pages are reached, and links to what is known.
    fn links(&self, host: usize, number: usize) -> String {
        let here = self.url(host, &page(number));
        let tree = (number * 4 + 1..=number * 4 + 4).filter(|child| *child < PAGES);
        let known = [0, number / 4, number * 7 % PAGES];
        let mut links: Vec<String> = tree
            .chain(known)
            .map(|target| spell(&here, &self.url(host, &page(target)), number + target))
            .collect();
        match number % 10 {
            0 => links.push(format!("/moved/{number}")),
            1 => links.push(format!("/missing/{number}")),
            5 => links.push(self.url(HOSTS, "/outside").into()),
            6 => links.push(self.url((host + 1) % HOSTS, &page(number)).into()),
            _ => {}
        }
        if number == 0 {
            links.extend(["/noindex", "/huge", "/calendar?d=0"].map(str::to_owned));
        }
        let links = links.iter().map(|link| link.replace('&', "&amp;"));
        links.fold(TRAPS.to_owned(), |body, link| {
            format!("{body}<p><a href=\"{link}\">link</a>")
        })
    }

    /// What is to be asked for.
    fn expected(&self) -> Vec<Url> {
        let mut expected = Vec::new();
        for host in 0..HOSTS {
            let numbered = |every: usize, path: &'static str| {
                (0..PAGES)
                    .skip(every)
                    .step_by(10)
                    .map(move |number| format!("/{path}/{number}"))
            };
            let others = ["/robots.txt", "/noindex", "/huge"].map(str::to_owned);
            let paths = (0..PAGES)
                .map(page)
                .chain(numbered(0, "moved"))
                .chain(numbered(1, "missing"))
                .chain((0..DAYS).map(|day| format!("/calendar?d={day}")))
                .chain(others);
            expected.extend(paths.map(|path| self.url(host, &path)));
        }
        expected.sort();
        expected
    }
}

/// The path of a page; one in ten has a query.
fn page(number: usize) -> String {
    match number {
        0 => "/".to_owned(),
        _ if number % 10 == 3 => format!("/item?id={number}&lang=en"),
        _ => format!("/s{}/p{number}.html", number % 7),
    }
}

/// One of the ways to write a link to `target`.
fn spell(here: &Url, target: &Url, way: usize) -> String {
    let absolute = target.to_string();
    let path = &absolute[absolute.len() - target.path().len()..];
    match way % 6 {
        _ if target.query().is_some() => format!("{absolute}#top"),
        0 => absolute,
        1 => format!("{path}#part"),
        2 => here.make_relative(target).expect("of one host"),
        3 => format!("/never/..{path}"),
        4 => format!(" {}\n", absolute.replace("http:", "HTTP:")),
        _ => path.to_owned(),
    }
}

#[tokio::test]
async fn all_of_a_site_is_asked_for_once_and_nothing_else() {
    let (web, _servers) = Web::start().await;
    let seeds: Vec<String> = (0..HOSTS)
        .map(|host| web.url(host, "/").to_string())
        .collect();
    let words = format!("--max-per-pattern 20 --max-pages 10000 {}", seeds.join(" "));
    let crawled = crawl(&words).await;

    let mut requests = web.requests.lock().expect("no test panics with it").clone();
    requests.sort();
    let expected = web.expected();
    for (asked, expected) in requests.iter().zip(&expected) {
        assert_eq!(asked.as_str(), expected.as_str());
    }
    assert_eq!(requests.len(), expected.len());
    assert_eq!(
        crawled.pages.len(),
        expected.len() - HOSTS,
        "but robots.txt"
    );
}
