//! What a URL is known by: a keyed hash of its text.

use std::hash::{BuildHasher, Hasher, RandomState};

use siphasher::sip128::{Hasher128, SipHasher13};

/// How many bits of a fingerprint stand for the shard of the set that it is in.
pub(super) const SHARD_BITS: u32 = 12;

/// 76 bits of a keyed hash. Of `n` URLs, two have the same with a probability below `n * n / 2^77`: of ten million,
/// less than one in a billion. No site can make such a pair without the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::crawl) struct Fingerprint {
    pub(super) shard: u16,
    /// Never 0.
    pub(super) rest: u64,
}

impl Fingerprint {
    pub(super) const LENGTH: usize = 10;

    pub(super) fn to_bytes(self) -> [u8; Self::LENGTH] {
        let mut bytes = [0; Self::LENGTH];
        bytes[..2].copy_from_slice(&self.shard.to_le_bytes());
        bytes[2..].copy_from_slice(&self.rest.to_le_bytes());
        bytes
    }

    /// Reads [`to_bytes`](Self::to_bytes); none if these are not the bytes of one.
    pub(super) fn from_bytes(bytes: [u8; Self::LENGTH]) -> Option<Self> {
        let [shard @ .., _, _, _, _, _, _, _, _] = bytes;
        let [_, _, rest @ ..] = bytes;
        let (shard, rest) = (u16::from_le_bytes(shard), u64::from_le_bytes(rest));
        (shard < 1 << SHARD_BITS && rest != 0).then_some(Self { shard, rest })
    }
}

/// The key of a crawl's fingerprints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::crawl) struct Key(pub(super) [u8; 16]);

impl Key {
    /// Makes a key that nobody can guess.
    pub(in crate::crawl) fn random() -> Self {
        // Its own key is from the system's source of randomness.
        let random = RandomState::new();
        let half = |number: u64| {
            let mut hasher = random.build_hasher();
            hasher.write_u64(number);
            hasher.finish().to_le_bytes()
        };
        let mut key = [0; 16];
        key[..8].copy_from_slice(&half(0));
        key[8..].copy_from_slice(&half(1));
        Self(key)
    }

    /// What the URL with this text is known by.
    pub(in crate::crawl) fn fingerprint(self, text: &str) -> Fingerprint {
        let mut hasher = SipHasher13::new_with_key(&self.0);
        hasher.write(text.as_bytes());
        let hash = hasher.finish128();
        let [low, high, ..] = hash.h2.to_le_bytes();
        Fingerprint {
            shard: u16::from_le_bytes([low, high]) & ((1 << SHARD_BITS) - 1),
            rest: hash.h1.max(1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_depends_on_key_and_text() {
        let (one, other) = (Key::random(), Key::random());
        assert_ne!(one, other);
        assert_eq!(one.fingerprint("a"), one.fingerprint("a"));
        assert_ne!(one.fingerprint("a"), one.fingerprint("b"));
        assert_ne!(one.fingerprint("a"), other.fingerprint("a"));
    }

    #[test]
    fn bytes_come_back() {
        let known = Key::random().fingerprint("http://river.test/");
        assert_eq!(Fingerprint::from_bytes(known.to_bytes()), Some(known));
        assert_eq!(Fingerprint::from_bytes([0; 10]), None);
        assert_eq!(Fingerprint::from_bytes([0xff; 10]), None);
    }
}
