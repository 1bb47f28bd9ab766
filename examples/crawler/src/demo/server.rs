//! Serves the site over HTTP/1.1.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue, LOCATION, RETRY_AFTER};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::Shared;
use super::site::Answer;

/// Accepts until it is aborted; its connections end with it.
pub(super) async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((tcp, _)) => {
                    connections.spawn(converse(tcp, shared.clone()));
                }
                // Out of file descriptors, most likely: others have to be closed first.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn converse(tcp: TcpStream, shared: Arc<Shared>) {
    // Where the option is missing, it is only slower.
    let _ = tcp.set_nodelay(true);
    let service = service_fn(|request| {
        let response = respond(&request, &shared);
        async { Ok::<_, Infallible>(response) }
    });
    // A client that breaks off or talks nonsense is its own concern.
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(tcp), service)
        .await;
}

fn respond(request: &Request<Incoming>, shared: &Shared) -> Response<Full<Bytes>> {
    let path = request
        .uri()
        .path_and_query()
        .map_or("/", |path_and_query| path_and_query.as_str());
    let is_first = shared.with_log(|log| {
        log.requests.push(path.to_owned());
        let hits = log.hits.entry(path.to_owned()).or_default();
        *hits += 1;
        *hits == 1
    });
    let mut response = Response::new(Full::default());
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
        let allowed = HeaderValue::from_static("GET, HEAD");
        response.headers_mut().insert(ALLOW, allowed);
        return response;
    }
    match shared.site.answer(path, is_first) {
        Answer::Content { kind, text } => {
            let kind = HeaderValue::from_static(kind);
            response.headers_mut().insert(CONTENT_TYPE, kind);
            *response.body_mut() = text.into();
        }
        Answer::Moved(target) => {
            *response.status_mut() = StatusCode::MOVED_PERMANENTLY;
            if let Ok(target) = HeaderValue::try_from(target) {
                response.headers_mut().insert(LOCATION, target);
            }
        }
        Answer::Busy => {
            *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
            let at_once = HeaderValue::from_static("0");
            response.headers_mut().insert(RETRY_AFTER, at_once);
        }
        Answer::Missing => *response.status_mut() = StatusCode::NOT_FOUND,
    }
    response
}
