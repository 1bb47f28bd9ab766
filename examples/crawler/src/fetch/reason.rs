//! The kinds of trouble that requests run into, and how often they do.

use std::fmt;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

/// What kind of trouble a request ran into, to be counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The URL cannot be requested.
    Url,
    /// The name has no address.
    Name,
    /// Nothing answers at the addresses.
    Unreachable,
    /// All addresses are private.
    PrivateAddress,
    /// The TLS handshake failed.
    Tls,
    /// Connecting took too long.
    ConnectTimeout,
    /// The head of the answer took too long.
    HeadTimeout,
    /// The body took too long.
    BodyTimeout,
    /// The head of the answer is too long.
    HeadTooLarge,
    /// The answer is no HTTP, or there is none.
    Protocol,
    /// The body broke off.
    BrokenBody,
    /// The body does not decode.
    Coding,
    /// The body is longer than the limit, and was cut there.
    TooLong,
    /// The body decodes to far more than was sent, and was cut.
    Bomb,
    /// The crawl was stopped meanwhile.
    Stopped,
}

impl Reason {
    /// Every reason, in the order in which they are told.
    pub const ALL: [Self; 15] = [
        Self::Url,
        Self::Name,
        Self::Unreachable,
        Self::PrivateAddress,
        Self::Tls,
        Self::ConnectTimeout,
        Self::HeadTimeout,
        Self::BodyTimeout,
        Self::HeadTooLarge,
        Self::Protocol,
        Self::BrokenBody,
        Self::Coding,
        Self::TooLong,
        Self::Bomb,
        Self::Stopped,
    ];

    /// The name in one word, as outputs write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Url => "url",
            Self::Name => "name",
            Self::Unreachable => "unreachable",
            Self::PrivateAddress => "private_address",
            Self::Tls => "tls",
            Self::ConnectTimeout => "connect_timeout",
            Self::HeadTimeout => "head_timeout",
            Self::BodyTimeout => "body_timeout",
            Self::HeadTooLarge => "head_too_large",
            Self::Protocol => "protocol",
            Self::BrokenBody => "broken_body",
            Self::Coding => "coding",
            Self::TooLong => "too_long",
            Self::Bomb => "bomb",
            Self::Stopped => "stopped",
        }
    }
}

/// The reason as people read it.
impl fmt::Display for Reason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Url => "no valid URL",
            Self::Name => "no address",
            Self::Unreachable => "no connection",
            Self::PrivateAddress => "private address",
            Self::Tls => "no secure way",
            Self::ConnectTimeout => "slow to connect",
            Self::HeadTimeout => "slow to answer",
            Self::BodyTimeout => "slow body",
            Self::HeadTooLarge => "endless head",
            Self::Protocol => "no valid answer",
            Self::BrokenBody => "body broke off",
            Self::Coding => "does not decode",
            Self::TooLong => "body cut",
            Self::Bomb => "bomb cut",
            Self::Stopped => "cut off",
        })
    }
}

/// How often there was trouble of each kind. Serialised as a map of those that occurred.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Troubles([u64; Reason::ALL.len()]);

impl Troubles {
    /// Counts one more.
    pub fn count(&mut self, reason: Reason) {
        self.0[reason as usize] += 1;
    }

    /// Sets how often there was the trouble of this name; nothing if there is no such trouble.
    pub(crate) fn set(&mut self, name: &str, count: u64) {
        let place = Reason::ALL.iter().position(|reason| reason.name() == name);
        if let Some(place) = place {
            self.0[place] = count;
        }
    }

    /// How often there was this trouble.
    #[must_use]
    pub fn of(&self, reason: Reason) -> u64 {
        self.0[reason as usize]
    }

    /// How often there was any.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// The kinds that occurred, and how often.
    pub fn iter(&self) -> impl Iterator<Item = (Reason, u64)> {
        Reason::ALL
            .into_iter()
            .zip(self.0)
            .filter(|(_, count)| *count > 0)
    }
}

impl Serialize for Troubles {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.iter().count()))?;
        for (reason, count) in self.iter() {
            map.serialize_entry(reason.name(), &count)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_has_its_place_and_its_name() {
        for (place, reason) in Reason::ALL.into_iter().enumerate() {
            assert_eq!(reason as usize, place);
            let json = serde_json::to_string(&reason).expect("to memory");
            assert_eq!(json, format!("\"{}\"", reason.name()));
        }
    }

    #[test]
    fn what_occurred_is_told() {
        let mut troubles = Troubles::default();
        troubles.count(Reason::Bomb);
        troubles.count(Reason::Bomb);
        troubles.count(Reason::Tls);
        assert_eq!((troubles.total(), troubles.of(Reason::Bomb)), (3, 2));
        let json = serde_json::to_string(&troubles).expect("to memory");
        assert_eq!(json, r#"{"tls":1,"bomb":2}"#);
    }
}
