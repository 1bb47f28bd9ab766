//! What a crawl takes from a page: its title, and the URLs that it leads to.

use std::borrow::Cow;

use url::{Position, Url};

use super::rejection::Rejection;
use super::wishes::Wishes;
use crate::fetch::Response;
use crate::html::{Link, LinkKind, decode, extract_for};
use crate::output::PageRecord;
use crate::url::{LONGEST, resolve_in};

/// What a page says.
#[derive(Debug, Default)]
pub(super) struct Extract {
    charset: Option<&'static str>,
    title: Option<String>,
    description: Option<String>,
    noindex: bool,
    canonical: Option<String>,
    /// How many links it has, whether they are followed or not.
    links: u32,
}

impl Extract {
    /// Notes in `record` what the page says.
    pub(super) fn tell(self, record: &mut PageRecord) {
        record.charset = self.charset;
        record.title = self.title;
        record.description = self.description;
        record.noindex = self.noindex;
        record.canonical = self.canonical;
        record.links = self.links;
    }
}

/// Who is told of the URLs that a page leads to.
pub(super) trait Reader {
    /// What a URL is known by.
    type Mark: Copy;

    /// What `url`, the text of one, would be known by.
    fn mark(&self, url: &str) -> Self::Mark;

    /// Tells whether a URL is of no interest: known already, in its one spelling.
    fn knows(&self, url: Self::Mark) -> bool;

    /// Takes a URL that may be of interest.
    fn find(&mut self, url: Url);

    /// Takes the text of a link that is not followed.
    fn reject(&mut self, base: &Url, href: &str, reason: Rejection);
}

/// Reads a response, and tells `reader` of each URL that it leads to; of none if it is no page.
///
/// Frames are not followed, nor what the page asks not to follow, as far as `wishes` are heeded.
pub(super) fn read<R: Reader>(response: &Response, wishes: &Wishes, reader: &mut R) -> Extract {
    let content_type = response.content_type();
    if !response.is_page() {
        return Extract::default();
    }
    let decoded = decode(&response.body, content_type);
    let mut links: Vec<Link<'_>> = Vec::with_capacity(64);
    let page = extract_for(wishes.agent(), &decoded.html, |link| {
        if link.kind != LinkKind::Frame {
            links.push(link);
        }
    });
    let asked = wishes.of_page(&page, &response.headers);
    let base = page
        .base
        .as_ref()
        .map(|_| page.base_url(&response.url))
        .filter(|base| base.as_str().len() <= LONGEST)
        .map_or(Cow::Borrowed(&response.url), Cow::Owned);
    let canonical = page
        .canonical
        .as_deref()
        .filter(|href| wishes.heed_canonical() && *href != response.url.as_str())
        .and_then(|href| resolve_in(&base, href, decoded.encoding))
        .filter(|canonical| *canonical != response.url);
    let refresh = page
        .refresh
        .as_ref()
        .and_then(|refresh| refresh.url.as_deref());
    let hrefs = links
        .iter()
        .map(|link| (&*link.href, link.nofollow && wishes.heed_nofollow()))
        .chain(refresh.map(|href| (href, false)));
    // Most links lead to what is known. A known text is that of a URL already, which spares the parser. They are looked up
    // one after the other, so that the processor can wait for several of them at once.
    let mut text = String::new();
    let marks: Vec<Option<R::Mark>> = hrefs
        .clone()
        .map(|(href, _)| spell(&mut text, &base, href).then(|| reader.mark(&text)))
        .collect();
    let known: Vec<bool> = marks
        .iter()
        .map(|mark| mark.is_some_and(|mark| reader.knows(mark)))
        .collect();
    for ((href, nofollow), _) in std::iter::zip(hrefs, known).filter(|(_, known)| !known) {
        if nofollow || asked.nofollow {
            reader.reject(&base, href, Rejection::Nofollow);
        } else if let Some(url) = resolve_in(&base, href, decoded.encoding) {
            reader.find(url);
        } else {
            reader.reject(&base, href, Rejection::NoUrl);
        }
    }
    let told = canonical.as_ref().map(Url::to_string);
    if let Some(canonical) = canonical {
        reader.find(canonical);
    }
    Extract {
        charset: Some(decoded.encoding.name()),
        title: page.title.as_deref().map(str::to_owned),
        description: page.description.as_deref().map(str::to_owned),
        noindex: asked.noindex,
        canonical: told,
        links: u32::try_from(links.len()).unwrap_or(u32::MAX),
    }
}

/// Writes out the text that `href` stands for, without its fragment, if it is an absolute path or an absolute URL.
///
/// Where that text is the one of a URL, `href` resolves to this URL.
fn spell(text: &mut String, base: &Url, href: &str) -> bool {
    let href = href.split('#').next().unwrap_or(href);
    text.clear();
    match href.as_bytes() {
        [b'/', b'/' | b'\\', ..] => return false,
        [b'/', ..] => text.push_str(&base[..Position::BeforePath]),
        [b'h', b't', b't', b'p', ..] => {}
        _ => return false,
    }
    text.push_str(href);
    true
}
