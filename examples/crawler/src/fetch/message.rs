//! What is sent: a request with the headers that all have in common, and those of its own.

use std::sync::Arc;
use std::time::SystemTime;

use hyper::Uri;
use hyper::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, COOKIE, HOST, HeaderMap, HeaderValue,
    IF_MODIFIED_SINCE, IF_NONE_MATCH, PROXY_AUTHORIZATION, USER_AGENT,
};
use url::{Position, Url};

use super::coding;
use super::config::Config;
use super::connection::NoBody;
use super::cookies::Jar;
use super::error::FetchError;
use super::proxy::Proxy;
use super::request::{Request, Validators};

/// Writes the requests of one client.
pub(super) struct Messages {
    config: Arc<Config>,
    /// What all requests have in common.
    common: HeaderMap,
    cookies: Option<Jar>,
}

impl Messages {
    pub(super) fn new(config: Arc<Config>) -> Self {
        Self {
            common: common_headers(&config),
            cookies: config.cookies.then(Jar::default),
            config,
        }
    }

    /// Writes out what is sent for `request`, to its host or to a proxy.
    ///
    /// # Errors
    ///
    /// If the URL cannot be said in a request.
    pub(super) fn write(
        &self,
        request: &Request<'_>,
        is_http2: bool,
        proxy: Option<&Proxy>,
    ) -> Result<hyper::Request<NoBody>, FetchError> {
        let Request { url, known, .. } = *request;
        let invalid = |reason| FetchError::Url {
            url: url.to_string(),
            reason,
        };
        let mut message = hyper::Request::new(NoBody::new());
        let headers = message.headers_mut();
        headers.clone_from(&self.common);
        // HTTP/2 names the host in the URI, and so does what is sent to a proxy.
        let start = if is_http2 {
            headers.remove(HOST);
            Position::BeforeScheme
        } else {
            let host = HeaderValue::from_str(&url[Position::BeforeHost..Position::AfterPort])
                .map_err(|_| invalid("its host cannot be named in a request"))?;
            headers.insert(HOST, host);
            proxy.map_or(Position::BeforePath, |_| Position::BeforeScheme)
        };
        if let Some(value) = proxy.and_then(Proxy::authorization) {
            headers.insert(PROXY_AUTHORIZATION, value.clone());
        }
        if let Some(value) = self.config.credentials.of(url) {
            headers.insert(AUTHORIZATION, value.clone());
        }
        let cookies = self.cookies.as_ref();
        if let Some(value) = cookies.and_then(|jar| jar.header(url, SystemTime::now())) {
            headers.insert(COOKIE, value);
        }
        if let Some(Validators {
            etag,
            last_modified,
        }) = known
        {
            headers.extend(etag.clone().map(|etag| (IF_NONE_MATCH, etag)));
            headers.extend(last_modified.clone().map(|date| (IF_MODIFIED_SINCE, date)));
        }
        *message.uri_mut() = Uri::try_from(&url[start..Position::AfterQuery])
            .map_err(|_| invalid("it does not fit into a request"))?;
        Ok(message)
    }

    /// Keeps the cookies of an answer, if they are to be kept.
    pub(super) fn keep_cookies(&self, url: &Url, headers: &HeaderMap) {
        if let Some(cookies) = &self.cookies {
            cookies.keep(url, headers, SystemTime::now());
        }
    }
}

/// The headers of all requests; the host stands first, and is set for each.
fn common_headers(config: &Config) -> HeaderMap {
    let accepted = "text/html,application/xhtml+xml,*/*;q=0.8";
    let mut headers = HeaderMap::from_iter([
        (HOST, HeaderValue::from_static("host")),
        (USER_AGENT, config.user_agent.clone()),
        (ACCEPT, HeaderValue::from_static(accepted)),
        (ACCEPT_ENCODING, HeaderValue::from_static(coding::ACCEPTED)),
    ]);
    // The first of a name replaces, the others are added to it.
    headers.extend(config.headers.clone());
    headers
}
