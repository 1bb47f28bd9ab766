//! What a page asks of those who index it.

use std::ops::BitOr;

/// What a page asks of those who index it: the content of a `<meta name=robots>`, or of an `X-Robots-Tag` header.
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

    /// Reads the value of an `X-Robots-Tag` header: what it asks of all, and of the robot called `agent`, a product token.
    ///
    /// # Examples
    ///
    /// ```
    /// use crawler::html::RobotsMeta;
    ///
    /// let header = "otherbot: none, crawler: nofollow";
    /// assert!(RobotsMeta::of_header(header, "Crawler").nofollow);
    /// assert_eq!(RobotsMeta::of_header(header, "thirdbot"), RobotsMeta::default());
    /// ```
    #[must_use]
    pub fn of_header(value: &str, agent: &str) -> Self {
        let mut asked = Self::default();
        let mut is_meant = true;
        for item in value.split(',') {
            let mut directive = item.trim_ascii();
            if let Some((name, rest)) = directive.split_once(':')
                && is_agent(name.trim_ascii())
            {
                is_meant = name.trim_ascii().eq_ignore_ascii_case(agent);
                directive = rest;
            }
            if is_meant {
                asked = asked | Self::parse(directive);
            }
        }
        asked
    }
}

/// Tells whether what stands before a colon names a robot; some directives have a value behind one.
fn is_agent(name: &str) -> bool {
    let is = |directive: &&str| name.eq_ignore_ascii_case(directive);
    !name.is_empty()
        && !name.contains(|character: char| character.is_ascii_whitespace())
        && ![
            "max-snippet",
            "max-image-preview",
            "max-video-preview",
            "unavailable_after",
        ]
        .iter()
        .any(is)
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
