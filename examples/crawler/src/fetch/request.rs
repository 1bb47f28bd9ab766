//! What is asked for, and how.

use hyper::header::HeaderValue;
use url::Url;

/// A request for a URL.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// What is asked for.
    pub url: &'a Url,
    /// Most bytes of the body that are kept, counted after decoding.
    pub body_limit: usize,
    /// What is known of an earlier answer: if it still holds, the answer is 304 without a body.
    pub known: Option<&'a Validators>,
}

/// By what an earlier answer can be recognised: as the server sent it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Validators {
    /// The value of `ETag`.
    pub etag: Option<HeaderValue>,
    /// The value of `Last-Modified`.
    pub last_modified: Option<HeaderValue>,
}

/// Waits until a request may be sent: with a connection to the host at hand, right before the first byte goes out.
pub trait Turn {
    /// Waits for it, and takes it. It is taken again if the request has to be sent again.
    fn take(&self) -> impl Future<Output = ()> + Send;
}

/// Sends at once.
impl Turn for () {
    async fn take(&self) {}
}
