//! The command line.

mod fetching;
mod files;
mod kept;
mod limits;
mod obey;
mod output;
mod report;
mod same;
mod speed;
mod values;
mod what;

use std::fmt;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, CommandFactory, FromArgMatches, Parser};
use url::Url;

pub use self::fetching::Fetching;
pub use self::files::{ExtractFormat, Files};
pub use self::kept::KeptError;
pub use self::limits::Limits;
pub use self::obey::{Obey, Wish};
pub use self::output::{Output, SummaryFormat};
pub use self::report::Report;
pub use self::same::{Same, SameUrl};
pub use self::speed::Speed;
pub use self::values::{Factor, Header, Login, Rate};
pub use self::what::{RobotsDialect, Scope, What};
use crate::fetch::Config;

const ABOUT: &str = "\
Crawls web sites: follows links from the given URLs, obeys robots.txt, and never overruns a host.

Stops when nothing is left to fetch, at a limit, or on Ctrl-C, which lets running requests end.
Progress goes to stderr, the summary to stdout.";

const EXAMPLES: &str = "\
Examples:
  crawler                                  crawl a small demo site on this machine
  crawler example.org                      crawl a site, politely
  crawler --scope prefix docs.example.org/guide/ --max-depth 3
  crawler --out crawl example.org          write every page to crawl/pages.jsonl
  crawler --resume crawl                   go on with it, however it ended
  crawler report crawl --html crawl.html   tell what came of it, also while it goes on
  crawler --summary json --quiet example.org | jq .pages_per_s
  crawler --per-host 64 --delay 0 http://127.0.0.1:8080/   as fast as it goes

Exit status: 0 if the crawl ran to its end, to a limit or to Ctrl-C; 1 if it failed or a given URL
could not be fetched; 2 if the command line is wrong; 130 if a second Ctrl-C cut it off.";

/// What the command line asks for.
#[derive(Debug, Clone, Parser)]
#[command(
    name = "crawler",
    version,
    about = ABOUT,
    after_help = EXAMPLES,
    // The last one wins: what is given beside --resume comes after what was kept.
    args_override_self = true,
    // One compact page for both -h and --help.
    disable_help_flag = true,
    arg = help_flag(),
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

    /// What was given of these, a word each, as [`read`](Self::read) understands it.
    #[arg(skip)]
    given: Vec<String>,
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
        I: IntoIterator<Item: Into<std::ffi::OsString> + Clone>,
    {
        let words: Vec<std::ffi::OsString> = words.into_iter().map(Into::into).collect();
        if words.get(1).is_some_and(|word| word == "report") {
            let report = Report::try_parse_from(&words[1..]).map_err(Usage)?;
            return Ok(Self::Report(report));
        }
        Args::read(words).map(|args| Self::Crawl(Box::new(args)))
    }
}

fn help_flag() -> Arg {
    Arg::new("help")
        .short('h')
        .long("help")
        .action(ArgAction::HelpShort)
        .help("Print this help")
}

impl Args {
    /// Reads a command line, of which the first word is the name of the program.
    ///
    /// # Errors
    ///
    /// [`Usage`] if it is wrong, or asks for help or the version: print that and leave.
    pub fn read<I>(words: I) -> Result<Self, Usage>
    where
        I: IntoIterator<Item: Into<std::ffi::OsString> + Clone>,
    {
        let mut command = Self::command();
        let read = command.try_get_matches_from_mut(words).and_then(|found| {
            let given = kept::given(&command, &found);
            Self::from_arg_matches(&found).map(|args| Self { given, ..args })
        });
        read.map_err(|error| Usage(error.format(&mut command)))
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

/// Why a command line starts no crawl: it is wrong (exit code 2), or asks for help (0).
#[derive(Debug)]
pub struct Usage(clap::Error);

impl Usage {
    /// Prints the help to stdout, or what is wrong to stderr, and tells the exit code.
    #[must_use = "the program should end with this code"]
    pub fn print(&self) -> ExitCode {
        // Nobody is left to tell if the terminal has gone.
        let _ = if self.is_help() {
            self.0.print()
        } else {
            writeln!(io::stderr(), "{self}")
        };
        ExitCode::from(if self.is_help() { 0 } else { 2 })
    }

    /// Tells whether help or the version was asked for.
    #[must_use]
    pub fn is_help(&self) -> bool {
        matches!(
            self.0.kind(),
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
        )
    }
}

impl Usage {
    /// What is wrong, in some words.
    fn problem(&self) -> String {
        let text = self.0.render().to_string();
        let problem = text.split("\n\n").next().unwrap_or(&text);
        let problem = problem.strip_prefix("error: ").unwrap_or(problem);
        let words: Vec<&str> = problem.split_whitespace().collect();
        words.join(" ")
    }
}

/// One line: what is wrong, and what may have been meant.
impl fmt::Display for Usage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "crawler: {}", self.problem())?;
        if let Some(ContextValue::String(similar)) = self.0.get(ContextKind::SuggestedArg) {
            write!(formatter, "; did you mean {similar}?")?;
        }
        formatter.write_str(" (see crawler --help)")
    }
}

impl std::error::Error for Usage {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
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
        let help = usage.0.render().to_string();
        assert!(
            help.contains("Examples:") && help.contains("--body-limit <SIZE>"),
            "{help}"
        );
        assert!(read("--version").expect_err("version").is_help());
    }
}
