//! Sitemaps that are XML, from event to event.

use std::io::Read;

use quick_xml::Reader;
use quick_xml::events::{BytesRef, BytesStart, Event};

use super::Trouble;
use super::entry::{Entry, EntryKind};
use super::stretch::Stretches;

/// The longest text that is kept, in bytes: no address that is followed is longer.
const LONGEST_TEXT: usize = 8 * 1024;

pub(super) fn read(
    source: impl Read,
    mut take: impl FnMut(Entry) -> Result<(), Trouble>,
) -> Result<(), Trouble> {
    let mut reader = Reader::from_reader(Stretches::new(source));
    let config = reader.config_mut();
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    config.allow_dangling_amp = true;
    let mut buffer = Vec::new();
    let mut entries = Entries::default();
    loop {
        buffer.clear();
        let event = reader
            .read_event_into(&mut buffer)
            .map_err(|error| Trouble::Broken(error.to_string()))?;
        let closed = match event {
            Event::Start(tag) => {
                entries.open(&tag);
                None
            }
            Event::Empty(tag) => {
                entries.open(&tag);
                entries.close()
            }
            Event::End(_) => entries.close(),
            Event::Text(text) => entries.text(&text),
            Event::CData(text) => entries.text(&text),
            Event::GeneralRef(reference) => match resolved(&reference) {
                Some(character) => entries.text(character.encode_utf8(&mut [0; 4])),
                None => None,
            },
            Event::Eof if reader.get_ref().is_cut() => {
                return Err(Trouble::Broken("no tag for too long".to_owned()));
            }
            Event::Eof => return Ok(()),
            Event::Decl(_) | Event::PI(_) | Event::DocType(_) | Event::Comment(_) => None,
        };
        closed.map_or(Ok(()), &mut take)?;
    }
}

/// The character that a reference stands for; none for entities that a document declares itself.
fn resolved(reference: &BytesRef<'_>) -> Option<char> {
    match reference.resolve_char_ref() {
        Ok(Some(character)) => Some(character),
        Ok(None) => match &**reference {
            "amp" => Some('&'),
            "lt" => Some('<'),
            "gt" => Some('>'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            _ => None,
        },
        Err(_) => None,
    }
}

/// Puts entries together from their tags and texts.
#[derive(Default)]
struct Entries {
    /// The entry that is open, and how many elements are open within it.
    open: Option<(Entry, usize)>,
    field: Option<Field>,
    text: String,
}

/// The children of an entry that matter here.
#[derive(Clone, Copy)]
enum Field {
    Location,
    LastModified,
    ChangeFrequency,
    Priority,
}

impl Entries {
    fn open(&mut self, tag: &BytesStart<'_>) {
        let name = tag.local_name();
        match &mut self.open {
            None => {
                let kind = match name.as_ref() {
                    "url" => EntryKind::Page,
                    "sitemap" => EntryKind::Sitemap,
                    _ => return,
                };
                self.open = Some((Entry::new(kind), 0));
            }
            Some((entry, depth)) => {
                *depth += 1;
                // What lies deeper belongs to an image or a video of the page.
                self.field = (*depth == 1).then(|| Field::of(name.as_ref())).flatten();
                self.text.clear();
                if *depth == 1 && name.as_ref() == "link" {
                    entry.alternates.extend(alternate(tag));
                }
            }
        }
    }

    fn text(&mut self, text: &str) -> Option<Entry> {
        if self.field.is_some() && self.text.len() + text.len() <= LONGEST_TEXT {
            self.text.push_str(text);
        }
        None
    }

    /// Closes an element, and hands out the entry if that is it.
    fn close(&mut self) -> Option<Entry> {
        let (entry, depth) = self.open.as_mut()?;
        if let Some(left) = depth.checked_sub(1) {
            *depth = left;
            if let Some(field) = self.field.take() {
                field.set(entry, self.text.trim_ascii().to_owned());
            }
            return None;
        }
        let (entry, _) = self.open.take()?;
        Some(entry).filter(|entry| !entry.location.is_empty())
    }
}

impl Field {
    fn of(name: &str) -> Option<Self> {
        Some(match name {
            "loc" => Self::Location,
            "lastmod" => Self::LastModified,
            "changefreq" => Self::ChangeFrequency,
            "priority" => Self::Priority,
            _ => return None,
        })
    }

    fn set(self, entry: &mut Entry, text: String) {
        match self {
            Self::Location => entry.location = text,
            Self::LastModified => entry.last_modified = Some(text),
            Self::ChangeFrequency => entry.change_frequency = Some(text),
            Self::Priority => entry.priority = Some(text),
        }
    }
}

/// The address of `<xhtml:link rel="alternate" href="…">`.
fn alternate(tag: &BytesStart<'_>) -> Option<String> {
    let value = |name: &str| {
        let attribute = tag
            .html_attributes()
            .flatten()
            .find(|attribute| attribute.key.as_ref() == name)?;
        Some(
            htmlize::unescape_attribute(attribute.value)
                .trim_ascii()
                .to_owned(),
        )
    };
    value("rel").filter(|rel| rel == "alternate")?;
    value("href").filter(|href| !href.is_empty())
}
