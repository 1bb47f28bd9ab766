//! The entries of a sitemap.

/// One entry of a sitemap. Texts are as they stand there, without white space around them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Whether it is a page or another sitemap.
    pub kind: EntryKind,
    /// Its address.
    pub location: String,
    /// When it was changed last, if that is said.
    pub last_modified: Option<String>,
    /// How often it changes, if that is said.
    pub change_frequency: Option<String>,
    /// How much it matters among the pages of its site, if that is said.
    pub priority: Option<String>,
    /// The addresses of the same page in other languages.
    pub alternates: Vec<String>,
}

/// What an entry of a sitemap is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EntryKind {
    /// A page.
    Page,
    /// Another sitemap.
    Sitemap,
}

impl Entry {
    pub(super) fn new(kind: EntryKind) -> Self {
        Self {
            kind,
            location: String::new(),
            last_modified: None,
            change_frequency: None,
            priority: None,
            alternates: Vec::new(),
        }
    }
}
