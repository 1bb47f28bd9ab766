//! What an earlier crawl has seen, so that pages which are still the same need not be sent again.

use std::borrow::Cow;
use std::collections::HashMap;
use std::error::Error;
use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use hyper::header::HeaderValue;
use serde::Deserialize;
use url::Url;

use crate::fetch::Validators;
use crate::output::PAGES;

/// The pages of an earlier crawl: by what they can be recognised, and where they led. The default knows none.
///
/// A page takes about two hundred bytes.
#[derive(Debug, Default)]
pub struct Earlier {
    validators: HashMap<Box<str>, Validators>,
    /// The URLs that were found first on a page, by the URL of the page.
    found: HashMap<Box<str>, Vec<Box<str>>>,
}

/// What matters in a line of `pages.jsonl`.
#[derive(Debug, Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    url: Cow<'a, str>,
    #[serde(borrow)]
    referrer: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    etag: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    last_modified: Option<Cow<'a, str>>,
}

impl Earlier {
    /// Reads the `pages.jsonl` of a crawl's directory.
    ///
    /// A last line that was not written to its end is passed over.
    ///
    /// # Errors
    ///
    /// [`EarlierError`] if there is no such file, or one of another kind.
    pub fn read(directory: &Path) -> Result<Self, EarlierError> {
        let path = directory.join(PAGES);
        let failed = |source| EarlierError {
            path: path.clone(),
            source,
        };
        let mut file = BufReader::new(File::open(&path).map_err(failed)?);
        let mut earlier = Self::default();
        let mut text = Vec::new();
        while file.read_until(b'\n', &mut text).map_err(failed)? > 0 {
            if text.ends_with(b"\n") {
                let line = serde_json::from_slice(&text).map_err(io::Error::from);
                earlier.add(&line.map_err(failed)?);
            }
            text.clear();
        }
        Ok(earlier)
    }

    fn add(&mut self, line: &Line<'_>) {
        let header = |value: &Option<Cow<'_, str>>| {
            let value = value.as_deref()?;
            HeaderValue::from_str(value).ok()
        };
        let validators = Validators {
            etag: header(&line.etag),
            last_modified: header(&line.last_modified),
        };
        if validators != Validators::default() {
            self.validators.insert((*line.url).into(), validators);
        }
        if let Some(referrer) = &line.referrer {
            let found = self.found.entry((**referrer).into()).or_default();
            found.push((*line.url).into());
        }
    }

    /// By what the answer for `url` can be recognised, if there was one.
    pub(super) fn validators(&self, url: &Url) -> Option<&Validators> {
        self.validators.get(url.as_str())
    }

    /// The URLs that were found first on the page at `url`.
    pub(super) fn found(&self, url: &Url) -> impl Iterator<Item = Url> {
        let found = self.found.get(url.as_str()).into_iter().flatten();
        found.filter_map(|url| Url::parse(url).ok())
    }
}

/// The pages of an earlier crawl cannot be read.
#[derive(Debug)]
pub struct EarlierError {
    path: PathBuf,
    source: io::Error,
}

impl fmt::Display for EarlierError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, source } = self;
        let path = path.display();
        write!(
            formatter,
            "cannot read {path}: {source}; name the directory of an earlier crawl with --recrawl"
        )
    }
}

impl Error for EarlierError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.source)
    }
}
