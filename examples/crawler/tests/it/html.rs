//! Links, and what pages say of themselves.

use crawler::html::{decode, extract};
use crawler::url::resolve_in;
use encoding_rs::{SHIFT_JIS, UTF_8, WINDOWS_1252};
use url::Url;

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
