//! What tells the content of one page from that of another.

use std::fmt;

use data_encoding::{BASE32, HEXLOWER};
use serde::{Serialize, Serializer};
use sha1::{Digest as _, Sha1};
use xxhash_rust::xxh3::xxh3_128;

/// The digest of a body. `Display` writes it as `algorithm:value`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Digest {
    /// XXH3 with 128 bits, in hexadecimal: costs next to nothing, and withstands chance but not malice.
    Xxh3([u8; 16]),
    /// SHA-1 in base 32, as web archives write it.
    Sha1([u8; 20]),
}

/// How digests are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// Makes a [`Digest::Xxh3`].
    Xxh3,
    /// Makes a [`Digest::Sha1`].
    Sha1,
}

impl Algorithm {
    /// The digest of `bytes`.
    #[must_use]
    pub fn digest(self, bytes: &[u8]) -> Digest {
        match self {
            Self::Xxh3 => Digest::Xxh3(xxh3_128(bytes).to_be_bytes()),
            Self::Sha1 => Digest::Sha1(Sha1::digest(bytes).into()),
        }
    }
}

impl Digest {
    /// As much of the digest as a table needs.
    pub(super) fn fingerprint(self) -> u64 {
        let start = match &self {
            Self::Xxh3(digest) => digest.first_chunk(),
            Self::Sha1(digest) => digest.first_chunk(),
        };
        start.copied().map_or(0, u64::from_be_bytes)
    }

    /// Reads what `Display` writes.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (algorithm, value) = text.split_once(':')?;
        match algorithm {
            "xxh3" => HEXLOWER
                .decode(value.as_bytes())
                .ok()?
                .try_into()
                .ok()
                .map(Self::Xxh3),
            "sha1" => BASE32
                .decode(value.as_bytes())
                .ok()?
                .try_into()
                .ok()
                .map(Self::Sha1),
            _ => None,
        }
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Xxh3(digest) => write!(formatter, "xxh3:{}", HEXLOWER.encode_display(digest)),
            Self::Sha1(digest) => write!(formatter, "sha1:{}", BASE32.encode_display(digest)),
        }
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::{Algorithm, Digest};

    #[test]
    fn a_digest_is_read_as_it_is_written() {
        for algorithm in [Algorithm::Sha1, Algorithm::Xxh3] {
            let digest = algorithm.digest(b"river");
            assert_eq!(Digest::parse(&digest.to_string()), Some(digest));
        }
        for text in ["", "xxh3:", "sha1:AAAA", "md5:00", "sha1:\u{e9}"] {
            assert_eq!(Digest::parse(text), None, "{text}");
        }
    }

    #[test]
    fn digests_are_those_of_the_world() {
        let digest = |algorithm: Algorithm| algorithm.digest(b"").to_string();
        assert_eq!(
            digest(Algorithm::Sha1),
            "sha1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ"
        );
        assert_eq!(
            digest(Algorithm::Xxh3),
            "xxh3:99aa06d3014798d86001c324468d497f"
        );
    }
}
