//! One record of a WARC file.

use std::fmt;
use std::io::Write;

use sha1::{Digest as _, Sha1};

use super::gzip::Gzip;
use crate::output::Digest;

/// What a record has in common with all others of its kind, and its block.
pub(super) struct Record<'a> {
    pub(super) kind: &'static str,
    pub(super) id: RecordId,
    /// RFC 3339, in UTC.
    pub(super) date: &'a str,
    pub(super) content_type: &'static str,
    /// What else is to be said in the head.
    pub(super) fields: &'a [(&'static str, &'a dyn fmt::Display)],
    /// The block, in two parts so that a body is not copied.
    pub(super) block: [&'a [u8]; 2],
}

impl Record<'_> {
    /// Appends the record to `output`, as a gzip member.
    pub(super) fn write(&self, gzip: &mut Gzip, output: &mut Vec<u8>) -> std::io::Result<()> {
        let [first, second] = self.block;
        let digest = Sha1::new_with_prefix(first).chain_update(second);
        let mut head = Vec::with_capacity(768);
        let Self {
            kind,
            id,
            date,
            content_type,
            fields,
            ..
        } = self;
        write!(
            head,
            "WARC/1.1\r\nWARC-Type: {kind}\r\nWARC-Record-ID: {id}\r\nWARC-Date: {date}\r\n"
        )?;
        for (name, value) in *fields {
            write!(head, "{name}: {value}\r\n")?;
        }
        write!(
            head,
            "WARC-Block-Digest: {}\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\n\r\n",
            Digest::Sha1(digest.finalize().into()),
            first.len() + second.len(),
        )?;
        gzip.member(&[&head, first, second, b"\r\n\r\n"], output)
    }
}

/// The name of a record: a random UUID.
#[derive(Debug, Clone, Copy)]
pub(super) struct RecordId(u128);

impl RecordId {
    pub(super) fn random() -> Self {
        let random = fastrand::u128(..);
        // Version 4, variant 1.
        let random = random & !(0xf << 76) | (0x4 << 76);
        Self(random & !(0x3 << 62) | (0x2 << 62))
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let groups = [(96, 8), (80, 4), (64, 4), (48, 4), (0, 12)];
        formatter.write_str("<urn:uuid")?;
        for (number, (shift, digits)) in groups.into_iter().enumerate() {
            let mark = if number == 0 { ':' } else { '-' };
            let group = (self.0 >> shift) & ((1 << (4 * digits)) - 1);
            write!(formatter, "{mark}{group:0digits$x}")?;
        }
        formatter.write_str(">")
    }
}
