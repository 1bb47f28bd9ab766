//! The request that a client comes with, and the answer. No I/O.

use std::{fmt::Write, time::Duration};

use bytes::Bytes;
use httparse::Status;
use tokio_tungstenite::tungstenite::{
    handshake::derive_accept_key,
    http::{
        HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Version, request::Parts,
    },
};

use super::{admission::Refusal, wire::Form};

/// Headers that a request may have.
const MAX_HEADERS: usize = 64;

/// A client says by these subprotocols in which form it wants its events.
const SUBPROTOCOLS: &[(&str, Form)] = &[
    ("thalweg.json", Form::Json),
    #[cfg(feature = "msgpack")]
    ("thalweg.msgpack", Form::MessagePack),
    ("thalweg.plain", Form::Plain),
];

/// Reads a request, once all of its head is there; gives the bytes that it has.
///
/// # Errors
///
/// The answer to what is no request.
pub(super) fn parse(bytes: &[u8]) -> Result<Option<(Parts, usize)>, Refusal> {
    let bad = |error: &dyn std::fmt::Display| {
        Refusal::new(
            StatusCode::BAD_REQUEST,
            format!("this is no HTTP request: {error}"),
        )
    };
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut head = httparse::Request::new(&mut headers);
    let size = match head.parse(bytes) {
        Ok(Status::Complete(size)) => size,
        Ok(Status::Partial) => return Ok(None),
        Err(httparse::Error::TooManyHeaders) => return Err(too_large()),
        Err(error) => return Err(bad(&error)),
    };
    let mut request = Request::builder()
        .method(head.method.unwrap_or_default())
        .uri(head.path.unwrap_or_default())
        .version(if head.version == Some(0) {
            Version::HTTP_10
        } else {
            Version::HTTP_11
        })
        .body(())
        .map_err(|error| bad(&error))?;
    for header in head.headers {
        let name = HeaderName::from_bytes(header.name.as_bytes()).map_err(|error| bad(&error))?;
        let value = HeaderValue::from_bytes(header.value).map_err(|error| bad(&error))?;
        request.headers_mut().append(name, value);
    }
    Ok(Some((request.into_parts().0, size)))
}

pub(super) fn too_large() -> Refusal {
    Refusal::new(
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        "the head of the request is too large",
    )
}

/// What a client asks for by its headers.
#[derive(Debug)]
pub(super) enum Wish {
    WebSocket {
        form: Form,
        /// What the answer says besides.
        headers: HeaderMap,
    },
    EventStream,
}

impl Wish {
    pub(super) fn form(&self) -> Form {
        match self {
            Self::WebSocket { form, .. } => *form,
            Self::EventStream => Form::Sse,
        }
    }

    /// Finds out what the client asks for; `form` is that of a client which does not say.
    ///
    /// # Errors
    ///
    /// The answer to what the hub does not have.
    pub(super) fn of(parts: &Parts, form: Form) -> Result<Self, Refusal> {
        if parts.method != Method::GET {
            return Err(Refusal::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "there is only GET",
            ));
        }
        let has = |name: &str, token: &str| {
            let values = parts
                .headers
                .get_all(name)
                .iter()
                .filter_map(|value| value.to_str().ok());
            let mut tokens = values.flat_map(|value| value.split(','));
            tokens.any(|one| {
                let one = one.split(';').next().unwrap_or_default();
                one.trim().eq_ignore_ascii_case(token)
            })
        };
        if has("upgrade", "websocket") && has("connection", "upgrade") {
            if parts.version < Version::HTTP_11 {
                return Err(Refusal::new(
                    StatusCode::BAD_REQUEST,
                    "WebSocket needs HTTP/1.1",
                ));
            }
            if !has("sec-websocket-version", "13") {
                return Err(Refusal::new(
                    StatusCode::UPGRADE_REQUIRED,
                    "only version 13 of WebSocket is spoken here",
                ));
            }
            let Some(key) = parts.headers.get("sec-websocket-key") else {
                return Err(Refusal::new(
                    StatusCode::BAD_REQUEST,
                    "there is no Sec-WebSocket-Key",
                ));
            };
            let mut headers = HeaderMap::new();
            headers.insert("connection", HeaderValue::from_static("Upgrade"));
            headers.insert("upgrade", HeaderValue::from_static("websocket"));
            if let Ok(accept) = derive_accept_key(key.as_bytes()).try_into() {
                headers.insert("sec-websocket-accept", accept);
            }
            let spoken = SUBPROTOCOLS
                .iter()
                .find(|(name, _)| has("sec-websocket-protocol", name));
            if let Some((name, _)) = spoken {
                headers.insert("sec-websocket-protocol", HeaderValue::from_static(name));
            }
            let form = spoken.map_or(form, |(_, form)| *form);
            return Ok(Self::WebSocket { form, headers });
        }
        if has("accept", "text/event-stream") {
            return Ok(Self::EventStream);
        }
        Err(Refusal::new(
            StatusCode::UPGRADE_REQUIRED,
            "connect by WebSocket, or ask for text/event-stream",
        ))
    }
}

/// Gives what the answer to a client of server-sent events says; `origin` may read it.
pub(super) fn stream_headers(origin: Option<&str>) -> Vec<(&'static str, &str)> {
    let mut headers = vec![
        ("content-type", "text/event-stream"),
        ("cache-control", "no-store"),
        ("x-accel-buffering", "no"),
    ];
    if let Some(origin) = origin {
        headers.push(("access-control-allow-origin", origin));
        headers.push(("vary", "origin"));
    }
    headers
}

/// Gives what a stream of server-sent events begins with.
pub(super) fn retry(delay: Duration) -> Bytes {
    format!("retry: {}\n\n", delay.as_millis()).into()
}

/// Gives the answer to a client that comes in; `origin` may read it.
pub(super) fn welcome(wish: &Wish, origin: Option<&str>, retry: Duration) -> Bytes {
    let mut out = Vec::new();
    match wish {
        Wish::WebSocket { headers, .. } => {
            out.extend(b"HTTP/1.1 101 Switching Protocols\r\n");
            for (name, value) in headers {
                out.extend(name.as_str().as_bytes());
                out.extend(b": ");
                out.extend(value.as_bytes());
                out.extend(b"\r\n");
            }
            out.extend(b"\r\n");
        }
        Wish::EventStream => {
            out.extend(b"HTTP/1.1 200 OK\r\nconnection: close\r\n");
            for (name, value) in stream_headers(origin) {
                out.extend(format!("{name}: {value}\r\n").into_bytes());
            }
            out.extend(b"\r\n");
            out.extend(self::retry(retry));
        }
    }
    out.into()
}

/// Gives the answer to a client that may not come in.
pub(super) fn refuse(refusal: &Refusal) -> Vec<u8> {
    let mut out = format!(
        "HTTP/1.1 {}\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: {}\r\nconnection: close\r\n",
        refusal.status,
        refusal.reason.len() + 1,
    );
    for (name, value) in refusal.headers() {
        let _ = write!(out, "{name}: {value}\r\n");
    }
    let _ = write!(out, "\r\n{}\n", refusal.reason);
    out.into_bytes()
}
