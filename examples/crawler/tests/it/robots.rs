//! `robots.txt`.

use std::time::Duration;

use crawler::robots::{
    Directive, Pattern, Robots, Rules, directives, is_product_token, path_and_query,
};
use serde::Deserialize;
use url::Url;

use crate::cases::{Tally, load};

#[derive(Deserialize)]
struct Permission {
    name: String,
    robots: String,
    user_agent: String,
    url: String,
    allowed: bool,
}

/// Where Google's matcher, which compares text as it stands, and RFC 9309 differ, and the RFC is followed.
const DEVIATIONS: &[(&str, &str)] = &[
    (
        "google/ID_Encoding#3",
        "section 2.2.2: octets outside of ASCII are percent-encoded first",
    ),
    (
        "google/ID_Encoding#5",
        "section 2.2.2: octets outside of ASCII are percent-encoded first",
    ),
    (
        "google/ID_Encoding#6",
        "section 2.2.2: escapes of unreserved characters are decoded first",
    ),
];

#[test]
fn rules_match_the_cases() {
    for (source, cases) in load::<Vec<Permission>>("robots_cases.json") {
        let mut tally = Tally::new("robots", source);
        for case in cases {
            let rules = Robots::parse(case.robots.as_bytes()).for_agent(&case.user_agent);
            let allowed = match Url::parse(&case.url) {
                Ok(url) => rules.allows(&url),
                Err(_) => rules.allows_path(&path_and_query(&case.url)),
            };
            let known = DEVIATIONS
                .iter()
                .find(|(name, _)| *name == case.name)
                .map(|(_, why)| *why);
            tally.count(&case.name, allowed == case.allowed, known, || {
                format!(
                    "{} for {} by {:.300?}: {allowed}",
                    case.url, case.user_agent, case.robots
                )
            });
        }
        tally.finish();
    }
}

#[derive(Deserialize)]
struct Parsing {
    valid_user_agent_to_obey: Vec<Token>,
    path_params_query: Vec<Path>,
    escape_pattern: Vec<Escape>,
    parse: Vec<Lines>,
}

#[derive(Deserialize)]
struct Token {
    ua: String,
    valid: bool,
}

#[derive(Deserialize)]
struct Path {
    url: String,
    path: String,
}

#[derive(Deserialize)]
struct Escape {
    #[serde(rename = "in")]
    pattern: String,
    out: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Lines {
    name: String,
    #[serde(default)]
    robots: Vec<String>,
    #[serde(default)]
    robots_latin1: Vec<String>,
    valid_directives: Option<usize>,
    last_line_seen: Option<usize>,
    #[serde(default)]
    valid_unknown: Vec<(usize, usize)>,
    sitemap: Option<String>,
}

#[test]
fn parsing_matches_the_cases() {
    for (source, cases) in load::<Parsing>("robots_parse_cases.json") {
        let mut tally = Tally::new("robots, parsing", source);
        for Token { ua, valid } in cases.valid_user_agent_to_obey {
            tally.count("token", is_product_token(&ua) == valid, None, || {
                format!("{ua:?}")
            });
        }
        for Path { url, path } in cases.path_params_query {
            let found = path_and_query(&url);
            tally.count("path", found == path, None, || {
                format!("of {url:?} is {found:?}")
            });
        }
        for Escape { pattern, out } in cases.escape_pattern {
            let found = Pattern::parse(pattern.as_bytes()).map(|pattern| pattern.to_string());
            tally.count("escape", found.as_deref() == Some(&out), None, || {
                format!("{pattern:?}: {found:?}")
            });
        }
        for lines in cases.parse {
            count_lines(&mut tally, &lines);
        }
        tally.finish();
    }
}

fn count_lines(tally: &mut Tally, case: &Lines) {
    let latin1 = |text: &String| text.chars().map(|character| character as u8).collect();
    let utf8 = |text: &String| text.clone().into_bytes();
    let files: Vec<Vec<u8>> = case
        .robots
        .iter()
        .map(utf8)
        .chain(case.robots_latin1.iter().map(latin1))
        .collect();
    for (number, file) in files.iter().enumerate() {
        let unknown = directives(file)
            .filter(|(_, directive)| matches!(directive, Directive::Unknown(_)))
            .count();
        let valid = directives(file).count() - unknown;
        let last = directives(file).last().map(|(line, _)| line);
        let sitemaps = Robots::parse(file).sitemaps().to_vec();
        let passed = case
            .valid_directives
            .is_none_or(|expected| expected == valid)
            && case
                .last_line_seen
                .is_none_or(|expected| Some(expected) == last)
            && case
                .valid_unknown
                .get(number)
                .is_none_or(|expected| *expected == (valid, unknown))
            && case
                .sitemap
                .iter()
                .all(|expected| sitemaps.contains(expected));
        tally.count(&case.name, passed, None, || {
            format!("{file:?}: {valid} valid, {unknown} unknown, last in line {last:?}, sitemaps {sitemaps:?}")
        });
    }
}

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
        let robots = Robots::parse(format!("User-agent: *\nCrawl-delay: {delay}").as_bytes());
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
