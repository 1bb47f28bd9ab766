//! The options of a crawl, as they are kept in its directory for a run that goes on with it.

use std::error::Error;
use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command};

use super::{Args, Usage};

/// What the file is called: a list of words, in JSON.
const FILE: &str = "options.json";

/// Options that are about the directory itself, or about one run.
const NOT_KEPT: [&str; 7] = [
    "out",
    "overwrite",
    "resume",
    "dashboard",
    "dry_run",
    "config",
    "print_config",
];

/// Options that are about the terminal of a run.
const OF_TERMINAL: [&str; 2] = ["--quiet", "--summary"];

/// The words that say what was given on a command line, each in one form and with its value.
pub(super) fn given(command: &Command, found: &ArgMatches) -> Vec<String> {
    let is_given = |id: &str| found.value_source(id) == Some(ValueSource::CommandLine);
    command
        .get_arguments()
        .filter(|option| {
            let id = option.get_id().as_str();
            !NOT_KEPT.contains(&id) && is_given(id)
        })
        .flat_map(|option| words(option, found))
        .collect()
}

/// Writes a file that only its owner may read, as there may be passwords among the options.
fn write_privately(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(bytes)
}

fn words(option: &Arg, found: &ArgMatches) -> Vec<String> {
    let values = found
        .get_raw(option.get_id().as_str())
        .into_iter()
        .flatten();
    let values = values.map(|value| value.to_string_lossy());
    match option.get_long() {
        None => values.map(String::from).collect(),
        Some(name) if option.get_action().takes_values() => {
            values.map(|value| format!("--{name}={value}")).collect()
        }
        Some(name) => vec![format!("--{name}")],
    }
}

impl Args {
    /// Keeps these options in the directory of their crawl, in place of earlier ones.
    ///
    /// # Errors
    ///
    /// If the file cannot be written.
    pub(crate) fn keep(&self, directory: &Path) -> io::Result<()> {
        let is_kept = |word: &&String| {
            let name = word.split('=').next().unwrap_or(word);
            !OF_TERMINAL.contains(&name)
        };
        let words: Vec<&String> = self.given.iter().filter(is_kept).collect();
        let words = serde_json::to_vec_pretty(&words)?;
        let path = directory.join(FILE);
        let beside = path.with_extension("new");
        write_privately(&beside, &words)?;
        fs::rename(beside, path)
    }

    /// Completes what `--resume` asks for: the options that were kept in its directory, then those that were given.
    ///
    /// # Errors
    ///
    /// [`KeptError`] if the directory has no options that can be read.
    pub fn with_kept(self) -> Result<Self, KeptError> {
        let Some(directory) = &self.output.resume else {
            return Ok(self);
        };
        let path = directory.join(FILE);
        let failed = |trouble| KeptError {
            path: path.clone(),
            directory: directory.clone(),
            trouble,
        };
        let text = fs::read(&path).map_err(|error| failed(Trouble::Read(error)))?;
        let kept: Vec<String> =
            serde_json::from_slice(&text).map_err(|error| failed(Trouble::Read(error.into())))?;
        // Options that write to the directory want it to be named.
        let start = [
            "crawler".into(),
            "--resume".into(),
            directory.clone().into(),
        ];
        let prints = self.printed.is_some().then(|| "--print-config".to_owned());
        let given = kept.into_iter().chain(self.given.clone()).chain(prints);
        let words = start.into_iter().chain(given.map(OsString::from));
        let all = Self::read(words).map_err(|error| failed(Trouble::Usage(Box::new(error))))?;
        Ok(Self {
            run: self.run,
            ..all
        })
    }
}

/// A crawl cannot go on, because its options cannot be read: says what was tried, what happened and what to do.
#[derive(Debug)]
pub struct KeptError {
    directory: PathBuf,
    path: PathBuf,
    trouble: Trouble,
}

#[derive(Debug)]
enum Trouble {
    Read(io::Error),
    Usage(Box<Usage>),
}

impl fmt::Display for KeptError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (path, directory) = (self.path.display(), self.directory.display());
        match &self.trouble {
            Trouble::Read(error) if error.kind() == io::ErrorKind::NotFound => write!(
                formatter,
                "{directory} holds no crawl to go on with; begin one with --out {directory} and a URL"
            ),
            Trouble::Read(error) => write!(
                formatter,
                "cannot read the options of the crawl in {path}: {error}; put back the file"
            ),
            Trouble::Usage(usage) => write!(
                formatter,
                "the options in {path} do not go with those given: {}",
                usage.problem()
            ),
        }
    }
}

impl Error for KeptError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.trouble {
            Trouble::Read(error) => Some(error),
            Trouble::Usage(usage) => Some(&**usage),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(words: &str) -> Args {
        Args::read(format!("crawler {words}").split_whitespace()).expect("a command line")
    }

    fn scratch(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("crawler-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder of one's own");
        folder
    }

    #[test]
    fn what_was_given_is_said_in_one_way() {
        let args = read("-q --max-pages 5 --max-pages=6 --out there example.org --delay=1s b.test");
        let expected = [
            "example.org",
            "b.test",
            "--max-pages=6",
            "--delay=1s",
            "--quiet",
        ];
        assert_eq!(args.given, expected);
    }

    #[test]
    fn what_is_given_anew_wins_and_urls_are_added() {
        let folder = scratch("kept");
        read("--max-pages 5 -q --scope any --warc --out x a.test")
            .keep(&folder)
            .expect("a file");
        let resume = format!("--resume {} --max-pages 7 b.test", folder.display());
        let args = read(&resume).with_kept().expect("options");
        assert_eq!((args.what.max_pages, args.output.quiet), (7, false));
        assert_eq!(args.what.scope, crate::args::Scope::Any);
        assert_eq!(
            (args.output.out, args.output.resume),
            (None, Some(folder.clone()))
        );
        assert_eq!(
            args.given,
            ["a.test", "b.test", "--max-pages=7", "--scope=any", "--warc"]
        );
        fs::remove_dir_all(folder).expect("it is there");
    }

    #[test]
    fn a_directory_without_options_holds_no_crawl() {
        let folder = scratch("none");
        let resume = format!("--resume {}", folder.display());
        let error = read(&resume).with_kept().expect_err("nothing there");
        let line = error.to_string();
        assert!(line.contains("holds no crawl to go on with"), "{line}");
        fs::write(folder.join(FILE), "[\"--no-such\"]").expect("a file");
        let line = read(&resume).with_kept().expect_err("strange").to_string();
        assert!(line.contains("--no-such"), "{line}");
        fs::remove_dir_all(folder).expect("it is there");
    }
}
