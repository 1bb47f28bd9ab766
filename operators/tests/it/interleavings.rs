//! What a scheduler may do to `par_map_by_key` and `frontier`: thousands of seeded orders of polls, wakes and finished jobs.
//!
//! A failure names its seed; `SEED=<n> cargo test -p thalweg-operators --test it interleavings` runs that order alone.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    ops::{ControlFlow, Range},
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard},
    task::Poll,
};

use fastrand::Rng;
use thalweg_core::{Cx, Drained, Observable};
use thalweg_operators::{
    Flow, IntoFlow,
    concurrency::{KeyLimits, Work, frontier},
};
use tokio::{
    sync::oneshot,
    task::yield_now,
    time::{Duration, Instant, advance},
};

const SEEDS: Range<u64> = 0..3_000;

/// Steps after which an order that has not come to its end is taken for one that never does.
const MOST_STEPS: u32 = 20_000;

/// Runs `test` for every seed, on a paused clock.
fn every_order<T: Future<Output = ()>>(test: impl Fn(Rng) -> T) {
    let only = std::env::var("SEED")
        .ok()
        .and_then(|seed| seed.parse().ok());
    let seeds = only.map_or(SEEDS, |seed| seed..seed + 1);
    for seed in seeds {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        let run = || runtime.block_on(test(Rng::with_seed(seed)));
        if let Err(payload) = catch_unwind(AssertUnwindSafe(run)) {
            eprintln!("the order of SEED={seed} broke it");
            resume_unwind(payload);
        }
    }
}

/// Jobs that run until the scheduler lets one of them go on.
#[derive(Clone, Default)]
struct Gates(Arc<Mutex<Vec<oneshot::Sender<()>>>>);

impl Gates {
    fn wait(&self) -> impl Future<Output = ()> + Send + use<> {
        let (open, opened) = oneshot::channel();
        self.lock().push(open);
        async move {
            // An error means that the scheduler has gone, and with it the test.
            let _ = opened.await;
        }
    }

    fn open_one(&self, rng: &mut Rng) {
        let mut gates = self.lock();
        if !gates.is_empty() {
            let index = rng.usize(..gates.len());
            let _ = gates.swap_remove(index).send(());
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<oneshot::Sender<()>>> {
        self.0.lock().unwrap()
    }
}

/// Drives a flow in a random order of polls, finished jobs, turns of the runtime and time that passes.
///
/// `look` sees the observable after every step. Gives what came out; with `steps` it stops early.
async fn drive<O: Observable<Error: std::fmt::Debug>>(
    mut flow: Pin<&mut O>,
    gates: &Gates,
    rng: &mut Rng,
    steps: Option<u32>,
    mut look: impl FnMut(&O, Option<O::Item>),
) {
    for step in 0.. {
        assert!(step < MOST_STEPS, "it never ends");
        if steps.is_some_and(|steps| step >= steps) {
            return;
        }
        match rng.u8(0..8) {
            0..3 => gates.open_one(rng),
            3 | 4 => yield_now().await,
            5 => advance(Duration::from_millis(rng.u64(0..4))).await,
            _ => {
                let budget = rng.u32(0..4);
                let breaks_at = rng.usize(1..4);
                let mut seen = Vec::new();
                let mut task = std::task::Context::from_waker(std::task::Waker::noop());
                let drained =
                    flow.as_mut()
                        .poll_drain(&mut Cx::new(&mut task).with_budget(budget), |item| {
                            seen.push(item);
                            if seen.len() < breaks_at {
                                ControlFlow::Continue(())
                            } else {
                                ControlFlow::Break(())
                            }
                        });
                for item in seen {
                    look(flow.as_ref().get_ref(), Some(item));
                }
                match drained {
                    Poll::Ready(Ok(Drained::Completed)) => return,
                    Poll::Ready(Err(error)) => panic!("it failed: {error:?}"),
                    _ => {}
                }
            }
        }
        look(flow.as_ref().get_ref(), None);
    }
}

/// What a polite scheduler of keys must have done, told by what it did.
#[derive(Default)]
struct Model {
    per_key: usize,
    total: usize,
    delay: Duration,
    waiting: BTreeMap<u32, VecDeque<u32>>,
    /// Started and not finished, by key.
    running: HashMap<u32, usize>,
    /// Started and not handed on, by key.
    outstanding: HashMap<u32, usize>,
    last_start: HashMap<u32, Instant>,
    /// How often a key went ahead of one that could have started.
    bypasses: HashMap<(u32, u32), u32>,
}

impl Model {
    fn arrives(&mut self, key: u32, item: u32) {
        self.waiting.entry(key).or_default().push_back(item);
    }

    fn starts(&mut self, key: u32, item: u32) {
        let first = self.waiting.get_mut(&key).and_then(VecDeque::pop_front);
        assert_eq!(first, Some(item), "key {key} started out of order");
        *self.running.entry(key).or_default() += 1;
        *self.outstanding.entry(key).or_default() += 1;
        assert!(self.running[&key] <= self.per_key, "too many of key {key}");
        let total: usize = self.running.values().sum();
        assert!(total <= self.total, "{total} at once");
        let now = Instant::now();
        if let Some(before) = self.last_start.insert(key, now) {
            assert!(
                now - before >= self.delay,
                "key {key} did not keep its distance"
            );
        }
        self.bypasses.retain(|(waiting, _), _| *waiting != key);
        for (other, line) in &self.waiting {
            let idle = self.outstanding.get(other).is_none_or(|count| *count == 0);
            if *other != key && !line.is_empty() && idle && self.delay.is_zero() {
                let bypasses = self.bypasses.entry((*other, key)).or_default();
                *bypasses += 1;
                assert!(*bypasses <= 1, "key {key} went ahead of {other} twice");
            }
        }
    }

    fn finishes(&mut self, key: u32) {
        *self.running.get_mut(&key).unwrap() -= 1;
    }

    fn handed_on(&mut self, key: u32) {
        *self.outstanding.get_mut(&key).unwrap() -= 1;
    }
}

#[test]
fn keys_keep_their_order_their_limits_and_their_turns() {
    every_order(|mut rng| async move {
        let keys = rng.u32(1..6);
        let items: Vec<(u32, u32)> = (0..rng.u32(0..30)).map(|n| (rng.u32(0..keys), n)).collect();
        let model = Model {
            per_key: rng.usize(1..4),
            total: rng.usize(1..5),
            delay: Duration::from_millis(*rng.choice(&[0, 0, 3]).unwrap()),
            ..Model::default()
        };
        let mut limits = KeyLimits::new(model.total)
            .per_key(model.per_key)
            .delay(model.delay)
            .waiting(rng.usize(1..20));
        let in_order = rng.bool();
        if !in_order {
            limits = limits.unordered();
        }
        let steps = rng.bool().then(|| rng.u32(0..60));
        let model = Arc::new(Mutex::new(model));
        let gates = Gates::default();
        let flow = items.clone().flow().par_map_by_key(
            {
                let model = Arc::clone(&model);
                move |(key, n)| {
                    model.lock().unwrap().arrives(*key, *n);
                    *key
                }
            },
            limits,
            {
                let (model, gates) = (Arc::clone(&model), gates.clone());
                move |(key, n)| {
                    model.lock().unwrap().starts(key, n);
                    let (model, gate) = (Arc::clone(&model), gates.wait());
                    async move {
                        gate.await;
                        model.lock().unwrap().finishes(key);
                        (key, n)
                    }
                }
            },
        );
        let mut plan = flow.plan();
        let mut flow = Box::pin(flow.into_inner());
        let mut out: Vec<(u32, u32)> = Vec::new();
        drive(flow.as_mut(), &gates, &mut rng, steps, |flow, item| {
            if let Some((key, n)) = item {
                model.lock().unwrap().handed_on(key);
                if in_order {
                    assert!(
                        out.iter().all(|(k, before)| *k != key || *before < n),
                        "key {key} came out of order"
                    );
                }
                out.push((key, n));
            }
            assert!(flow.known_keys() <= keys as usize);
        })
        .await;
        if steps.is_none() {
            out.sort_unstable_by_key(|(_, n)| *n);
            assert_eq!(out, items, "items were lost or came twice");
            assert_eq!(flow.known_keys(), 0, "a key is kept for ever");
        }
        drop(flow);
        plan.refresh();
        let counts = plan.find("par_map_by_key").unwrap().counts().unwrap();
        assert_eq!(counts.in_flight(), 0, "{counts}");
    });
}

/// A job of the frontier: waits for the scheduler, then finds some more work.
async fn visit(
    work: Work<u32>,
    gate: impl Future<Output = ()>,
    more: Vec<u32>,
    refused: Arc<Mutex<Vec<u32>>>,
) -> u32 {
    gate.await;
    for item in more {
        if let Err(item) = work.add(item) {
            refused.lock().unwrap().push(item);
        }
    }
    *work
}

#[test]
fn a_frontier_ends_exactly_when_all_work_is_done() {
    every_order(|mut rng| async move {
        // A random tree: every number above 0 is found by one below it.
        let size = rng.u32(1..40);
        let mut below: HashMap<u32, Vec<u32>> = HashMap::new();
        for n in 1..size {
            below.entry(rng.u32(0..n)).or_default().push(n);
        }
        let capacity = if rng.bool() { 100 } else { rng.usize(1..4) };
        let work = frontier([0], capacity);
        let handle = work.handle();
        let gates = Gates::default();
        let refused = Arc::new(Mutex::new(Vec::new()));
        let flow: Flow<_> = work.par_map_unordered(rng.usize(1..5), {
            let (gates, refused, below) = (gates.clone(), Arc::clone(&refused), below.clone());
            move |work| {
                let more = below.get(&work).cloned().unwrap_or_default();
                visit(work, gates.wait(), more, Arc::clone(&refused))
            }
        });
        let mut plan = flow.plan();
        let mut flow = Box::pin(flow.into_inner());
        let mut done = Vec::new();
        drive(flow.as_mut(), &gates, &mut rng, None, |_, item| {
            done.extend(item);
            assert!(handle.queued() <= capacity, "more is queued than may be");
        })
        .await;
        assert_eq!(
            (handle.queued(), handle.open()),
            (0, 0),
            "it ended before its work"
        );
        // What was refused takes with it all that it would have found.
        let mut lost = std::mem::take(&mut *refused.lock().unwrap());
        assert_eq!(handle.refused(), lost.len() as u64);
        let mut all = done;
        while let Some(n) = lost.pop() {
            all.push(n);
            lost.extend(below.get(&n).into_iter().flatten());
        }
        all.sort_unstable();
        assert_eq!(
            all,
            (0..size).collect::<Vec<_>>(),
            "work was lost or done twice"
        );
        drop(flow);
        plan.refresh();
        let counts = plan.find("frontier").unwrap().counts().unwrap();
        assert_eq!(counts.in_flight(), 0, "{counts}");
    });
}
