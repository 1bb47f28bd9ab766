//! Addresses: resolved against a base, and brought to one spelling.

use crawler::url::{Likeness, Normaliser, resolve_text};
use serde::Deserialize;
use url::Url;

use crate::folder::Folder;
use crate::tally::Tally;

#[derive(Deserialize)]
struct Resolution {
    #[serde(rename = "in")]
    href: String,
    base: String,
    out: Option<String>,
}

/// From an `href` on a page to an address.
pub(crate) fn run_resolution(folder: &Folder) -> Tally {
    let mut tally = Tally::new("resolve", 98);
    for case in folder.cases::<Resolution>("urlresolve_cases") {
        // On a base that nothing can be relative to, only absolute addresses resolve.
        let base = match case.base.as_str() {
            "" => "about:blank",
            base => base,
        };
        let base = Url::parse(base);
        let found = base.ok().and_then(|base| resolve_text(&base, &case.href));
        tally.count(&case.href, found == case.out, || {
            format!(
                "{:?} on {:?} is {found:?}, not {:?}",
                case.href, case.base, case.out
            )
        });
    }
    tally
}

#[derive(Deserialize)]
struct Normalisation {
    name: String,
    #[serde(rename = "in")]
    address: String,
    out: Option<String>,
}

/// From an address to its one spelling.
pub(crate) fn run_normalisation(folder: &Folder) -> Tally {
    let mut tally = Tally::new("normalise", 98);
    for case in folder.cases::<Normalisation>("urlnorm_cases") {
        let normaliser = Normaliser {
            likeness: likeness(&case.name),
            sort_query: true,
            ..Normaliser::default()
        };
        let found = normaliser.text(&case.address);
        tally.count(&case.address, found == case.out, || {
            format!("{:?} is {found:?}, not {:?}", case.address, case.out)
        });
    }
    tally
}

/// The library that a case is of decides what counts as the same.
fn likeness(name: &str) -> Likeness {
    if name.starts_with("w3lib/") || name.starts_with("form/") {
        Likeness::Form
    } else {
        Likeness::Basic
    }
}
