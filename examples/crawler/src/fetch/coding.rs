//! Undoes the content codings of a body, in bounded memory and time.

use std::cell::Cell;
use std::io::{self, BufRead, BufReader, Read};

use brotli_decompressor::Decompressor;
use flate2::bufread::{DeflateDecoder, GzDecoder, ZlibDecoder};
use hyper::HeaderMap;
use hyper::header::CONTENT_ENCODING;

use super::body::Collected;

/// What a server is told that it may send.
pub(super) const ACCEPTED: &str = "gzip, deflate, br, zstd";

/// Codings on top of each other: more than any server has a use for.
const MOST_CODINGS: usize = 4;

/// What decodes to no more than this is harmless, however little of it was sent.
const HARMLESS: usize = 256 * 1024;

/// The largest window that zstd may ask for, as a power of two: 8 MiB, as RFC 9659 has it.
const LARGEST_WINDOW: u32 = 23;

/// The most memory that is reserved because a body says how long it will be.
const MOST_RESERVED: usize = 2 * 1024 * 1024;

/// How much is decoded between two looks at the limits.
const STEP: usize = 64 * 1024;

/// How much decoding may make of a body.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// In bytes, of what comes out.
    pub length: usize,
    /// Of what comes out to what went in.
    pub ratio: usize,
}

/// A way to make a body smaller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Coding {
    Gzip,
    Deflate,
    Brotli,
    Zstd,
}

impl Coding {
    fn of(name: &str) -> Option<Self> {
        const NAMES: [(&str, Coding); 5] = [
            ("gzip", Coding::Gzip),
            ("x-gzip", Coding::Gzip),
            ("deflate", Coding::Deflate),
            ("br", Coding::Brotli),
            ("zstd", Coding::Zstd),
        ];
        let known = NAMES
            .iter()
            .find(|(known, _)| name.eq_ignore_ascii_case(known));
        known.map(|(_, coding)| *coding)
    }
}

/// The codings that `headers` name, in the order in which they were applied; none if one was not asked for, for then
/// nothing can be undone.
fn codings(headers: &HeaderMap) -> Vec<Coding> {
    headers
        .get_all(CONTENT_ENCODING)
        .iter()
        .flat_map(|value| value.to_str().unwrap_or_default().split(','))
        .map(str::trim)
        .filter(|name| !name.is_empty() && !name.eq_ignore_ascii_case("identity"))
        .map(Coding::of)
        .collect::<Option<_>>()
        .unwrap_or_default()
}

/// Tells whether there is a coding that [`decode`] undoes.
pub(super) fn is_coded(headers: &HeaderMap) -> bool {
    !codings(headers).is_empty()
}

/// Undoes the codings of a body that `headers` name, within the limits; what is beyond them is cut off.
pub(super) fn decode(raw: Collected, headers: &HeaderMap, limits: Limits) -> io::Result<Collected> {
    if raw.bytes.is_empty() || !headers.contains_key(CONTENT_ENCODING) {
        return Ok(raw);
    }
    let codings = codings(headers);
    if codings.is_empty() {
        return Ok(raw);
    }
    if codings.len() > MOST_CODINGS {
        let count = codings.len();
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            format!("{count} codings on top of each other"),
        ));
    }
    let consumed = Cell::new(0);
    let mut reader: Box<dyn BufRead + '_> = Box::new(Source {
        rest: &raw.bytes,
        consumed: &consumed,
    });
    let (last, before) = codings.split_first().expect("it is not empty");
    for coding in before.iter().rev() {
        // Each may come to no more than the last, so that what is decoded on the way is bounded too.
        let decoder = decoder(*coding, reader)?.take(limits.length as u64 + 1);
        reader = Box::new(BufReader::new(decoder));
    }
    let believed = HARMLESS.max(raw.bytes.len().saturating_mul(limits.ratio));
    let reserved = announced(*last, &raw.bytes, before.is_empty()).min(believed);
    let mut output = Vec::with_capacity(reserved.min(limits.length).min(MOST_RESERVED));
    let mut decoder = decoder(*last, reader)?;
    let end = read(&mut decoder, &mut output, limits, &consumed);
    drop(decoder);
    match end {
        Ok(()) => {}
        // A body that was cut before it was decoded ends in the middle of something.
        Err(_) if raw.truncated && !output.is_empty() => {}
        Err(error) if raw.truncated && error.kind() == io::ErrorKind::UnexpectedEof => {}
        Err(error) => return Err(error),
    }
    let is_bomb = is_bomb(output.len(), consumed.get(), limits);
    let truncated = raw.truncated || is_bomb || output.len() > limits.length;
    output.truncate(limits.length);
    Ok(Collected {
        bytes: output.into(),
        truncated,
        is_bomb,
    })
}

/// Reads until the end or one byte beyond a limit: that byte tells a cut body from a full one.
fn read(
    decoder: &mut impl Read,
    output: &mut Vec<u8>,
    limits: Limits,
    consumed: &Cell<usize>,
) -> io::Result<()> {
    loop {
        let room = limits.length.saturating_add(1) - output.len();
        let step = room.min(STEP.max(output.capacity() - output.len()));
        let read = decoder.by_ref().take(step as u64).read_to_end(output)?;
        let is_over = read < step || read == room;
        if is_over || is_bomb(output.len(), consumed.get(), limits) {
            return Ok(());
        }
    }
}

fn is_bomb(decoded: usize, consumed: usize, limits: Limits) -> bool {
    decoded > HARMLESS && decoded / limits.ratio > consumed
}

/// How long the decoded body will be, as far as it says so.
fn announced(coding: Coding, raw: &[u8], is_only: bool) -> usize {
    match raw.last_chunk() {
        // The length modulo 4 GiB is the end of a gzip file.
        Some(length) if is_only && coding == Coding::Gzip => {
            usize::try_from(u32::from_le_bytes(*length)).unwrap_or(usize::MAX) + 1
        }
        _ => raw.len().saturating_mul(4),
    }
}

fn decoder<'a>(
    coding: Coding,
    mut reader: Box<dyn BufRead + 'a>,
) -> io::Result<Box<dyn Read + 'a>> {
    Ok(match coding {
        Coding::Gzip => Box::new(Members(Some(GzDecoder::new(reader)))),
        Coding::Deflate if has_zlib_header(reader.fill_buf()?) => {
            Box::new(ZlibDecoder::new(reader))
        }
        Coding::Deflate => Box::new(DeflateDecoder::new(reader)),
        Coding::Brotli => Box::new(Decompressor::new(reader, 4096)),
        Coding::Zstd => {
            let mut decoder = zstd::Decoder::with_buffer(reader)?;
            decoder.window_log_max(LARGEST_WINDOW)?;
            Box::new(decoder)
        }
    })
}

/// Servers send both zlib and bare deflate as `deflate`; RFC 1950 tells them apart.
fn has_zlib_header(raw: &[u8]) -> bool {
    let [method, flags, ..] = *raw else {
        return false;
    };
    method & 0x0f == 8 && u16::from_be_bytes([method, flags]).is_multiple_of(31)
}

/// What was received, which notes how much of it has been used.
struct Source<'a> {
    rest: &'a [u8],
    consumed: &'a Cell<usize>,
}

impl Read for Source<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.rest.read(buffer)?;
        self.consumed.set(self.consumed.get() + count);
        Ok(count)
    }
}

impl BufRead for Source<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        Ok(self.rest)
    }

    fn consume(&mut self, count: usize) {
        self.rest.consume(count);
        self.consumed.set(self.consumed.get() + count);
    }
}

/// All members of a gzip file; what follows them and is none is ignored.
struct Members<R: BufRead>(Option<GzDecoder<R>>);

impl<R: BufRead> Read for Members<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(member) = &mut self.0 {
            let count = member.read(buffer)?;
            if count > 0 || buffer.is_empty() {
                return Ok(count);
            }
            let mut rest = self.0.take().map(GzDecoder::into_inner);
            if let Some(reader) = &mut rest
                && reader.fill_buf()?.starts_with(&[0x1f, 0x8b])
            {
                self.0 = rest.map(GzDecoder::new);
            }
        }
        Ok(0)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
    use hyper::header::HeaderValue;

    use super::*;

    const TEXT: &[u8] = b"the line of fastest flow along a river's bed";
    const RATIO: usize = 100;

    fn headers(coding: &str) -> HeaderMap {
        let value = HeaderValue::from_str(coding).expect("a header");
        HeaderMap::from_iter([(CONTENT_ENCODING, value)])
    }

    fn whole(bytes: Vec<u8>) -> Collected {
        Collected {
            bytes: bytes.into(),
            ..Collected::default()
        }
    }

    fn up_to(length: usize) -> Limits {
        Limits {
            length,
            ratio: RATIO,
        }
    }

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(text).expect("to memory");
        encoder.finish().expect("to memory")
    }

    fn zlib(text: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text).expect("to memory");
        encoder.finish().expect("to memory")
    }

    fn deflate(text: &[u8]) -> Vec<u8> {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text).expect("to memory");
        encoder.finish().expect("to memory")
    }

    fn brotli(text: &[u8]) -> Vec<u8> {
        let mut encoder = brotli::CompressorWriter::new(Vec::new(), 4096, 5, 22);
        encoder.write_all(text).expect("to memory");
        encoder.into_inner()
    }

    fn zstd(text: &[u8]) -> Vec<u8> {
        zstd::encode_all(text, 3).expect("to memory")
    }

    #[test]
    fn what_was_asked_for_decodes_and_nothing_else() {
        let cases = [
            ("gzip", gzip(TEXT)),
            ("X-GZip", gzip(TEXT)),
            ("deflate", zlib(TEXT)),
            ("deflate", deflate(TEXT)),
            ("br", brotli(TEXT)),
            ("ZSTD", zstd(TEXT)),
            ("identity", TEXT.to_vec()),
            ("compress", TEXT.to_vec()),
            ("gzip, utf-8", TEXT.to_vec()),
            ("", TEXT.to_vec()),
        ];
        for (coding, raw) in cases {
            let decoded = decode(whole(raw), &headers(coding), up_to(100)).expect(coding);
            assert_eq!(decoded.bytes, TEXT, "{coding}");
            assert!(!decoded.truncated && !decoded.is_bomb, "{coding}");
        }
    }

    #[test]
    fn codings_on_top_of_each_other_are_undone_from_the_last() {
        let raw = gzip(&brotli(&zstd(&deflate(TEXT))));
        let all = headers("deflate, zstd, identity, br , gzip");
        let decoded = decode(whole(raw.clone()), &all, up_to(100)).expect("valid");
        assert_eq!(decoded.bytes, TEXT);

        let mut twice = headers("deflate, zstd");
        twice.append(CONTENT_ENCODING, HeaderValue::from_static("br,gzip"));
        let decoded = decode(whole(raw.clone()), &twice, up_to(100)).expect("valid");
        assert_eq!(decoded.bytes, TEXT);

        let many = headers("gzip, gzip, gzip, gzip, gzip");
        let error = decode(whole(raw), &many, up_to(100)).expect_err("too many");
        assert_eq!(error.to_string(), "5 codings on top of each other");
    }

    #[test]
    fn gzip_members_are_joined_and_garbage_behind_is_ignored() {
        let raw = [gzip(b"one "), gzip(b"two"), b"\0\0".to_vec()].concat();
        let decoded = decode(whole(raw), &headers("gzip"), up_to(100)).expect("valid");
        assert_eq!(&decoded.bytes[..], b"one two");
    }

    #[test]
    fn the_limit_is_exact() {
        for (coding, raw) in [
            ("gzip", gzip(TEXT)),
            ("br", brotli(TEXT)),
            ("zstd", zstd(TEXT)),
        ] {
            let raw = || whole(raw.clone());
            let full = decode(raw(), &headers(coding), up_to(TEXT.len())).expect("valid");
            assert!(!full.truncated);
            assert_eq!(full.bytes, TEXT);
            let cut = decode(raw(), &headers(coding), up_to(TEXT.len() - 1)).expect("valid");
            assert!(cut.truncated && !cut.is_bomb);
            assert_eq!(cut.bytes, TEXT[..TEXT.len() - 1]);
        }
    }

    #[test]
    fn a_cut_body_decodes_as_far_as_it_goes_and_a_corrupt_one_fails() {
        let text: Vec<u8> = (0..100_000_u32).flat_map(u32::to_le_bytes).collect();
        for (coding, mut half) in [
            ("gzip", gzip(&text)),
            ("br", brotli(&text)),
            ("zstd", zstd(&text)),
            ("deflate", zlib(&text)),
        ] {
            half.truncate(half.len() / 2);
            let cut = Collected {
                truncated: true,
                ..whole(half.clone())
            };
            let cut = decode(cut, &headers(coding), up_to(1 << 20)).expect(coding);
            assert!(cut.truncated, "{coding}");
            assert!(text.starts_with(&cut.bytes), "{coding}");
            assert!(
                decode(whole(half), &headers(coding), up_to(1 << 20)).is_err(),
                "{coding}"
            );
            let garbage = whole(b"\xffno such thing".to_vec());
            assert!(
                decode(garbage, &headers(coding), up_to(100)).is_err(),
                "{coding}"
            );
        }
    }

    #[test]
    fn a_bomb_is_cut_by_its_ratio_before_it_meets_the_limit() {
        let zeros = vec![0; 8 << 20];
        for (coding, bomb) in [
            ("gzip", gzip(&zeros)),
            ("br", brotli(&zeros)),
            ("zstd", zstd(&zeros)),
            ("deflate, gzip", gzip(&deflate(&zeros))),
        ] {
            let decoded = decode(whole(bomb), &headers(coding), up_to(4 << 20)).expect(coding);
            assert!(decoded.is_bomb && decoded.truncated, "{coding}");
            assert!(decoded.bytes.len() <= 1 << 20, "{coding}");
        }
        // Small ones do no harm.
        let small = whole(gzip(&zeros[..HARMLESS]));
        let decoded = decode(small, &headers("gzip"), up_to(4 << 20)).expect("valid");
        assert!(!decoded.is_bomb && decoded.bytes.len() == HARMLESS);
    }
}
