//! What a crawl would be like: the given URLs and the sitemaps are fetched and nothing else, and nothing is written.

use std::fmt;
use std::time::Duration;

use thalweg::prelude::*;

use crate::args::Args;
use crate::crawl::{Crawl, CrawlError, CrawlEvent, Rejection, Rejections, SiteState};
use crate::output::PageRecord;

/// Pages that may wait to be told: one for each given URL, and redirects.
const LAG: usize = 100_000;

/// What came of a dry run. `Display` is the text for people.
#[derive(Debug)]
pub struct DryRun {
    pages: Vec<Page>,
    sites: Vec<SiteState>,
    not_followed: Rejections,
    lost: Vec<String>,
    limits: Vec<String>,
}

#[derive(Debug)]
struct Page {
    url: String,
    became: String,
    /// Links that would be followed, if there is a page.
    leads_on: Option<u64>,
}

impl DryRun {
    /// Fetches the URLs of `args` as their crawl would, with its robots.txt, its pauses and its tries.
    ///
    /// # Errors
    ///
    /// [`CrawlError`] if that broke off.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends it at once; nothing is lost.
    pub async fn run(args: &Args) -> Result<Self, CrawlError> {
        let mut seeds = args.clone();
        seeds.output.out = None;
        seeds.files.warc = false;
        seeds.run.dry_run = true;
        let mut crawl = Crawl::start(&seeds, None);
        let watch = crawl.watch();
        let told = crawl.feed().subscribe(LAG).flow().collect::<Vec<_>>();
        let (end, told) = tokio::join!(crawl.end(), told);
        end?;
        // Nothing fails in a feed.
        let events = told.unwrap_or_default();
        let mut not_followed = crawl.summary().rejected;
        not_followed.forget(Rejection::DryRun);
        Ok(Self {
            pages: events.into_iter().filter_map(Page::of).collect(),
            sites: watch.state().busiest,
            not_followed,
            lost: crawl
                .lost_seeds()
                .into_iter()
                .chain(crawl.hints())
                .collect(),
            limits: limits(args),
        })
    }

    /// Tells whether every given URL could be fetched.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.lost.is_empty()
    }
}

impl Page {
    fn of(event: CrawlEvent) -> Option<Self> {
        match event {
            CrawlEvent::Page {
                record, rejections, ..
            } => {
                let is_page = record.status.is_some_and(|status| status < 300);
                Some(Self {
                    became: became(&record),
                    url: record.url,
                    leads_on: is_page.then(|| rejections.of(Rejection::DryRun)),
                })
            }
            CrawlEvent::Sitemap {
                record, rejections, ..
            } => Some(Self {
                became: match record.error {
                    Some(error) => format!("a sitemap: {error}"),
                    None => format!("a sitemap of {} entries", record.entries),
                },
                url: record.url,
                leads_on: Some(rejections.of(Rejection::DryRun)),
            }),
            CrawlEvent::Denied(_) | CrawlEvent::Postponed => None,
        }
    }
}

fn became(record: &PageRecord) -> String {
    match (record.status, &record.location, &record.error) {
        (Some(status), Some(location), _) => format!("{status}, leads to {location}"),
        (Some(status), None, _) => match &record.content_type {
            Some(kind) => format!("{status}, {kind}, {} bytes", record.bytes),
            None => format!("{status}, {} bytes", record.bytes),
        },
        (None, _, Some(error)) => error.clone(),
        (None, _, None) => "no response".to_owned(),
    }
}

/// The limits of a crawl, in words.
fn limits(args: &Args) -> Vec<String> {
    let mut limits = vec![format!("{} pages", args.what.max_pages)];
    limits.extend(
        args.what
            .max_depth
            .map(|depth| format!("{depth} links in a row")),
    );
    limits.extend(
        args.speed
            .max_rate
            .map(|rate| format!("{rate} pages a second")),
    );
    limits.push(format!(
        "{} requests at once, {} of them to one host",
        args.speed.concurrency, args.speed.per_host
    ));
    limits
}

impl fmt::Display for DryRun {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            formatter,
            "Only the given URLs and sitemaps were fetched, and nothing was written:\n"
        )?;
        for page in &self.pages {
            writeln!(formatter, "{}\n  {}", page.url, page.became)?;
            if let Some(leads_on) = page.leads_on {
                writeln!(
                    formatter,
                    "  new URLs that would be crawled, robots.txt permitting: {leads_on}"
                )?;
            }
        }
        for line in &self.lost {
            writeln!(formatter, "{line}")?;
        }
        for site in &self.sites {
            writeln!(formatter, "\n{}\n  {}", site.site, pause(site.delay_ms))?;
        }
        if self.not_followed != Rejections::default() {
            writeln!(formatter, "\nURLs that would not be crawled:")?;
        }
        for (reason, count) in self.not_followed.iter() {
            writeln!(formatter, "  {reason:<20}{count:>8}")?;
        }
        writeln!(formatter, "\nAt most: {}.", self.limits.join(", "))
    }
}

fn pause(delay_ms: u64) -> String {
    if delay_ms == 0 {
        return "no pause between two requests".to_owned();
    }
    let delay = humantime::format_duration(Duration::from_millis(delay_ms));
    let pages = 60_000_u64.div_ceil(delay_ms);
    format!("a pause of {delay} between two requests: {pages} pages a minute at most")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_told_with_what_it_means() {
        assert_eq!(pause(0), "no pause between two requests");
        assert_eq!(
            pause(2500),
            "a pause of 2s 500ms between two requests: 24 pages a minute at most"
        );
    }
}
