//! The command line.

mod config;
mod fetching;
mod files;
mod help;
mod kept;
mod limits;
mod obey;
mod output;
mod report;
mod run;
mod same;
mod speed;
mod usage;
mod values;
mod what;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::error::ErrorKind;
use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser};
use url::Url;

pub use self::fetching::Fetching;
pub use self::files::{ExtractFormat, Files};
use self::help::{ABOUT, EXAMPLES, LONG_ABOUT, MORE};
pub use self::kept::KeptError;
pub use self::limits::Limits;
pub use self::obey::{Obey, Wish};
pub use self::output::{Output, SummaryFormat};
pub use self::report::Report;
pub use self::run::{DashboardAddress, Run};
pub use self::same::{Same, SameUrl};
pub use self::speed::Speed;
pub use self::usage::Usage;
pub(crate) use self::values::pages_per_second;
pub use self::values::{Factor, Header, Login, Rate};
pub use self::what::{RobotsDialect, Scope, What};
use crate::fetch::Config;

/// What the command line asks for.
#[derive(Debug, Clone, Parser)]
#[command(
    name = "crawler",
    version,
    about = ABOUT,
    long_about = LONG_ABOUT,
    after_help = MORE,
    after_long_help = EXAMPLES,
    // The last one wins: what is given beside --resume comes after what was kept, and after what stands in a file.
    args_override_self = true,
)]
pub struct Args {
    /// Where to start; `example.org` means https. Without one, crawls a built-in demo site
    #[arg(value_name = "URL", value_parser = values::url)]
    pub urls: Vec<Url>,

    /// What to crawl.
    #[command(flatten)]
    pub what: What,

    /// Which wishes of pages are heeded.
    #[command(flatten)]
    pub obey: Obey,

    /// When it is enough.
    #[command(flatten)]
    pub limits: Limits,

    /// What counts as one URL.
    #[command(flatten)]
    pub same: Same,

    /// How fast.
    #[command(flatten)]
    pub speed: Speed,

    /// How to fetch.
    #[command(flatten)]
    pub fetching: Fetching,

    /// The output.
    #[command(flatten)]
    pub output: Output,

    /// More files.
    #[command(flatten)]
    pub files: Files,

    /// This run.
    #[command(flatten)]
    pub run: Run,

    /// What was given of these, a word each, as [`read`](Self::read) understands it.
    #[arg(skip)]
    given: Vec<String>,

    /// All options as a file, if that is asked for.
    #[arg(skip)]
    printed: Option<String>,
}

/// What is to be done.
#[derive(Debug, Clone)]
pub enum Command {
    /// A crawl.
    Crawl(Box<Args>),
    /// A report of one.
    Report(Report),
}

impl Command {
    /// Reads a command line, of which the first word is the name of the program.
    ///
    /// `report` as the very next word asks for a report. A host of that name is asked for with any other spelling of
    /// its URL, such as `report/` or `https://report`.
    ///
    /// # Errors
    ///
    /// [`Usage`] if it is wrong, or asks for help or the version: print that and leave.
    pub fn read<I>(words: I) -> Result<Self, Usage>
    where
        I: IntoIterator<Item: Into<OsString>>,
    {
        let words: Vec<OsString> = words.into_iter().map(Into::into).collect();
        if words.get(1).is_some_and(|word| word == "report") {
            let report = Report::try_parse_from(&words[1..]);
            return report
                .map(Self::Report)
                .map_err(|error| Usage::new(error, None));
        }
        Args::read(words).map(|args| Self::Crawl(Box::new(args)))
    }
}

impl Args {
    /// Reads a command line, of which the first word is the name of the program, and the file of options that it names.
    ///
    /// # Errors
    ///
    /// [`Usage`] if one of them is wrong, or asks for help or the version: print that and leave.
    pub fn read<I>(words: I) -> Result<Self, Usage>
    where
        I: IntoIterator<Item: Into<OsString>>,
    {
        let mut command = Self::command();
        let words: Vec<OsString> = words.into_iter().map(Into::into).collect();
        let found = matches(&mut command, &words).map_err(|error| Usage::new(error, None))?;
        let Some(path) = found.get_one::<PathBuf>("config") else {
            return Self::of(&command, &found);
        };
        let filed = config::read(&command, path)?;
        let mut all = words;
        all.splice(
            1..,
            filed
                .iter()
                .map(|word| word.text.clone().into())
                .chain(all[1..].to_vec())
                .collect::<Vec<_>>(),
        );
        match matches(&mut command, &all) {
            Ok(found) => Self::of(&command, &found),
            Err(error) => {
                // If a word is wrong by itself, its line is the one to look at.
                let wrong = filed.iter().find_map(|word| {
                    let alone = [OsString::new(), word.text.clone().into()];
                    let error = matches(&mut command, &alone).err()?;
                    is_about_value(&error).then(|| (error, word.place.clone()))
                });
                Err(match wrong {
                    Some((error, place)) => Usage::new(error, Some(place)),
                    None => Usage::new(error, None),
                })
            }
        }
    }

    fn of(command: &clap::Command, found: &ArgMatches) -> Result<Self, Usage> {
        let args = Self::from_arg_matches(found).map_err(|error| Usage::new(error, None))?;
        let printed = args.run.print_config.then(|| config::write(command, found));
        Ok(Self {
            given: kept::given(command, found),
            printed,
            ..args
        })
    }

    /// All options as a file that can be read back, if that is asked for.
    #[must_use]
    pub fn printed(&self) -> Option<&str> {
        self.printed.as_deref()
    }

    /// The directory of the crawl, if it has one.
    #[must_use]
    pub fn directory(&self) -> Option<&Path> {
        let resume = self.output.resume.as_deref();
        resume.or(self.output.out.as_deref())
    }

    /// Starts at `url` too.
    pub fn start_at(&mut self, url: Url) {
        self.given.push(url.to_string());
        self.urls.push(url);
    }

    /// The settings of the client that this command line asks for; the given URLs are trusted, and the passwords in them
    /// are used.
    #[must_use]
    pub fn client_config(&self) -> Config {
        let mut config = Config {
            max_idle_per_host: self.speed.per_host,
            max_idle: self.speed.concurrency.saturating_mul(4),
            allow_private: self.what.allow_private,
            keep_requests: self.files.warc,
            ..self.fetching.client_config()
        };
        for url in self.urls.iter().chain(&self.what.sitemap) {
            config.trust(url);
            config.credentials.take_from(&mut url.clone());
        }
        config
    }
}

fn matches(command: &mut clap::Command, words: &[OsString]) -> Result<ArgMatches, clap::Error> {
    command
        .try_get_matches_from_mut(words)
        .map_err(|error| error.format(command))
}

/// Tells whether an option has a value that it cannot have.
fn is_about_value(error: &clap::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ValueValidation
            | ErrorKind::InvalidValue
            | ErrorKind::TooManyValues
            | ErrorKind::TooFewValues
            | ErrorKind::WrongNumberOfValues
    )
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn read(words: &str) -> Result<Args, Usage> {
        Args::read(std::iter::once("crawler").chain(words.split_whitespace()))
    }

    #[test]
    fn the_definition_is_sound() {
        Args::command().debug_assert();
    }

    #[test]
    fn a_report_is_no_host_and_a_host_no_report() {
        let command =
            |words: &str| Command::read(std::iter::once("crawler").chain(words.split_whitespace()));
        match command("report some/crawl --html page.html") {
            Ok(Command::Report(report)) => {
                assert_eq!(report.directory, std::path::Path::new("some/crawl"));
                assert_eq!(report.html, Some("page.html".into()));
            }
            other => panic!("{other:?}"),
        }
        for words in ["report/", "https://report", "--quiet report"] {
            match command(words) {
                Ok(Command::Crawl(args)) => assert_eq!(args.urls[0].as_str(), "https://report/"),
                other => panic!("{other:?}"),
            }
        }
        let line = command("report").expect_err("no directory").to_string();
        assert!(line.contains("<DIR>") && !line.contains('\n'), "{line}");
    }

    #[test]
    fn defaults_are_polite() {
        let args = read("example.org").expect("valid");
        assert_eq!(args.urls[0].as_str(), "https://example.org/");
        assert_eq!(
            (
                args.speed.concurrency,
                args.speed.per_host,
                args.fetching.retries
            ),
            (64, 2, 2)
        );
        assert_eq!(
            args.speed.delay_for(&args.urls[0]),
            Duration::from_millis(250)
        );
        assert_eq!(args.what.scope, Scope::Host);
        assert!(!args.what.ignore_robots && !args.what.allow_private);
        let config = args.client_config();
        assert_eq!(config.body_limit, 2 * 1024 * 1024);
        assert!(config.trusted.contains("example.org:443"));
    }

    #[test]
    fn all_options_are_read() {
        let args = read(
            "--max-pages 5 --max-depth 2 --concurrency 8 --per-host 3 --delay 1s --scope prefix \
             --user-agent me/1 --ignore-robots --allow-private --timeout 1m --body-limit 512KiB \
             --retries 0 --out crawl --summary json --quiet localhost:8080 b.test",
        )
        .expect("valid");
        assert_eq!((args.what.max_pages, args.what.max_depth), (5, Some(2)));
        assert_eq!((args.speed.concurrency, args.speed.per_host), (8, 3));
        assert_eq!(args.speed.delay_for(&args.urls[0]), Duration::from_secs(1));
        assert_eq!(args.what.scope, Scope::Prefix);
        assert_eq!(args.fetching.user_agent, "me/1");
        assert!(args.what.ignore_robots && args.what.allow_private && args.output.quiet);
        assert_eq!(args.fetching.timeout, Duration::from_mins(1));
        assert_eq!(args.client_config().body_limit, 512 * 1024);
        assert_eq!(args.fetching.retries, 0);
        assert_eq!(args.output.out, Some("crawl".into()));
        assert_eq!(args.output.summary, SummaryFormat::Json);
        assert_eq!(args.urls.len(), 2);
    }

    #[test]
    fn this_machine_is_not_delayed() {
        for url in ["localhost", "127.0.0.1:80", "[::1]", "http://a.localhost/"] {
            let args = read(url).expect(url);
            assert_eq!(args.speed.delay_for(&args.urls[0]), Duration::ZERO, "{url}");
        }
    }

    #[test]
    fn a_wrong_command_line_is_one_clear_line() {
        let cases = [
            (
                "http://[",
                "crawler: invalid value 'http://[' for '[URL]...': ",
            ),
            (
                "--per-host 0 a.test",
                "crawler: invalid value '0' for '--per-host <N>': ",
            ),
            (
                "--delay 5 a.test",
                "crawler: invalid value '5' for '--delay <TIME>': ",
            ),
            (
                "--max-page 5",
                "crawler: unexpected argument '--max-page' found; did you mean --max-pages?",
            ),
            (
                "--scope all",
                "crawler: invalid value 'all' for '--scope <SCOPE>' [possible values: host",
            ),
            ("--out", "crawler: a value is required for '--out <DIR>'"),
        ];
        for (words, expected) in cases {
            let line = read(words).expect_err(words).to_string();
            assert!(line.starts_with(expected), "{line}");
            assert!(line.ends_with(" (see crawler --help)"), "{line}");
            assert!(!line.contains('\n'), "{line}");
        }
    }

    #[test]
    fn help_shows_examples() {
        let usage = read("--help").expect_err("help");
        assert!(usage.is_help());
        let long = usage.problem();
        let short = read("-h").expect_err("help").problem();
        for part in [
            "Examples:",
            "Exit status:",
            "  130  ",
            "resume DIR goes on",
            "--body-limit <SIZE>",
        ] {
            assert!(long.contains(part), "{long}");
        }
        assert!(
            short.contains("--body-limit <SIZE>") && !short.contains("Exit status:"),
            "{short}"
        );
        assert!(
            short.lines().all(|line| line.chars().count() <= 100),
            "{short}"
        );
        assert!(read("--version").expect_err("version").is_help());
    }
}
