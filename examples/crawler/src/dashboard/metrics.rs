//! The numbers of a crawl in the text format of Prometheus.
//!
//! There is no series for each site: a crawl may have a hundred thousand, which no monitoring wants.

use std::fmt::{Display, Write};

use crate::crawl::{LATENCIES, Phase, Rejection, State};
use crate::fetch::Reason;
use crate::summary::Summary;

/// What the text is, by its media type.
pub(super) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Writes all metrics.
pub(super) fn text(state: &State) -> String {
    let mut page = Page::default();
    let totals = &state.totals;

    page.family(
        "crawler_pages_total",
        "counter",
        "URLs that were requested, by how that ended.",
    );
    for (outcome, count) in [
        ("ok", totals.ok),
        ("redirect", totals.redirects),
        ("unchanged", totals.unchanged),
        ("http_error", totals.http_errors),
        ("failure", totals.failures),
    ] {
        page.sample("", &[("outcome", outcome)], count);
    }
    page.family(
        "crawler_responses_total",
        "counter",
        "Responses, by their status.",
    );
    for (status, count) in state.statuses.iter().filter(|(status, _)| **status > 0) {
        page.sample("", &[("status", &status.to_string())], count);
    }
    reasons(&mut page, totals);
    for (name, help, count) in [
        (
            "crawler_retries_total",
            "Requests that were made again.",
            totals.retries,
        ),
        (
            "crawler_body_bytes_total",
            "Bytes of decoded bodies.",
            totals.bytes,
        ),
        ("crawler_links_total", "Links on all pages.", totals.links),
        (
            "crawler_queue_refusals_total",
            "Links that were lost because the queue was full.",
            totals.refused,
        ),
    ] {
        page.single(name, "counter", help, count);
    }
    standing(&mut page, state);
    latencies(&mut page, state);
    stages(&mut page, state);
    page.text
}

/// How the crawl stands now.
fn standing(page: &mut Page, state: &State) {
    page.single(
        "crawler_queued_urls",
        "gauge",
        "URLs that wait for their turn.",
        state.queued,
    );
    page.single(
        "crawler_visits_in_flight",
        "gauge",
        "Visits that are under way.",
        state.in_flight,
    );
    page.single(
        "crawler_sites",
        "gauge",
        "Sites that had pages.",
        state.sites,
    );
    let is_paused = u8::from(matches!(state.phase, Phase::Pausing | Phase::Paused));
    page.single(
        "crawler_paused",
        "gauge",
        "Whether the crawl is paused (1) or not (0).",
        is_paused,
    );
    let limit = state
        .rate_limit
        .map_or("+Inf".to_owned(), |rate| rate.to_string());
    page.single(
        "crawler_rate_limit_pages_per_second",
        "gauge",
        "The limit of pages a second; +Inf if there is none.",
        limit,
    );
    page.single(
        "crawler_elapsed_seconds",
        "gauge",
        "How long the crawl has been running, in all its runs.",
        state.totals.duration_s,
    );
}

fn reasons(page: &mut Page, totals: &Summary) {
    page.family(
        "crawler_rejected_urls_total",
        "counter",
        "URLs that were found and not fetched, by reason.",
    );
    for reason in Rejection::ALL {
        page.sample("", &[("reason", reason.name())], totals.rejected.of(reason));
    }
    page.family(
        "crawler_troubles_total",
        "counter",
        "Requests without a response, and bodies that were cut, by reason.",
    );
    for reason in Reason::ALL {
        page.sample("", &[("reason", reason.name())], totals.troubles.of(reason));
    }
}

fn latencies(page: &mut Page, state: &State) {
    page.family(
        "crawler_request_duration_seconds",
        "histogram",
        "How long the requests took that had a response.",
    );
    let mut below = 0;
    for (end, count) in LATENCIES.iter().zip(state.latencies.counts) {
        below += count;
        page.sample("_bucket", &[("le", &seconds(*end))], below);
    }
    let all: u64 = state.latencies.counts.iter().sum();
    page.sample("_bucket", &[("le", "+Inf")], all);
    page.sample("_sum", &[], seconds(state.latencies.sum_ms));
    page.sample("_count", &[], all);
}

/// The numbers of the flow itself. A stage is named by its operator and its place, since an operator may stand twice.
fn stages(page: &mut Page, state: &State) {
    let counted: Vec<_> = state
        .plan
        .iter()
        .enumerate()
        .filter_map(|(place, stage)| Some((place.to_string(), stage.name, stage.counts?)))
        .collect();
    page.family(
        "crawler_flow_items_total",
        "counter",
        "Items that the stages of the flow received, emitted and dropped; the sink is stage 0.",
    );
    for (place, name, counts) in &counted {
        for (what, count) in [
            ("received", counts.received),
            ("emitted", counts.emitted),
            ("dropped", counts.dropped),
        ] {
            page.sample(
                "",
                &[("stage", place), ("operator", name), ("what", what)],
                count,
            );
        }
    }
    page.family(
        "crawler_flow_items_held",
        "gauge",
        "Items that are within the stages of the flow.",
    );
    for (place, name, counts) in &counted {
        page.sample(
            "",
            &[("stage", place), ("operator", name)],
            counts.in_flight,
        );
    }
}

/// Milliseconds as seconds, without an error of a binary fraction.
fn seconds(millis: u64) -> String {
    let text = format!("{}.{:03}", millis / 1000, millis % 1000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[derive(Default)]
struct Page {
    text: String,
    family: &'static str,
}

impl Page {
    /// Begins a family of samples.
    fn family(&mut self, name: &'static str, kind: &str, help: &str) {
        self.family = name;
        // Writing to a String cannot fail.
        let _ = writeln!(self.text, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    /// Adds a family of one sample.
    fn single(&mut self, name: &'static str, kind: &str, help: &str, value: impl Display) {
        self.family(name, kind, help);
        self.sample("", &[], value);
    }

    /// Adds a sample; the values of labels are our own words, with nothing to be escaped.
    fn sample(&mut self, suffix: &str, labels: &[(&str, &str)], value: impl Display) {
        let labels: Vec<String> = labels
            .iter()
            .map(|(name, value)| format!("{name}=\"{value}\""))
            .collect();
        let labels = match labels.len() {
            0 => String::new(),
            _ => format!("{{{}}}", labels.join(",")),
        };
        let _ = writeln!(self.text, "{}{suffix}{labels} {value}", self.family);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_short() {
        for (millis, text) in [
            (0, "0"),
            (1, "0.001"),
            (20, "0.02"),
            (1000, "1"),
            (12_340, "12.34"),
        ] {
            assert_eq!(seconds(millis), text);
        }
    }
}
