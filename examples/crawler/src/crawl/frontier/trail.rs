//! How a URL was come by.

use std::sync::Arc;

use super::bytes::{Bytes, put_number};
use super::texts::Before;
use crate::crawl::visit::Kind;

/// How a URL was come by; the same for all links of a page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::crawl) struct Trail {
    /// How many links lead to the URL from a seed.
    pub(in crate::crawl) depth: u32,
    /// Redirects in a row that led here.
    pub(in crate::crawl) respelled: u8,
    /// What is expected there.
    pub(in crate::crawl) kind: Kind,
    /// Where the link was found; none for a seed.
    pub(in crate::crawl) referrer: Option<Arc<str>>,
}

impl Trail {
    /// Appends this trail to `out`; the next text there begins as the referrer does, if it can.
    pub(super) fn put(&self, out: &mut Vec<u8>, before: &mut Before) {
        put_number(out, u64::from(self.depth));
        put_number(out, u64::from(self.respelled));
        out.push(u8::from(self.kind == Kind::Sitemap));
        out.push(u8::from(self.referrer.is_some()));
        if let Some(referrer) = &self.referrer {
            before.put(out, referrer);
        }
    }

    /// Takes a trail off `bytes`; none if there is none that can be read.
    pub(super) fn take(bytes: &mut Bytes<'_>, before: &mut Before) -> Option<Self> {
        Some(Self {
            depth: u32::try_from(bytes.number()?).ok()?,
            respelled: u8::try_from(bytes.number()?).ok()?,
            kind: match bytes.byte()? {
                0 => Kind::Page,
                _ => Kind::Sitemap,
            },
            referrer: match bytes.byte()? {
                0 => None,
                _ => Some(before.take(bytes)?.into()),
            },
        })
    }
}
