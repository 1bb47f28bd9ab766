//! Addresses.

use crawler::url::{Normaliser, Scope};
use url::Url;

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
    let sorting = Normaliser {
        sort_query: true,
        ..Normaliser::default()
    };
    let found = sorting.apply(url("http://example.org/?b=2&a=9&b=1&a=3"));
    assert_eq!(found.as_str(), "http://example.org/?a=9&a=3&b=2&b=1");
}

fn url(address: &str) -> Url {
    address.parse().expect("a valid URL")
}
