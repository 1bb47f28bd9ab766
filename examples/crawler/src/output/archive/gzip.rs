//! Gzip, a member at a time.

use flate2::{Compress, Compression, Crc, FlushCompress, Status};

/// Deflate, no flags, no time, an unknown system.
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];

/// Makes members that can be decompressed each on its own, and keeps the memory that it takes from one to the next.
pub(super) struct Gzip(Compress);

impl Gzip {
    pub(super) fn new() -> Self {
        Self(Compress::new(Compression::default(), false))
    }

    /// Appends a member of all `parts` to `output`.
    pub(super) fn member(&mut self, parts: &[&[u8]], output: &mut Vec<u8>) -> std::io::Result<()> {
        self.0.reset();
        output.extend_from_slice(&HEADER);
        let mut crc = Crc::new();
        for part in parts {
            crc.update(part);
            self.deflate(part, FlushCompress::None, output)?;
        }
        self.deflate(&[], FlushCompress::Finish, output)?;
        output.extend_from_slice(&crc.sum().to_le_bytes());
        output.extend_from_slice(&crc.amount().to_le_bytes());
        Ok(())
    }

    fn deflate(
        &mut self,
        mut part: &[u8],
        flush: FlushCompress,
        output: &mut Vec<u8>,
    ) -> std::io::Result<()> {
        loop {
            output.reserve(part.len() / 4 + 256);
            let before = self.0.total_in();
            let status = self.0.compress_vec(part, output, flush)?;
            let taken = usize::try_from(self.0.total_in() - before).unwrap_or(part.len());
            part = &part[taken..];
            let is_done = match flush {
                FlushCompress::Finish => status == Status::StreamEnd,
                _ => part.is_empty(),
            };
            if is_done {
                return Ok(());
            }
        }
    }
}

impl std::fmt::Debug for Gzip {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Gzip")
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::bufread::GzDecoder;

    use super::Gzip;

    #[test]
    fn each_member_is_whole() {
        let mut gzip = Gzip::new();
        // Not to be compressed, so that the output outgrows what was reserved for it.
        let noise: Vec<u8> = std::iter::repeat_with({
            let mut random = fastrand::Rng::with_seed(7);
            move || random.u8(..)
        })
        .take(300_000)
        .collect();
        let cases: [&[&[u8]]; 4] = [&[], &[b"a", b"", b"bc"], &[&noise, b"x"], &[b"last"]];
        let (mut output, mut starts) = (Vec::new(), Vec::new());
        for parts in cases {
            starts.push(output.len());
            gzip.member(parts, &mut output).expect("to memory");
        }
        for (parts, start) in cases.into_iter().zip(starts) {
            let mut text = Vec::new();
            let mut member = GzDecoder::new(&output[start..]);
            member.read_to_end(&mut text).expect("a member");
            assert_eq!(text, parts.concat());
        }
    }
}
