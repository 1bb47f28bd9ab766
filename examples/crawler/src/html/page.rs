//! The links of a page, and what it says of itself.

use std::borrow::Cow;

use encoding_rs::Encoding;
use url::Url;

use super::meta::Meta;
use super::refresh::Refresh;
use super::robots_meta::RobotsMeta;
use super::scan::{Scanner, Tag};
use super::text;
use crate::url::resolve;

/// One link of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link<'a> {
    /// The address as it stands there, character references decoded; to be resolved against [`Page::base_url`].
    pub href: Cow<'a, str>,
    /// What kind of element it is on.
    pub kind: LinkKind,
    /// Whether its `rel` says `nofollow`.
    pub nofollow: bool,
}

/// The kind of element that a link is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LinkKind {
    /// `<a href>`
    Anchor,
    /// `<area href>`, a region of an image.
    Area,
    /// `<frame src>` or `<iframe src>`: a page that is shown within this one.
    Frame,
}

/// What a page says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page<'a> {
    /// What the first `<base href>` says, which may stand after links that it is meant for.
    pub base: Option<Cow<'a, str>>,
    /// The address by which the page wants to be known, from the first `<link rel=canonical>`.
    pub canonical: Option<Cow<'a, str>>,
    /// The encoding that the first `<meta>` names which names one.
    pub charset: Option<&'static Encoding>,
    /// What all `<meta name=robots>` ask for, and those that name the robot.
    pub robots: RobotsMeta,
    /// Where the first `<meta http-equiv=refresh>` leads.
    pub refresh: Option<Refresh<'a>>,
    /// The first title, white space made single spaces.
    pub title: Option<Cow<'a, str>>,
    /// What the first `<meta name=description>` says that says something, white space made single spaces.
    pub description: Option<Cow<'a, str>>,
}

impl Page<'_> {
    /// The URL that the links of this page are relative to; `document` is where the page was found.
    #[must_use]
    pub fn base_url(&self, document: &Url) -> Url {
        self.base
            .as_deref()
            .and_then(|base| resolve(document, base))
            .unwrap_or_else(|| document.clone())
    }
}

/// Hands each link of a page to `sink`, in their order, and returns what the page says of itself.
///
/// `html` is UTF-8 or nearly so (see [`decode`](super::decode)); bytes that are not count as U+FFFD. Nothing is
/// copied but what holds character references. Comments, scripts, styles and the text of forms and titles are not
/// searched; `<noscript>` is. A page may be cut off or broken anywhere: what stands before that is found.
///
/// # Examples
///
/// ```
/// use crawler::html::extract;
/// use crawler::url::resolve;
///
/// let mut links = Vec::new();
/// let page = extract(b"<base href='/docs/'><a href='a?b&amp;c'>A</a><!-- <a href=d> -->", |link| links.push(link));
///
/// let base = page.base_url(&"https://example.org/".parse()?);
/// let urls: Vec<_> = links.iter().filter_map(|link| resolve(&base, &link.href)).collect();
/// assert_eq!(urls, ["https://example.org/docs/a?b&c".parse()?]);
/// # Ok::<(), url::ParseError>(())
/// ```
pub fn extract<'a>(html: &'a [u8], sink: impl FnMut(Link<'a>)) -> Page<'a> {
    extract_for("robots", html, sink)
}

/// Does what [`extract`] does for the robot called `agent`, a product token: what a page asks of it alone counts too.
pub fn extract_for<'a>(agent: &str, html: &'a [u8], mut sink: impl FnMut(Link<'a>)) -> Page<'a> {
    let mut page = Page::default();
    let mut tags = Scanner::new(html);
    while let Some(tag) = tags.next_tag() {
        let link = match tag {
            Tag::Anchor => link(&mut tags, LinkKind::Anchor, "href"),
            Tag::Area => link(&mut tags, LinkKind::Area, "href"),
            Tag::Frame | Tag::InlineFrame => link(&mut tags, LinkKind::Frame, "src"),
            _ => {
                page.read(tag, &mut tags, agent);
                None
            }
        };
        if let Some(link) = link {
            sink(link);
        }
    }
    page
}

impl<'a> Page<'a> {
    /// Takes in what the tag that `tags` is at says of the page, if it does.
    fn read(&mut self, tag: Tag, tags: &mut Scanner<'a>, agent: &str) {
        match tag {
            Tag::Base if self.base.is_none() => self.base = base(tags),
            Tag::Link if self.canonical.is_none() => self.canonical = canonical(tags),
            Tag::Title if self.title.is_none() && !tags.is_foreign() => self.title = title(tags),
            Tag::Meta => self.read_meta(tags, agent),
            _ => {}
        }
    }

    fn read_meta(&mut self, tags: &mut Scanner<'a>, agent: &str) {
        let Some(meta) = Meta::read(tags) else {
            return;
        };
        self.charset = self.charset.or_else(|| meta.charset());
        self.robots = self.robots | meta.robots(agent);
        if self.refresh.is_none() {
            self.refresh = meta.refresh();
        }
        if self.description.is_none() {
            self.description = meta.description();
        }
    }
}

fn link<'a>(tags: &mut Scanner<'a>, kind: LinkKind, attribute: &str) -> Option<Link<'a>> {
    let [address, rel] = tags.attributes([attribute, "rel"])?;
    Some(Link {
        href: text::attribute(address?),
        kind,
        nofollow: rel.is_some_and(|rel| text::has_word(rel, "nofollow")),
    })
}

fn base<'a>(tags: &mut Scanner<'a>) -> Option<Cow<'a, str>> {
    let [href] = tags.attributes(["href"])?;
    href.map(text::attribute)
}

fn canonical<'a>(tags: &mut Scanner<'a>) -> Option<Cow<'a, str>> {
    let [href, rel] = tags.attributes(["href", "rel"])?;
    href.filter(|_| rel.is_some_and(|rel| text::has_word(rel, "canonical")))
        .map(text::attribute)
}

fn title<'a>(tags: &mut Scanner<'a>) -> Option<Cow<'a, str>> {
    tags.finish_tag().map(text::content)
}
