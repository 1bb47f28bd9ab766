//! Reads a body into one buffer and decodes it, never keeping more than a limit.

use std::io::{self, Read};

use bytes::Bytes;
use flate2::bufread::{DeflateDecoder, GzDecoder, ZlibDecoder};
use http_body_util::BodyExt;
use hyper::HeaderMap;
use hyper::body::{Body, Incoming};
use hyper::header::CONTENT_ENCODING;

/// The most memory that is reserved because a server says how long its body will be.
const MOST_RESERVED: usize = 2 * 1024 * 1024;

/// A body, and whether it is only the first part of one.
#[derive(Debug, Default)]
pub(super) struct Collected {
    pub bytes: Bytes,
    pub truncated: bool,
}

/// Reads `body` up to `limit` bytes. One that comes in one piece is not copied.
pub(super) async fn collect(body: &mut Incoming, limit: usize) -> Result<Collected, hyper::Error> {
    let Some(first) = next_piece(body).await? else {
        return Ok(Collected::default());
    };
    if first.len() > limit {
        return Ok(Collected {
            bytes: first.slice(..limit),
            truncated: true,
        });
    }
    if body.is_end_stream() {
        return Ok(Collected {
            bytes: first,
            truncated: false,
        });
    }
    let Some(second) = next_piece(body).await? else {
        return Ok(Collected {
            bytes: first,
            truncated: false,
        });
    };

    // Only announced, so it is believed up to a point.
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    let expected = announced.saturating_add(first.len() + second.len());
    let mut buffer = Vec::with_capacity(expected.min(limit).min(MOST_RESERVED));
    buffer.extend_from_slice(&first);
    let mut piece = second;
    loop {
        let room = limit - buffer.len();
        if piece.len() > room {
            buffer.extend_from_slice(&piece[..room]);
            return Ok(Collected {
                bytes: buffer.into(),
                truncated: true,
            });
        }
        buffer.extend_from_slice(&piece);
        match next_piece(body).await? {
            Some(next) => piece = next,
            None => {
                return Ok(Collected {
                    bytes: buffer.into(),
                    truncated: false,
                });
            }
        }
    }
}

/// Reads and drops the rest of `body`, so that its connection can be used again.
pub(super) async fn discard(body: &mut Incoming) -> Result<(), hyper::Error> {
    while next_piece(body).await?.is_some() {}
    Ok(())
}

/// The next bytes of `body`; trailers and empty pieces are passed over.
async fn next_piece(body: &mut Incoming) -> Result<Option<Bytes>, hyper::Error> {
    while let Some(frame) = body.frame().await.transpose()? {
        if let Ok(data) = frame.into_data()
            && !data.is_empty()
        {
            return Ok(Some(data));
        }
    }
    Ok(None)
}

/// How a body is encoded for the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Gzip,
    Deflate,
}

impl Encoding {
    /// The encoding that `headers` name. What was not asked for is left as it is.
    fn of(headers: &HeaderMap) -> Option<Self> {
        let name = headers.get(CONTENT_ENCODING)?.to_str().ok()?.trim();
        if name.eq_ignore_ascii_case("gzip") || name.eq_ignore_ascii_case("x-gzip") {
            Some(Self::Gzip)
        } else if name.eq_ignore_ascii_case("deflate") {
            Some(Self::Deflate)
        } else {
            None
        }
    }
}

/// Tells whether [`decode`] undoes what `headers` say of a body.
pub(super) fn is_coded(headers: &HeaderMap) -> bool {
    Encoding::of(headers).is_some()
}

/// Undoes the `Content-Encoding` of a body, up to `limit` bytes.
pub(super) fn decode(raw: Collected, headers: &HeaderMap, limit: usize) -> io::Result<Collected> {
    let Some(encoding) = Encoding::of(headers) else {
        return Ok(raw);
    };
    if raw.bytes.is_empty() {
        return Ok(raw);
    }
    let mut output = Output {
        bytes: Vec::new(),
        limit,
    };
    let decoded = match encoding {
        Encoding::Gzip => output.gunzip(&raw.bytes),
        Encoding::Deflate if has_zlib_header(&raw.bytes) => {
            output.read(ZlibDecoder::new(&raw.bytes[..]))
        }
        Encoding::Deflate => output.read(DeflateDecoder::new(&raw.bytes[..])),
    };
    match decoded {
        Ok(()) => {}
        // A body that was cut before it was decoded ends in the middle of a block.
        Err(error) if raw.truncated && error.kind() == io::ErrorKind::UnexpectedEof => {}
        Err(error) => return Err(error),
    }
    let truncated = raw.truncated || output.bytes.len() > limit;
    output.bytes.truncate(limit);
    Ok(Collected {
        bytes: output.bytes.into(),
        truncated,
    })
}

/// What is decoded, at most one byte more than `limit`: that byte tells a cut body from a full one.
struct Output {
    bytes: Vec<u8>,
    limit: usize,
}

impl Output {
    fn read(&mut self, decoder: impl Read) -> io::Result<()> {
        let room = self.limit.saturating_add(1) - self.bytes.len();
        decoder.take(room as u64).read_to_end(&mut self.bytes)?;
        Ok(())
    }

    /// Decodes all members of a gzip file, and ignores what follows that is none.
    fn gunzip(&mut self, mut raw: &[u8]) -> io::Result<()> {
        loop {
            let mut decoder = GzDecoder::new(raw);
            self.read(&mut decoder)?;
            raw = decoder.into_inner();
            if self.bytes.len() > self.limit || !raw.starts_with(&[0x1f, 0x8b]) {
                return Ok(());
            }
        }
    }
}

/// Servers send both zlib and bare deflate as `deflate`; RFC 1950 tells them apart.
fn has_zlib_header(raw: &[u8]) -> bool {
    let [method, flags, ..] = *raw else {
        return false;
    };
    method & 0x0f == 8 && u16::from_be_bytes([method, flags]).is_multiple_of(31)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
    use hyper::header::HeaderValue;

    use super::*;

    const TEXT: &[u8] = b"the line of fastest flow along a river's bed";

    fn headers(encoding: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(CONTENT_ENCODING, HeaderValue::from_static(encoding))])
    }

    fn whole(bytes: Vec<u8>) -> Collected {
        Collected {
            bytes: bytes.into(),
            truncated: false,
        }
    }

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(text).expect("to memory");
        encoder.finish().expect("to memory")
    }

    #[test]
    fn all_encodings_decode() {
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::fast());
        zlib.write_all(TEXT).expect("to memory");
        let mut deflate = DeflateEncoder::new(Vec::new(), Compression::fast());
        deflate.write_all(TEXT).expect("to memory");
        let cases = [
            ("gzip", gzip(TEXT)),
            ("X-GZip", gzip(TEXT)),
            ("deflate", zlib.finish().expect("to memory")),
            ("deflate", deflate.finish().expect("to memory")),
            ("br", TEXT.to_vec()),
        ];
        for (encoding, raw) in cases {
            let decoded = decode(whole(raw), &headers(encoding), 100).expect(encoding);
            assert_eq!(decoded.bytes, TEXT, "{encoding}");
            assert!(!decoded.truncated, "{encoding}");
        }
    }

    #[test]
    fn gzip_members_are_joined_and_garbage_behind_is_ignored() {
        let raw = [gzip(b"one "), gzip(b"two"), b"\0\0".to_vec()].concat();
        let decoded = decode(whole(raw), &headers("gzip"), 100).expect("valid");
        assert_eq!(&decoded.bytes[..], b"one two");
    }

    #[test]
    fn the_limit_is_exact() {
        let raw = || whole(gzip(TEXT));
        let full = decode(raw(), &headers("gzip"), TEXT.len()).expect("valid");
        assert!(!full.truncated);
        assert_eq!(full.bytes, TEXT);
        let cut = decode(raw(), &headers("gzip"), TEXT.len() - 1).expect("valid");
        assert!(cut.truncated);
        assert_eq!(cut.bytes, TEXT[..TEXT.len() - 1]);
    }

    #[test]
    fn a_cut_body_decodes_as_far_as_it_goes_and_a_corrupt_one_fails() {
        let mut half = gzip(&TEXT.repeat(100));
        half.truncate(half.len() - 10);
        let cut = Collected {
            bytes: half.clone().into(),
            truncated: true,
        };
        assert!(
            decode(cut, &headers("gzip"), 10_000)
                .expect("as far as it goes")
                .truncated
        );
        assert!(decode(whole(half), &headers("gzip"), 10_000).is_err());
        assert!(decode(whole(b"no gzip".to_vec()), &headers("gzip"), 100).is_err());
    }
}
