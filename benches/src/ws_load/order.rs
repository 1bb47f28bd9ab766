//! What the generator tells a server to publish, and the events that come of it.

use std::{fmt, num::ParseIntError, str::FromStr};

/// One line of the control channel, a server's standard input: `publish <count> <size> <at>`.
///
/// The server publishes `count` events of `size` bytes at once. `at` is when the line was written, in microseconds of the
/// monotonic clock, and goes into each of them: so a latency contains what a server takes until it reads the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Order {
    pub(crate) count: u64,
    pub(crate) size: usize,
    pub(crate) at: u64,
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "publish {} {} {}", self.count, self.size, self.at)
    }
}

impl FromStr for Order {
    type Err = BadOrder;

    fn from_str(line: &str) -> Result<Self, BadOrder> {
        let bad = || BadOrder(line.to_owned());
        let mut words = line.split_ascii_whitespace();
        if words.next() != Some("publish") {
            return Err(bad());
        }
        let mut number = || -> Result<u64, BadOrder> {
            let word = words.next().ok_or_else(bad)?;
            word.parse().map_err(|_: ParseIntError| bad())
        };
        let (count, size, at) = (number()?, number()?, number()?);
        Ok(Self {
            count,
            size: usize::try_from(size).map_err(|_| bad())?,
            at,
        })
    }
}

/// A line that is no [`Order`].
#[derive(Debug)]
pub(crate) struct BadOrder(String);

impl fmt::Display for BadOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} is not of the form publish <count> <size> <at>",
            self.0
        )
    }
}

impl std::error::Error for BadOrder {}

/// What stands before the number of an event.
const HEAD: &[u8] = br#"{"seq":""#;
const SEQ_DIGITS: usize = 8;
const BETWEEN: &str = r#"","at":""#;
const AT_DIGITS: usize = 16;
const AT_START: usize = HEAD.len() + SEQ_DIGITS + BETWEEN.len();
const PADDING: &str = r#"","pad":""#;
const TAIL: &str = r#""}"#;

/// The bytes of the shortest event.
pub(crate) const SHORTEST: usize = AT_START + AT_DIGITS + PADDING.len() + TAIL.len();

/// Numbers the events of a server, from 0.
#[derive(Debug, Default)]
pub(crate) struct Numbered {
    next: u64,
}

impl Numbered {
    /// Gives the events of an order: JSON whose number and time stand at fixed places, so that a client that counts
    /// millions of them need not parse it.
    pub(crate) fn events(&mut self, order: Order) -> impl Iterator<Item = String> {
        let first = self.next;
        self.next += order.count;
        let padding = "x".repeat(order.size.saturating_sub(SHORTEST));
        (first..self.next).map(move |seq| {
            let at = order.at;
            format!(r#"{{"seq":"{seq:08}{BETWEEN}{at:016}{PADDING}{padding}{TAIL}"#)
        })
    }
}

/// What an event says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub(crate) seq: u64,
    pub(crate) at: u64,
}

impl Stamp {
    /// Reads the stamp of an event, `None` if `bytes` do not begin with one.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        if bytes.len() < SHORTEST || !bytes.starts_with(HEAD) {
            return None;
        }
        let seq = digits(*bytes[HEAD.len()..].first_chunk()?)?;
        let [high, low] = [AT_START, AT_START + 8].map(|start| bytes[start..].first_chunk());
        let at = digits(*high?)? * 100_000_000 + digits(*low?)?;
        Some(Self { seq, at })
    }
}

/// Reads eight digits at once: neighbours are joined to numbers of two, then of four, then of eight digits.
fn digits(text: [u8; 8]) -> Option<u64> {
    let chunk = u64::from_le_bytes(text);
    let values = chunk ^ 0x3030_3030_3030_3030;
    // Nine and less stay below sixteen when six is added, everything else does not.
    let over = values.checked_add(0x0606_0606_0606_0606)? | values;
    if over & 0xf0f0_f0f0_f0f0_f0f0 != 0 {
        return None;
    }
    let pairs = (values.wrapping_mul(1 + (10 << 8)) >> 8) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs.wrapping_mul(1 + (100 << 16)) >> 16) & 0x0000_ffff_0000_ffff;
    Some(fours.wrapping_mul(1 + (10_000 << 32)) >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_survives_its_line() {
        let order = Order {
            count: 32,
            size: 100,
            at: 1_234_567,
        };
        assert_eq!(order.to_string().parse::<Order>().unwrap(), order);
    }

    #[test]
    fn what_is_no_order_is_refused() {
        for line in [
            "",
            "publish",
            "publish 1 2",
            "publish one 2 3",
            "publish 1 -2 3",
            "print 1 2 3",
        ] {
            let error = line.parse::<Order>().unwrap_err();
            assert!(error.to_string().contains(line), "{error}");
        }
    }

    #[test]
    fn events_are_numbered_json_of_the_size_asked_for() {
        let mut numbered = Numbered::default();
        let order = Order {
            count: 2,
            size: 100,
            at: 98_765_432_101,
        };
        let mut events: Vec<_> = numbered.events(order).collect();
        events.extend(numbered.events(order));
        for (seq, event) in (0..).zip(&events) {
            assert_eq!(event.len(), 100);
            let json: serde_json::Value = serde_json::from_str(event).unwrap();
            assert_eq!(json["seq"], format!("{seq:08}"));
            let stamp = Stamp::read(event.as_bytes()).unwrap();
            assert_eq!(stamp, Stamp { seq, at: order.at });
        }
        assert_eq!(events.len(), 4);
    }

    #[test]
    fn event_below_the_shortest_size_is_the_shortest() {
        let order = Order {
            count: 1,
            size: 1,
            at: 0,
        };
        let events: Vec<_> = Numbered::default().events(order).collect();
        assert_eq!(events[0].len(), SHORTEST);
    }

    #[test]
    fn only_events_have_a_stamp() {
        let order = Order {
            count: 1,
            size: 60,
            at: 7,
        };
        let event = Numbered::default().events(order).next().unwrap();
        for end in 0..SHORTEST {
            assert_eq!(Stamp::read(&event.as_bytes()[..end]), None);
        }
        for place in [HEAD.len(), AT_START, AT_START + AT_DIGITS - 1] {
            for wrong in [b'/', b':', b'a', b' ', 0, 0xff, 0xb0] {
                let mut bytes = event.clone().into_bytes();
                bytes[place] = wrong;
                assert_eq!(Stamp::read(&bytes), None, "{wrong} at {place}");
            }
        }
    }

    #[test]
    fn eight_digits_are_read_as_a_number() {
        for number in [0, 1, 9, 10, 90_000_000, 12_345_678, 99_999_999] {
            let text = format!("{number:08}");
            assert_eq!(
                digits(*text.as_bytes().first_chunk().unwrap()),
                Some(number)
            );
        }
    }
}
