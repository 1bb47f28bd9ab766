//! Pages that send their reader on.

use std::borrow::Cow;
use std::time::Duration;

/// `<meta http-equiv=refresh>`: the page that follows, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refresh<'a> {
    /// How long the page stays, in whole seconds.
    pub delay: Duration,
    /// The address that follows, to be resolved as links are; none where the page reloads itself.
    pub url: Option<Cow<'a, str>>,
}

impl<'a> Refresh<'a> {
    /// Reads the `content`, such as `5; url=next.html`, as browsers do; none where that holds no number.
    pub(super) fn parse(content: Cow<'a, str>) -> Option<Self> {
        match content {
            Cow::Borrowed(content) => {
                let (delay, url) = delay_and_target(content)?;
                let url = url.map(Cow::Borrowed);
                Some(Self { delay, url })
            }
            Cow::Owned(content) => {
                let (delay, url) = delay_and_target(&content)?;
                let url = url.map(|url| Cow::Owned(url.to_owned()));
                Some(Self { delay, url })
            }
        }
    }
}

fn delay_and_target(content: &str) -> Option<(Duration, Option<&str>)> {
    let text = content.trim_ascii_start();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = text.split_at(digits);
    let seconds = match number {
        "" if rest.starts_with('.') => 0,
        "" => return None,
        // A number too long to read is as good as forever.
        _ => number.parse().unwrap_or(u64::MAX),
    };
    let rest =
        rest.trim_start_matches(|character: char| character.is_ascii_digit() || character == '.');
    let url = target(rest).filter(|url| !url.is_empty());
    Some((Duration::from_secs(seconds), url))
}

/// The address after the number: behind a separator, with or without `url=`, with or without quotes.
fn target(rest: &str) -> Option<&str> {
    let separated = rest.trim_ascii_start();
    let bare = separated
        .strip_prefix([';', ','])
        .unwrap_or(separated)
        .trim_ascii_start();
    if bare.len() == rest.len() {
        return None;
    }
    let value = after_url(bare).unwrap_or(bare);
    let Some(quote) = value
        .chars()
        .next()
        .filter(|first| matches!(first, '"' | '\''))
    else {
        return Some(value.trim_ascii_end());
    };
    value[1..].split(quote).next().map(str::trim_ascii)
}

fn after_url(text: &str) -> Option<&str> {
    let (_, rest) = text
        .split_at_checked(3)
        .filter(|(key, _)| key.eq_ignore_ascii_case("url"))?;
    rest.trim_ascii_start()
        .strip_prefix('=')
        .map(str::trim_ascii_start)
}
