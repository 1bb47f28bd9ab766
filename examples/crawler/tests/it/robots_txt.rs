//! How a robots.txt is fetched: redirects, errors, silence.

use crawler::crawl::Rejection;

use crate::crawl::crawl;
use crate::server::Server;
use crate::site::{Site, page, redirect, status, text};

const NO_SECRET: &str = "User-agent: *\nDisallow: /secret\n";

/// Two sites that lead from one to the other so many times on the way to rules, and what a crawl of the first denies.
async fn denied_after(redirects: usize) -> u64 {
    let last = format!("/{redirects}");
    let other = Site::serve([(&*last, text(NO_SECRET))]).await;
    let far = other.url(&last).to_string();
    let steps: Vec<String> = (0..redirects).map(|step| format!("/{step}")).collect();
    let mut answers = vec![("/", page(&["/secret"])), ("/secret", page(&[]))];
    for (step, path) in steps.iter().enumerate() {
        let target = match steps.get(step + 1) {
            Some(next) => next,
            None => &far,
        };
        let path = if step == 0 { "/robots.txt" } else { path };
        answers.push((path, redirect(target)));
    }
    let site = Site::serve_all(answers).await;
    let words = format!("--allow-private {}", site.url("/"));
    let crawled = crawl(&words).await;
    assert_eq!(other.hits("/robots.txt"), 0, "not for rules alone");
    crawled.summary.rejected.of(Rejection::Robots)
}

#[tokio::test]
async fn five_redirects_are_followed_also_to_other_hosts() {
    assert_eq!(denied_after(1).await, 1);
    assert_eq!(denied_after(5).await, 1);
    assert_eq!(denied_after(6).await, 0, "as if there were none");
}

#[tokio::test]
async fn where_a_redirect_leads_the_rules_of_that_host_count() {
    let other = Site::serve([
        ("/robots.txt", text("User-agent: *\nDisallow: /")),
        ("/target", page(&[])),
    ])
    .await;
    let target = other.url("/target");
    let site = Site::serve([("/", redirect(target.as_str()))]).await;
    let words = format!("--scope any --allow-private {}", site.url("/"));
    let crawled = crawl(&words).await;
    assert_eq!((other.requests(), other.hits("/robots.txt")), (vec![], 1));
    assert_eq!(crawled.summary.rejected.of(Rejection::Robots), 1);
    assert_eq!(crawled.summary.redirects, 1);
}

#[tokio::test]
async fn a_refusal_allows_everything() {
    for code in [
        "401 Unauthorized",
        "403 Forbidden",
        "404 Not Found",
        "410 Gone",
    ] {
        let site = Site::serve([
            ("/robots.txt", vec![status(code, "", NO_SECRET)]),
            ("/", page(&["/secret"])),
            ("/secret", page(&[])),
        ])
        .await;
        let crawled = crawl(site.url("/").as_str()).await;
        assert_eq!(crawled.summary.ok, 2, "{code}");
        assert_eq!(site.hits("/robots.txt"), 1, "{code}");
    }
    // One that may pass is asked again before it counts.
    let busy = status("429 Too Many Requests", "retry-after: 0\r\n", "");
    let site = Site::serve([("/robots.txt", vec![busy]), ("/", page(&[]))]).await;
    let crawled = crawl(site.url("/").as_str()).await;
    assert_eq!((crawled.summary.ok, site.hits("/robots.txt")), (1, 3));
}

#[tokio::test]
async fn an_error_that_passes_does_no_harm() {
    let failing = status("503 Service Unavailable", "retry-after: 0\r\n", "");
    let rules = text(NO_SECRET).remove(0);
    let site = Site::serve([
        ("/robots.txt", vec![failing.clone(), failing, rules]),
        ("/", page(&["/secret"])),
    ])
    .await;
    let crawled = crawl(site.url("/").as_str()).await;
    assert_eq!(site.requests(), ["/"]);
    assert_eq!(crawled.summary.rejected.of(Rejection::Robots), 1);
    assert_eq!(crawled.summary.rejected.of(Rejection::NoRobots), 0);
}

#[tokio::test]
async fn silence_and_nonsense_disallow_everything() {
    let closing = Server::start(|_, tcp| async move { drop(tcp) }).await;
    let nonsense = Server::answering(*b"SSH-2.0-OpenSSH_9.7\r\n\r\n").await;
    for (server, tries) in [(&closing, 3), (&nonsense, 1)] {
        let crawled = crawl(server.url("/").as_str()).await;
        assert_eq!(crawled.summary.pages, 0);
        assert_eq!(crawled.summary.rejected.of(Rejection::NoRobots), 1);
        assert_eq!(server.connections(), tries, "asked again if that may help");
        let expected = "its robots.txt cannot be read now (no valid answer from";
        assert!(
            crawled.lost_seeds[0].contains(expected),
            "{:?}",
            crawled.lost_seeds
        );
    }
}
