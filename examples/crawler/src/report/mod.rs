//! `crawler report DIR`: what a crawl came to, finished or not, from what it left on disk.

mod gather;
mod histogram;
mod html;
mod line;
mod text;

use std::error::Error;
use std::fmt;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

pub use self::gather::Gathered;
use crate::args::Report;
use crate::output::PAGES;

impl Gathered {
    /// Reads what the crawl in `directory` has written so far.
    ///
    /// The file is read once, or twice if pages have the same body; a page takes 8 bytes of memory meanwhile.
    ///
    /// # Errors
    ///
    /// [`ReportError`] if it cannot be read.
    pub fn read(directory: &Path, most: usize) -> Result<Self, ReportError> {
        let path = directory.join(PAGES);
        let failed = |source| ReportError {
            attempt: "read",
            path: path.clone(),
            source,
        };
        let open = || File::open(&path).map(|file| BufReader::with_capacity(256 * 1024, file));
        let mut gathered = Self::new(most);
        gathered
            .read_pages(open().map_err(failed)?)
            .map_err(failed)?;
        if gathered.has_duplicates() {
            gathered
                .name_duplicates(open().map_err(failed)?)
                .map_err(failed)?;
        }
        Ok(gathered)
    }
}

/// Prints the report that the command line asks for, and writes it to a file if one is named.
///
/// # Errors
///
/// [`ReportError`] if the crawl cannot be read, or the report not written.
pub fn print(report: &Report, width: usize, output: impl Write) -> Result<(), ReportError> {
    let gathered = Gathered::read(&report.directory, report.top)?;
    if let Some(path) = &report.html {
        let written = File::create(path).and_then(|file| {
            let mut file = BufWriter::new(file);
            html::write(&gathered, &report.directory, &mut file)?;
            file.flush()
        });
        written.map_err(|source| ReportError {
            attempt: "write",
            path: path.clone(),
            source,
        })?;
    }
    let mut output = BufWriter::new(output);
    let printed = text::write(&gathered, &report.directory, width, &mut output);
    match printed.and_then(|()| output.flush()) {
        // A reader that has seen enough is no failure.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        printed => printed.map_err(|source| ReportError {
            attempt: "print to",
            path: "the terminal".into(),
            source,
        }),
    }
}

/// A report could not be made: says what was tried and what happened.
#[derive(Debug)]
pub struct ReportError {
    attempt: &'static str,
    path: PathBuf,
    source: io::Error,
}

impl fmt::Display for ReportError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            attempt,
            path,
            source,
        } = self;
        write!(formatter, "cannot {attempt} {}: {source}", path.display())?;
        if *attempt == "read" && source.kind() == io::ErrorKind::NotFound {
            formatter.write_str("; give the directory that --out named")?;
        }
        Ok(())
    }
}

impl Error for ReportError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.source)
    }
}
