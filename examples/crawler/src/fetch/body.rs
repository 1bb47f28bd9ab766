//! Reads a body into one buffer, never keeping more than a limit, and never waiting long for the next piece.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use tokio::time::timeout;

/// The most memory that is reserved because a server says how long its body will be.
const MOST_RESERVED: usize = 2 * 1024 * 1024;

/// A body, and whether it is only the first part of one.
#[derive(Debug, Default)]
pub(super) struct Collected {
    pub bytes: Bytes,
    pub truncated: bool,
    /// Whether it was cut because it decodes to far more than was sent.
    pub is_bomb: bool,
}

impl Collected {
    fn whole(bytes: impl Into<Bytes>) -> Self {
        Self {
            bytes: bytes.into(),
            ..Self::default()
        }
    }

    fn cut(bytes: impl Into<Bytes>) -> Self {
        Self {
            truncated: true,
            ..Self::whole(bytes)
        }
    }
}

/// Why a body did not come to its end.
#[derive(Debug)]
pub(super) enum BodyError {
    Broken(hyper::Error),
    /// The next piece did not come in time.
    Stalled,
}

/// Reads `body` up to `limit` bytes, and gives up if a piece takes longer than `patience`. One that comes in one piece is
/// not copied.
pub(super) async fn collect(
    body: &mut Incoming,
    limit: usize,
    patience: Duration,
) -> Result<Collected, BodyError> {
    let Some(first) = next_piece(body, patience).await? else {
        return Ok(Collected::default());
    };
    if first.len() > limit {
        return Ok(Collected::cut(first.slice(..limit)));
    }
    if body.is_end_stream() {
        return Ok(Collected::whole(first));
    }
    let Some(second) = next_piece(body, patience).await? else {
        return Ok(Collected::whole(first));
    };

    // Only announced, so it is believed up to a point.
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    let expected = announced.saturating_add(first.len() + second.len());
    let mut buffer = Vec::with_capacity(expected.min(limit).min(MOST_RESERVED));
    buffer.extend_from_slice(&first);
    let mut piece = second;
    loop {
        let room = limit - buffer.len();
        if piece.len() > room {
            buffer.extend_from_slice(&piece[..room]);
            return Ok(Collected::cut(buffer));
        }
        buffer.extend_from_slice(&piece);
        match next_piece(body, patience).await? {
            Some(next) => piece = next,
            None => return Ok(Collected::whole(buffer)),
        }
    }
}

/// Reads and drops the rest of `body`, so that its connection can be used again.
pub(super) async fn discard(body: &mut Incoming, patience: Duration) -> Result<(), BodyError> {
    while next_piece(body, patience).await?.is_some() {}
    Ok(())
}

/// The next bytes of `body`; trailers and empty pieces are passed over.
async fn next_piece(body: &mut Incoming, patience: Duration) -> Result<Option<Bytes>, BodyError> {
    // An endless row of empty pieces does not come to more either.
    let piece = async {
        while let Some(frame) = body.frame().await.transpose()? {
            if let Ok(data) = frame.into_data()
                && !data.is_empty()
            {
                return Ok(Some(data));
            }
        }
        Ok(None)
    };
    match timeout(patience, piece).await {
        Ok(piece) => piece.map_err(BodyError::Broken),
        Err(_) => Err(BodyError::Stalled),
    }
}
