//! What goes to a client: at once if the system takes it, else in its turn.

use std::{
    io::IoSlice,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;

use super::{
    super::{
        backlog::{AT_ONCE, Backlog, Pushed, SlowClients},
        event::Record,
        stats::add,
        views::Delivery,
        wire::{Farewell, Opcode, frame},
    },
    Client, Delivered, Gone, World,
};

impl Client {
    /// Writes what the system takes now.
    fn write(&mut self, bytes: &[u8], world: World<'_>) -> Result<usize, Gone> {
        let mut task = Context::from_waker(&self.waker);
        let mut written = 0;
        while written < bytes.len() {
            match self
                .connection
                .io()
                .poll_write(&mut task, &bytes[written..])
            {
                Poll::Ready(Ok(count)) if count > 0 => written += count,
                Poll::Ready(_) => return Err(Gone),
                Poll::Pending => break,
            }
        }
        self.after_write(written, world)?;
        Ok(written)
    }

    fn after_write(&mut self, written: usize, world: World<'_>) -> Result<(), Gone> {
        if written > 0 {
            self.progress = world.now;
        }
        let mut task = Context::from_waker(&self.waker);
        match self.connection.io().poll_flush(&mut task) {
            Poll::Ready(Ok(())) => self.is_unflushed = false,
            Poll::Ready(Err(_)) => return Err(Gone),
            Poll::Pending => self.is_unflushed = true,
        }
        Ok(())
    }

    pub(super) fn backlog(&mut self, world: World<'_>) -> &mut Backlog {
        // Time without progress counts from here.
        self.backlog.get_or_insert_with(|| {
            self.progress = world.now;
            Box::new(Backlog::new(world.shared.options.backlog))
        })
    }

    /// Sends a batch; what the system does not take waits. Whoever calls it counts what is sent as a whole.
    pub(in super::super) fn deliver(
        &mut self,
        delivery: &Delivery,
        world: World<'_>,
    ) -> Result<Delivered, Gone> {
        if self.is_leaving() {
            return Ok(Delivered::Waits);
        }
        let mut records = &delivery.records[..];
        if self.backlog.is_none() {
            let mut written = self.write(&delivery.frames, world)?;
            if written == delivery.frames.len() {
                return Ok(Delivered::Sent);
            }
            add(&world.shared.counters.sent_bytes, written as u64);
            // Whole frames are done with; one that is begun has to be finished.
            let epoch = &world.shared.options.epoch;
            let mut count = 0;
            while let [first, rest @ ..] = records {
                if written == 0 {
                    break;
                }
                let frame = first.frame(self.form, epoch);
                records = rest;
                count += 1;
                if written < frame.len() {
                    let rest = frame.slice(written..);
                    self.backlog(world).begin(rest);
                    break;
                }
                written -= frame.len();
            }
            add(&world.shared.counters.sent, count);
        }
        for record in records {
            self.push(record, world);
            if self.is_leaving() {
                break;
            }
        }
        Ok(Delivered::Waits)
    }

    /// Lets an event wait.
    fn push(&mut self, record: &Arc<Record>, world: World<'_>) {
        let shared = world.shared;
        let policy = self
            .admission
            .slow_client
            .unwrap_or_else(|| shared.options.topic(record.event.topic()).slow_clients);
        let backlog = self.backlog(world);
        match backlog.push(record, policy) {
            Pushed::Kept { dropped } => add(&shared.counters.dropped, dropped),
            Pushed::Full => return self.too_slow(world),
        }
        if let SlowClients::Wait(patience) = policy
            && self.patience.is_none()
            && self.backlog(world).is_full()
        {
            self.patience = Some(world.now + patience);
        }
    }

    /// Lets events that were missed wait their turn, after what waits already.
    pub(in super::super) fn push_missed(&mut self, records: Vec<Arc<Record>>, world: World<'_>) {
        let backlog = self.backlog(world);
        for record in records {
            backlog.push_missed(record);
        }
    }

    /// Sends something that is no event.
    pub(in super::super) fn notify(&mut self, frame: Bytes, world: World<'_>) -> Result<(), Gone> {
        if frame.is_empty() || self.is_leaving() {
            return Ok(());
        }
        self.enqueue(frame, world)
    }

    fn enqueue(&mut self, frame: Bytes, world: World<'_>) -> Result<(), Gone> {
        if self.backlog.is_none() {
            let written = self.write(&frame, world)?;
            add(&world.shared.counters.sent_bytes, written as u64);
            if written < frame.len() {
                self.backlog(world).begin(frame.slice(written..));
            }
        } else if !self.backlog(world).push_notice(frame) {
            self.misbehaved(Farewell::Policy("too many answers are not read"), world);
        }
        Ok(())
    }

    /// Answers a ping, as soon as no frame is begun.
    pub(in super::super) fn pong(&mut self, payload: &[u8], world: World<'_>) -> Result<(), Gone> {
        let answer = frame(Opcode::Pong, payload);
        match &mut self.backlog {
            Some(backlog) => backlog.set_pong(answer),
            None => self.notify(answer, world)?,
        }
        Ok(())
    }

    /// Writes what waits, as far as the system takes it.
    pub(in super::super) fn flush(&mut self, world: World<'_>) -> Result<(), Gone> {
        if self.is_unflushed {
            self.after_write(0, world)?;
        }
        while let Some(backlog) = &mut self.backlog {
            let staged = backlog.stage(self.form, &world.shared.options.epoch);
            add(&world.shared.counters.sent, staged);
            if !backlog.is_full() {
                self.patience = None;
            }
            if backlog.is_empty() {
                self.backlog = None;
                break;
            }
            let mut slices = [IoSlice::new(&[]); AT_ONCE.events + 1];
            let count = backlog.slices(&mut slices);
            let mut task = Context::from_waker(&self.waker);
            let written = self
                .connection
                .io()
                .poll_write_vectored(&mut task, &slices[..count]);
            match written {
                Poll::Ready(Ok(count)) if count > 0 => {
                    backlog.written(count);
                    add(&world.shared.counters.sent_bytes, count as u64);
                    self.after_write(count, world)?;
                }
                Poll::Ready(_) => return Err(Gone),
                Poll::Pending => return Ok(()),
            }
        }
        self.shut()
    }

    /// Closes the half that sends, once there is nothing more to send.
    fn shut(&mut self) -> Result<(), Gone> {
        let Some(leaving) = &mut self.leaving else {
            return Ok(());
        };
        if !leaving.is_shut && self.backlog.is_none() {
            let mut task = Context::from_waker(&self.waker);
            match self.connection.io().poll_shutdown(&mut task) {
                Poll::Ready(Ok(())) => leaving.is_shut = true,
                Poll::Ready(Err(_)) => return Err(Gone),
                Poll::Pending => {}
            }
        }
        Ok(())
    }
}
