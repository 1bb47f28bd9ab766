//! Shows on stderr how the crawl goes.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::time::{Instant, MissedTickBehavior, interval_at};

/// Where the crawl stands at a moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// Pages fetched so far.
    pub pages: u64,
    /// URLs that wait for their turn.
    pub queued: u64,
    /// Visits that are under way.
    pub in_flight: u64,
    /// Sites that these are of.
    pub sites: u64,
    /// Requests that failed.
    pub errors: u64,
    /// The limit of pages.
    pub max_pages: u64,
}

impl Snapshot {
    /// Pages that are known to be ahead, as far as the limit lets them come.
    fn ahead(&self) -> u64 {
        let known = self.queued + self.in_flight;
        known.min(self.max_pages.saturating_sub(self.pages))
    }
}

/// How progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// One line that is redrawn in place, ten times a second, and erased at the end.
    Live,
    /// A line every five seconds, for logs.
    Plain,
    /// Nothing.
    Quiet,
}

impl Style {
    /// What suits stderr: live on a terminal that can do it, plain elsewhere.
    #[must_use]
    pub fn of_stderr(quiet: bool) -> Self {
        let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        if quiet {
            Self::Quiet
        } else if io::stderr().is_terminal() && !is_dumb {
            Self::Live
        } else {
            Self::Plain
        }
    }

    fn period(self) -> Option<Duration> {
        match self {
            Self::Live => Some(Duration::from_millis(100)),
            Self::Plain => Some(Duration::from_secs(5)),
            Self::Quiet => None,
        }
    }

    /// Over how many periods the rate is taken: calm enough to be read, and quick to follow.
    fn memory(self) -> usize {
        match self {
            Self::Live => 20,
            Self::Plain | Self::Quiet => 1,
        }
    }
}

/// The progress of a crawl. Dropping it erases the live line.
///
/// Trouble with writing is ignored: a crawl does not fail because nobody watches.
#[derive(Debug)]
pub struct Progress<W: Write = io::Stderr> {
    style: Style,
    /// The live line; hidden if the style is another.
    bar: ProgressBar,
    /// Where other lines go.
    output: W,
    started: Instant,
    /// The last moments, the oldest first.
    samples: VecDeque<Sample>,
}

#[derive(Debug, Clone, Copy)]
struct Sample {
    at: Instant,
    pages: u64,
    /// Pages that are known to be ahead.
    ahead: u64,
}

impl Progress<io::Stderr> {
    /// Shows progress on stderr, from now on.
    #[must_use]
    pub fn stderr(style: Style) -> Self {
        Self::new(style, io::stderr(), ProgressDrawTarget::stderr())
    }
}

impl<W: Write> Progress<W> {
    /// Shows progress: a live line on `terminal`, other lines on `output`.
    pub fn new(style: Style, output: W, terminal: ProgressDrawTarget) -> Self {
        let target = match style {
            Style::Live => terminal,
            Style::Plain | Style::Quiet => ProgressDrawTarget::hidden(),
        };
        // The template is sound, as the tests show; and the bar of the crate would do.
        let look = ProgressStyle::with_template("{bar:24.cyan/dim} {wide_msg}")
            .unwrap_or_else(|_| ProgressStyle::default_bar())
            .progress_chars("━━─");
        Self {
            style,
            bar: ProgressBar::with_draw_target(Some(1), target).with_style(look),
            output,
            started: Instant::now(),
            samples: VecDeque::new(),
        }
    }

    /// Shows what `read` tells, in the rhythm of the style, until the future is dropped.
    ///
    /// Run it beside the crawl with `tokio::select!`. It is cancel safe.
    pub async fn run(&mut self, mut read: impl FnMut() -> Snapshot) -> Infallible {
        let Some(period) = self.style.period() else {
            return std::future::pending().await;
        };
        let mut ticks = interval_at(Instant::now() + period, period);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            self.show(read());
        }
    }

    /// Prints something else to the same terminal, while the live line makes room for it.
    pub fn interrupt<R>(&self, print: impl FnOnce() -> R) -> R {
        self.bar.suspend(print)
    }

    fn show(&mut self, snapshot: Snapshot) {
        let now = Instant::now();
        let ahead = snapshot.ahead();
        let first = self.samples.front().copied().unwrap_or(Sample {
            at: self.started,
            pages: 0,
            ahead: 0,
        });
        self.samples.push_back(Sample {
            at: now,
            pages: snapshot.pages,
            ahead,
        });
        if self.samples.len() > self.style.memory() {
            self.samples.pop_front();
        }
        let rate = per_second(snapshot.pages.saturating_sub(first.pages), now - first.at);
        // While a crawl finds more than it fetches, nobody knows when it ends.
        let is_closing = ahead <= first.ahead || snapshot.pages + ahead >= snapshot.max_pages;
        let left = (is_closing && ahead > 0 && rate > 0.0).then(|| time_for(ahead, rate));
        let line = line(snapshot, rate, now - self.started, left);
        if self.style == Style::Live {
            self.bar.set_length(snapshot.pages + ahead);
            self.bar.set_position(snapshot.pages);
            self.bar.set_message(line);
        } else {
            // One write, so that the line of another thread does not fall into it.
            let _ = self
                .output
                .write_all(format!("crawler: {line}\n").as_bytes());
            let _ = self.output.flush();
        }
    }
}

impl<W: Write> Drop for Progress<W> {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

fn line(snapshot: Snapshot, rate: f64, elapsed: Duration, left: Option<Duration>) -> String {
    let Snapshot {
        pages,
        queued,
        in_flight,
        sites,
        errors,
        max_pages: _,
    } = snapshot;
    let mut line = format!(
        "{pages} pages, {rate:.0}/s, {queued} queued, {in_flight} in flight, {sites} sites, {errors} errors, {}",
        clock(elapsed)
    );
    if let Some(left) = left {
        line.push_str(", about ");
        line.push_str(&clock(left));
        line.push_str(" left");
    }
    line
}

/// Minutes and seconds, or hours too.
fn clock(time: Duration) -> String {
    let (minutes, seconds) = (time.as_secs() / 60, time.as_secs() % 60);
    match minutes / 60 {
        0 => format!("{minutes}:{seconds:02}"),
        hours => format!("{hours}:{:02}:{seconds:02}", minutes % 60),
    }
}

/// How long so many pages take.
fn time_for(pages: u64, rate: f64) -> Duration {
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    let seconds = pages as f64 / rate;
    Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
}

/// How many a second `count` within `elapsed` are.
pub(crate) fn per_second(count: u64, elapsed: Duration) -> f64 {
    if elapsed.is_zero() {
        return 0.0;
    }
    #[allow(
        clippy::cast_precision_loss,
        reason = "a rate is shown, not counted with"
    )]
    let count = count as f64;
    count / elapsed.as_secs_f64()
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::sync::{Arc, Mutex};

    use indicatif::TermLike;
    use tokio::time::timeout;

    use super::*;

    /// A terminal that keeps the lines that were written to it.
    #[derive(Debug, Clone)]
    struct Terminal {
        width: u16,
        lines: Arc<Mutex<Vec<String>>>,
    }

    impl TermLike for Terminal {
        fn width(&self) -> u16 {
            self.width
        }

        fn move_cursor_up(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn move_cursor_down(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn move_cursor_right(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn move_cursor_left(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn write_line(&self, text: &str) -> io::Result<()> {
            self.write_str(text)
        }

        fn write_str(&self, text: &str) -> io::Result<()> {
            let mut lines = self.lines.lock().expect("no test panics with it");
            lines.push(text.to_owned());
            Ok(())
        }

        fn clear_line(&self) -> io::Result<()> {
            self.write_str("cleared")
        }

        fn flush(&self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What is shown of a crawl that fetches ten pages between two looks: lines of text, and lines of a terminal.
    async fn shown(style: Style, width: u16, time: Duration) -> (String, Vec<String>) {
        let lines = Arc::default();
        let terminal = Terminal {
            width,
            lines: Arc::clone(&lines),
        };
        let target = ProgressDrawTarget::term_like(Box::new(terminal));
        let mut output = Vec::new();
        let mut progress = Progress::new(style, &mut output, target);
        let pages = Cell::new(0);
        let read = || {
            pages.set(pages.get() + 10);
            Snapshot {
                pages: pages.get(),
                queued: 2000 - pages.get(),
                in_flight: 3,
                sites: 2,
                errors: 1,
                max_pages: 1000,
            }
        };
        let ended = timeout(time, progress.run(read)).await;
        assert!(ended.is_err(), "progress goes on for ever");
        drop(progress);
        let lines = lines.lock().expect("no test panics with it").clone();
        (String::from_utf8(output).expect("text"), lines)
    }

    #[tokio::test(start_paused = true)]
    async fn plain_is_a_line_every_five_seconds() {
        let (text, lines) = shown(Style::Plain, 80, Duration::from_secs(12)).await;
        let expected = "\
crawler: 10 pages, 2/s, 1990 queued, 3 in flight, 2 sites, 1 errors, 0:05, about 8:15 left
crawler: 20 pages, 2/s, 1980 queued, 3 in flight, 2 sites, 1 errors, 0:10, about 8:10 left
";
        assert_eq!(text, expected);
        assert_eq!(lines, [""; 0]);
    }

    #[tokio::test(start_paused = true)]
    async fn live_is_a_bar_that_fits_the_terminal_and_is_erased() {
        let (text, lines) = shown(Style::Live, 120, Duration::from_millis(1050)).await;
        assert_eq!(text, "");
        let line =
            "─ 10 pages, 100/s, 1990 queued, 3 in flight, 2 sites, 1 errors, 0:00, about 0:09 left";
        assert!(lines.iter().any(|shown| shown.contains(line)), "{lines:?}");
        assert_eq!(lines.last().map(String::as_str), Some("cleared"));
        let (_, lines) = shown(Style::Live, 40, Duration::from_millis(150)).await;
        assert!(
            lines.iter().any(|shown| shown.contains("10 pages")),
            "{lines:?}"
        );
        assert!(
            lines.iter().all(|shown| shown.chars().count() <= 40),
            "{lines:?}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn quiet_shows_nothing() {
        let (text, lines) = shown(Style::Quiet, 80, Duration::from_mins(1)).await;
        assert_eq!((text.as_str(), lines.len()), ("", 0));
    }

    #[test]
    fn a_crawl_that_grows_has_no_end_in_sight() {
        let mut output = Vec::new();
        let mut progress = Progress::new(Style::Plain, &mut output, ProgressDrawTarget::hidden());
        let (earlier, now) = (progress.started, Instant::now());
        progress.samples.push_back(Sample {
            at: earlier,
            pages: 0,
            ahead: 5,
        });
        let grown = Snapshot {
            pages: 10,
            queued: 6,
            max_pages: 1000,
            ..Snapshot::default()
        };
        progress.show(grown);
        assert!(now >= earlier);
        drop(progress);
        let text = String::from_utf8(output).expect("text");
        assert!(!text.contains("left"), "{text}");
    }

    #[test]
    fn long_times_have_hours() {
        assert_eq!(clock(Duration::from_secs(59)), "0:59");
        assert_eq!(clock(Duration::from_secs(3661)), "1:01:01");
    }
}
