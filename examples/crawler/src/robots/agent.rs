//! The names by which crawlers are addressed.

/// Whom a group is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Agent<'a> {
    /// Every crawler that no group names.
    Any,
    /// The crawler with this product token.
    Named(&'a str),
}

impl<'a> Agent<'a> {
    /// Reads the value of a `User-agent` line: `*`, or the product token that it begins with.
    pub(super) fn parse(value: &'a [u8]) -> Option<Self> {
        if let [b'*', rest @ ..] = value
            && rest.first().is_none_or(u8::is_ascii_whitespace)
        {
            return Some(Self::Any);
        }
        let end = value
            .iter()
            .position(|&byte| !token_byte(byte))
            .unwrap_or(value.len());
        let token = str::from_utf8(&value[..end])
            .ok()
            .filter(|token| !token.is_empty())?;
        Some(Self::Named(token))
    }

    pub(super) fn is(self, token: &str) -> bool {
        matches!(self, Self::Named(name) if name.eq_ignore_ascii_case(token))
    }

    pub(super) fn is_any(self) -> bool {
        self == Self::Any
    }
}

/// Tells whether `name` is a product token that a `robots.txt` can address: ASCII letters, `-` and `_` only.
#[must_use]
pub fn is_product_token(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(token_byte)
}

/// The product token at the beginning of a `User-Agent` header: `MyBot` of `MyBot/2.1 (+https://example.org/bot)`.
///
/// None where the header does not begin with one.
///
/// # Examples
///
/// ```
/// use crawler::robots::product_token;
///
/// assert_eq!(product_token("MyBot/2.1 (+https://example.org/bot)"), Some("MyBot"));
/// assert_eq!(product_token("(anonymous)"), None);
/// ```
#[must_use]
pub fn product_token(user_agent: &str) -> Option<&str> {
    let end = user_agent.bytes().position(|byte| !token_byte(byte));
    Some(&user_agent[..end.unwrap_or(user_agent.len())]).filter(|token| !token.is_empty())
}

fn token_byte(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || matches!(byte, b'-' | b'_')
}
