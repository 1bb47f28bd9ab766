//! Which addresses are wanted, by regular expressions.

use regex::Regex;
use url::Url;

/// Which addresses are wanted, by regular expressions that may match anywhere in them.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Of these, one has to match, if there are any.
    pub include: Vec<Regex>,
    /// Of these, none may match.
    pub exclude: Vec<Regex>,
}

impl Filter {
    /// Tells whether one of the expressions to include matches, or there are none.
    #[must_use]
    pub fn includes(&self, url: &Url) -> bool {
        self.include.is_empty() || is_matched(&self.include, url)
    }

    /// Tells whether one of the expressions to exclude matches.
    #[must_use]
    pub fn excludes(&self, url: &Url) -> bool {
        is_matched(&self.exclude, url)
    }
}

fn is_matched(expressions: &[Regex], url: &Url) -> bool {
    expressions
        .iter()
        .any(|expression| expression.is_match(url.as_str()))
}
