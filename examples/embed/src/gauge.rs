//! The flows of the service: begun once, at its start, and shared by all requests.

use std::{
    convert::Infallible,
    time::{SystemTime, UNIX_EPOCH},
};

use serde::{Deserialize, Serialize};
use thalweg::{
    BoxFlow, BoxObservable, Fault, Flow, Overflow, Plan,
    operators::{
        multicast::{Latest, Replay},
        terminal::RunHandle,
    },
    sinks::null,
    sources::{Sender, channel},
};

/// Levels that a client may have missed and still get.
pub(crate) const HISTORY: usize = 256;

/// A reading of the gauge, as it is posted.
#[derive(Deserialize)]
pub(crate) struct Reading {
    level_cm: f64,
}

/// What clients get of a reading.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Update {
    /// One more than that of the level before.
    pub(crate) id: u64,
    level_cm: f64,
    /// Since the level before.
    change_cm: f64,
}

/// Why a flow of the service ended before it should: one of its tasks panicked.
pub(crate) type Failure = Fault<Fault<Infallible>>;

// What is shared is boxed, so that its type has a name and the state of a service can hold it.
type Levels = Flow<Replay<BoxObservable<'static, Update, Fault<Infallible>>>>;
type Newest = Flow<Latest<BoxObservable<'static, Option<Update>, Fault<Infallible>>>>;

/// The flows, and the way into them.
#[derive(Clone)]
pub(crate) struct Gauge {
    readings: Sender<Reading>,
    levels: Levels,
    newest: Newest,
    plan: Plan,
}

impl Gauge {
    /// Begins the flows. They end some time after [`close`](Self::close), and then the run does.
    pub(crate) async fn start() -> Result<(Self, RunHandle<Failure, Infallible>), Failure> {
        // Those who post wait while there is no room: backpressure reaches out of the program.
        let (sender, readings) = channel(64, Overflow::Wait);
        let levels = readings
            .scan((first_id(), None), |(id, before), Reading { level_cm }| {
                let change_cm = level_cm - before.replace(level_cm).unwrap_or(level_cm);
                *id += 1;
                Update {
                    id: *id,
                    level_cm,
                    change_cm,
                }
            })
            .boxed()
            .replay_once(HISTORY);
        let newest = levels
            .clone()
            .map_err(Fault::flatten)
            .map(Some)
            .start_with([None])
            .boxed()
            .latest_once();
        let gauge = Self {
            readings: sender,
            levels,
            newest: newest.clone(),
            // A plan of all stages is taken before they begin, as each task takes its own along.
            plan: newest.plan(),
        };
        // Shared flows run as long as somebody subscribes, and these begin only once. So there is a subscriber that always
        // is: it has its first item before any request can come and go.
        let mut first = newest;
        first.next().await?;
        let run = first.spawn_into(null());
        Ok((gauge, run))
    }

    /// Hands over a reading, when there is room for it. Tells whether it was taken: after a close none is.
    pub(crate) async fn post(&self, reading: Reading) -> bool {
        self.readings.send(reading).await.is_ok()
    }

    /// Subscribes to every level, after the newest ones of the past.
    pub(crate) fn levels(&self) -> BoxFlow<'static, Update, Failure> {
        self.levels.clone().boxed()
    }

    /// Subscribes to the newest level, none if there has not been one, and then to every newer one that the subscriber is
    /// quick enough for.
    pub(crate) fn newest(&self) -> BoxFlow<'static, Option<Update>, Failure> {
        self.newest.clone().boxed()
    }

    /// The stages of the flows with their numbers as they are now.
    pub(crate) fn plan(&self) -> Plan {
        let mut plan = self.plan.clone();
        plan.refresh();
        plan
    }

    /// Takes no more readings. The flows end when those that were taken have been through.
    pub(crate) fn close(&self) {
        self.readings.close();
    }
}

/// Higher than all ids of earlier runs, so that a client which was connected to one of them is not taken to be up to date.
fn first_id() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(0, |now| u64::try_from(now.as_micros()).unwrap_or(0))
}
