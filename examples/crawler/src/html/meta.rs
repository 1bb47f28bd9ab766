//! `<meta>`, in the uses that concern a crawler.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

use super::charset;
use super::refresh::Refresh;
use super::robots_meta::RobotsMeta;
use super::scan::Scanner;
use super::text;

/// The attributes of one `<meta>`, as they stand.
pub(super) struct Meta<'a> {
    name: Option<&'a [u8]>,
    http_equiv: Option<&'a [u8]>,
    content: Option<&'a [u8]>,
    charset: Option<&'a [u8]>,
}

impl<'a> Meta<'a> {
    /// Reads the attributes of the tag that `tags` is at; none where the page breaks off in it.
    pub(super) fn read(tags: &mut Scanner<'a>) -> Option<Self> {
        let [name, http_equiv, content, charset] =
            tags.attributes(["name", "http-equiv", "content", "charset"])?;
        Some(Self {
            name,
            http_equiv,
            content,
            charset,
        })
    }

    /// The encoding that the page says it is in.
    pub(super) fn charset(&self) -> Option<&'static Encoding> {
        let encoding = match self.charset {
            Some(label) => Encoding::for_label(label),
            None => charset::of_content_type(self.pragma("content-type")?),
        };
        // Whatever this could be read in is not UTF-16.
        encoding.map(|encoding| match encoding {
            utf_16 if utf_16 == UTF_16LE || utf_16 == UTF_16BE => UTF_8,
            other => other,
        })
    }

    /// What the page asks of every robot, or of the one called `agent`.
    pub(super) fn robots(&self, agent: &str) -> RobotsMeta {
        match (self.name, self.content) {
            (Some(name), Some(content)) if is(name, "robots") || is(name, agent) => {
                RobotsMeta::parse(&text::attribute(content))
            }
            _ => RobotsMeta::default(),
        }
    }

    /// What the page says it is about.
    pub(super) fn description(&self) -> Option<Cow<'a, str>> {
        self.name.filter(|name| is(name, "description"))?;
        self.content
            .map(text::content)
            .filter(|content| !content.is_empty())
    }

    /// Where the page leads on its own.
    pub(super) fn refresh(&self) -> Option<Refresh<'a>> {
        Refresh::parse(text::attribute(self.pragma("refresh")?))
    }

    /// The `content`, if it is that of a header called `header`.
    fn pragma(&self, header: &str) -> Option<&'a [u8]> {
        self.content
            .filter(|_| self.http_equiv.is_some_and(|name| is(name, header)))
    }
}

fn is(name: &[u8], wanted: &str) -> bool {
    text::trim(name).eq_ignore_ascii_case(wanted.as_bytes())
}
