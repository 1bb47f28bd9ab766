//! Who may come in, and on what terms.

use std::{borrow::Cow, fmt, net::SocketAddr, sync::Arc, time::Duration};

use tokio_tungstenite::tungstenite::http::{StatusCode, request::Parts};

use super::{backlog::SlowClients, event::Event};

pub(super) type Filter = Arc<dyn Fn(&Event) -> bool + Send + Sync>;
type TopicCheck = Arc<dyn Fn(&str) -> bool + Send + Sync>;

/// The HTTP request that a client came with, as the hook of [`Builder::admit`](super::Builder::admit) sees it.
#[derive(Clone, Debug)]
pub struct Request {
    pub(super) parts: Parts,
    pub(super) peer: Option<SocketAddr>,
}

impl Request {
    /// Gives the path, without the query.
    pub fn path(&self) -> &str {
        self.parts.uri.path()
    }

    /// Gives the first value of a parameter of the query, decoded.
    pub fn query(&self, name: &str) -> Option<Cow<'_, str>> {
        self.query_pairs()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value)
    }

    pub(super) fn query_pairs(&self) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
        form_urlencoded::parse(self.parts.uri.query().unwrap_or_default().as_bytes())
    }

    /// Gives the first value of a header, if it is a text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.parts.headers.get(name)?.to_str().ok()
    }

    /// Gives the value of a cookie, as it stands in the request.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        let cookies = self.parts.headers.get_all("cookie").iter();
        let pairs = cookies
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'));
        pairs
            .filter_map(|pair| pair.trim().split_once('='))
            .find_map(|(key, value)| (key == name).then_some(value))
    }

    /// Lists the subprotocols that the client speaks, in its order.
    ///
    /// A browser can send no header of its own with a WebSocket: here is where a token can be.
    pub fn subprotocols(&self) -> impl Iterator<Item = &str> {
        let headers = self.parts.headers.get_all("sec-websocket-protocol").iter();
        let names = headers
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','));
        names.map(str::trim).filter(|name| !name.is_empty())
    }

    /// Gives the address that the client connects from; `None` if the connection is not the hub's own.
    pub fn peer(&self) -> Option<SocketAddr> {
        self.peer
    }

    /// Gives all of the request.
    pub fn parts(&self) -> &Parts {
        &self.parts
    }
}

/// A client may come in, on these terms.
#[derive(Clone, Default)]
pub struct Admission {
    pub(super) filter: Option<Filter>,
    topics: Option<TopicCheck>,
    pub(super) slow_client: Option<SlowClients>,
}

impl Admission {
    /// Lets the client get every event of the topics that it subscribes to.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets the client get the events that `filter` is true for.
    ///
    /// It runs for every event of the client's topics, in the task that serves the client: it must not block, and a panic
    /// of it ends the hub. A client with a filter shares no batch with others, and so costs a copy of what it gets.
    pub fn filter(mut self, filter: impl Fn(&Event) -> bool + Send + Sync + 'static) -> Self {
        self.filter = Some(Arc::new(filter));
        self
    }

    /// Lets the client subscribe to the topics that `check` is true for; it is told that it may not have others.
    pub fn topics(mut self, check: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        self.topics = Some(Arc::new(check));
        self
    }

    /// Sets what becomes of this client when it is slow, whatever the topic.
    pub fn slow_client(mut self, policy: SlowClients) -> Self {
        self.slow_client = Some(policy);
        self
    }

    pub(super) fn allows(&self, topic: &str) -> bool {
        self.topics.as_ref().is_none_or(|check| check(topic))
    }
}

impl fmt::Debug for Admission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Admission")
            .field("filtered", &self.filter.is_some())
            .field("slow_client", &self.slow_client)
            .finish_non_exhaustive()
    }
}

/// A client may not come in: the answer that it gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub(super) status: StatusCode,
    pub(super) reason: String,
    pub(super) retry_after: Option<Duration>,
}

impl Refusal {
    /// Answers 401: it is not known who the client is.
    pub fn unauthorized(reason: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, reason)
    }

    /// Answers 403: this client may not.
    pub fn forbidden(reason: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, reason)
    }

    /// Answers 429: this client comes too often, and may try again after `retry_after`.
    pub fn too_many(reason: impl Into<String>, retry_after: Duration) -> Self {
        Self {
            retry_after: Some(retry_after),
            ..Self::new(StatusCode::TOO_MANY_REQUESTS, reason)
        }
    }

    pub(super) fn new(status: StatusCode, reason: impl Into<String>) -> Self {
        Self {
            status,
            reason: reason.into(),
            retry_after: None,
        }
    }

    /// Gives what the answer says beside its reason.
    pub(super) fn headers(&self) -> impl Iterator<Item = (&'static str, String)> {
        let retry = self.retry_after.map(|after| {
            let seconds = after.as_secs() + u64::from(after.subsec_nanos() > 0);
            ("retry-after", seconds.to_string())
        });
        let only_get = self.status == StatusCode::METHOD_NOT_ALLOWED;
        let allow = only_get.then(|| ("allow", "GET".to_owned()));
        let upgrade = self.status == StatusCode::UPGRADE_REQUIRED;
        let websocket = upgrade.then(|| ("sec-websocket-version", "13".to_owned()));
        let upgrade = upgrade.then(|| ("upgrade", "websocket".to_owned()));
        [retry, allow, upgrade, websocket].into_iter().flatten()
    }
}
