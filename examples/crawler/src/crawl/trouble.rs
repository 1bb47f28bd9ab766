//! What may be better a little later.

use std::time::Duration;

use hyper::StatusCode;

use crate::fetch::{FetchError, Response};

/// About how long it takes until the first request that failed is made again; then twice as long, and so on.
const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// The longest pause before a request is made again where the server asks for none.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Tells whether a server may well answer otherwise a little later.
pub(super) fn is_temporary(status: StatusCode) -> bool {
    status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS
}

/// Tells whether a server asks for fewer requests.
pub(super) fn is_busy(status: StatusCode) -> bool {
    status == StatusCode::SERVICE_UNAVAILABLE || status == StatusCode::TOO_MANY_REQUESTS
}

/// How long to wait before another try after so many; none if it will not help.
pub(super) fn pause(result: &Result<Response, FetchError>, tries: u32) -> Option<Duration> {
    let may_help = match result {
        Ok(response) => is_temporary(response.status),
        Err(error) => error.is_retryable(),
    };
    let asked = result.as_ref().ok().and_then(Response::retry_after);
    may_help.then(|| asked.unwrap_or_else(|| backoff(tries)))
}

/// Half to all of a time that doubles, so that requests that failed together do not come back together.
pub(super) fn backoff(tries: u32) -> Duration {
    let longest = FIRST_PAUSE
        .saturating_mul(1 << tries.min(16))
        .min(LONGEST_PAUSE);
    longest.mul_f64(0.5 + fastrand::f64() / 2.0)
}
