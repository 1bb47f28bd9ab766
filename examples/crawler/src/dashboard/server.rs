//! The server of the page, of its live connection, and of the numbers for other programs.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue,
    X_CONTENT_TYPE_OPTIONS,
};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use thalweg::sinks::ws::hub::Handle;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::guard::Guard;
use super::metrics;
use super::recent::Recent;

/// The whole page: it needs nothing else, and nobody else's server.
const PAGE: &str = include_str!("page.html");

/// Nothing from elsewhere, nothing sent elsewhere, and no frame of another page around the buttons.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; connect-src 'self'; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// Connections at once; more wait.
const CONNECTIONS: usize = 64;

/// How long a connection that is not the hub's may last: a page and some requests.
const LONGEST: Duration = Duration::from_secs(30);

/// The server of one dashboard.
#[derive(Debug)]
pub(super) struct Server {
    guard: Guard,
    hub: Handle,
    recent: Arc<Recent>,
}

impl Server {
    pub(super) fn new(address: SocketAddr, hub: Handle, recent: Arc<Recent>) -> Self {
        Self {
            guard: Guard::new(address),
            hub,
            recent,
        }
    }

    /// Serves whoever comes until the `end`, and finishes the answers that are due by then.
    pub(super) async fn run(self, listener: TcpListener, end: CancellationToken) {
        let this = Arc::new(self);
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                () = end.cancelled() => break,
                accepted = listener.accept(), if connections.len() < CONNECTIONS => match accepted {
                    Ok((tcp, peer)) => {
                        connections.spawn(this.clone().converse(tcp, peer, end.clone()));
                    }
                    // Too many open files, most likely: they become fewer.
                    Err(_) => sleep(Duration::from_millis(100)).await,
                },
                Some(_) = connections.join_next() => {}
            }
        }
        drop(listener);
        while connections.join_next().await.is_some() {}
    }

    async fn converse(self: Arc<Self>, tcp: TcpStream, peer: SocketAddr, end: CancellationToken) {
        let service = service_fn(|request| {
            let this = self.clone();
            async move { Ok::<_, Infallible>(this.answer(request, peer).await) }
        });
        let connection = hyper::server::conn::http1::Builder::new()
            .serve_connection(TokioIo::new(tcp), service)
            .with_upgrades();
        let conversation = async {
            let mut connection = pin!(connection);
            tokio::select! {
                _ = connection.as_mut() => return,
                () = end.cancelled() => connection.as_mut().graceful_shutdown(),
            }
            let _ = connection.await;
        };
        // A client that breaks off, or stays for too long, is nobody's trouble.
        let _ = timeout(LONGEST, conversation).await;
    }

    async fn answer(&self, mut request: Request<Incoming>, peer: SocketAddr) -> Response<String> {
        if let Err((status, why)) = self.guard.check(request.method(), request.headers()) {
            return plain(status, why);
        }
        match (request.method(), request.uri().path()) {
            (&Method::POST, path) => self.act(path, request.uri().query()),
            (_, "/") => page(),
            (_, "/state.json") => self.state(),
            (_, "/metrics") => {
                let text = metrics::text(&self.recent.watch.state());
                response(StatusCode::OK, metrics::CONTENT_TYPE, text)
            }
            (_, "/live") => {
                let upgrade = hyper::upgrade::on(&mut request);
                let upgraded = async { upgrade.await.map(TokioIo::new) };
                self.hub.upgrade(&request, Some(peer), upgraded).await
            }
            _ => plain(
                StatusCode::NOT_FOUND,
                "there is /, /metrics and /state.json",
            ),
        }
    }

    fn state(&self) -> Response<String> {
        match serde_json::to_string(&self.recent.beginning(self.guard.controls)) {
            Ok(json) => response(StatusCode::OK, "application/json", json),
            Err(error) => plain(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
        }
    }

    /// Does what a button asks for.
    fn act(&self, path: &str, query: Option<&str>) -> Response<String> {
        let control = self.recent.watch.control();
        match path {
            "/control/pause" => control.pause(),
            "/control/resume" => control.resume(),
            "/control/stop" => control.stop(),
            "/control/rate" => match rate(query.unwrap_or_default()) {
                Ok(rate) => control.limit_rate(rate),
                Err(why) => return plain(StatusCode::BAD_REQUEST, &why),
            },
            _ => {
                return plain(
                    StatusCode::NOT_FOUND,
                    "there is pause, resume, rate and stop",
                );
            }
        }
        self.state()
    }
}

/// Reads the rate that `pages_per_s=50` asks for; without a number there is no limit.
fn rate(query: &str) -> Result<Option<f64>, String> {
    match query.strip_prefix("pages_per_s=") {
        Some("") => Ok(None),
        Some(text) => crate::args::pages_per_second(text).map(Some),
        None => Err("write it like ?pages_per_s=50, or ?pages_per_s= for no limit".to_owned()),
    }
}

fn page() -> Response<String> {
    let mut response = response(StatusCode::OK, "text/html; charset=utf-8", PAGE.to_owned());
    response
        .headers_mut()
        .insert(CONTENT_SECURITY_POLICY, POLICY);
    response
}

fn plain(status: StatusCode, text: &str) -> Response<String> {
    response(status, "text/plain; charset=utf-8", format!("{text}\n"))
}

fn response(status: StatusCode, kind: &'static str, body: String) -> Response<String> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers: [(HeaderName, &'static str); 3] = [
        (CONTENT_TYPE, kind),
        (CACHE_CONTROL, "no-store"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    for (name, value) in headers {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    response
}
