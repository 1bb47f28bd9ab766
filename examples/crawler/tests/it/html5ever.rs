//! The scanner for links against the tokenizer of a browser engine, on random and on written markup.

use std::cell::{Cell, RefCell};

use crawler::html::{LinkKind, extract};
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{
    BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};
use proptest::prelude::*;
use serde_json::Value;

/// Takes links from tokens, and tells the tokenizer which elements hold text alone, as the builder of a tree would.
#[derive(Default)]
struct Links {
    found: RefCell<Vec<String>>,
    foreign: Cell<usize>,
}

impl Links {
    fn start(&self, tag: &Tag) -> TokenSinkResult<()> {
        let attribute = |name: &str| {
            let attribute = tag.attrs.iter().find(|one| &*one.name.local == name);
            attribute.map(|attribute| attribute.value.to_string())
        };
        let link = match &*tag.name {
            "a" | "area" => attribute("href"),
            "frame" | "iframe" => {
                attribute("src").map(|source| format!("frame {}", source.trim_ascii()))
            }
            _ => None,
        };
        self.found
            .borrow_mut()
            .extend(link.map(|link| link.trim_ascii().to_owned()));
        let is_foreign = matches!(&*tag.name, "svg" | "math");
        if tag.self_closing && (is_foreign || self.foreign.get() > 0) {
            return TokenSinkResult::Continue;
        }
        match &*tag.name {
            "svg" | "math" => {
                self.foreign.set(self.foreign.get() + 1);
                TokenSinkResult::Continue
            }
            "title" | "textarea" => TokenSinkResult::RawData(RawKind::Rcdata),
            "style" | "xmp" | "iframe" | "noembed" => TokenSinkResult::RawData(RawKind::Rawtext),
            "script" => TokenSinkResult::RawData(RawKind::ScriptData),
            "plaintext" => TokenSinkResult::Plaintext,
            _ => TokenSinkResult::Continue,
        }
    }
}

impl TokenSink for Links {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        match token {
            Token::TagToken(tag) if tag.kind == TagKind::StartTag => self.start(&tag),
            Token::TagToken(tag) => {
                if matches!(&*tag.name, "svg" | "math") {
                    self.foreign.set(self.foreign.get().saturating_sub(1));
                }
                TokenSinkResult::Continue
            }
            _ => TokenSinkResult::Continue,
        }
    }

    fn adjusted_current_node_present_but_not_in_html_namespace(&self) -> bool {
        self.foreign.get() > 0
    }
}

fn by_tokenizer(html: &str) -> Vec<String> {
    let tokenizer = Tokenizer::new(Links::default(), TokenizerOpts::default());
    let input = BufferQueue::default();
    input.push_back(StrTendril::from(html));
    // It stops after each script, for that to be run.
    while !input.is_empty() {
        let _ = tokenizer.feed(&input);
    }
    tokenizer.end();
    tokenizer.sink.found.take()
}

fn by_scanner(html: &str) -> Vec<String> {
    let mut found = Vec::new();
    extract(html.as_bytes(), |link| {
        let frame = if link.kind == LinkKind::Frame {
            "frame "
        } else {
            ""
        };
        found.push(format!("{frame}{}", link.href.trim_ascii()));
    });
    found
}

/// Pieces of markup that tear each other apart.
fn markup() -> impl Strategy<Value = String> {
    let pieces = vec![
        "<a href=",
        "<A HREF='",
        "<a\nhref=\"",
        "<area href=",
        "<iframe src=x>",
        "</iframe>",
        "<frame src=y>",
        "'",
        "\"",
        ">",
        "/>",
        "<",
        "</",
        "/",
        "=",
        " ",
        "\n",
        "\t",
        "x",
        "a b",
        "<!--",
        "-->",
        "--!>",
        "->",
        "--",
        "<!-",
        "<!>",
        "<!doctype html>",
        "<?php ",
        "?>",
        "<![CDATA[",
        "]]>",
        "<script>",
        "</script>",
        "</script ",
        "<script",
        "<style>",
        "</style>",
        "<title>",
        "</title>",
        "<textarea>",
        "</textarea>",
        "<xmp>",
        "</xmp>",
        "<noembed>",
        "</noembed>",
        "<noscript>",
        "</noscript>",
        "<template>",
        "<svg>",
        "</svg>",
        "<svg/>",
        "<math>",
        "</math>",
        "<p title='",
        "<p class=\"",
        "<b",
        "</b",
        "&amp;",
        "&amp",
        "&lt",
        "&copy=",
        "&copy;x",
        "&#38;",
        "&#x26",
        "&notit;",
        "é",
        "€",
        "<é href=no>",
        "<a-b href=no>",
        "<abbr href=no>",
        "<a href>",
        "<a =href=1 href=2>",
        "<a href=1 href=2>",
    ];
    prop::collection::vec(prop::sample::select(pieces), 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn random_markup_has_the_same_links(html in markup()) {
        prop_assert_eq!(by_scanner(&html), by_tokenizer(&html), "{}", html);
    }
}

#[test]
fn written_markup_has_the_same_links() {
    let files = [
        include_str!("../cases/link_cases.json"),
        include_str!("../cases/markup_cases.json"),
    ];
    let mut links = 0;
    for file in files {
        let cases: Vec<Value> = serde_json::from_str(file).expect("a list of cases");
        for html in cases.iter().filter_map(|case| case["html"].as_str()) {
            let found = by_scanner(html);
            assert_eq!(found, by_tokenizer(html), "{html}");
            links += found.len();
        }
    }
    assert!(links > 50, "{links}");
}
