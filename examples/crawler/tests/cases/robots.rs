//! `robots.txt`: who may fetch what, and how the lines are read.

use crawler::robots::{
    Dialect, Directive, Pattern, Robots, directives, is_product_token, path_and_query,
};
use serde::Deserialize;
use url::Url;

use crate::folder::Folder;
use crate::tally::Tally;

#[derive(Deserialize)]
struct Permission {
    name: String,
    robots: String,
    user_agent: String,
    url: String,
    allowed: bool,
}

/// Every case in the dialect that it belongs to. Those of Google's tests that are about the RFC must pass in both.
pub(crate) fn run(folder: &Folder) -> Tally {
    let mut tally = Tally::new("robots", 100);
    let (mut google, mut agreed) = (0, 0);
    for case in folder.cases::<Permission>("robots_cases") {
        let by_rfc = is_allowed(&case, Dialect::Rfc9309) == case.allowed;
        let by_google = is_allowed(&case, Dialect::Google) == case.allowed;
        let passed = if is_of_google(&case.name) {
            google += 1;
            agreed += usize::from(by_rfc);
            by_google
        } else {
            by_rfc && (by_google || !case.name.starts_with("google/"))
        };
        tally.count(&case.name, passed, || {
            format!(
                "{}: {} for {} by {:.300?} is not {} (RFC 9309: {by_rfc}, Google: {by_google})",
                case.name, case.url, case.user_agent, case.robots, case.allowed
            )
        });
    }
    if google > 0 {
        tally.note(format!(
            "{google} of them are Google's own and run in its dialect; RFC 9309 says the same in {agreed}"
        ));
    }
    tally
}

/// Tells whether a case is about what Google's parser alone does: what is named so, and its way with percent-encoding,
/// which section 2.2.2 of the RFC contradicts (octets outside of ASCII are encoded, and escapes of unreserved characters
/// are decoded, on both sides).
fn is_of_google(name: &str) -> bool {
    name.contains("GoogleOnly") || name.contains("google/ID_Encoding")
}

fn is_allowed(case: &Permission, dialect: Dialect) -> bool {
    let rules = Robots::parse_as(dialect, case.robots.as_bytes()).for_agent(&case.user_agent);
    match Url::parse(&case.url) {
        // What is compared as it stands is not to be spelled anew by a URL parser.
        Ok(url) if dialect == Dialect::Rfc9309 => rules.allows(&url),
        _ => rules.allows_path(&path_and_query(&case.url)),
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

/// The lines of files, and the small functions that read them.
pub(crate) fn run_parsing(folder: &Folder) -> Tally {
    let mut tally = Tally::new("robots_parse", 100);
    for cases in folder.load::<Parsing>("robots_parse_cases") {
        for Token { ua, valid } in cases.valid_user_agent_to_obey {
            tally.count(&ua, is_product_token(&ua) == valid, || {
                format!("{ua:?} as a product token is not {valid}")
            });
        }
        for Path { url, path } in cases.path_params_query {
            let found = path_and_query(&url);
            tally.count(&url, found == path, || {
                format!("the path of {url:?} is {found:?}, not {path:?}")
            });
        }
        for Escape { pattern, out } in cases.escape_pattern {
            let found = Pattern::parse(Dialect::Rfc9309, pattern.as_bytes())
                .map(|pattern| pattern.to_string());
            tally.count(&pattern, found.as_deref() == Some(&out), || {
                format!("the pattern {pattern:?} is {found:?}, not {out:?}")
            });
        }
        for lines in cases.parse {
            count_lines(&mut tally, &lines);
        }
    }
    tally
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
        tally.count(&case.name, passed, || {
            format!("{file:?}: {valid} valid, {unknown} unknown, last in line {last:?}, sitemaps {sitemaps:?}")
        });
    }
}
