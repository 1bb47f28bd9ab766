//! Options in a file: TOML with the long names of the command line, read into words and written from them.
//!
//! Nothing here knows an option by name, so that what the command line has the file has too.

use std::error::Error;
use std::fmt::{self, Write};
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command};
use toml::de::{DeTable, DeValue};

/// Options that are about the file itself, or about no crawl.
const NOT_IN_FILES: [&str; 4] = ["config", "print_config", "help", "version"];

/// How alike two names are, from 0 to 1, for one to stand for the other by mistake.
const SIMILAR: f64 = 0.7;

/// A word of a command line that stands for something in a file.
#[derive(Debug, Clone)]
pub(super) struct Word {
    pub(super) text: String,
    pub(super) place: Place,
}

/// A line of a file.
#[derive(Debug, Clone)]
pub(super) struct Place {
    path: PathBuf,
    line: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.path.display(), self.line)
    }
}

/// Reads the options in the file at `path`.
///
/// # Errors
///
/// If it cannot be read, is no TOML, or has what is no option of `command`.
pub(super) fn read(command: &Command, path: &Path) -> Result<Vec<Word>, ConfigError> {
    let text =
        std::fs::read_to_string(path).map_err(|error| ConfigError::Read(path.to_owned(), error))?;
    let place = |span: Range<usize>| Place {
        path: path.to_owned(),
        line: 1 + text[..span.start.min(text.len())].matches('\n').count(),
    };
    let table = DeTable::parse(&text).map_err(|error| {
        let place = place(error.span().unwrap_or_default());
        ConfigError::Syntax(place, one_line(error.message()))
    })?;
    let mut entries: Vec<_> = table.get_ref().iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    let mut words = Vec::new();
    for (key, value) in entries {
        let name: &str = key.get_ref();
        let here = place(key.span());
        let Some(option) = options(command).find(|option| key_of(option) == name) else {
            let similar = similar(command, name);
            return Err(ConfigError::Unknown(here, name.to_owned(), similar));
        };
        let texts = values(option, value.get_ref()).map_err(|expected| {
            ConfigError::Value(place(value.span()), name.to_owned(), expected)
        })?;
        words.extend(texts.into_iter().map(|text| Word {
            text,
            place: here.clone(),
        }));
    }
    Ok(words)
}

/// Writes all options of `command` as a file that can be read back: those that were given, and the others as comments
/// with what holds for them.
pub(super) fn write(command: &Command, found: &ArgMatches) -> String {
    let mut text = String::from(
        "# Options of the crawler: crawler --config FILE. What stands behind a # is what holds without it.\n",
    );
    let mut heading = None;
    for option in options(command) {
        if option.get_help_heading() != heading {
            heading = option.get_help_heading();
            // Writing to a String cannot fail.
            let _ = writeln!(text, "\n## {}", heading.unwrap_or_default());
        }
        let help = option
            .get_help()
            .map(ToString::to_string)
            .unwrap_or_default();
        let _ = writeln!(text, "\n# {}", one_line(&help));
        let key = key_of(option);
        let id = option.get_id().as_str();
        let given: Vec<String> = match found.value_source(id) {
            Some(ValueSource::CommandLine) => found
                .get_raw(id)
                .into_iter()
                .flatten()
                .map(|value| value.to_string_lossy().into_owned())
                .collect(),
            _ => Vec::new(),
        };
        let defaults: Vec<String> = option
            .get_default_values()
            .iter()
            .map(|value| value.to_string_lossy().into_owned())
            .collect();
        let _ = if !option.get_action().takes_values() {
            let mark = if found.get_flag(id) { "" } else { "#" };
            writeln!(text, "{mark}{key} = {}", found.get_flag(id))
        } else if !given.is_empty() {
            writeln!(text, "{key} = {}", value_text(option, &given))
        } else if is_list(option) || !defaults.is_empty() {
            writeln!(text, "#{key} = {}", value_text(option, &defaults))
        } else {
            let names = option.get_value_names().unwrap_or_default();
            writeln!(text, "#{key} = <{}>", names.join(" "))
        };
    }
    text
}

fn options(command: &Command) -> impl Iterator<Item = &Arg> {
    command
        .get_arguments()
        .filter(|option| !NOT_IN_FILES.contains(&option.get_id().as_str()))
}

fn key_of(option: &Arg) -> &str {
    option.get_long().unwrap_or(option.get_id().as_str())
}

fn is_list(option: &Arg) -> bool {
    matches!(option.get_action(), ArgAction::Append)
}

fn similar(command: &Command, name: &str) -> Option<String> {
    let name = name.replace('_', "-");
    let likeness = |option: &Arg| strsim::jaro_winkler(key_of(option), &name);
    options(command)
        .map(|option| (likeness(option), key_of(option)))
        .filter(|(likeness, _)| *likeness >= SIMILAR)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, key)| key.to_owned())
}

/// The words that stand for `value`.
///
/// # Errors
///
/// What the option wants instead.
fn values(option: &Arg, value: &DeValue<'_>) -> Result<Vec<String>, &'static str> {
    let word = |text: String| match option.get_long() {
        Some(name) => format!("--{name}={text}"),
        None => text,
    };
    let is_optional = option
        .get_num_args()
        .is_some_and(|count| count.min_values() == 0);
    match value {
        DeValue::Boolean(is_on) if is_optional || !option.get_action().takes_values() => {
            let name = option.get_long().filter(|_| *is_on);
            Ok(name.map(|name| format!("--{name}")).into_iter().collect())
        }
        _ if !option.get_action().takes_values() => Err("true or false"),
        DeValue::Array(several) if is_list(option) => several
            .iter()
            .map(|one| {
                scalar(one.get_ref())
                    .map(word)
                    .ok_or("a list of texts or numbers")
            })
            .collect(),
        one => scalar(one)
            .map(|text| vec![word(text)])
            .ok_or("a text or a number"),
    }
}

fn scalar(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) if number.radix() == 10 => Some(number.as_str().replace('_', "")),
        DeValue::Float(number) => Some(number.as_str().replace('_', "")),
        _ => None,
    }
}

/// A value in TOML, all of it on one line.
fn value_text(option: &Arg, values: &[String]) -> String {
    let texts: Vec<String> = values.iter().map(|value| quoted(value)).collect();
    match &texts[..] {
        [text] if !is_list(option) => text.clone(),
        texts => format!("[{}]", texts.join(", ")),
    }
}

/// A number as it is, everything else as a string.
fn quoted(text: &str) -> String {
    let is_number = text
        .parse::<i64>()
        .is_ok_and(|number| number.to_string() == text);
    if is_number {
        return text.to_owned();
    }
    // What JSON escapes is escaped alike in TOML, which wants this one escaped too.
    let json = serde_json::Value::from(text).to_string();
    json.replace('\u{7f}', "\\u007f")
}

fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ")
}

/// A file of options cannot be read: says where it is wrong, and what to do.
#[derive(Debug)]
pub(super) enum ConfigError {
    Read(PathBuf, io::Error),
    Syntax(Place, String),
    Unknown(Place, String, Option<String>),
    Value(Place, String, &'static str),
}

impl fmt::Display for ConfigError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(path, error) => {
                write!(
                    formatter,
                    "cannot read the options in {}: {error}",
                    path.display()
                )
            }
            Self::Syntax(place, problem) => write!(formatter, "{place}: {problem}"),
            Self::Unknown(place, name, Some(similar)) => write!(
                formatter,
                "{place}: there is no option '{name}'; did you mean '{similar}'?"
            ),
            Self::Unknown(place, name, None) => write!(
                formatter,
                "{place}: there is no option '{name}'; crawler --print-config lists them"
            ),
            Self::Value(place, name, expected) => {
                write!(formatter, "{place}: '{name}' has to be {expected}")
            }
        }
    }
}

impl Error for ConfigError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Read(_, error) => Some(error),
            Self::Syntax(..) | Self::Unknown(..) | Self::Value(..) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::args::Args;

    /// Values of all kinds, of which an option has at least one.
    const VALUES: [&str; 14] = [
        "7",
        "true",
        "1s",
        "3MiB",
        "2.5",
        "2/s",
        "a \"quoted\" \\ back\tslash",
        "/tmp/a file",
        "127.0.0.1:9",
        "http://a.test/",
        "png,zip",
        "name=h1",
        "name:secret",
        "a.test=name:secret",
    ];

    fn scratch(name: &str, text: &str) -> PathBuf {
        let name = format!("crawler-config-{name}-{}.toml", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, text).expect("a file");
        path
    }

    fn args(words: &[String]) -> Result<Args, crate::args::Usage> {
        Args::read(std::iter::once("crawler".to_owned()).chain(words.iter().cloned()))
    }

    /// What the file of these words says, and what is read from that file.
    fn round_trip(name: &str, words: &[String]) -> (String, Args) {
        let printing = [words, &["--print-config".to_owned()]].concat();
        let printed = args(&printing)
            .expect("words")
            .printed()
            .expect("a file")
            .to_owned();
        let path = scratch(name, &printed);
        let read = args(&[
            "--print-config".to_owned(),
            format!("--config={}", path.display()),
        ]);
        std::fs::remove_file(path).expect("it is there");
        (printed, read.expect("a file of options"))
    }

    /// A value that the option takes.
    fn value(option: &Arg) -> String {
        let possible = option.get_possible_values();
        if let Some(possible) = possible
            .last()
            .filter(|_| option.get_action().takes_values())
        {
            return possible.get_name().to_owned();
        }
        let fits = |value: &&str| {
            let word = option
                .get_long()
                .map_or((*value).to_owned(), |name| format!("--{name}={value}"));
            let mut command = Args::command();
            let read = command.try_get_matches_from_mut(["crawler", &word]);
            read.err()
                .is_none_or(|error| !crate::args::is_about_value(&error))
        };
        let value = VALUES.iter().copied().find(fits);
        value
            .unwrap_or_else(|| panic!("no value for {}", key_of(option)))
            .to_owned()
    }

    #[test]
    fn every_option_comes_back_from_a_file() {
        let command = Args::command();
        let mut keys = 0;
        for option in options(&command) {
            let key = key_of(option);
            let mut line = format!("{key} = true\n");
            if option.get_action().takes_values() {
                let values = vec![value(option); if is_list(option) { 2 } else { 1 }];
                line = format!("{key} = {}\n", value_text(option, &values));
            }
            // Beside it, what it wants.
            let others = ["out = \"x\"\n", "warc = true\n", ""];
            let path = scratch(&format!("every-{key}"), "");
            let read = others.iter().find_map(|other| {
                let text = if other.starts_with(key) {
                    line.clone()
                } else {
                    format!("{other}{line}")
                };
                std::fs::write(&path, &text).expect("a file");
                let words = [
                    "--print-config".to_owned(),
                    format!("--config={}", path.display()),
                ];
                args(&words).ok()
            });
            std::fs::remove_file(path).expect("it is there");
            let read = read.unwrap_or_else(|| panic!("{line} is not understood"));
            let printed = read.printed().expect("a file");
            assert!(
                printed.contains(&format!("\n{line}")),
                "{line} is not in {printed}"
            );
            keys += 1;
        }
        assert!(keys > 15, "{keys}");
    }

    #[test]
    fn what_is_printed_is_read_back() {
        let words = [
            "--max-pages=5",
            "--delay=1s 500ms",
            "--user-agent=me/1 (\"x\" \\ y)",
            "--ignore-robots",
            "--max-rate=0.5",
            "--dashboard",
            "a.test",
            "http://b.test/?c=d#e",
        ]
        .map(str::to_owned);
        let (printed, read) = round_trip("printed", &words);
        assert_eq!(read.printed(), Some(printed.as_str()));
        assert_eq!(read.given, args(&words).expect("words").given);
        for line in [
            "\nmax-pages = 5\n",
            "\n#concurrency = 64\n",
            "\n#max-depth = <N>\n",
            "\nignore-robots = true\n",
        ] {
            assert!(printed.contains(line), "{line} is not in {printed}");
        }
    }

    #[test]
    fn what_is_printed_as_a_comment_holds_without_it() {
        let printed = args(&["--print-config".to_owned()]).expect("words");
        let text = printed.printed().expect("a file").replace("\n#", "\n");
        // Without headings, help, and what has no value.
        let lines = text.lines().filter(|line| {
            !line.starts_with([' ', '#']) && !line.contains('<') && line.contains(" = ")
        });
        let path = scratch("comments", &lines.collect::<Vec<_>>().join("\n"));
        let read = args(&[format!("--config={}", path.display())]).expect("a file of options");
        std::fs::remove_file(path).expect("it is there");
        let default = args(&[]).expect("nothing");
        let without = |mut args: Args| {
            (args.given, args.run.config) = (Vec::new(), None);
            format!("{args:?}")
        };
        assert_eq!(without(read), without(default));
    }

    #[test]
    fn the_command_line_wins_and_lists_are_added_to() {
        let path = scratch("wins", "urls = [\"a.test\"]\nmax-pages = 5\nquiet = true\n");
        let config = format!("--config={}", path.display());
        let read = args(&[config, "--max-pages=6".to_owned(), "b.test".to_owned()]);
        std::fs::remove_file(path).expect("it is there");
        let read = read.expect("options");
        assert_eq!((read.what.max_pages, read.output.quiet), (6, true));
        let urls: Vec<&str> = read.urls.iter().map(url::Url::as_str).collect();
        assert_eq!(urls, ["https://a.test/", "https://b.test/"]);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        let cases = [
            (
                "\nmax-page = 5",
                ":2: there is no option 'max-page'; did you mean 'max-pages'?",
            ),
            (
                "max_pages = 5",
                ":1: there is no option 'max_pages'; did you mean 'max-pages'?",
            ),
            (
                "zzz = 5",
                ":1: there is no option 'zzz'; crawler --print-config lists them",
            ),
            ("config = \"x\"", ":1: there is no option 'config'"),
            (
                "\n\n\ndelay = 5",
                ":4: invalid value '5' for '--delay <TIME>': ",
            ),
            ("delay = [1]", ":1: 'delay' has to be a text or a number"),
            ("quiet = 1", ":1: 'quiet' has to be true or false"),
            (
                "urls = [[]]",
                ":1: 'urls' has to be a list of texts or numbers",
            ),
            ("quiet = true\nquiet = true", ":2: "),
            ("quiet = maybe", ":1: "),
            ("[limits]\nmax-pages = 1", ":1: there is no option 'limits'"),
        ];
        for (text, expected) in cases {
            let path = scratch("wrong", text);
            let error = args(&[format!("--config={}", path.display())]).expect_err(text);
            let line = error.to_string();
            let place = format!("crawler: {}{expected}", path.display());
            assert!(line.starts_with(&place), "{line} is not {place}");
            assert!(!line.contains('\n'), "{line}");
            std::fs::remove_file(path).expect("it is there");
        }
        let error = args(&["--config=/no/such/file".to_owned()]).expect_err("no file");
        let line = error.to_string();
        assert!(
            line.starts_with("crawler: cannot read the options in /no/such/file: "),
            "{line}"
        );
    }
}
