//! Texts one after the other, each as what it does not share with the one before.

use super::bytes::{Bytes, put_bytes, put_number};

/// The text before. Links of one page, and pages of one site, begin alike: what is left of a URL is a third or less.
#[derive(Clone, Debug, Default)]
pub(super) struct Before(Vec<u8>);

impl Before {
    /// Forgets the text before.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// Appends `text` to `out`.
    pub(super) fn put(&mut self, out: &mut Vec<u8>, text: &str) {
        let shared = shared(&self.0, text.as_bytes());
        let rest = &text.as_bytes()[shared..];
        put_number(out, shared as u64);
        put_bytes(out, rest);
        self.0.truncate(shared);
        self.0.extend_from_slice(rest);
    }

    /// Takes the next text off `bytes`; none if there is none that can be read.
    pub(super) fn take(&mut self, bytes: &mut Bytes<'_>) -> Option<&str> {
        let shared = usize::try_from(bytes.number()?).ok()?;
        let rest = bytes.bytes()?;
        if shared > self.0.len() {
            return None;
        }
        self.0.truncate(shared);
        self.0.extend_from_slice(rest);
        str::from_utf8(&self.0).ok()
    }
}

/// How many bytes `a` and `b` begin with alike.
fn shared(a: &[u8], b: &[u8]) -> usize {
    let words = std::iter::zip(a.chunks_exact(8), b.chunks_exact(8));
    let whole = words.take_while(|(a, b)| a == b).count() * 8;
    let bytes = std::iter::zip(&a[whole..], &b[whole..]);
    whole + bytes.take_while(|(a, b)| a == b).count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn texts_come_back(texts in proptest::collection::vec("(http://a(/b){0,9})?[a-cü]{0,9}", 0..20)) {
            let (mut out, mut before) = (Vec::new(), Before::default());
            for text in &texts {
                before.put(&mut out, text);
            }
            let (mut bytes, mut before) = (Bytes(&out), Before::default());
            for text in &texts {
                prop_assert_eq!(before.take(&mut bytes), Some(text.as_str()));
            }
            prop_assert!(bytes.is_empty());
        }

        #[test]
        fn anything_may_be_read(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let (mut rest, mut before) = (Bytes(&bytes), Before::default());
            while !rest.is_empty() && before.take(&mut rest).is_some() {}
            prop_assert!(before.0.len() <= bytes.len() * bytes.len());
        }
    }

    #[test]
    fn what_is_shared_takes_no_room() {
        let (mut out, mut before) = (Vec::new(), Before::default());
        before.put(&mut out, "http://river.test/mill/1");
        let first = out.len();
        before.put(&mut out, "http://river.test/mill/2");
        assert_eq!((first, out.len() - first), (26, 3));
    }
}
