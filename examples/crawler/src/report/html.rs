//! A report as one HTML file that needs no other.

use std::fmt::{self, Display};
use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, SystemTime};

use bytesize::ByteSize;

use super::gather::Gathered;
use super::histogram::duration;
use crate::progress::per_second;

const STYLE: &str = include_str!("style.css");

pub(super) fn write(
    gathered: &Gathered,
    directory: &Path,
    output: &mut impl Write,
) -> io::Result<()> {
    let name = directory.display().to_string();
    let name = Escaped(&name);
    // What a page says never runs: nothing but the style is let in.
    write!(
        output,
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>Crawl in {name}</title>\n<style>\n{STYLE}</style>\n<main>\n\
         <header><h1>Crawl in {name}</h1><p>{}</p></header>\n",
        Escaped(&when(gathered)),
    )?;
    tiles(gathered, output)?;
    writeln!(output, "<div class=\"grid\">")?;
    timeline(gathered, output)?;
    let statuses = gathered.statuses.iter().map(|(status, &count)| {
        let name = status.map_or("none".to_owned(), |status| status.to_string());
        (name, class_of(*status), count)
    });
    bars("Status", statuses, output)?;
    let depths = gathered.depths.iter().take(gathered.most);
    bars(
        "Depth",
        depths.map(|(depth, &count)| (depth.to_string(), "", count)),
        output,
    )?;
    let kinds = gathered.content_types();
    bars(
        "Content type",
        kinds
            .into_iter()
            .map(|(kind, count)| (kind.to_owned(), "", count)),
        output,
    )?;
    let times = gathered.times.rows().into_iter();
    bars(
        "Response time",
        times.map(|(range, count)| (range, "", count)),
        output,
    )?;
    hosts(gathered, output)?;
    broken(gathered, output)?;
    duplicates(gathered, output)?;
    writeln!(output, "</div>\n</main>\n</html>")
}

/// From when to when the crawl went.
fn when(gathered: &Gathered) -> String {
    let Some((first, last)) = gathered.span else {
        return "Nothing was fetched yet.".to_owned();
    };
    let date = |millis| {
        let time = SystemTime::UNIX_EPOCH + Duration::from_millis(millis);
        humantime::format_rfc3339_seconds(time)
            .to_string()
            .replace(['T', 'Z'], " ")
    };
    format!("{} to {}UTC", date(first).trim_end(), date(last))
}

fn tiles(gathered: &Gathered, output: &mut impl Write) -> io::Result<()> {
    let elapsed = gathered.elapsed_ms();
    let rate = per_second(gathered.pages, Duration::from_millis(elapsed));
    let if_any = |count: u64, class: &'static str| if count > 0 { class } else { "" };
    let tiles = [
        ("pages", "", grouped(gathered.pages)),
        ("ok", "good", grouped(gathered.ok)),
        ("redirects", "", grouped(gathered.redirects)),
        (
            "HTTP errors",
            if_any(gathered.http_errors, "bad"),
            grouped(gathered.http_errors),
        ),
        (
            "failures",
            if_any(gathered.failures, "bad"),
            grouped(gathered.failures),
        ),
        (
            "duplicates",
            if_any(gathered.duplicates, "warn"),
            grouped(gathered.duplicates),
        ),
        (
            "cut off",
            if_any(gathered.truncated, "warn"),
            grouped(gathered.truncated),
        ),
        ("links", "", grouped(gathered.links)),
        ("hosts", "", grouped(gathered.hosts.len() as u64)),
        ("bodies", "", ByteSize(gathered.bytes).to_string()),
        ("time", "", duration(elapsed)),
        ("pages a second", "", format!("{rate:.1}")),
    ];
    writeln!(output, "<div class=\"tiles\">")?;
    for (name, class, value) in tiles {
        writeln!(
            output,
            "<div class=\"tile {class}\"><b>{value}</b><span>{name}</span></div>"
        )?;
    }
    if gathered.unreadable > 0 {
        let count = grouped(gathered.unreadable);
        writeln!(
            output,
            "<div class=\"tile bad\"><b>{count}</b><span>unreadable lines</span></div>"
        )?;
    }
    writeln!(output, "</div>")
}

fn timeline(gathered: &Gathered, output: &mut impl Write) -> io::Result<()> {
    let counts = gathered.timeline.counts();
    if counts.len() < 2 {
        return Ok(());
    }
    let most = counts.iter().copied().max().unwrap_or(1).max(1);
    let step = duration(gathered.timeline.step());
    writeln!(
        output,
        "<section class=\"wide\"><h2>Pages over time <small>a bar is {step}, the highest {} pages</small></h2><div class=\"time\">",
        grouped(most),
    )?;
    for count in counts {
        write!(
            output,
            "<i style=\"height:{}%\" title=\"{}\"></i>",
            percent(*count, most),
            grouped(*count)
        )?;
    }
    let end = duration(gathered.elapsed_ms());
    writeln!(
        output,
        "</div><div class=\"ends\"><span>0</span><span>{end}</span></div></section>"
    )
}

/// Counts with a bar each.
fn bars(
    title: &str,
    rows: impl Iterator<Item = (String, &'static str, u64)>,
    output: &mut impl Write,
) -> io::Result<()> {
    let rows: Vec<_> = rows.collect();
    let Some(most) = rows.iter().map(|(_, _, count)| *count).max() else {
        return Ok(());
    };
    writeln!(output, "<section><h2>{title}</h2><div class=\"bars\">")?;
    for (name, class, count) in rows {
        writeln!(
            output,
            "<div>{}</div><div><i class=\"{class}\" style=\"width:{}%\"></i></div><div class=\"number\">{}</div>",
            Escaped(&name),
            percent(count, most),
            grouped(count),
        )?;
    }
    writeln!(output, "</div></section>")
}

fn hosts(gathered: &Gathered, output: &mut impl Write) -> io::Result<()> {
    let slowest = gathered.slowest_hosts();
    if slowest.is_empty() {
        return Ok(());
    }
    writeln!(
        output,
        "<section class=\"wide\"><h2>Slowest hosts{}</h2><div class=\"scroll\"><table><thead><tr><th>Host\
         <th class=\"number\">Pages<th class=\"number\">Errors<th class=\"number\">Bytes<th class=\"number\">Mean\
         <th class=\"number\">Slowest</tr></thead><tbody>",
        Told(slowest.len(), gathered.hosts.len() as u64),
    )?;
    for (name, host) in slowest {
        let number = "<td class=\"number\">";
        writeln!(
            output,
            "<tr><td class=\"url\">{}{number}{}{number}{}{number}{}{number}{}{number}{}</tr>",
            Escaped(name),
            grouped(host.pages),
            grouped(host.errors),
            ByteSize(host.bytes),
            duration(host.mean_ms()),
            duration(host.slowest_ms),
        )?;
    }
    writeln!(output, "</tbody></table></div></section>")
}

fn broken(gathered: &Gathered, output: &mut impl Write) -> io::Result<()> {
    let count = gathered.http_errors + gathered.failures;
    if count == 0 {
        return Ok(());
    }
    writeln!(
        output,
        "<section class=\"wide\"><h2>Broken links{}</h2><table class=\"links\"><thead><tr><th>Answer<th>Link<th>Found on\
         </tr></thead><tbody>",
        Told(gathered.broken.len(), count),
    )?;
    for link in &gathered.broken {
        write!(
            output,
            "<tr><td class=\"why\">{}<td class=\"url\">{}",
            Escaped(&link.why),
            Anchor(&link.url)
        )?;
        match &link.referrer {
            Some(referrer) => writeln!(output, "<td class=\"url from\">{}</tr>", Anchor(referrer))?,
            None => writeln!(output, "<td class=\"faint\">given as a start</tr>")?,
        }
    }
    writeln!(output, "</tbody></table></section>")
}

fn duplicates(gathered: &Gathered, output: &mut impl Write) -> io::Result<()> {
    if gathered.duplicates == 0 {
        return Ok(());
    }
    writeln!(
        output,
        "<section class=\"wide\"><h2>Pages with the same body <small>{} duplicates</small></h2>\
         <table class=\"links\"><thead><tr><th class=\"number\">Pages<th>The first of them</tr></thead><tbody>",
        grouped(gathered.duplicates),
    )?;
    for alike in &gathered.alike {
        write!(
            output,
            "<tr><td class=\"number\">{}<td class=\"url\">",
            grouped(alike.count)
        )?;
        for (number, url) in alike.urls.iter().enumerate() {
            let space = if number > 0 { "<br>" } else { "" };
            write!(output, "{space}{}", Anchor(url))?;
        }
        writeln!(output, "</tr>")?;
    }
    writeln!(output, "</tbody></table></section>")
}

fn class_of(status: Option<u16>) -> &'static str {
    match status {
        Some(200..300) => "good",
        Some(..400) => "warn",
        _ => "bad",
    }
}

/// Tenths of a percent are finer than any screen.
fn percent(count: u64, most: u64) -> impl Display {
    let tenths = count.saturating_mul(1_000) / most.max(1);
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// A number with its digits in groups of three.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

/// How many of all are told, where it is not all.
struct Told(usize, u64);

impl Display for Told {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(told, all) = *self;
        if told as u64 == all {
            write!(formatter, " <small>{}</small>", grouped(all))
        } else {
            write!(
                formatter,
                " <small>{} of {}</small>",
                grouped(told as u64),
                grouped(all)
            )
        }
    }
}

/// A link to a page, if that is one of the web.
struct Anchor<'a>(&'a str);

impl Display for Anchor<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = Escaped(self.0);
        if self.0.starts_with("http://") || self.0.starts_with("https://") {
            write!(
                formatter,
                "<a rel=\"noreferrer nofollow\" href=\"{url}\">{url}</a>"
            )
        } else {
            url.fmt(formatter)
        }
    }
}

/// Text that is no markup.
struct Escaped<'a>(&'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0;
        while let Some(at) = rest.find(['&', '<', '>', '"', '\'']) {
            formatter.write_str(&rest[..at])?;
            formatter.write_str(match rest.as_bytes()[at] {
                b'&' => "&amp;",
                b'<' => "&lt;",
                b'>' => "&gt;",
                b'"' => "&quot;",
                _ => "&#39;",
            })?;
            rest = &rest[at + 1..];
        }
        formatter.write_str(rest)
    }
}
