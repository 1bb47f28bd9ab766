//! `robots.txt`.

use std::time::Duration;

use crawler::robots::{Robots, Rules};

#[test]
fn the_longest_delay_of_all_groups_counts() {
    let robots = Robots::parse(b"User-agent: a\nCrawl-delay: 1.5\n\nUser-agent: b\nDisallow: /\n\nUser-agent: A\nCrawl-delay: 4\nDisallow: /x");
    assert_eq!(
        robots.for_agent("a").crawl_delay(),
        Some(Duration::from_secs(4))
    );
    assert_eq!(
        robots.for_agent("b").crawl_delay(),
        Some(Duration::from_millis(1500)),
        "a and b are one group"
    );
    assert_eq!(robots.for_agent("c").crawl_delay(), None);
}

#[test]
fn delays_that_make_no_sense_are_none() {
    for delay in ["", "-1", "NaN", "inf", "1e300", "soon", "1 2"] {
        let text = format!("User-agent: *\nCrawl-delay: {delay}");
        let robots = Robots::parse(text.as_bytes());
        assert_eq!(robots.for_agent("any").crawl_delay(), None, "{delay:?}");
    }
}

#[test]
fn sitemaps_are_listed_wherever_they_stand() {
    let robots = Robots::parse(b"Sitemap: http://a/1\nUser-agent: *\nSITEMAP:http://a/2 # two\nDisallow: /\nSitemap: http://a/3\nSitemap:");
    assert_eq!(
        robots.sitemaps(),
        ["http://a/1", "http://a/2", "http://a/3"]
    );
}

#[test]
fn what_lies_beyond_the_limit_is_not_read() {
    let mut file = b"User-agent: *\nDisallow: /early\n".to_vec();
    file.resize(500 * 1024 - 12, b'\n');
    file.extend(b"Disallow: /cut-in-two\nDisallow: /late\n");
    let rules = Robots::parse(&file).for_agent("any");
    assert!(!rules.allows_path("/early"));
    assert!(rules.allows_path("/cut"), "half a rule is none");
    assert!(rules.allows_path("/late"));
}

#[test]
fn a_line_too_long_is_cut() {
    let folder = format!("/{}/", "a".repeat(16 * 1024));
    let rules =
        Robots::parse(format!("User-agent: *\nDisallow: {folder}b").as_bytes()).for_agent("any");
    assert!(!rules.allows_path(&format!("{folder}c")));
    assert!(rules.allows_path("/aaa"));
}

#[test]
fn many_wildcards_take_linear_time() {
    // Backtracking would try 2^5000 ways.
    let pattern = "*a".repeat(5000);
    let rules =
        Robots::parse(format!("User-agent: *\nDisallow: /{pattern}b$").as_bytes()).for_agent("any");
    assert!(rules.allows_path(&format!("/{}", "a".repeat(8000))));
    assert!(!rules.allows_path(&format!("/{}b", "a".repeat(8000))));
}

#[test]
fn a_site_without_rules_allows_and_a_silent_one_does_not() {
    assert!(Rules::default().allows_path("/"));
    assert!(!Rules::disallow_all().allows_path("/any?thing"));
    assert!(Rules::disallow_all().allows_path("/robots.txt"));
}
