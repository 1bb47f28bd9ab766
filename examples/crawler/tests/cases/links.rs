//! Links of pages, as far as the options of a case are those of a crawler.

use std::collections::HashSet;

use crawler::html::{LinkKind, decode, extract};
use crawler::url::{Bounds, Extensions, Filter, Likeness, Normaliser, Scope, resolve_in};
use encoding_rs::Encoding;
use regex::Regex;
use serde::Deserialize;
use serde_json::{Map, Value};
use url::Url;

use crate::folder::Folder;
use crate::tally::Tally;

#[derive(Deserialize)]
struct Case {
    name: String,
    url: String,
    content_type_charset: String,
    html: String,
    extractor: Map<String, Value>,
    links: Vec<Expected>,
}

#[derive(Deserialize)]
struct Expected {
    url: String,
    nofollow: bool,
}

pub(crate) fn run(folder: &Folder) -> Tally {
    let mut tally = Tally::new("links", 100);
    for case in folder.cases::<Case>("link_cases") {
        let is_crawled = case.links.iter().all(|link| link.url.starts_with("http"));
        match Extractor::new(&case.extractor).filter(|_| is_crawled) {
            None => tally.skip(),
            Some(extractor) => {
                let found = extractor.links_of(&case);
                let expected: Vec<_> = case
                    .links
                    .iter()
                    .map(|link| (link.url.clone(), link.nofollow))
                    .collect();
                tally.count(&case.name, found == expected, || {
                    format!(
                        "{}: {:?}\n  found {found:?}\n  not   {expected:?}",
                        case.name, case.html
                    )
                });
            }
        }
    }
    tally
}

/// What a crawler does with the links of a page, by the options of a case.
struct Extractor {
    filter: Filter,
    extensions: Extensions,
    included: Option<Bounds>,
    excluded: Bounds,
    is_unique: bool,
    is_canonical: bool,
}

impl Extractor {
    /// None where an option is not one of a crawler: those that choose by selector, by tag or by code.
    fn new(options: &Map<String, Value>) -> Option<Self> {
        let mut extractor = Self {
            filter: Filter::default(),
            extensions: Extensions::default(),
            included: None,
            excluded: domains(&[]),
            is_unique: true,
            is_canonical: false,
        };
        for (name, value) in options {
            match name.as_str() {
                "allow" => extractor.filter.include = regexes(value)?,
                "deny" => extractor.filter.exclude = regexes(value)?,
                "allow_domains" => extractor.included = Some(domains(&texts(value)?)),
                "deny_domains" => extractor.excluded = domains(&texts(value)?),
                "deny_extensions" => extractor.extensions = texts(value)?.into_iter().collect(),
                "unique" => extractor.is_unique = value.as_bool()?,
                "canonicalize" => extractor.is_canonical = value.as_bool()?,
                _ => return None,
            }
        }
        Some(extractor)
    }

    /// The addresses that links lead to, and whether they ask not to be followed.
    fn links_of(&self, case: &Case) -> Vec<(String, bool)> {
        let charset =
            Encoding::for_label(case.content_type_charset.as_bytes()).expect("a known encoding");
        let bytes = charset.encode(&case.html).0;
        let content_type = format!("text/html; charset={}", case.content_type_charset);
        let decoded = decode(&bytes, Some(&content_type));
        let mut links = Vec::new();
        let page = extract(&decoded.html, |link| links.push(link));
        let base = page.base_url(&case.url.parse().expect("a valid URL"));
        let mut seen = HashSet::new();
        links
            .iter()
            .filter(|link| link.kind != LinkKind::Frame)
            .filter_map(|link| {
                let url = resolve_in(&base, &link.href, decoded.encoding)?;
                Some((url, link.nofollow))
            })
            .filter(|(url, _)| self.is_wanted(url))
            .map(|(url, nofollow)| (self.spelled(url), nofollow))
            .filter(|(url, _)| !self.is_unique || seen.insert(url.clone()))
            .map(|(url, nofollow)| (url.into(), nofollow))
            .collect()
    }

    fn is_wanted(&self, url: &Url) -> bool {
        self.filter.includes(url)
            && !self.filter.excludes(url)
            && !self.extensions.contains(url)
            && self
                .included
                .as_ref()
                .is_none_or(|bounds| bounds.contains(url))
            && !self.excluded.contains(url)
    }

    fn spelled(&self, url: Url) -> Url {
        if self.is_canonical {
            let form = Normaliser {
                likeness: Likeness::Form,
                ..Normaliser::default()
            };
            form.apply(url)
        } else {
            url
        }
    }
}

/// The texts of an option that may be one text or a list.
fn texts(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::String(text) => Some(vec![text.clone()]),
        Value::Array(list) => list
            .iter()
            .map(|text| Some(text.as_str()?.to_owned()))
            .collect(),
        _ => None,
    }
}

fn regexes(value: &Value) -> Option<Vec<Regex>> {
    texts(value)?
        .iter()
        .map(|text| Regex::new(text).ok())
        .collect()
}

fn domains(names: &[String]) -> Bounds {
    let seeds: Vec<Url> = names
        .iter()
        .filter_map(|name| Url::parse(&format!("http://{name}/")).ok())
        .collect();
    Scope::Domain.around(&seeds)
}
