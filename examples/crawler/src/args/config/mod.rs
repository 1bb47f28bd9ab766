//! Options in a file: TOML with the long names of the command line, read into words and written from them.
//!
//! Nothing here knows an option by name, so that what the command line has the file has too.

mod error;
#[cfg(test)]
mod tests;

use std::fmt::{self, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command};
use toml::de::{DeTable, DeValue};

pub(super) use self::error::ConfigError;

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
