//! When a file is full, and what becomes of it then.

use std::time::Duration;

/// When a file is put aside and a new one begun, and what becomes of those put aside; for
/// [`FileSink::rotate`](super::FileSink::rotate).
///
/// A file `app.log` that is full gets the name `app.log.1`, the next one `app.log.2` and so on: the highest number is the
/// newest, a number is never given twice, and what is being written is always `app.log`. Compressed they are
/// `app.log.1.gz`. A file is put aside between two items, in one step that cannot be half done.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use thalweg::sinks::Rotation;
///
/// let daily_or_large = Rotation::every(Duration::from_hours(24)).at_bytes(1 << 30).keep(30);
/// # let _ = daily_or_large;
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use = "it does nothing unless a file is rotated by it"]
pub struct Rotation {
    pub(super) bytes: u64,
    pub(super) age: Option<Duration>,
    pub(super) keep: Option<usize>,
    #[cfg(feature = "gzip")]
    pub(super) gzip: bool,
}

impl Rotation {
    /// Puts a file aside before it would have more than `bytes`. An item that is longer has a file of its own.
    ///
    /// # Panics
    ///
    /// Panics if `bytes` is 0.
    #[track_caller]
    pub fn bytes(bytes: u64) -> Self {
        Self::NEVER.at_bytes(bytes)
    }

    /// Puts a file aside that has been written to for `time`, when the next item comes.
    ///
    /// The time counts from the first item that this sink wrote into it.
    pub fn every(time: Duration) -> Self {
        Self {
            age: Some(time),
            ..Self::NEVER
        }
    }

    /// As [`bytes`](Self::bytes), besides the time.
    ///
    /// # Panics
    ///
    /// Panics if `bytes` is 0.
    #[track_caller]
    pub fn at_bytes(mut self, bytes: u64) -> Self {
        assert!(bytes > 0, "a file of 0 bytes holds no item");
        self.bytes = bytes;
        self
    }

    /// Keeps only so many of the newest files put aside, and removes the others; by default it keeps all.
    pub fn keep(mut self, files: usize) -> Self {
        self.keep = Some(files);
        self
    }

    /// Compresses files that are put aside, in a thread of its own, one after the other.
    ///
    /// A file is removed when its compressed form is complete. The next rotation and the close wait for that.
    #[cfg(feature = "gzip")]
    pub fn gzip(mut self) -> Self {
        self.gzip = true;
        self
    }

    const NEVER: Self = Self {
        bytes: u64::MAX,
        age: None,
        keep: None,
        #[cfg(feature = "gzip")]
        gzip: false,
    };

    /// Tells whether there is work to be done with files put aside.
    pub(super) fn tidies(&self) -> bool {
        #[cfg(feature = "gzip")]
        let gzip = self.gzip;
        #[cfg(not(feature = "gzip"))]
        let gzip = false;
        gzip || self.keep.is_some()
    }
}
