//! What a page asks of those who index it.

use std::ops::BitOr;

/// What a page asks of those who index it: the content of a `<meta name=robots>`, or of an `X-Robots-Tag` header that
/// names no robot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct RobotsMeta {
    /// The page shall not be indexed.
    pub noindex: bool,
    /// The links of the page shall not be followed.
    pub nofollow: bool,
}

impl RobotsMeta {
    /// Reads a list such as `noindex, nofollow`; `none` is both. Other words say nothing to a crawler.
    ///
    /// # Examples
    ///
    /// ```
    /// use crawler::html::RobotsMeta;
    ///
    /// let asked = RobotsMeta::parse("NoIndex, max-snippet:20");
    /// assert!(asked.noindex && !asked.nofollow);
    /// ```
    #[must_use]
    pub fn parse(list: &str) -> Self {
        list.split([',', ' ', '\t', '\n'])
            .fold(Self::default(), |asked, word| {
                let is = |directive| word.trim().eq_ignore_ascii_case(directive);
                asked
                    | Self {
                        noindex: is("noindex") || is("none"),
                        nofollow: is("nofollow") || is("none"),
                    }
            })
    }
}

/// Both at once: what either asks for.
impl BitOr for RobotsMeta {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self {
            noindex: self.noindex || other.noindex,
            nofollow: self.nofollow || other.nofollow,
        }
    }
}
