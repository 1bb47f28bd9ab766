//! Links, and what pages say of themselves.

use std::collections::HashSet;
use std::time::Duration;

use crawler::html::{LinkKind, Page, Refresh, decode, extract};
use crawler::url::{is_media, resolve_in};
use encoding_rs::{Encoding, SHIFT_JIS, UTF_8, WINDOWS_1252};
use serde::Deserialize;
use serde_json::{Map, Value};
use url::Url;

use crate::cases::{Tally, load};

#[derive(Deserialize)]
struct Links {
    name: String,
    url: String,
    content_type_charset: String,
    html: String,
    extractor: Map<String, Value>,
    #[serde(rename = "links")]
    expected: Vec<Expected>,
}

#[derive(Deserialize)]
struct Expected {
    url: String,
    nofollow: bool,
}

#[test]
fn links_match_the_cases() {
    for (source, cases) in load::<Vec<Links>>("link_cases.json") {
        let mut tally = Tally::new("links", source);
        for case in cases {
            let links = case.expected.iter();
            let expected: Vec<_> = links
                .map(|link| (link.url.clone(), link.nofollow))
                .collect();
            let found = links_of(&case);
            tally.count(
                &case.name,
                found == expected,
                other_extractor(&case),
                || format!("{:?}\n  found {found:?}\n  not   {expected:?}", case.html),
            );
        }
        tally.finish();
    }
}

/// All links to pages, each address once.
fn links_of(case: &Links) -> Vec<(String, bool)> {
    let charset =
        Encoding::for_label(case.content_type_charset.as_bytes()).expect("a known encoding");
    let bytes = charset.encode(&case.html).0;
    let decoded = decode(
        &bytes,
        Some(&format!("text/html; charset={}", case.content_type_charset)),
    );
    let mut links = Vec::new();
    let page = extract(&decoded.html, |link| links.push(link));
    let base = page.base_url(&case.url.parse().expect("a valid URL"));
    let mut seen = HashSet::new();
    links
        .iter()
        .filter(|link| link.kind != LinkKind::Frame)
        .filter_map(|link| {
            Some((
                resolve_in(&base, &link.href, decoded.encoding)?,
                link.nofollow,
            ))
        })
        .filter(|(url, _)| !is_media(url) && seen.insert(url.clone()))
        .map(|(url, nofollow)| (url.into(), nofollow))
        .collect()
}

/// Why a case asks for something else than all links to pages.
fn other_extractor(case: &Links) -> Option<&'static str> {
    if !case.extractor.is_empty() {
        Some("choosing by selector, tag or pattern is for whoever uses the links")
    } else if case
        .expected
        .iter()
        .any(|link| !link.url.starts_with("http"))
    {
        Some("only http and https are crawled")
    } else {
        None
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Markup {
    name: String,
    html: String,
    /// `href`s in their order; `src`s of frames follow `frame `, and links not to be followed `nofollow `.
    #[serde(default)]
    links: Vec<String>,
    base: Option<String>,
    canonical: Option<String>,
    charset: Option<String>,
    #[serde(default)]
    noindex: bool,
    #[serde(default)]
    nofollow: bool,
    /// Seconds, and the address.
    refresh: Option<(u64, Option<String>)>,
    title: Option<String>,
    description: Option<String>,
}

#[test]
fn markup_is_read_as_browsers_do() {
    let mut tally = Tally::new("markup", "tests/cases");
    let cases: Vec<Markup> =
        serde_json::from_str(include_str!("../cases/markup_cases.json")).expect("valid cases");
    for case in cases {
        let mut links = Vec::new();
        let page = extract(case.html.as_bytes(), |link| {
            let frame = if link.kind == LinkKind::Frame {
                "frame "
            } else {
                ""
            };
            let nofollow = if link.nofollow { "nofollow " } else { "" };
            links.push(format!("{frame}{nofollow}{}", link.href));
        });
        let expected = Page {
            base: case.base.map(Into::into),
            canonical: case.canonical.map(Into::into),
            charset: case
                .charset
                .and_then(|label| Encoding::for_label(label.as_bytes())),
            robots: crawler::html::RobotsMeta {
                noindex: case.noindex,
                nofollow: case.nofollow,
            },
            refresh: case.refresh.map(|(seconds, url)| Refresh {
                delay: Duration::from_secs(seconds),
                url: url.map(Into::into),
            }),
            title: case.title.map(Into::into),
            description: case.description.map(Into::into),
        };
        tally.count(
            &case.name,
            links == case.links && page == expected,
            None,
            || {
                format!(
                    "{}\n  found {links:?}, {page:?}\n  not   {:?}, {expected:?}",
                    case.html, case.links
                )
            },
        );
    }
    tally.finish();
}

#[test]
fn the_base_counts_for_links_before_it() {
    let document: Url = "https://example.org/a/b".parse().expect("a valid URL");
    let base = |html: &'static str| {
        extract(html.as_bytes(), drop)
            .base_url(&document)
            .to_string()
    };
    assert_eq!(
        base("<a href=x>x</a><base href='../c/'>"),
        "https://example.org/c/"
    );
    assert_eq!(
        base("<base target=_top><base href=/1/><base href=/2/>"),
        "https://example.org/1/"
    );
    assert_eq!(
        base("<base href='data:text/plain,x'>"),
        "https://example.org/a/b"
    );
}

#[test]
fn an_encoding_is_found_where_it_is_said() {
    let encoding = |html: &[u8], content_type| decode(html, content_type).encoding;
    let meta = b"<meta charset=shift_jis>";
    assert_eq!(encoding(meta, None), SHIFT_JIS);
    assert_eq!(
        encoding(meta, Some("text/html; Charset=\"utf-8\"; x=y")),
        UTF_8
    );
    assert_eq!(
        encoding(
            b"\xEF\xBB\xBF<meta charset=shift_jis>",
            Some("text/html; charset=latin1")
        ),
        UTF_8
    );
    assert_eq!(
        encoding(b"<meta charset=utf-16le>", None),
        UTF_8,
        "it could be read"
    );
    assert_eq!(encoding(b"<!-- <meta charset=shift_jis> -->", None), UTF_8);
    assert_eq!(encoding(b"caf\xE9", Some("text/html")), WINDOWS_1252);
    assert_eq!(
        encoding("café".as_bytes(), Some("text/html; charset=none-such")),
        UTF_8
    );
    let late = [&b" ".repeat(1024)[..], meta].concat();
    assert_eq!(encoding(&late, None), UTF_8);
}

#[test]
fn other_encodings_are_decoded() {
    let html = "<a href=\"/é\">";
    let utf_16: Vec<u8> = "\u{feff}"
        .encode_utf16()
        .chain(html.encode_utf16())
        .flat_map(u16::to_be_bytes)
        .collect();
    assert_eq!(*decode(&utf_16, Some("text/html")).html, *html.as_bytes());
    assert_eq!(
        *decode(b"<a href=\"/\xE9\">", Some("text/html;charset=latin1")).html,
        *html.as_bytes()
    );
}

#[test]
fn pages_that_can_be_read_are_not_copied() {
    for (html, content_type) in [("<p>é", "charset=utf-8"), ("<p>e", "charset=shift_jis")] {
        let decoded = decode(html.as_bytes(), Some(content_type));
        assert!(
            matches!(decoded.html, std::borrow::Cow::Borrowed(_)),
            "{content_type}"
        );
    }
}

#[test]
fn a_query_is_encoded_as_its_page_is() {
    let base: Url = "https://example.org/".parse().expect("a valid URL");
    let address = |encoding| resolve_in(&base, "/é?q=é", encoding).map(String::from);
    assert_eq!(
        address(WINDOWS_1252).as_deref(),
        Some("https://example.org/%C3%A9?q=%E9")
    );
    assert_eq!(
        address(UTF_8).as_deref(),
        Some("https://example.org/%C3%A9?q=%C3%A9")
    );
}

#[test]
fn hostile_pages_take_linear_time() {
    for piece in [
        "<",
        "<!--",
        "<![CDATA[",
        "<svg><![CDATA[",
        "<a href=\"",
        "<script><!--<script>",
        "</",
        "<a -",
    ] {
        let page = piece.repeat(200_000);
        extract(page.as_bytes(), |link| {
            assert!(link.href.len() <= page.len());
        });
    }
}
