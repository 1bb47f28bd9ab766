//! From tag to tag through HTML, by the WHATWG tokenizer's rules, without a tree.

use memchr::{memchr, memchr_iter, memmem};

/// The elements that matter here; the others are [`Tag::Other`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tag {
    Anchor,
    Area,
    Base,
    Frame,
    InlineFrame,
    Link,
    Meta,
    Title,
    Script,
    /// Text up to the end tag, whatever stands in it.
    RawText,
    /// Text up to the end of the page.
    PlainText,
    /// `<svg>` or `<math>`, within which `/>` ends an element, and CDATA is.
    Foreign,
    Other,
}

impl Tag {
    fn of(name: &[u8]) -> Self {
        let is = |wanted: &str| name.eq_ignore_ascii_case(wanted.as_bytes());
        // The first letter tells most names apart from all of these.
        match name.first().map(u8::to_ascii_lowercase) {
            Some(b'a') if is("a") => Self::Anchor,
            Some(b'a') if is("area") => Self::Area,
            Some(b'b') if is("base") => Self::Base,
            Some(b'f') if is("frame") => Self::Frame,
            Some(b'i') if is("iframe") => Self::InlineFrame,
            Some(b'l') if is("link") => Self::Link,
            Some(b'm') if is("meta") => Self::Meta,
            Some(b'm') if is("math") => Self::Foreign,
            Some(b'n') if is("noembed") => Self::RawText,
            Some(b'p') if is("plaintext") => Self::PlainText,
            Some(b's') if is("script") => Self::Script,
            Some(b's') if is("style") => Self::RawText,
            Some(b's') if is("svg") => Self::Foreign,
            Some(b't') if is("title") => Self::Title,
            Some(b't') if is("textarea") => Self::RawText,
            Some(b'x') if is("xmp") => Self::RawText,
            _ => Self::Other,
        }
    }
}

/// Walks from start tag to start tag. After [`next_tag`](Self::next_tag), [`attribute`](Self::attribute) walks through
/// that tag's attributes, as far as its caller cares to go.
///
/// `<noscript>` and `<noframes>` are read as markup: whoever runs no scripts and shows no frames sees what is in there.
pub(super) struct Scanner<'a> {
    html: &'a [u8],
    at: usize,
    tag: Tag,
    name: &'a [u8],
    state: State,
    /// How many `<svg>` and `<math>` are open.
    foreign: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Between tags.
    Content,
    /// Among the attributes of a tag.
    InTag,
    /// At the end of a tag.
    TagEnded { self_closing: bool },
}

impl<'a> Scanner<'a> {
    pub(super) fn new(html: &'a [u8]) -> Self {
        Self {
            html,
            at: 0,
            tag: Tag::Other,
            name: &[],
            state: State::Content,
            foreign: 0,
        }
    }

    /// Goes to the next start tag.
    pub(super) fn next_tag(&mut self) -> Option<Tag> {
        self.finish_tag();
        loop {
            self.at += memchr(b'<', self.rest())? + 1;
            match *self.rest().first()? {
                byte if byte.is_ascii_alphabetic() => {
                    self.begin_tag();
                    return Some(self.tag);
                }
                b'/' => self.end_tag(),
                b'!' => self.declaration(),
                b'?' => self.skip_past(b">"),
                _ => {}
            }
        }
    }

    /// The next attribute of the tag: its name as written, and its value, empty where it has none.
    pub(super) fn attribute(&mut self) -> Option<(&'a [u8], &'a [u8])> {
        if self.state != State::InTag {
            return None;
        }
        let mut slash = false;
        loop {
            match self.rest().first() {
                Some(b'>') => {
                    self.at += 1;
                    self.state = State::TagEnded {
                        self_closing: slash,
                    };
                    return None;
                }
                Some(b'/') => slash = true,
                Some(byte) if is_space(*byte) => slash = false,
                Some(_) => break,
                None => {
                    self.state = State::Content;
                    return None;
                }
            }
            self.at += 1;
        }
        let start = self.at;
        // A leading `=` belongs to the name.
        self.at += 1;
        self.skip_while(|byte| !is_space(byte) && !matches!(byte, b'/' | b'>' | b'='));
        let name = &self.html[start..self.at];
        self.skip_while(is_space);
        if self.rest().first() != Some(&b'=') {
            return Some((name, &[]));
        }
        self.at += 1;
        self.skip_while(is_space);
        Some((name, self.value()))
    }

    /// The values of the attributes called `names`, the first of each, and walks past the tag.
    ///
    /// None where the page breaks off within the tag.
    pub(super) fn attributes<const N: usize>(
        &mut self,
        names: [&str; N],
    ) -> Option<[Option<&'a [u8]>; N]> {
        let mut values = [None; N];
        while let Some((name, value)) = self.attribute() {
            for (slot, wanted) in values.iter_mut().zip(names) {
                if slot.is_none() && name.eq_ignore_ascii_case(wanted.as_bytes()) {
                    *slot = Some(value);
                }
            }
        }
        self.finish_tag().map(|_| values)
    }

    /// Walks past the tag's last attribute, and past the text that the tag turns out to begin; this text is returned.
    ///
    /// None where the page breaks off within the tag: then there is no tag.
    pub(super) fn finish_tag(&mut self) -> Option<&'a [u8]> {
        while self.attribute().is_some() {}
        let State::TagEnded { self_closing } = self.state else {
            return None;
        };
        self.state = State::Content;
        let closed = self_closing && (self.foreign > 0 || self.tag == Tag::Foreign);
        if closed {
            return Some(&[]);
        }
        let start = self.at;
        let end = match self.tag {
            Tag::Title | Tag::RawText | Tag::InlineFrame => self.raw_text_end(),
            Tag::Script => self.script_end(),
            Tag::PlainText => self.html.len(),
            tag => {
                self.foreign += usize::from(tag == Tag::Foreign);
                start
            }
        };
        self.at = end;
        Some(&self.html[start..end])
    }

    /// Whether the tag is an element of SVG or `MathML`, which has titles and links of its own.
    pub(super) fn is_foreign(&self) -> bool {
        self.foreign > 0
    }

    fn rest(&self) -> &'a [u8] {
        &self.html[self.at..]
    }

    fn skip_while(&mut self, wanted: impl Fn(u8) -> bool) {
        let rest = self.rest();
        self.at += rest
            .iter()
            .position(|&byte| !wanted(byte))
            .unwrap_or(rest.len());
    }

    fn skip_past(&mut self, end: &[u8]) {
        let rest = self.rest();
        self.at += memmem::find(rest, end).map_or(rest.len(), |at| at + end.len());
    }

    fn begin_tag(&mut self) {
        self.name = self.tag_name();
        self.tag = Tag::of(self.name);
    }

    fn end_tag(&mut self) {
        self.at += 1;
        if !self.rest().first().is_some_and(u8::is_ascii_alphabetic) {
            self.skip_past(b">");
            return;
        }
        let name = self.tag_name();
        if self.foreign > 0 && Tag::of(name) == Tag::Foreign {
            self.foreign -= 1;
        }
        while self.attribute().is_some() {}
        self.state = State::Content;
    }

    /// Reads a name and stops among the attributes of its tag.
    fn tag_name(&mut self) -> &'a [u8] {
        let start = self.at;
        self.skip_while(|byte| !is_space(byte) && !matches!(byte, b'/' | b'>'));
        self.state = State::InTag;
        &self.html[start..self.at]
    }

    /// A comment, CDATA, or something else that begins with `<!`.
    fn declaration(&mut self) {
        let rest = self.rest();
        if rest.starts_with(b"!--") {
            self.at += comment_len(rest);
        } else if self.foreign > 0 && rest.starts_with(b"![CDATA[") {
            self.skip_past(b"]]>");
        } else {
            self.skip_past(b">");
        }
    }

    /// The value of an attribute, after its `=`.
    fn value(&mut self) -> &'a [u8] {
        let start = self.at;
        let Some(&quote @ (b'"' | b'\'')) = self.rest().first() else {
            self.skip_while(|byte| !is_space(byte) && byte != b'>');
            return &self.html[start..self.at];
        };
        let quoted = &self.html[start + 1..];
        let Some(len) = memchr(quote, quoted) else {
            // The page breaks off within the tag.
            self.at = self.html.len();
            return &[];
        };
        self.at = start + 1 + len + 1;
        &quoted[..len]
    }

    /// Where the end tag of the current element stands.
    fn raw_text_end(&self) -> usize {
        let mut from = self.at;
        while let Some(at) = memchr(b'<', &self.html[from..]) {
            from += at;
            if is_tag(&self.html[from + 1..], b"/", self.name) {
                return from;
            }
            from += 1;
        }
        self.html.len()
    }

    /// Where a script ends: at `</script>`, unless that ends a `<script>` that was opened within `<!--`.
    fn script_end(&self) -> usize {
        let (mut from, mut in_comment, mut nested) = (self.at, false, false);
        while let Some(at) = memchr(b'<', &self.html[from..]) {
            let here = from + at;
            if in_comment && memmem::find(&self.html[from..here], b"-->").is_some() {
                (in_comment, nested) = (false, false);
            }
            let tail = &self.html[here + 1..];
            from = here + 1;
            if is_tag(tail, b"/", b"script") {
                if !nested {
                    return here;
                }
                nested = false;
            } else if in_comment && is_tag(tail, b"", b"script") {
                nested = true;
            } else if !in_comment && tail.starts_with(b"!--") {
                // The dashes may at once be those of `-->`.
                (in_comment, from) = (true, here + 2);
            }
        }
        self.html.len()
    }
}

/// How long a comment is that begins with `!--`: to the end of the page if nothing closes it.
fn comment_len(comment: &[u8]) -> usize {
    let text = &comment[3..];
    memchr_iter(b'>', text)
        .find(|&at| {
            let before = &text[..at];
            matches!(before, b"" | b"-") || before.ends_with(b"--") || before.ends_with(b"--!")
        })
        .map_or(comment.len(), |at| 3 + at + 1)
}

/// Tells whether `text` begins with `prefix`, then the tag `name`, and the name ends there.
fn is_tag(text: &[u8], prefix: &[u8], name: &[u8]) -> bool {
    text.strip_prefix(prefix).is_some_and(|text| {
        text.get(..name.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(name))
            && text
                .get(name.len())
                .is_some_and(|&byte| is_space(byte) || matches!(byte, b'/' | b'>'))
    })
}

/// White space as HTML knows it.
pub(super) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\x0C' | b'\r')
}
