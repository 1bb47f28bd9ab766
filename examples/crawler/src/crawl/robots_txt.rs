//! Reads the `robots.txt` of a site, by the rules of RFC 9309 for that.

use hyper::StatusCode;
use hyper::header::HeaderMap;
use url::Url;

use super::site::{Robots, Trouble};
use super::trouble::{backoff, is_temporary};
use super::turn::SiteTurn;
use super::visit::Failure;
use crate::fetch::{Client, FetchError, Reason, Request};
use crate::robots::{self, Dialect, Rules};

/// Redirects in a row that are followed, to wherever they lead.
const REDIRECTS: usize = 5;

/// For whom a `robots.txt` is read, and how.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader<'a> {
    /// The product token.
    pub(super) agent: &'a str,
    pub(super) dialect: Dialect,
}

/// Reads the `robots.txt` of the site of `url`, and takes the rules for the agent of `reader` from it.
///
/// Where the site says that there is none (4xx), or leads round and round, there are no rules. Where it cannot say
/// (5xx, no answer), that is trouble. The first request waits for its `turn`.
pub(super) async fn read(
    client: &Client,
    url: &Url,
    reader: Reader<'_>,
    turn: &SiteTurn<'_>,
) -> Robots {
    let mut url = match url.join("/robots.txt") {
        Ok(url) => url,
        Err(error) => {
            return Robots::Refused(Failure {
                reason: Reason::Url,
                why: error.to_string(),
            });
        }
    };
    for redirects in 0..=REDIRECTS {
        let request = Request {
            url: &url,
            // One byte more than is parsed tells a long one from one that ends there.
            body_limit: robots::LIMIT + 1,
            known: None,
        };
        let answer = if redirects == 0 {
            client.send(&request, turn, is_success).await
        } else {
            client.send(&request, &(), is_success).await
        };
        if redirects == 0
            && let Ok(response) = &answer
        {
            turn.site.answered(response.answered);
        }
        let response = match answer {
            Ok(response) => response,
            Err(error @ (FetchError::PrivateAddress { .. } | FetchError::Url { .. }))
                if redirects == 0 =>
            {
                return Robots::Refused(error.into());
            }
            Err(error) => {
                return Robots::Trouble(Trouble {
                    why: error.to_string(),
                    again: error.is_retryable().then(|| backoff(0)),
                    is_none: false,
                });
            }
        };
        if is_temporary(response.status) {
            let status = response.status;
            return Robots::Trouble(Trouble {
                why: format!("status {}", status.as_u16()),
                again: Some(response.retry_after().unwrap_or_else(|| backoff(0))),
                is_none: status.is_client_error(),
            });
        }
        match response.location {
            Some(location) => url = location,
            None if response.status.is_success() => {
                let robots = robots::Robots::parse_as(reader.dialect, &response.body);
                return Robots::Rules(robots.for_agent(reader.agent));
            }
            None => break,
        }
    }
    Robots::Rules(Rules::default())
}

fn is_success(status: StatusCode, _: &HeaderMap) -> bool {
    status.is_success()
}
