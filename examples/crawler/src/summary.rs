//! What a crawl comes to.

use std::fmt;
use std::io::{self, Write};
use std::time::Duration;

use bytesize::ByteSize;
use serde::Serialize;

use crate::args::SummaryFormat;
use crate::crawl::Rejections;
use crate::fetch::Troubles;
use crate::output::PageRecord;
use crate::progress::per_second;

/// The totals of a crawl. `Display` is the text for people.
///
/// Every fetched URL is one of `ok`, `redirects`, `unchanged`, `http_errors` and `failures`, and their sum is
/// `pages`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Summary {
    /// URLs that were requested, however that ended.
    pub pages: u64,
    /// Responses with a status below 300.
    pub ok: u64,
    /// Responses that lead elsewhere (3xx).
    pub redirects: u64,
    /// Pages that are as they were in an earlier crawl (304).
    pub unchanged: u64,
    /// Responses with an error status (4xx, 5xx).
    pub http_errors: u64,
    /// URLs without a response.
    pub failures: u64,
    /// The two above together.
    pub errors: u64,
    /// Requests that were made again.
    pub retries: u64,
    /// Bytes of decoded bodies.
    pub bytes: u64,
    /// Pages with the body of an earlier one, if those were looked for.
    pub duplicates: u64,
    /// Links on all pages.
    pub links: u64,
    /// Sitemaps that were requested, however that ended; they are no pages.
    pub sitemaps: u64,
    /// URLs that were found and not fetched, by reason.
    pub rejected: Rejections,
    /// Requests without a response, and bodies that were cut, by reason.
    pub troubles: Troubles,
    /// Links that were lost because the queue was full.
    pub refused: u64,
    /// Why the crawl ended.
    pub end: End,
    /// How long the crawl took.
    pub duration_s: f64,
    /// Pages over the whole duration.
    pub pages_per_s: f64,
}

/// Why a crawl ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// It has not ended yet.
    #[default]
    Running,
    /// Nothing was left to fetch.
    Complete,
    /// There were as many pages or bytes, or it took as long, as was asked for.
    Limit,
    /// It was asked to stop.
    Stopped,
    /// It broke off.
    Failed,
}

impl fmt::Display for End {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Running => "What was fetched so far",
            Self::Complete => "Crawled to the last page",
            Self::Limit => "Crawled as far as asked for (--max-pages, --max-bytes or --max-time)",
            Self::Stopped => "Stopped; what was fetched by then",
            Self::Failed => "Broke off; what was fetched by then",
        })
    }
}

impl Summary {
    /// Adds one page.
    pub fn record(&mut self, page: &PageRecord) {
        self.pages += 1;
        match page.status {
            None => self.failures += 1,
            Some(..300) => self.ok += 1,
            Some(304) => self.unchanged += 1,
            Some(300..400) => self.redirects += 1,
            Some(_) => self.http_errors += 1,
        }
        if let Some(reason) = page.reason {
            self.troubles.count(reason);
        }
        self.errors = self.http_errors + self.failures;
        self.duplicates += u64::from(page.duplicate_of.is_some());
        self.bytes += page.bytes;
        self.links += u64::from(page.links);
    }

    /// The kinds of counts that go on from one run to the next.
    pub(crate) const KINDS: [&str; 3] = ["total", "rejected", "trouble"];

    /// Hands each count that goes on from one run to the next to `take`: its kind, its name and itself.
    pub(crate) fn counts(&self, mut take: impl FnMut(&str, &str, u64)) {
        let mut this = *self;
        for (name, count) in this.named() {
            take("total", name, *count);
        }
        for (reason, count) in self.rejected.iter() {
            take("rejected", reason.name(), count);
        }
        for (reason, count) in self.troubles.iter() {
            take("trouble", reason.name(), count);
        }
    }

    /// Sets a count to what an earlier run has come to; nothing if there is none of this kind and name.
    pub(crate) fn set_count(&mut self, kind: &str, name: &str, count: u64) {
        match kind {
            "rejected" => self.rejected.set(name, count),
            "trouble" => self.troubles.set(name, count),
            _ => {
                for (_, place) in self.named().iter_mut().filter(|(known, _)| *known == name) {
                    **place = count;
                }
            }
        }
        self.errors = self.http_errors + self.failures;
    }

    fn named(&mut self) -> [(&'static str, &mut u64); 11] {
        [
            ("pages", &mut self.pages),
            ("ok", &mut self.ok),
            ("redirects", &mut self.redirects),
            ("unchanged", &mut self.unchanged),
            ("duplicates", &mut self.duplicates),
            ("http_errors", &mut self.http_errors),
            ("failures", &mut self.failures),
            ("retries", &mut self.retries),
            ("bytes", &mut self.bytes),
            ("links", &mut self.links),
            ("sitemaps", &mut self.sitemaps),
        ]
    }

    /// Sets why and when the crawl ended, and the rate that follows from it.
    pub fn finish(&mut self, end: End, duration: Duration) {
        self.end = end;
        self.take(duration);
    }

    /// Sets how long it has taken, and the rate that follows from it.
    pub(crate) fn take(&mut self, duration: Duration) {
        let round = |number: f64| (number * 1e3).round() / 1e3;
        self.duration_s = round(duration.as_secs_f64());
        self.pages_per_s = round(per_second(self.pages, duration));
    }

    /// Prints the summary as the command line asks for.
    ///
    /// # Errors
    ///
    /// If `output` cannot be written.
    pub fn print(&self, format: SummaryFormat, mut output: impl Write) -> io::Result<()> {
        match format {
            SummaryFormat::Text => write!(output, "{self}")?,
            SummaryFormat::Json => {
                serde_json::to_writer(&mut output, self)?;
                output.write_all(b"\n")?;
            }
        }
        output.flush()
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.pages == self.failures {
            writeln!(formatter, "Nothing was fetched:\n")?;
        } else {
            writeln!(formatter, "{}:\n", self.end)?;
        }
        let counts = [
            ("pages", self.pages),
            ("  ok", self.ok),
            ("  redirects", self.redirects),
            ("  unchanged", self.unchanged),
            ("  http errors", self.http_errors),
            ("  failures", self.failures),
            ("duplicates", self.duplicates),
            ("retries", self.retries),
            ("links", self.links),
            ("sitemaps", self.sitemaps),
            ("lost: queue full", self.refused),
        ];
        // What is rare is worth a line only when it happens.
        let rare = ["  unchanged", "duplicates", "sitemaps", "lost: queue full"];
        let is_told = |name: &str, count| count > 0 || !rare.contains(&name);
        for (name, count) in counts
            .into_iter()
            .filter(|(name, count)| is_told(name, *count))
        {
            writeln!(formatter, "{name:<18}{count:>12}")?;
        }
        let troubles = self.troubles.total();
        if troubles > 0 {
            writeln!(formatter, "{:<18}{troubles:>12}", "trouble")?;
        }
        for (reason, count) in self.troubles.iter() {
            writeln!(formatter, "  {reason:<16}{count:>12}")?;
        }
        let rejected: u64 = self.rejected.iter().map(|(_, count)| count).sum();
        writeln!(formatter, "{:<18}{rejected:>12}", "not followed")?;
        for (reason, count) in self.rejected.iter() {
            writeln!(formatter, "  {reason:<16}{count:>12}")?;
        }
        let bytes = ByteSize(self.bytes).to_string();
        writeln!(formatter, "{:<18}{bytes:>12}", "bytes")?;
        // A small site takes milliseconds, a large one hours: three decimals suit both.
        writeln!(formatter, "{:<18}{:>12.3}", "seconds", self.duration_s)?;
        writeln!(
            formatter,
            "{:<18}{:>12.1}",
            "pages a second", self.pages_per_s
        )
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;
    use crate::crawl::Rejection;
    use crate::fetch::Reason;

    fn summary() -> Summary {
        let mut summary = Summary {
            retries: 2,
            ..Summary::default()
        };
        summary.rejected.count(Rejection::Robots);
        for status in [Some(200), Some(204), Some(301), Some(404), Some(503), None] {
            let mut page = PageRecord::new("http://river.test/".to_owned(), SystemTime::UNIX_EPOCH);
            (page.status, page.bytes, page.links) = (status, 1024, 3);
            page.reason = status.is_none().then_some(Reason::Tls);
            summary.record(&page);
        }
        summary.finish(End::Complete, Duration::from_millis(1500));
        summary
    }

    #[test]
    fn json_is_one_line() {
        let mut output = Vec::new();
        summary()
            .print(SummaryFormat::Json, &mut output)
            .expect("to memory");
        let expected = r#"{"pages":6,"ok":2,"redirects":1,"unchanged":0,"http_errors":2,"failures":1,"errors":3,"retries":2,"bytes":6144,"duplicates":0,"links":18,"sitemaps":0,"rejected":{"robots":1},"troubles":{"tls":1},"refused":0,"end":"complete","duration_s":1.5,"pages_per_s":4.0}"#;
        assert_eq!(output, format!("{expected}\n").as_bytes());
    }

    #[test]
    fn text_is_aligned() {
        let mut output = Vec::new();
        summary()
            .print(SummaryFormat::Text, &mut output)
            .expect("to memory");
        let text = String::from_utf8(output).expect("text");
        assert!(text.contains("  redirects                  1\n"), "{text}");
        assert!(text.contains("bytes                  6.0 KiB\n"), "{text}");
        let widths: Vec<usize> = text.lines().skip(2).map(str::len).collect();
        assert_eq!(widths, [30; 14], "{text}");
    }

    #[test]
    fn nothing_in_no_time_is_no_rate() {
        let mut summary = Summary::default();
        summary.finish(End::Complete, Duration::ZERO);
        let expected = Summary {
            end: End::Complete,
            ..Summary::default()
        };
        assert_eq!(summary, expected);
    }
}
