//! What the shards, the handles and those that accept clients share.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use tokio::{
    sync::{Notify, OwnedMutexGuard, watch},
    task::spawn_blocking,
};

use super::{
    backlog::AT_ONCE,
    bell::{Arrival, Bell},
    error::{JournalError, PublishError},
    event::{Event, Record},
    journal::Journal,
    limits::Census,
    log::{Bounds, Log},
    options::Options,
    stats::Counters,
    wire::Id,
};

/// Events that a shard takes at once, and sends with one write.
const BATCH: Bounds = Bounds {
    events: AT_ONCE.events,
    bytes: 64 * 1024,
};

/// How far the hub is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    Open,
    /// Nobody comes in; what is published goes out, then the clients leave.
    Closing,
    /// A shard has ended.
    Closed,
}

pub(super) struct Shared {
    pub(super) options: Options,
    pub(super) counters: Counters,
    pub(super) census: Arc<Census>,
    log: Mutex<Log>,
    /// Whoever publishes has it, so that the file has the order of the log.
    journal: Option<Arc<tokio::sync::Mutex<Journal>>>,
    /// Rung when there is room again.
    room: Notify,
    phase: watch::Sender<Phase>,
    bells: Vec<Arc<Bell>>,
    present: Mutex<HashMap<Arc<str>, usize>>,
    arrivals: AtomicU64,
}

impl Shared {
    /// Reads the journal, if there is one.
    pub(super) fn open(mut options: Options, shards: usize) -> Result<Self, JournalError> {
        let mut log = Log::new(shards, options.queue, options.max_topics);
        let journal = match options.journal.take() {
            Some(path) => Some(Journal::open(&path, &mut options, &mut log)?),
            None => None,
        };
        Ok(Self {
            census: Arc::new(Census::new(options.max_clients, options.max_clients_each)),
            options,
            counters: Counters::default(),
            log: Mutex::new(log),
            journal: journal.map(|journal| Arc::new(tokio::sync::Mutex::new(journal))),
            room: Notify::new(),
            phase: watch::Sender::new(Phase::Open),
            bells: (0..shards).map(|_| Arc::default()).collect(),
            present: Mutex::default(),
            arrivals: AtomicU64::new(0),
        })
    }

    pub(super) fn log(&self) -> MutexGuard<'_, Log> {
        // No invariant of the log spans a call that could panic.
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn shards(&self) -> usize {
        self.bells.len()
    }

    pub(super) fn bell(&self, shard: usize) -> &Arc<Bell> {
        &self.bells[shard]
    }

    pub(super) fn phase(&self) -> Phase {
        *self.phase.borrow()
    }

    /// Moves on to a phase; there is no way back.
    pub(super) fn advance(&self, to: Phase) {
        self.phase.send_if_modified(|phase| {
            let later = *phase < to;
            *phase = to.max(*phase);
            later
        });
        self.ring();
        self.room.notify_waiters();
    }

    /// Waits until the hub is that far.
    pub(super) async fn reach(&self, phase: Phase) {
        // The sender lives as long as `self`.
        let _ = self.phase.subscribe().wait_for(|at| *at >= phase).await;
    }

    fn ring(&self) {
        for bell in &self.bells {
            bell.ring();
        }
    }

    /// Publishes events off the front, as many as there is room for; waits until there is room for one.
    pub(super) async fn publish(&self, events: &mut Vec<Event>) -> Result<(), PublishError> {
        let mut journal = self.lock_journal().await;
        loop {
            let room = self.room.notified();
            let mut room = std::pin::pin!(room);
            // From here on no ring is missed.
            room.as_mut().enable();
            if self.phase() != Phase::Open {
                return Err(PublishError::Closed);
            }
            if let Some(large) = journal.take_if(|journal| journal.is_large()) {
                let snapshot = self.log().snapshot();
                journal =
                    Some(with_journal(large, move |journal| journal.rewrite(&snapshot)).await?);
            }
            if self.publish_some(events, journal.as_deref_mut())? {
                return Ok(());
            }
            room.await;
        }
    }

    /// Publishes as many events as there is room for; `false` if there is none.
    ///
    /// The journal is written to right here: a batch is one write to the memory of the system, and a publisher that is cancelled
    /// meanwhile would not know what it published.
    fn publish_some(
        &self,
        events: &mut Vec<Event>,
        journal: Option<&mut Journal>,
    ) -> Result<bool, JournalError> {
        let mut log = self.log();
        let published = log.fit(events.iter().map(Event::size));
        if published == 0 {
            return Ok(false);
        }
        if let Some(journal) = journal {
            let first = log.head() + 1;
            // The shards go on meanwhile. There is only more room then, as nobody else publishes.
            drop(log);
            journal.append(first, &events[..published])?;
            log = self.log();
        }
        for event in events.drain(..published) {
            log.publish(event, |topic| self.options.topic(topic).history);
        }
        drop(log);
        self.counters.published.fetch_add(published as u64, Relaxed);
        self.ring();
        Ok(true)
    }

    async fn lock_journal(&self) -> Option<OwnedMutexGuard<Journal>> {
        match &self.journal {
            Some(journal) => Some(journal.clone().lock_owned().await),
            None => None,
        }
    }

    /// Finishes the journal, if there is one, when everything is published.
    pub(super) async fn finish(&self) -> Result<(), PublishError> {
        if let Some(journal) = self.lock_journal().await {
            with_journal(journal, Journal::finish).await?;
        }
        Ok(())
    }

    /// Takes the next batch for a shard.
    pub(super) fn take(&self, shard: usize, into: &mut Vec<Arc<Record>>) {
        if self.log().take(shard, BATCH, into) {
            self.room.notify_waiters();
        }
    }

    /// Hands a client over to the next shard in turn.
    pub(super) fn arrive(&self, arrival: Arrival) {
        let turn = self.arrivals.fetch_add(1, Relaxed);
        let shard = usize::try_from(turn % self.bells.len() as u64).unwrap_or(0);
        self.bells[shard].arrive(arrival);
    }

    fn present(&self) -> MutexGuard<'_, HashMap<Arc<str>, usize>> {
        // No invariant spans a call that could panic.
        self.present.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts the clients that have subscribed to a topic.
    pub(super) fn clients(&self, topic: &str) -> usize {
        self.present().get(topic).copied().unwrap_or(0)
    }

    /// Counts one more client for a topic.
    pub(super) fn enter(&self, topic: &Arc<str>) -> usize {
        let mut present = self.present();
        let count = present.entry(topic.clone()).or_default();
        *count += 1;
        *count
    }

    /// Counts one client less for a topic.
    pub(super) fn leave(&self, topic: &str) {
        let mut present = self.present();
        if let Some(count) = present.get_mut(topic) {
            *count -= 1;
            if *count == 0 {
                present.remove(topic);
            }
        }
    }

    pub(super) fn id(&self, offset: u64) -> Id<'_> {
        Id {
            epoch: &self.options.epoch,
            offset,
        }
    }
}

/// Lets a thread that may block work on the journal, to the end also if nobody waits for it.
async fn with_journal(
    mut journal: OwnedMutexGuard<Journal>,
    work: impl FnOnce(&mut Journal) -> Result<(), JournalError> + Send + 'static,
) -> Result<OwnedMutexGuard<Journal>, PublishError> {
    let working = spawn_blocking(move || {
        work(&mut journal)?;
        Ok(journal)
    });
    // If it did not run to its end, the runtime ends.
    working.await.map_or(Err(PublishError::Closed), |worked| {
        worked.map_err(PublishError::Journal)
    })
}
