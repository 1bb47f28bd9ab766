//! Sitemaps: what they list, and where a `robots.txt` says they are.

use crawler::robots::Robots;
use crawler::sitemap::{self, Entry};
use crawler::url::resolve;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::folder::Folder;
use crate::tally::Tally;

#[derive(Deserialize)]
#[serde(untagged)]
enum Case {
    Entries {
        name: String,
        xml: String,
        expected: Vec<Map<String, Value>>,
    },
    Places {
        name: String,
        robots: String,
        base: String,
        expected_sitemaps: Vec<String>,
    },
}

pub(crate) fn run(folder: &Folder) -> Tally {
    let mut tally = Tally::new("sitemap", 100);
    for case in folder.cases::<Case>("sitemap_cases") {
        match case {
            Case::Entries {
                name,
                xml,
                expected,
            } => {
                let mut found = Vec::new();
                sitemap::read(xml.as_bytes(), |entry| found.push(fields(&entry)));
                tally.count(&name, found == expected, || {
                    format!("{name}: {found:?}, not {expected:?}")
                });
            }
            Case::Places {
                name,
                robots,
                base,
                expected_sitemaps,
            } => {
                let base = base.parse().expect("a valid URL");
                let robots = Robots::parse(robots.as_bytes());
                let found: Vec<String> = robots
                    .sitemaps()
                    .iter()
                    .filter_map(|address| resolve(&base, address).map(String::from))
                    .collect();
                tally.count(&name, found == expected_sitemaps, || {
                    format!("{name}: {found:?}, not {expected_sitemaps:?}")
                });
            }
        }
    }
    tally
}

/// An entry by the names of its elements.
fn fields(entry: &Entry) -> Map<String, Value> {
    let texts = [
        ("loc", Some(&entry.location)),
        ("lastmod", entry.last_modified.as_ref()),
        ("changefreq", entry.change_frequency.as_ref()),
        ("priority", entry.priority.as_ref()),
    ];
    let mut fields: Map<String, Value> = texts
        .into_iter()
        .filter_map(|(name, text)| Some((name.to_owned(), text?.as_str().into())))
        .collect();
    if !entry.alternates.is_empty() {
        fields.insert("alternate".to_owned(), entry.alternates.clone().into());
    }
    fields
}
