//! Identifiers of sessions in addresses: each visitor gets another one, for the same pages.

use std::borrow::Cow;

/// Names of the parameters in which the usual servers and frameworks keep them, in small letters and sorted.
const PARAMETERS: &[&str] = &[
    "cfid",
    "cftoken",
    "jsessionid",
    "oscsid",
    "phpsessid",
    "session_id",
    "sessid",
    "sessionid",
    "sid",
    "zenid",
];

/// What the name of such a parameter begins with where a random text follows.
const BEGINNINGS: &[&str] = &["aspsessionid"];

/// Tells whether a parameter of this name holds one.
pub(super) fn is_parameter(name: &str) -> bool {
    let begins = |start: &&str| {
        name.get(..start.len())
            .is_some_and(|begin| begin.eq_ignore_ascii_case(start))
    };
    PARAMETERS
        .iter()
        .any(|known| name.eq_ignore_ascii_case(known))
        || BEGINNINGS.iter().any(begins)
}

/// A path without those that stand behind a `;`, as servlets write them, and those of ASP.NET: `/(S(abc))/`.
pub(super) fn without_id(path: &str) -> Cow<'_, str> {
    if !path.contains([';', '(']) {
        return Cow::Borrowed(path);
    }
    let segments = path.split('/').filter(|segment| !is_aspnet(segment));
    let kept: Vec<Cow<'_, str>> = segments.map(without_parameters).collect();
    match kept.join("/") {
        // The one segment was one.
        kept if kept.is_empty() => Cow::Borrowed("/"),
        kept => Cow::Owned(kept),
    }
}

fn without_parameters(segment: &str) -> Cow<'_, str> {
    if !segment.contains(';') {
        return Cow::Borrowed(segment);
    }
    let kept: Vec<&str> = segment
        .split(';')
        .filter(|part| {
            !part
                .split_once('=')
                .is_some_and(|(name, _)| is_parameter(name))
        })
        .collect();
    Cow::Owned(kept.join(";"))
}

fn is_aspnet(segment: &str) -> bool {
    segment
        .strip_prefix("(S(")
        .and_then(|rest| rest.strip_suffix("))"))
        .is_some_and(|id| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}
