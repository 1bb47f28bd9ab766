//! What comes from a client: messages that are whole, sound and not too many.

use std::task::{Context, Poll};

use tokio::io::ReadBuf;

use super::{
    super::{
        decoder::{Decoder, Message},
        wire::{Farewell, Form},
    },
    Client, Gone, World,
};

/// Reads of one client before others have their turn.
const READS: usize = 8;

impl Client {
    /// Gives the next message; ready while there is one.
    pub(in super::super) fn poll_message(
        &mut self,
        scratch: &mut [u8],
        world: World<'_>,
    ) -> Poll<Result<Message, Gone>> {
        for _ in 0..READS {
            if let Some(message) = self.next_message(world) {
                return Poll::Ready(Ok(message));
            }
            let mut buffer = ReadBuf::new(scratch);
            let mut task = Context::from_waker(&self.waker);
            match self.connection.io().poll_read(&mut task, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {
                    self.heard = world.now;
                    self.is_pinged = false;
                    if !self.is_deaf() {
                        self.decoder.feed(buffer.filled());
                    }
                }
                Poll::Ready(_) => return Poll::Ready(Err(Gone)),
                Poll::Pending => return Poll::Pending,
            }
        }
        // Others have their turn.
        self.waker.wake_by_ref();
        Poll::Pending
    }

    /// Gives the next message that has come; one that is not understood or not allowed is the last.
    fn next_message(&mut self, world: World<'_>) -> Option<Message> {
        let options = &world.shared.options;
        if self.is_deaf() {
            return None;
        }
        let farewell = match self.decoder.next(options.max_message) {
            Ok(Some(Message::Close)) => return Some(Message::Close),
            Ok(Some(message)) if self.allowance.take(options.rate, world.now) => {
                return Some(message);
            }
            Ok(Some(_)) => Farewell::Policy("too many messages"),
            Ok(None) => return None,
            Err(farewell) => farewell,
        };
        self.misbehaved(farewell, world);
        if let Some(leaving) = &mut self.leaving {
            leaving.is_deaf = true;
        }
        self.decoder = Decoder::default();
        None
    }

    /// Whether what the client says is of no interest.
    fn is_deaf(&self) -> bool {
        self.form == Form::Sse || self.leaving.is_some_and(|leaving| leaving.is_deaf)
    }
}
