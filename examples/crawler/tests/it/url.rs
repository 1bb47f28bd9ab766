//! Addresses.

use crawler::url::{Normalise, Scope, normalise, resolve};
use serde::Deserialize;
use url::Url;

use crate::cases::{Tally, load};

#[derive(Deserialize)]
struct Resolution {
    name: String,
    #[serde(rename = "in")]
    href: String,
    base: String,
    out: Option<String>,
}

#[test]
fn resolve_matches_the_cases() {
    for (source, cases) in load::<Vec<Resolution>>("urlresolve_cases.json") {
        let mut tally = Tally::new("urlresolve", source);
        for case in cases {
            // On a base that nothing can be relative to, only absolute addresses resolve.
            let base = if case.base.is_empty() {
                "about:blank"
            } else {
                &case.base
            };
            let found = Url::parse(base)
                .ok()
                .and_then(|base| resolve(&base, &case.href));
            // Addresses of other schemes are valid, but not to a crawler.
            let expected = case
                .out
                .filter(|out| out.starts_with("http:") || out.starts_with("https:"));
            let found = found.as_ref().map(Url::as_str);
            tally.count(
                &case.name,
                found == expected.as_deref(),
                lax_punycode(&case.href),
                || {
                    format!(
                        "{:?} on {:?} is {found:?}, not {expected:?}",
                        case.href, case.base
                    )
                },
            );
        }
        tally.finish();
    }
}

/// Browsers let names through that only look like Punycode; no such name can be registered, and the parser refuses it.
fn lax_punycode(href: &str) -> Option<&'static str> {
    href.to_ascii_lowercase()
        .contains("xn--")
        .then_some("not valid Punycode")
}

#[derive(Deserialize)]
struct Normalisation {
    name: String,
    #[serde(rename = "in")]
    address: String,
    out: Option<String>,
}

#[test]
fn normalise_matches_the_cases() {
    for (source, cases) in load::<Vec<Normalisation>>("urlnorm_cases.json") {
        let mut basic = Tally::new("urlnorm, basic", source);
        let mut form = Tally::new("urlnorm, form", source);
        for case in cases {
            let (way, tally) = if case.name.starts_with("w3lib/") || case.name.starts_with("form/")
            {
                (Normalise::Form, &mut form)
            } else {
                (Normalise::Basic, &mut basic)
            };
            let found = Url::parse(&case.address).ok().map(|url| way.apply(url));
            let found = found.as_ref().map(Url::as_str);
            tally.count(
                &case.name,
                found == case.out.as_deref(),
                not_an_address(&case.address),
                || format!("{:?} is {found:?}, not {:?}", case.address, case.out),
            );
        }
        basic.finish();
        form.finish();
    }
}

/// Why a text cannot be normalised as other libraries would, to whom a URL is any text.
fn not_an_address(address: &str) -> Option<&'static str> {
    let url = Url::parse(address);
    let scheme = address.split(':').next().unwrap_or_default();
    if !matches!(scheme.trim(), "http" | "https") {
        Some("relative, or of a scheme that is not crawled")
    } else if url.is_err() {
        Some("no URL to a browser")
    } else if address.contains("[::ffff:") {
        Some("WHATWG writes IPv4 within IPv6 in hexadecimal")
    } else if url.is_ok_and(|url| url.host_str().is_some_and(|host| host.starts_with('.'))) {
        Some("a browser converts names with an empty label, too")
    } else {
        None
    }
}

#[test]
fn scopes_nest() {
    let seeds = [
        url("https://www.example.co.uk/docs/intro.html"),
        url("http://10.0.0.1:8080/"),
    ];
    let addresses = [
        ("https://www.example.co.uk/docs/a/b", "PHDA"),
        ("http://www.example.co.uk/docs/", "PHDA"),
        ("https://www.example.co.uk/docs", "HDA"),
        ("https://www.example.co.uk/blog/", "HDA"),
        ("https://www.example.co.uk:8443/docs/", "DA"),
        ("https://example.co.uk/", "DA"),
        ("https://other.co.uk/", "A"),
        ("http://notexample.co.uk/", "A"),
        ("http://10.0.0.1:8080/x", "PHDA"),
        ("http://10.0.0.1/x", "DA"),
        ("http://10.0.0.2:8080/x", "A"),
    ];
    let scopes = [
        ('P', Scope::Prefix),
        ('H', Scope::Host),
        ('D', Scope::Domain),
        ('A', Scope::Any),
    ];
    for (address, within) in addresses {
        for (letter, scope) in scopes {
            let contains = scope.around(&seeds).contains(&url(address));
            assert_eq!(contains, within.contains(letter), "{address} in {scope:?}");
        }
    }
}

#[test]
fn a_local_name_is_its_own_domain() {
    let bounds = Scope::Domain.around(&[url("http://localhost:3000/"), url("https://github.io/")]);
    assert!(bounds.contains(&url("http://localhost/")));
    assert!(bounds.contains(&url("https://github.io/about")));
    assert!(!bounds.contains(&url("https://someone.github.io/")));
}

#[test]
fn no_seeds_no_bounds() {
    let page = url("https://example.org/");
    for scope in [Scope::Prefix, Scope::Host, Scope::Domain] {
        assert!(!scope.around(&[]).contains(&page), "{scope:?}");
    }
    assert!(Scope::Any.around(&[]).contains(&page));
}

#[test]
fn values_of_one_parameter_keep_their_order() {
    let found = normalise(url("http://example.org/?b=2&a=9&b=1&a=3"));
    assert_eq!(found.as_str(), "http://example.org/?a=9&a=3&b=2&b=1");
}

fn url(address: &str) -> Url {
    address.parse().expect("a valid URL")
}
