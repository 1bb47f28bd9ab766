//! `links.csv`: which page leads where.

use std::collections::HashSet;

use super::append_file::AppendFile;
use super::directory::Directory;
use super::error::{Attempt, OutputError};
use crate::fetch::Response;
use crate::html::{LinkKind, decode, extract};
use crate::url::resolve_in;

/// The file of links: a line for each page and each of its targets, in the order of the page.
#[derive(Debug)]
pub(super) struct LinkGraph {
    pub(super) file: AppendFile,
    /// What the page at hand leads to so far.
    told: HashSet<(String, &'static str)>,
}

impl LinkGraph {
    pub(super) async fn open(directory: &Directory<'_>) -> Result<Self, OutputError> {
        let mut file = directory.file("links.csv").await?;
        if file.position() == 0 {
            file.append(b"source,target,kind\n");
        }
        Ok(Self {
            file,
            told: HashSet::new(),
        })
    }

    /// Appends what `response` leads to, whether it is followed or not.
    pub(super) fn append(&mut self, response: &Response) -> Result<(), OutputError> {
        self.told.clear();
        let mut rows = csv::Writer::from_writer(Vec::new());
        let mut failed = None;
        let mut tell = |target: String, kind| {
            let line = [response.url.as_str(), target.as_str(), kind];
            if self.told.insert((target.clone(), kind)) {
                failed = failed.take().or(rows.write_record(line).err());
            }
        };
        if let Some(location) = &response.location {
            tell(location.to_string(), "redirect");
        } else if response.is_page() {
            let decoded = decode(&response.body, response.content_type());
            let mut links = Vec::new();
            let page = extract(&decoded.html, |link| links.push(link));
            let base = page.base_url(&response.url);
            let resolved = |href: &str| resolve_in(&base, href, decoded.encoding).map(String::from);
            if let Some(target) = page.canonical.as_deref().and_then(resolved) {
                tell(target, "canonical");
            }
            let refresh = page
                .refresh
                .as_ref()
                .and_then(|refresh| refresh.url.as_deref());
            if let Some(target) = refresh.and_then(resolved) {
                tell(target, "refresh");
            }
            for link in &links {
                let kind = match link.kind {
                    LinkKind::Frame => "frame",
                    LinkKind::Anchor | LinkKind::Area if link.nofollow => "nofollow",
                    LinkKind::Anchor | LinkKind::Area => "link",
                };
                if let Some(target) = resolved(&link.href) {
                    tell(target, kind);
                }
            }
        }
        let trouble =
            |error: std::io::Error| OutputError::new(Attempt::Write, self.file.path(), error);
        if let Some(error) = failed {
            return Err(trouble(error.into()));
        }
        let rows = rows
            .into_inner()
            .map_err(|error| trouble(error.into_error()))?;
        self.file.append(&rows);
        Ok(())
    }
}
