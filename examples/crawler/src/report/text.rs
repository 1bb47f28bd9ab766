//! A report for the terminal.

use std::io::{self, Write};
use std::path::Path;

use bytesize::ByteSize;

use super::gather::Gathered;
use super::histogram::duration;
use crate::progress::per_second;

/// Rows of a table that is a list; all of them are in the HTML.
const ROWS: usize = 10;

const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

pub(super) fn write(
    gathered: &Gathered,
    directory: &Path,
    width: usize,
    output: &mut impl Write,
) -> io::Result<()> {
    let width = width.clamp(40, 120);
    writeln!(output, "Crawl in {}\n", directory.display())?;
    totals(gathered, output)?;
    timeline(gathered, width, output)?;

    let statuses = gathered.statuses.iter().map(|(status, &count)| {
        let name = status.map_or("none".to_owned(), |status| status.to_string());
        (name, count)
    });
    bars("Status", statuses, width, output)?;
    let depths = gathered.depths.iter().take(30);
    let depths = depths.map(|(depth, &count)| (depth.to_string(), count));
    bars("Depth", depths, width, output)?;
    let kinds = gathered.content_types().into_iter().take(ROWS);
    let kinds = kinds.map(|(kind, count)| (kind.to_owned(), count));
    bars("Content type", kinds, width, output)?;
    bars("Response time", gathered.times.rows(), width, output)?;
    hosts(gathered, width, output)?;
    broken(gathered, output)?;
    duplicates(gathered, output)
}

fn totals(gathered: &Gathered, output: &mut impl Write) -> io::Result<()> {
    let elapsed = gathered.elapsed_ms();
    let rate = per_second(gathered.pages, std::time::Duration::from_millis(elapsed));
    let rows = [
        ("pages", gathered.pages.to_string()),
        ("  ok", gathered.ok.to_string()),
        ("  redirects", gathered.redirects.to_string()),
        ("  http errors", gathered.http_errors.to_string()),
        ("  failures", gathered.failures.to_string()),
        ("duplicates", gathered.duplicates.to_string()),
        ("cut off", gathered.truncated.to_string()),
        ("links", gathered.links.to_string()),
        ("hosts", gathered.hosts.len().to_string()),
        ("bytes", ByteSize(gathered.bytes).to_string()),
        ("time", duration(elapsed)),
        ("pages a second", format!("{rate:.1}")),
    ];
    for (name, value) in rows {
        writeln!(output, "{name:<18}{value:>12}")?;
    }
    if gathered.unreadable > 0 {
        writeln!(
            output,
            "{:<18}{:>12}",
            "unreadable lines", gathered.unreadable
        )?;
    }
    Ok(())
}

fn timeline(gathered: &Gathered, width: usize, output: &mut impl Write) -> io::Result<()> {
    let counts = gathered.timeline.counts();
    if counts.len() < 2 {
        return Ok(());
    }
    let per_column = counts.len().div_ceil(width);
    let columns: Vec<u64> = counts
        .chunks(per_column)
        .map(|part| part.iter().sum())
        .collect();
    let most = columns.iter().copied().max().unwrap_or(1).max(1);
    let step = gathered.timeline.step() * per_column as u64;
    title(
        &format!("Pages over time (a column is {})", duration(step)),
        output,
    )?;
    let bar = |&count: &u64| match count {
        0 => ' ',
        _ => {
            BARS[usize::try_from((count * 8).div_ceil(most))
                .unwrap_or(8)
                .clamp(1, 8)
                - 1]
        }
    };
    let line: String = columns.iter().map(bar).collect();
    writeln!(output, "{}", line.trim_end())
}

/// Counts with a bar each.
fn bars(
    name: &str,
    rows: impl IntoIterator<Item = (String, u64)>,
    width: usize,
    output: &mut impl Write,
) -> io::Result<()> {
    let rows: Vec<(String, u64)> = rows.into_iter().collect();
    let Some(most) = rows.iter().map(|(_, count)| *count).max() else {
        return Ok(());
    };
    title(name, output)?;
    let room = width.saturating_sub(24 + 12 + 1) as u64;
    for (name, count) in rows {
        let length = (count * room).div_ceil(most.max(1));
        let bar = "█".repeat(usize::try_from(length).unwrap_or(0));
        writeln!(output, "{:<24}{count:>12} {bar}", short(&name, 24))?;
    }
    Ok(())
}

fn hosts(gathered: &Gathered, width: usize, output: &mut impl Write) -> io::Result<()> {
    let slowest = gathered.slowest_hosts();
    if slowest.is_empty() {
        return Ok(());
    }
    title("Slowest hosts", output)?;
    let room = width.saturating_sub(40).max(16);
    writeln!(
        output,
        "{:<room$}{:>10}{:>10}{:>10}{:>10}",
        "host", "pages", "errors", "mean", "slowest"
    )?;
    for (name, host) in slowest.into_iter().take(ROWS) {
        writeln!(
            output,
            "{:<room$}{:>10}{:>10}{:>10}{:>10}",
            short(name, room),
            host.pages,
            host.errors,
            duration(host.mean_ms()),
            duration(host.slowest_ms),
        )?;
    }
    Ok(())
}

fn broken(gathered: &Gathered, output: &mut impl Write) -> io::Result<()> {
    let count = gathered.http_errors + gathered.failures;
    if count == 0 {
        return Ok(());
    }
    title(&format!("Broken links ({count})"), output)?;
    for link in gathered.broken.iter().take(ROWS) {
        writeln!(output, "{}  {}", printable(&link.why), printable(&link.url))?;
        match &link.referrer {
            Some(referrer) => writeln!(output, "    on {}", printable(referrer))?,
            None => writeln!(output, "    given as a start")?,
        }
    }
    more(count, gathered.broken.len().min(ROWS), output)
}

fn duplicates(gathered: &Gathered, output: &mut impl Write) -> io::Result<()> {
    if gathered.duplicates == 0 {
        return Ok(());
    }
    title(&format!("Duplicates ({})", gathered.duplicates), output)?;
    for alike in gathered.alike.iter().take(ROWS) {
        writeln!(output, "{} pages with one body:", alike.count)?;
        for url in &alike.urls {
            writeln!(output, "    {}", printable(url))?;
        }
    }
    Ok(())
}

fn title(name: &str, output: &mut impl Write) -> io::Result<()> {
    writeln!(output, "\n{name}\n{}", "-".repeat(name.chars().count()))
}

fn more(all: u64, told: usize, output: &mut impl Write) -> io::Result<()> {
    match all.saturating_sub(told as u64) {
        0 => Ok(()),
        rest => writeln!(output, "and {rest} more (--html FILE tells more of them)"),
    }
}

/// `text` without what a terminal would act on.
fn printable(text: &str) -> String {
    text.chars()
        .map(|character| {
            if character.is_control() {
                '\u{fffd}'
            } else {
                character
            }
        })
        .collect()
}

/// `text` in at most `room` columns less one.
fn short(text: &str, room: usize) -> String {
    let text = printable(text);
    if text.chars().count() < room {
        return text;
    }
    let start: String = text.chars().take(room.saturating_sub(2)).collect();
    format!("{start}…")
}
