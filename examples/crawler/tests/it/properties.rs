//! What holds whatever comes in.

use crawler::html::{decode, extract};
use crawler::robots::Robots;
use crawler::url::{Likeness, Normaliser, resolve};
use proptest::prelude::*;
use url::Url;

/// Pieces that markup is made of, in any order, cut off anywhere.
fn markup() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            "<a href=",
            "\"",
            "'",
            ">",
            "/>",
            "<",
            "</",
            "<!--",
            "-->",
            "--!>",
            "<![CDATA[",
            "]]>",
            "<script>",
            "</script",
            "<title",
            "</title>",
            "<svg>",
            "</svg>",
            "<meta http-equiv=refresh content=",
            "3;url=x",
            "<base href=/x>",
            "&amp",
            "&#x",
            "=",
            " ",
            "rel=nofollow",
            "<textarea>",
            "charset=",
            "é",
        ])
        .prop_map(|piece| piece.as_bytes().to_vec()),
        prop::collection::vec(any::<u8>(), 0..4),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

fn robots() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            "User-agent",
            ":",
            "*",
            "$",
            "Disallow",
            "Allow",
            "Crawl-delay",
            "Sitemap",
            "\n",
            "\r",
            "/",
            "%",
            "%4",
            "#",
            " ",
            "\0",
            "\u{feff}",
            "1e9",
            "index.htm",
        ])
        .prop_map(|piece| piece.as_bytes().to_vec()),
        prop::collection::vec(any::<u8>(), 0..4),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_bytes_are_a_page(html in markup()) {
        let decoded = decode(&html, None);
        let mut links = Vec::new();
        let page = extract(&decoded.html, |link| links.push(link.href));
        prop_assert!(links.len() <= html.len());
        let base = page.base_url(&"http://example.org/".parse().expect("a valid URL"));
        prop_assert!(base.has_host());
        for url in links.iter().filter_map(|href| resolve(&base, href)) {
            prop_assert!(url.has_host(), "{}", url);
        }
    }

    #[test]
    fn what_is_appended_changes_no_link_before_it(html in markup(), more in markup()) {
        let links = |html: &[u8]| {
            let mut links = Vec::new();
            extract(html, |link| links.push(link.href.into_owned()));
            links
        };
        let (before, after) = (links(&html), links(&[&html[..], &more[..]].concat()));
        prop_assert_eq!(&after[..before.len()], &before[..]);
    }

    #[test]
    fn any_bytes_are_a_robots_txt(file in robots(), path in "/[ -~é]{0,20}") {
        let rules = Robots::parse(&file).for_agent("bot");
        prop_assert!(rules.allows_path("/robots.txt"));
        let url: Url = format!("http://example.org{path}").parse().expect("a valid URL");
        prop_assert_eq!(rules.allows(&url), rules.allows(&url));
    }

    #[test]
    fn a_path_matches_itself(path in "/[a-zA-Z0-9/~%é_.?=&;'|-]{1,20}") {
        let file = format!("User-agent: *\nDisallow: {path}\n");
        let rules = Robots::parse(file.as_bytes()).for_agent("bot");
        let url: Url = format!("http://example.org{path}").parse().expect("a valid URL");
        // Dot segments are gone from the URL; a rule that has some is about nothing.
        prop_assume!(!url.path().is_empty() && !path.contains("/."));
        prop_assert!(!rules.allows(&url), "{}", url);
    }

    #[test]
    fn normalising_twice_changes_nothing_more(href in ".{0,30}", tail in "[/.%0-9a-fA-F?&=+;]{0,30}") {
        let base: Url = "http://user:pass@example.org./a/b?c#d".parse().expect("a valid URL");
        for address in [&href, &tail, &format!("{tail}{href}")] {
            if let Some(url) = resolve(&base, address) {
                for likeness in [Likeness::Basic, Likeness::Form] {
                    let normaliser = Normaliser { likeness, sort_query: true, strip_session_ids: true, ..Normaliser::default() };
                    let once = normaliser.apply(url.clone());
                    prop_assert_eq!(normaliser.apply(once.clone()), once);
                }
            }
        }
    }
}
