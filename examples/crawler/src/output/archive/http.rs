//! The heads of requests and responses, as an archive has them.

use hyper::header::{
    AUTHORIZATION, CONTENT_ENCODING, CONTENT_LENGTH, HOST, HeaderName, HeaderValue,
    PROXY_AUTHORIZATION, TRANSFER_ENCODING,
};
use hyper::{HeaderMap, Version};
use url::{Position, Url};

use crate::fetch::Response;

/// The head of `response` as it fits the body that is stored: without the codings of the way.
///
/// What they were is told by headers of the same names behind `X-Orig-`, as other archives of decoded bodies have it.
/// Names are in lower case; an answer over HTTP/2 is written as one over HTTP/1.1.
pub(super) fn response_head(response: &Response) -> Vec<u8> {
    let mut head = Vec::with_capacity(1024);
    head.extend_from_slice(version(response.version));
    head.push(b' ');
    head.extend_from_slice(response.status.as_str().as_bytes());
    head.push(b' ');
    let reason = response.status.canonical_reason().unwrap_or_default();
    head.extend_from_slice(reason.as_bytes());
    head.extend_from_slice(b"\r\n");
    let length = response.body.len().to_string();
    for (name, value) in &response.headers {
        if name == CONTENT_LENGTH && value.as_bytes() != length.as_bytes() {
            push(&mut head, name, length.as_bytes());
            push_original(&mut head, name, value);
        } else if name == TRANSFER_ENCODING || (name == CONTENT_ENCODING && response.is_decoded) {
            push_original(&mut head, name, value);
        } else {
            push(&mut head, name, value.as_bytes());
        }
    }
    head.extend_from_slice(b"\r\n");
    head
}

/// The head of the request that `url` was asked for with. Passwords are nobody's business and left out.
pub(super) fn request_head(url: &Url, version_used: Version, headers: &HeaderMap) -> Vec<u8> {
    let mut head = Vec::with_capacity(512);
    head.extend_from_slice(b"GET ");
    head.extend_from_slice(url[Position::BeforePath..Position::AfterQuery].as_bytes());
    head.push(b' ');
    head.extend_from_slice(version(version_used));
    head.extend_from_slice(b"\r\n");
    if !headers.contains_key(HOST) {
        let host = &url[Position::BeforeHost..Position::AfterPort];
        push(&mut head, &HOST, host.as_bytes());
    }
    for (name, value) in headers {
        if name != AUTHORIZATION && name != PROXY_AUTHORIZATION {
            push(&mut head, name, value.as_bytes());
        }
    }
    head.extend_from_slice(b"\r\n");
    head
}

fn version(version: Version) -> &'static [u8] {
    match version {
        Version::HTTP_10 => b"HTTP/1.0",
        _ => b"HTTP/1.1",
    }
}

fn push_original(head: &mut Vec<u8>, name: &HeaderName, value: &HeaderValue) {
    head.extend_from_slice(b"x-orig-");
    push(head, name, value.as_bytes());
}

fn push(head: &mut Vec<u8>, name: &HeaderName, value: &[u8]) {
    head.extend_from_slice(name.as_str().as_bytes());
    head.extend_from_slice(b": ");
    head.extend_from_slice(value);
    head.extend_from_slice(b"\r\n");
}
