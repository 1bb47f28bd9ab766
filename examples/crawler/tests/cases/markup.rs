//! Markup: what is a link, and what a page says of itself.

use std::time::Duration;

use crawler::html::{LinkKind, Page, Refresh, extract};
use encoding_rs::Encoding;
use serde::Deserialize;

use crate::folder::Folder;
use crate::tally::Tally;

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

/// Links, and what pages say of themselves, as browsers read them.
pub(crate) fn run(folder: &Folder) -> Tally {
    let mut tally = Tally::new("markup", 100);
    for case in folder.cases::<Markup>("markup_cases") {
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
        tally.count(&case.name, links == case.links && page == expected, || {
            format!(
                "{}\n  found {links:?}, {page:?}\n  not   {:?}, {expected:?}",
                case.html, case.links
            )
        });
    }
    tally
}
