//! Lines, frames with their length, JSON and chunks, of readers that cut them anywhere.

use std::{
    error::Error as _,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
};

use thalweg::{
    sources::framing::{Decoder, FrameCause, FrameError, Prefix, chunks, frames, json_lines, length_prefixed, lines},
};
use tokio::io::{AsyncRead, ReadBuf};
use bytes::{Bytes, BytesMut};

use crate::contract::assert_conforms;

/// Gives one byte at a time: the worst that a network can do.
struct Drip<'a>(&'a [u8]);

impl AsyncRead for Drip<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _task: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        if let Some((first, rest)) = self.0.split_first() {
            buffer.put_slice(&[*first]);
            self.0 = rest;
        }
        Poll::Ready(Ok(()))
    }
}

/// What comes of the bytes, whole and in drips, which is the same.
async fn cut<D>(bytes: &[u8], framing: D) -> (Vec<D::Item>, Option<FrameError>)
where
    D: Decoder<Item: PartialEq + std::fmt::Debug, Error: Into<FrameCause>> + Clone,
{
    let mut whole = (Vec::new(), None);
    let result = frames(bytes, "it", framing.clone()).for_each(|item| whole.0.push(item)).await;
    whole.1 = result.err();
    let mut dripped = Vec::new();
    let result = frames(Drip(bytes), "it", framing).for_each(|item| dripped.push(item)).await;
    assert_eq!(dripped, whole.0);
    assert_eq!(
        result.err().map(|error| error.to_string()),
        whole.1.as_ref().map(ToString::to_string)
    );
    whole
}

fn text(error: Option<FrameError>) -> String {
    error.expect("an error").to_string()
}

#[tokio::test]
async fn lines_end_as_they_do_anywhere() {
    let (items, error) = cut(b"one\r\n\ntwo\nthree", lines()).await;
    assert_eq!(items, ["one", "", "two", "three"]);
    assert!(error.is_none());
    assert_eq!(cut(b"", lines()).await.0, [""; 0]);
}

#[tokio::test]
async fn a_line_that_is_too_long_or_no_text_is_told_with_its_number() {
    let (items, error) = cut(b"abc\nabcd\n", lines().max_length(3)).await;
    assert_eq!(items, ["abc"]);
    assert_eq!(text(error), "frame 2 of it is longer than 3 bytes; allow more with `max_length`");
    let (items, error) = cut(b"abc\nabcd", lines().max_length(3)).await;
    assert_eq!((items.len(), error.is_some()), (1, true), "also without an end");
    let (items, error) = cut(b"abc\n\xff\xfe\n", lines()).await;
    assert_eq!(items, ["abc"]);
    assert_eq!(text(error), "frame 2 of it is not UTF-8");
}

#[tokio::test]
async fn frames_have_their_length_before_them() {
    for (prefix, bytes) in [
        (Prefix::U8, &b"\x03sea\x00\x04salt"[..]),
        (Prefix::U16, b"\x00\x03sea\x00\x00\x00\x04salt"),
        (Prefix::U32, b"\0\0\0\x03sea\0\0\0\0\0\0\0\x04salt"),
    ] {
        let (items, error) = cut(bytes, length_prefixed(prefix)).await;
        assert_eq!(items, ["sea", "", "salt"], "{prefix:?}");
        assert!(error.is_none());
    }
    let (items, _) = cut(b"\x03\x00sea\x04\x00salt", length_prefixed(Prefix::U16).little_endian()).await;
    assert_eq!(items, ["sea", "salt"]);
}

#[tokio::test]
async fn a_frame_that_is_too_long_is_not_waited_for() {
    for framing in [
        length_prefixed(Prefix::U32).max_length(4).little_endian(),
        length_prefixed(Prefix::U32).little_endian().max_length(4),
    ] {
        let (items, error) = cut(b"\x04\0\0\0salt\xff\xff\xff\xff", framing).await;
        assert_eq!(items, ["salt"]);
        assert_eq!(text(error), "frame 2 of it is longer than 4 bytes; allow more with `max_length`");
    }
}

#[tokio::test]
async fn an_end_within_a_frame_is_an_error() {
    for (bytes, had) in [(&b"\x00\x03sea\x00"[..], 1), (b"\x00\x03sea\x00\x04sal", 5), (b"\x00\x03sea\x00\x04", 2)] {
        let flow = frames(bytes, "it", length_prefixed(Prefix::U16));
        let error = flow.count().await.unwrap_err();
        assert!(error.is_of_the_connection());
        assert_eq!(error.to_string(), format!("it ended within frame 2, after {had} bytes of it"));
    }
}

#[tokio::test]
async fn json_fails_at_its_end_or_as_an_item() {
    let bytes = b"1\n\n  \n2\nthree\n4";
    let (items, error) = cut(bytes, json_lines::<u8>()).await;
    assert_eq!(items, [1, 2]);
    let error = error.unwrap();
    assert_eq!(error.frame(), 3);
    assert!(matches!(error.cause(), FrameCause::NotJson(_)));
    assert!(error.source().is_some());

    let flow = frames(&bytes[..], "it", json_lines::<u8>().errors_as_items());
    let items = flow.map(|item| item.map_err(|error| error.to_string())).collect::<Vec<_>>().await.unwrap();
    let told = "frame 3 is not the JSON that it should be: expected ident at line 1 column 2";
    assert_eq!(items, [Ok(1), Ok(2), Err(told.to_owned()), Ok(4)]);

    let (items, error) = cut(b"1\n123456\n", json_lines::<u32>().max_length(5)).await;
    assert_eq!((items, error.is_some()), (vec![1], true));
}

#[tokio::test]
async fn chunks_are_all_the_bytes() {
    let bytes = vec![7; 100_000];
    let flow = frames(&bytes[..], "it", chunks());
    let all = flow.collect::<Vec<Bytes>>().await.unwrap();
    assert!(all.iter().all(|chunk| !chunk.is_empty() && chunk.len() <= 8 * 1024));
    assert_eq!(all.concat(), bytes);
}

/// Cuts at commas, with an error of its own.
#[derive(Clone)]
struct Commas;

#[derive(Debug)]
struct Question;

impl From<Question> for FrameCause {
    fn from(_: Question) -> Self {
        Self::Framing("who asks?".into())
    }
}

impl From<std::io::Error> for Question {
    fn from(_: std::io::Error) -> Self {
        Self
    }
}

impl Decoder for Commas {
    type Item = Bytes;
    type Error = Question;

    fn decode(&mut self, bytes: &mut BytesMut) -> Result<Option<Bytes>, Question> {
        if bytes.starts_with(b"?") {
            return Err(Question);
        }
        let comma = bytes.iter().position(|byte| *byte == b',');
        Ok(comma.map(|comma| bytes.split_to(comma + 1).freeze()))
    }
}

#[tokio::test]
async fn any_decoder_is_a_framing() {
    let (items, error) = cut(b"a,b,?", Commas).await;
    assert_eq!(items, ["a,", "b,"]);
    assert_eq!(text(error), "cannot decode frame 3 of it: who asks?");
}

/// A line without an end, that counts how much of it was taken.
struct Endless(Arc<AtomicU64>);

const GIB: u64 = 1 << 30;

impl AsyncRead for Endless {
    fn poll_read(
        self: Pin<&mut Self>,
        _task: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let left = GIB - self.0.load(Ordering::Relaxed);
        let len = buffer.remaining().min(usize::try_from(left).unwrap());
        buffer.initialize_unfilled_to(len).fill(b'x');
        buffer.advance(len);
        self.0.fetch_add(len as u64, Ordering::Relaxed);
        Poll::Ready(Ok(()))
    }
}

#[tokio::test]
async fn of_a_line_of_a_gigabyte_no_more_is_read_than_a_line_may_have() {
    let read = Arc::new(AtomicU64::new(0));
    let flow = frames(Endless(Arc::clone(&read)), "it", lines());
    let error = flow.count().await.unwrap_err();
    assert!(matches!(error.cause(), FrameCause::TooLong(1_048_576)));
    let read = read.load(Ordering::Relaxed);
    // The buffer doubles, so it may have read up to twice the limit.
    assert!(read > 1 << 20 && read <= 2 << 20, "{read} bytes were read");
}

#[tokio::test]
async fn it_conforms() {
    let bytes: &'static [u8] = b"a\nb\nc\nd\ne\nf\ng\nh\ni\n";
    let text = |error: FrameError| error.to_string();
    assert_conforms(|_| frames(Drip(bytes), "it", lines()).map_err(text)).await;
    assert_conforms(|_| frames(bytes, "it", lines().max_length(1)).map_err(text)).await;
    let cut_short = b"\x01a\x02b";
    let framing = length_prefixed(Prefix::U8);
    assert_conforms(|_| frames(&cut_short[..], "it", framing.clone()).map_err(text)).await;
}
