//! One request, over a connection of its own, and where it is redirected to.

use std::{fmt, io, time::Duration};

use bytes::Bytes;
use http_body_util::Empty;
use hyper::{
    HeaderMap, Request, Response, Uri,
    body::Incoming,
    client::conn::http1::handshake,
    header::{self, HeaderName, HeaderValue},
};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, task::JoinSet, time::timeout};

use super::HttpError;
use crate::net::{
    IdleTimeout,
    transport::{BoxTransport, CONNECT_TIMEOUT},
};
#[cfg(feature = "tls")]
use crate::tls::TlsClient;

/// Redirections that are followed, as by browsers.
const MOST_REDIRECTIONS: usize = 20;

/// What is asked for, again and again.
#[derive(Clone)]
pub(super) struct Get {
    pub(super) url: String,
    pub(super) headers: Vec<(String, String)>,
    /// Time until the head of the answer is there.
    pub(super) answer_timeout: Duration,
    pub(super) idle_timeout: Option<Duration>,
    #[cfg(feature = "tls")]
    pub(super) tls: Option<TlsClient>,
}

/// The answer, and the task that receives it, which ends with it.
pub(super) struct Answer {
    pub(super) response: Response<Incoming>,
    pub(super) _connection: JoinSet<()>,
}

impl Get {
    pub(super) fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            headers: Vec::new(),
            answer_timeout: CONNECT_TIMEOUT,
            idle_timeout: None,
            #[cfg(feature = "tls")]
            tls: None,
        }
    }

    /// Asks, with these headers besides its own, and follows redirections.
    pub(super) async fn send(&self, own: HeaderMap) -> Result<Answer, HttpError> {
        let sending = timeout(self.answer_timeout, self.follow(own));
        sending.await.unwrap_or_else(|_| {
            Err(HttpError::Late {
                url: self.url.clone(),
                limit: self.answer_timeout,
            })
        })
    }

    async fn follow(&self, own: HeaderMap) -> Result<Answer, HttpError> {
        let mut uri: Uri = self.url.parse().map_err(|_| self.bad("it is no address"))?;
        let mut headers = self.headers(own)?;
        for _ in 0..=MOST_REDIRECTIONS {
            let answer = self.ask(&uri, headers.clone()).await?;
            let status = answer.response.status().as_u16();
            let location = answer.response.headers().get(header::LOCATION);
            let (true, Some(location)) = (matches!(status, 301..=303 | 307 | 308), location) else {
                return Ok(answer);
            };
            let next = location
                .to_str()
                .ok()
                .and_then(|location| resolve(&uri, location));
            let next = next.ok_or_else(|| self.bad("it redirects to what is no address"))?;
            if next.authority() != uri.authority() {
                // What proves who we are is for the one who was asked.
                headers.remove(header::AUTHORIZATION);
                headers.remove(header::COOKIE);
            }
            uri = next;
        }
        Err(self.bad("it redirects without end"))
    }

    fn headers(&self, mut own: HeaderMap) -> Result<HeaderMap, HttpError> {
        for (name, value) in &self.headers {
            let name =
                HeaderName::try_from(name).map_err(|_| self.bad("a header has no good name"))?;
            let value =
                HeaderValue::try_from(value).map_err(|_| self.bad("a header has no good value"))?;
            own.append(name, value);
        }
        Ok(own)
    }

    async fn ask(&self, uri: &Uri, mut headers: HeaderMap) -> Result<Answer, HttpError> {
        let authority = uri
            .authority()
            .ok_or_else(|| self.bad("it names no host"))?;
        let port = authority.port_u16();
        let host = authority.host();
        let is_secure = match uri.scheme_str() {
            Some("http") => false,
            Some("https") if cfg!(feature = "tls") => true,
            Some("https") => return Err(self.bad("for https:// the feature `tls` is to be on")),
            _ => return Err(self.bad("it begins neither with http:// nor with https://")),
        };
        let connect = |cause| HttpError::Connect {
            url: self.url.clone(),
            cause,
        };
        let port_or_default = port.unwrap_or(if is_secure { 443 } else { 80 });
        let stream = self
            .dial(host, port_or_default, is_secure)
            .await
            .map_err(connect)?;
        let stream = TokioIo::new(IdleTimeout::optional(stream, self.idle_timeout));
        let receive = |cause| HttpError::Receive {
            url: self.url.clone(),
            cause,
        };
        let (mut sender, connection) = handshake(stream).await.map_err(receive)?;
        let mut task = JoinSet::new();
        // What breaks the connection is seen by who waits for the answer.
        task.spawn(async { drop(connection.await) });

        let named = port.map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        let named =
            HeaderValue::try_from(named).map_err(|_| self.bad("its host has no good name"))?;
        headers.insert(header::HOST, named);
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let mut request = Request::new(Empty::<Bytes>::new());
        *request.uri_mut() = path.parse().map_err(|_| self.bad("its path is none"))?;
        *request.headers_mut() = headers;
        let response = sender.send_request(request).await.map_err(receive)?;
        Ok(Answer {
            response,
            _connection: task,
        })
    }

    async fn dial(&self, host: &str, port: u16, is_secure: bool) -> io::Result<BoxTransport> {
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let stream = TcpStream::connect((host, port)).await?;
        stream.set_nodelay(true)?;
        #[cfg(feature = "tls")]
        if is_secure {
            let tls = match &self.tls {
                Some(tls) => tls.clone(),
                None => TlsClient::new().map_err(io::Error::other)?,
            };
            return Ok(Box::new(tls.connect(host, stream).await?));
        }
        debug_assert!(!is_secure, "that was refused before");
        Ok(Box::new(stream))
    }

    fn bad(&self, reason: &'static str) -> HttpError {
        HttpError::Address {
            url: self.url.clone(),
            reason,
        }
    }
}

/// Leaves out the headers, which may be secret.
impl fmt::Debug for Get {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Get")
            .field("url", &self.url)
            .field("answer_timeout", &self.answer_timeout)
            .field("idle_timeout", &self.idle_timeout)
            .finish_non_exhaustive()
    }
}

/// Gives the address that `location` means at `base`: a whole one, one without its scheme or host, or a neighbour.
fn resolve(base: &Uri, location: &str) -> Option<Uri> {
    let location = location.split('#').next()?;
    let (scheme, authority) = (base.scheme_str()?, base.authority()?);
    let whole = if location.contains("://") {
        location.to_owned()
    } else if location.starts_with("//") {
        format!("{scheme}:{location}")
    } else if location.starts_with('/') {
        format!("{scheme}://{authority}{location}")
    } else if location.starts_with('?') {
        format!("{scheme}://{authority}{}{location}", base.path())
    } else {
        let (folder, _) = base.path().rsplit_once('/')?;
        format!("{scheme}://{authority}{folder}/{location}")
    };
    whole.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirections_are_whole_or_relative() {
        let base: Uri = "http://a:1/b/c?d=e".parse().unwrap();
        for (location, expected) in [
            ("https://x/y", "https://x/y"),
            ("//x/y", "http://x/y"),
            ("/y#z", "http://a:1/y"),
            ("y", "http://a:1/b/y"),
            ("?y", "http://a:1/b/c?y"),
        ] {
            assert_eq!(
                resolve(&base, location).unwrap().to_string(),
                expected,
                "{location}"
            );
        }
        assert!(resolve(&base, "http://").is_none());
    }
}
