//! What counts as one URL, so that a page is fetched once.

use clap::{Args, ValueEnum};

use crate::url::{Likeness, Normaliser};

/// The options about what counts as one URL.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "What counts as one URL")]
pub struct Same {
    /// What counts as one URL: the usual, or also queries that say the same as a form
    #[arg(long, value_enum, default_value_t = SameUrl::Basic)]
    pub same_url: SameUrl,

    /// Take URLs for one that differ in the order of their parameters
    #[arg(long)]
    pub sort_query: bool,

    /// Take URLs for one that differ in these parameters
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub strip_params: Vec<String>,

    /// Take URLs for one that differ in the identifier of a session
    #[arg(long)]
    pub strip_session_ids: bool,
}

impl Same {
    /// What makes URLs comparable.
    #[must_use]
    pub fn normaliser(&self) -> Normaliser {
        Normaliser {
            likeness: self.same_url.into(),
            sort_query: self.sort_query,
            stripped_parameters: self.strip_params.clone(),
            strip_session_ids: self.strip_session_ids,
        }
    }
}

/// Which URLs count as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SameUrl {
    /// Those that differ in what servers rarely tell apart: repeated slashes, empty parameters, spelling
    Basic,
    /// Those with the same path and the same form, field by field
    Form,
}

impl From<SameUrl> for Likeness {
    fn from(same: SameUrl) -> Self {
        match same {
            SameUrl::Basic => Self::Basic,
            SameUrl::Form => Self::Form,
        }
    }
}
