//! Numbers and byte strings in as few bytes as they need.

/// Appends `number`: seven bits a byte, the lowest first, the last byte without its high bit.
pub(super) fn put_number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    out.push(number.to_le_bytes()[0]);
}

/// Appends `bytes`, their length first.
pub(super) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_number(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// The way from `before` to `after`, as a number that is small where they are close.
pub(super) fn step(before: u64, after: u64) -> u64 {
    let way = after.wrapping_sub(before).cast_signed();
    ((way << 1) ^ (way >> 63)).cast_unsigned()
}

/// Where a [`step`] from `before` leads.
pub(super) fn stepped(before: u64, step: u64) -> u64 {
    let way = (step >> 1) ^ (step & 1).wrapping_neg();
    before.wrapping_add(way)
}

/// Bytes that are read from the front. Every reading is `None` where they are not of that form.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bytes<'a>(pub(super) &'a [u8]);

impl<'a> Bytes<'a> {
    pub(super) fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    pub(super) fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    /// Takes so many bytes.
    pub(super) fn take(&mut self, count: u64) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(usize::try_from(count).ok()?)?;
        self.0 = rest;
        Some(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*taken)
    }

    /// Takes what [`put_bytes`] has appended.
    pub(super) fn bytes(&mut self) -> Option<&'a [u8]> {
        let count = self.number()?;
        self.take(count)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_and_steps_come_back(numbers in proptest::collection::vec(any::<u64>(), 0..20)) {
            let mut out = Vec::new();
            let mut before = 0;
            for &number in &numbers {
                put_number(&mut out, number);
                put_number(&mut out, step(before, number));
                before = number;
            }
            let mut bytes = Bytes(&out);
            let mut before = 0;
            for &number in &numbers {
                prop_assert_eq!(bytes.number(), Some(number));
                before = stepped(before, bytes.number().expect("a step"));
                prop_assert_eq!(before, number);
            }
            prop_assert!(bytes.is_empty());
        }

        #[test]
        fn anything_may_be_read(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let mut rest = Bytes(&bytes);
            while rest.bytes().is_some() {}
            let mut rest = Bytes(&bytes);
            while rest.number().is_some() {}
            let mut rest = Bytes(&bytes);
            while rest.array::<3>().is_some() {}
            prop_assert!(rest.0.len() < 3);
        }
    }

    #[test]
    fn what_is_near_is_small() {
        for (before, after, expected) in [(7, 7, 0), (7, 8, 2), (7, 6, 1), (0, u64::MAX, 1)] {
            assert_eq!(step(before, after), expected);
        }
    }
}
