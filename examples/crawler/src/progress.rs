//! Shows on stderr how the crawl goes.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval_at};

/// Where the crawl stands at a moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// Pages fetched so far.
    pub pages: u64,
    /// URLs that wait for their turn.
    pub queued: u64,
    /// Requests that are running.
    pub in_flight: u64,
    /// Requests that failed.
    pub errors: u64,
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
    output: W,
    width: fn() -> Option<usize>,
    started: Instant,
    /// Pages at the last moments, the oldest first.
    samples: VecDeque<(Instant, u64)>,
    is_drawn: bool,
}

impl Progress<io::Stderr> {
    /// Shows progress on stderr, from now on.
    #[must_use]
    pub fn stderr(style: Style) -> Self {
        Self::new(style, io::stderr(), || {
            let (width, _) = terminal_size::terminal_size_of(io::stderr())?;
            Some(usize::from(width.0))
        })
    }
}

impl<W: Write> Progress<W> {
    /// Shows progress on `output`; `width` tells how many columns a live line may have.
    pub fn new(style: Style, output: W, width: fn() -> Option<usize>) -> Self {
        let started = Instant::now();
        Self {
            style,
            output,
            width,
            started,
            samples: VecDeque::from([(started, 0)]),
            is_drawn: false,
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

    /// Erases the live line, so that something else can be printed. The next one is drawn anew.
    pub fn clear(&mut self) {
        if std::mem::take(&mut self.is_drawn) {
            let _ = self.output.write_all(b"\r\x1b[K");
            let _ = self.output.flush();
        }
    }

    fn show(&mut self, snapshot: Snapshot) {
        let now = Instant::now();
        let line = line(snapshot, self.rate(now, snapshot.pages), now - self.started);
        let text = if self.style == Style::Live {
            self.is_drawn = true;
            // The last column stays free: some terminals wrap as soon as it is filled.
            let room = (self.width)().unwrap_or(80).saturating_sub(1);
            format!("\r{line:.room$}\x1b[K")
        } else {
            format!("crawler: {line}\n")
        };
        // One write, so that the line of another thread does not fall into it.
        let _ = self.output.write_all(text.as_bytes());
        let _ = self.output.flush();
    }

    /// Pages a second since the oldest sample.
    fn rate(&mut self, now: Instant, pages: u64) -> f64 {
        let (since, before) = self.samples.front().copied().unwrap_or((self.started, 0));
        self.samples.push_back((now, pages));
        if self.samples.len() > self.style.memory() {
            self.samples.pop_front();
        }
        per_second(pages.saturating_sub(before), now - since)
    }
}

impl<W: Write> Drop for Progress<W> {
    fn drop(&mut self) {
        self.clear();
    }
}

fn line(snapshot: Snapshot, rate: f64, elapsed: Duration) -> String {
    let Snapshot {
        pages,
        queued,
        in_flight,
        errors,
    } = snapshot;
    let seconds = elapsed.as_secs();
    format!(
        "{pages} pages, {rate:.0}/s, {queued} queued, {in_flight} in flight, {errors} errors, {}:{:02}",
        seconds / 60,
        seconds % 60
    )
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

    use tokio::time::timeout;

    use super::*;

    async fn shown(style: Style, width: fn() -> Option<usize>, time: Duration) -> String {
        let mut output = Vec::new();
        let mut progress = Progress::new(style, &mut output, width);
        let pages = Cell::new(0);
        let read = || {
            pages.set(pages.get() + 10);
            Snapshot {
                pages: pages.get(),
                queued: 7,
                in_flight: 3,
                errors: 1,
            }
        };
        let ended = timeout(time, progress.run(read)).await;
        assert!(ended.is_err(), "progress goes on for ever");
        drop(progress);
        String::from_utf8(output).expect("text")
    }

    #[tokio::test(start_paused = true)]
    async fn plain_is_a_line_every_five_seconds() {
        let text = shown(Style::Plain, || None, Duration::from_secs(12)).await;
        let expected = "crawler: 10 pages, 2/s, 7 queued, 3 in flight, 1 errors, 0:05\n\
                        crawler: 20 pages, 2/s, 7 queued, 3 in flight, 1 errors, 0:10\n";
        assert_eq!(text, expected);
    }

    #[tokio::test(start_paused = true)]
    async fn live_is_redrawn_ten_times_a_second_and_erased() {
        let text = shown(Style::Live, || Some(200), Duration::from_millis(1050)).await;
        let drawn: Vec<&str> = text.split('\r').skip(1).collect();
        assert_eq!(drawn.len(), 11);
        assert_eq!(
            drawn[9],
            "100 pages, 100/s, 7 queued, 3 in flight, 1 errors, 0:01\x1b[K"
        );
        assert_eq!(drawn[10], "\x1b[K");
    }

    #[tokio::test(start_paused = true)]
    async fn live_fits_the_terminal() {
        let text = shown(Style::Live, || Some(20), Duration::from_millis(150)).await;
        assert_eq!(text, "\r10 pages, 100/s, 7 \x1b[K\r\x1b[K");
        let text = shown(Style::Live, || Some(0), Duration::from_millis(150)).await;
        assert_eq!(text, "\r\x1b[K\r\x1b[K");
    }

    #[tokio::test(start_paused = true)]
    async fn quiet_shows_nothing() {
        assert_eq!(
            shown(Style::Quiet, || None, Duration::from_mins(1)).await,
            ""
        );
    }
}
