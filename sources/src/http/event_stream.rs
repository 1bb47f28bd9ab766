//! The format `text/event-stream`: what bytes become which events, by the HTML standard of WHATWG.

use std::time::Duration;

use bytes::{Buf, BytesMut};

use super::sse::SseEvent;

/// Reads events from bytes that come in any pieces.
pub(super) struct Parser {
    bytes: BytesMut,
    /// Bytes that have no line end.
    searched: usize,
    is_first_line: bool,
    /// The last line ended with a carriage return: a line feed that follows is part of its end.
    after_return: bool,
    event: String,
    data: String,
    id: String,
    last_id: String,
    retry: Option<Duration>,
    max_length: usize,
}

/// An event or line has more bytes than it may.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooLarge;

impl Parser {
    /// Begins a stream that goes on after the event of that id.
    pub(super) fn new(last_id: String, max_length: usize) -> Self {
        Self {
            bytes: BytesMut::new(),
            searched: 0,
            is_first_line: true,
            after_return: false,
            event: String::new(),
            data: String::new(),
            id: last_id.clone(),
            last_id,
            retry: None,
            max_length,
        }
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Gives the id to go on after, should the stream break.
    pub(super) fn last_id(&self) -> &str {
        &self.last_id
    }

    /// Gives the time to wait before a new connection, once after it was told.
    pub(super) fn take_retry(&mut self) -> Option<Duration> {
        self.retry.take()
    }

    /// Gives the next event that is complete.
    pub(super) fn next(&mut self) -> Result<Option<SseEvent>, TooLarge> {
        while let Some(line) = self.next_line() {
            if line.is_empty() {
                if let Some(event) = self.dispatch() {
                    return Ok(Some(event));
                }
            } else {
                self.field(&line);
            }
            if self.data.len() > self.max_length {
                return Err(TooLarge);
            }
        }
        if self.bytes.len() > self.max_length {
            return Err(TooLarge);
        }
        Ok(None)
    }

    fn next_line(&mut self) -> Option<String> {
        if self.after_return && !self.bytes.is_empty() {
            self.after_return = false;
            if self.bytes[0] == b'\n' {
                self.bytes.advance(1);
            }
        }
        let rest = &self.bytes[self.searched..];
        let Some(end) = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')) else {
            self.searched = self.bytes.len();
            return None;
        };
        let line = self.bytes.split_to(self.searched + end);
        self.searched = 0;
        self.after_return = self.bytes.get_u8() == b'\r';
        let mut line = &line[..];
        if std::mem::take(&mut self.is_first_line) {
            line = line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(line);
        }
        Some(String::from_utf8_lossy(line).into_owned())
    }

    fn field(&mut self, line: &str) {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match name {
            "event" => value.clone_into(&mut self.event),
            "data" => {
                self.data.push_str(value);
                self.data.push('\n');
            }
            "id" if !value.contains('\0') => value.clone_into(&mut self.id),
            "retry" if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) => {
                // A time that is too long for a number is for ever.
                let millis = value.parse().unwrap_or(u64::MAX);
                self.retry = Some(Duration::from_millis(millis));
            }
            // Comments have an empty name.
            _ => {}
        }
    }

    fn dispatch(&mut self) -> Option<SseEvent> {
        self.last_id.clone_from(&self.id);
        let event = std::mem::take(&mut self.event);
        let mut data = std::mem::take(&mut self.data);
        if data.is_empty() {
            return None;
        }
        data.pop();
        Some(SseEvent {
            event: if event.is_empty() {
                "message".to_owned()
            } else {
                event
            },
            data,
            id: self.last_id.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Parses whole and byte by byte, which is the same; gives event, data and id.
    fn parse(text: &[u8]) -> Vec<(String, String, String)> {
        let parse = |pieces: std::slice::Chunks<'_, u8>| {
            let mut parser = Parser::new(String::new(), 1000);
            let mut events = Vec::new();
            for piece in pieces {
                parser.push(piece);
                while let Some(event) = parser.next().unwrap() {
                    events.push((event.event, event.data, event.id));
                }
            }
            events
        };
        let whole = parse(text.chunks(text.len()));
        assert_eq!(parse(text.chunks(1)), whole);
        whole
    }

    fn message(data: &str, id: &str) -> (String, String, String) {
        ("message".to_owned(), data.to_owned(), id.to_owned())
    }

    #[test]
    fn the_examples_of_the_standard() {
        let text = b"data: YHOO\ndata: +2\ndata: 10\n\n";
        assert_eq!(parse(text), [message("YHOO\n+2\n10", "")]);
        let text = b": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n";
        let events = [
            message("first event", "1"),
            message("second event", ""),
            message(" third event", ""),
        ];
        assert_eq!(parse(text), events);
        assert_eq!(
            parse(b"data\n\ndata\ndata\n\ndata:"),
            [message("", ""), message("\n", "")]
        );
        assert_eq!(
            parse(b"data:test\n\ndata: test\n\n"),
            [message("test", ""), message("test", "")]
        );
    }

    #[test]
    fn every_line_end_and_a_byte_order_mark() {
        let text = b"\xEF\xBB\xBFdata: a\r\n\r\ndata: b\r\rdata: c\n\n";
        assert_eq!(
            parse(text),
            [message("a", ""), message("b", ""), message("c", "")]
        );
    }

    #[test]
    fn names_ids_and_bytes_that_are_no_text() {
        let text =
            b"event: add\nid: 7\ndata: x\n\nid: a\0b\nevent: drop\n\ndata: \xff\n\nunknown: 1\n";
        let add = ("add".to_owned(), "x".to_owned(), "7".to_owned());
        assert_eq!(parse(text), [add, message("\u{fffd}", "7")]);
    }

    #[test]
    fn an_id_without_an_event_counts_and_a_time_is_digits() {
        let mut parser = Parser::new("1".to_owned(), 1000);
        parser.push(b"id: 2\nretry: 1500\n");
        assert_eq!(parser.next(), Ok(None));
        assert_eq!(parser.last_id(), "1", "not before the line that ends it");
        assert_eq!(parser.take_retry(), Some(Duration::from_millis(1500)));
        parser.push(b"\nretry: 1.5\nretry:\nretry: -1\n");
        assert_eq!(parser.next(), Ok(None));
        assert_eq!(parser.take_retry(), None);
        assert_eq!(parser.last_id(), "2");
    }

    #[test]
    fn neither_a_line_nor_an_event_is_without_limit() {
        let mut parser = Parser::new(String::new(), 10);
        parser.push(b"data: 12345");
        assert_eq!(parser.next(), Err(TooLarge));
        let mut parser = Parser::new(String::new(), 10);
        parser.push(b"data:123\ndata:456\n");
        assert_eq!(parser.next(), Ok(None));
        parser.push(b"data:789\n");
        assert_eq!(parser.next(), Err(TooLarge));
    }
}
