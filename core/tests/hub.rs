//! The hub against a simple model, with subscribers of every kind in any order of sending, receiving and leaving.

use std::{
    convert::Infallible,
    future::poll_fn,
    ops::ControlFlow,
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::{Context, Poll, Wake, Waker},
    time::{Duration, Instant},
};

use proptest::prelude::*;
use thalweg_core::{
    Cx, Drained, DropReason, Meter, Observable, StageId, Subject,
    hub::{Delivery, History, HubSender, Subscriber, hub, replaying_hub},
};

/// Counts its wakes.
#[derive(Default)]
struct Alarm(AtomicUsize);

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, SeqCst);
    }
}

impl Alarm {
    fn take(&self) -> usize {
        self.0.swap(0, SeqCst)
    }
}

#[derive(Clone, Debug)]
enum Step {
    Subscribe(Delivery),
    /// Sends as many as there is room for, up to so many.
    Send(usize),
    /// Lets a subscriber receive with a budget, breaking after so many items.
    Poll(usize, u32, usize),
    Leave(usize),
    /// Completes a subscriber after what was sent until now.
    CompleteHere(usize),
    /// Forgets the history but for the newest of so many sendings.
    Forget(u32),
    End,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let delivery = prop_oneof![
        Just(Delivery::Lossless),
        (1..6_usize).prop_map(Delivery::Lag),
        Just(Delivery::Latest),
    ];
    let step = prop_oneof![
        3 => delivery.prop_map(Step::Subscribe),
        6 => (0..6_usize).prop_map(Step::Send),
        9 => (any::<usize>(), 0..6_u32, 1..5_usize).prop_map(|(who, budget, items)| Step::Poll(who, budget, items)),
        1 => any::<usize>().prop_map(Step::Leave),
        1 => any::<usize>().prop_map(Step::CompleteHere),
        1 => (0..4_u32).prop_map(Step::Forget),
        1 => Just(Step::End),
    ];
    prop::collection::vec(step, 0..80)
}

type Sender = HubSender<u64, Infallible>;

struct Reader {
    subscriber: Subscriber<u64, Infallible>,
    delivery: Delivery,
    next: u64,
    /// Where it counts as standing while it reads history.
    joined: u64,
    missed: u64,
    limit: u64,
    alarm: Arc<Alarm>,
    waits: bool,
}

impl Reader {
    /// What it loses now, if it is polled.
    fn lag(&self, head: u64) -> u64 {
        let slack = match self.delivery {
            Delivery::Lossless => return 0,
            Delivery::Lag(items) => items as u64,
            Delivery::Latest => 1,
        };
        head.saturating_sub(slack)
            .min(self.limit)
            .saturating_sub(self.next)
    }
}

#[expect(clippy::too_many_lines, reason = "a model reads best in one piece")]
fn run(capacity: usize, history: u64, steps: Vec<Step>) {
    let meter = Meter::new();
    let keeps = History::of(usize::try_from(history).unwrap());
    let (mut sender, hub) = replaying_hub(StageId::here("hub"), capacity, keeps, meter.clone());
    let begin = Instant::now();
    // The heads after each sending.
    let mut sent = vec![0];
    let mut remembered = 0;
    let mut readers: Vec<Reader> = Vec::new();
    let (mut head, mut ended) = (0_u64, false);
    let (mut received, mut emitted, mut dropped) = (0, 0, 0);
    let producer = Arc::new(Alarm::default());
    let producer_waker = Waker::from(Arc::clone(&producer));
    let mut producer_waits = false;
    for step in steps {
        match step {
            Step::Subscribe(delivery) => {
                let most = match delivery {
                    Delivery::Lossless => history,
                    Delivery::Lag(items) => history.min(items as u64),
                    Delivery::Latest => history.min(1),
                };
                let next = remembered.max(head.saturating_sub(most));
                received += head - next;
                readers.push(Reader {
                    subscriber: hub.subscribe(delivery),
                    delivery,
                    next,
                    joined: head,
                    missed: 0,
                    limit: u64::MAX,
                    alarm: Arc::default(),
                    waits: false,
                });
            }
            Step::Forget(newest) => {
                let age = u32::try_from(sent.len() - 1).unwrap();
                if let Some(at) = age.checked_sub(newest) {
                    hub.forget_until(begin + Duration::from_secs(at.into()));
                    remembered = remembered.max(sent[at as usize]);
                }
            }
            Step::Send(most) => {
                let polled = sender.poll_room(&mut Context::from_waker(&producer_waker));
                let slowest = readers
                    .iter()
                    .filter(|at| at.delivery == Delivery::Lossless);
                let behind = head
                    - slowest
                        .map(|at| at.next.max(at.joined))
                        .min()
                        .unwrap_or(head);
                let Poll::Ready(room) = polled else {
                    // The hub may not know yet of the last items that a subscriber took, never of too much room.
                    assert!(behind > 0);
                    producer_waits = true;
                    continue;
                };
                assert!(room as u64 + behind <= capacity as u64);
                let items = most.min(room) as u64;
                let now = begin + Duration::from_secs(sent.len() as u64);
                sender.send_batch_at((head..head + items).collect(), now);
                if ended || (readers.is_empty() && history == 0) {
                    received += items;
                    dropped += items;
                } else {
                    head += items;
                    received += items * readers.len() as u64;
                }
                sent.push(head);
            }
            Step::Poll(who, budget, most) => {
                let count = readers.len().max(1);
                let Some(reader) = readers.get_mut(who % count) else {
                    continue;
                };
                let lag = reader.lag(head);
                reader.missed += lag;
                reader.next += lag;
                dropped += lag;
                let waker = Waker::from(Arc::clone(&reader.alarm));
                let mut task = Context::from_waker(&waker);
                let mut cx = Cx::new(&mut task).with_budget(budget);
                let mut seen = Vec::new();
                let drained = Pin::new(&mut reader.subscriber).poll_drain(&mut cx, |item| {
                    seen.push(item);
                    if seen.len() < most {
                        ControlFlow::Continue(())
                    } else {
                        ControlFlow::Break(())
                    }
                });
                let there = head.min(reader.limit) - reader.next;
                let expected = there.min(u64::from(budget)).min(most as u64);
                assert_eq!(
                    seen,
                    (reader.next..reader.next + expected).collect::<Vec<_>>()
                );
                reader.next += expected;
                emitted += expected;
                let over = reader.next == reader.limit || ended;
                assert_eq!(
                    drained,
                    if expected == most as u64 {
                        Poll::Ready(Ok(Drained::Stopped))
                    } else if there > expected {
                        Poll::Ready(Ok(Drained::Exhausted))
                    } else if over {
                        Poll::Ready(Ok(Drained::Completed))
                    } else {
                        Poll::Pending
                    }
                );
                reader.waits = drained.is_pending();
                let missed = reader.subscriber.take_missed();
                if reader.delivery != Delivery::Latest {
                    assert_eq!(missed, reader.missed);
                }
                reader.missed = 0;
                if drained == Poll::Ready(Ok(Drained::Completed)) {
                    let reader = readers.swap_remove(who % count);
                    dropped += head - reader.next;
                }
            }
            Step::Leave(who) if !readers.is_empty() => {
                let reader = readers.swap_remove(who % readers.len());
                dropped += head - reader.next;
            }
            Step::CompleteHere(who) if !readers.is_empty() => {
                let count = readers.len();
                let reader = &mut readers[who % count];
                reader.subscriber.complete_here();
                reader.limit = reader.limit.min(head);
                reader.waits = false;
            }
            Step::Leave(_) | Step::CompleteHere(_) => {}
            Step::End => {
                sender.end(Ok(()));
                ended = true;
            }
        }
        for reader in &mut readers {
            if reader.waits && (reader.next < head || ended) {
                assert!(
                    reader.alarm.take() > 0,
                    "a subscriber sleeps before what has come"
                );
                reader.waits = false;
            }
        }
        let lossless = |at: &&Reader| at.delivery == Delivery::Lossless;
        let through = |at: &Reader| at.next.max(at.joined) == head;
        if producer_waits && readers.iter().filter(lossless).all(through) {
            assert!(
                producer.take() > 0,
                "the producer sleeps though all are through"
            );
            producer_waits = false;
        }
        assert_eq!(hub.subscribers(), readers.len());
        let counts = meter.counts();
        assert_eq!(
            (counts.received, counts.emitted, counts.dropped()),
            (received, emitted, dropped)
        );
        assert_eq!(
            counts.in_flight(),
            readers.iter().map(|at| head - at.next).sum::<u64>()
        );
    }
}

proptest! {
    #[test]
    fn the_hub_does_what_its_model_does(capacity in 1..6_usize, history in 0..6_u64, steps in steps()) {
        run(capacity, history, steps);
    }
}

#[test]
fn all_are_stopping_only_if_there_are_any() {
    let (sender, hub): (Sender, _) = hub(StageId::here("hub"), 4, Meter::new());
    let mut task = Context::from_waker(Waker::noop());
    assert!(!sender.watch(&mut task).stopping);
    let (mut first, mut second) = (
        hub.subscribe(Delivery::Lossless),
        hub.subscribe(Delivery::Latest),
    );
    first.request_stop();
    assert!(!sender.watch(&mut task).stopping);
    second.request_stop();
    assert!(sender.watch(&mut task).stopping);
    drop(first);
    assert!(sender.watch(&mut task).stopping);
    drop(second);
    assert!(!sender.watch(&mut task).stopping);
}

#[test]
fn what_everybody_has_received_is_not_kept() {
    let (mut sender, hub) = hub::<_, Infallible>(StageId::here("hub"), 4, Meter::new());
    let mut subscriber = hub.subscribe(Delivery::Lossless);
    let item = Arc::new(());
    sender.send_batch(vec![Arc::clone(&item)]);
    let mut task = Context::from_waker(Waker::noop());
    let mut cx = Cx::new(&mut task);
    let _ = Pin::new(&mut subscriber).poll_drain(&mut cx, |_| ControlFlow::Break(()));
    assert_eq!(Arc::strong_count(&item), 1);
}

#[test]
fn the_end_wakes_a_sender_that_waits() {
    let subject = Subject::new(1);
    let _subscription = subject.subscribe();
    let alarm = Arc::new(Alarm::default());
    let waker = Waker::from(Arc::clone(&alarm));
    let mut task = Context::from_waker(&waker);
    assert!(std::pin::pin!(subject.send(1)).poll(&mut task).is_ready());
    let mut second = std::pin::pin!(subject.send(2));
    assert!(second.as_mut().poll(&mut task).is_pending());
    subject.complete();
    assert_eq!(alarm.take(), 1);
    assert!(second.poll(&mut task).is_ready());
}

#[test]
fn a_subscription_that_stops_completes_though_more_is_sent() {
    let subject = Subject::new(4);
    let mut subscription = subject.subscribe();
    let mut task = Context::from_waker(Waker::noop());
    for item in 0..2 {
        assert!(
            std::pin::pin!(subject.send(item))
                .poll(&mut task)
                .is_ready()
        );
    }
    let mut seen = Vec::new();
    let end = loop {
        let mut cx = Cx::new(&mut task).with_stop(true);
        let drained = Pin::new(&mut subscription).poll_drain(&mut cx, |item| {
            seen.push(item);
            ControlFlow::Break(())
        });
        if drained != Poll::Ready(Ok(Drained::Stopped)) {
            break drained;
        }
        assert!(std::pin::pin!(subject.send(9)).poll(&mut task).is_ready());
    };
    assert_eq!(
        (seen, end),
        (vec![0, 1], Poll::Ready(Ok(Drained::Completed)))
    );
    assert_eq!(subject.meter().counts().in_flight(), 0);
}

#[test]
#[should_panic(expected = "a subscriber that may lag by 0 items gets nothing")]
fn to_lag_by_none_is_refused() {
    let _ = Subject::<u32>::new(1).subscribe_with(Delivery::Lag(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn between_threads_nothing_is_lost_and_all_is_counted() {
    const EACH: u64 = 10_000;
    for capacity in [1, 7, 256] {
        let subject = Subject::<u64>::new(capacity);
        let readers: Vec<_> = [
            Delivery::Lossless,
            Delivery::Lossless,
            Delivery::Lag(16),
            Delivery::Latest,
        ]
        .into_iter()
        .map(|delivery| {
            let mut subscription = subject.subscribe_with(delivery);
            tokio::spawn(async move {
                let mut seen = 0_u64;
                poll_fn(|task| {
                    loop {
                        let mut cx = Cx::new(task);
                        match Pin::new(&mut subscription).poll_drain(&mut cx, |_| {
                            seen += 1;
                            if seen.is_multiple_of(5) {
                                ControlFlow::Break(())
                            } else {
                                ControlFlow::Continue(())
                            }
                        }) {
                            Poll::Pending => return Poll::Pending,
                            Poll::Ready(Ok(Drained::Completed)) => return Poll::Ready(()),
                            Poll::Ready(Ok(_)) => {}
                            Poll::Ready(Err(never)) => match never {},
                        }
                    }
                })
                .await;
                seen
            })
        })
        .collect();
        let senders: Vec<_> = (0..2)
            .map(|_| {
                let subject = subject.clone();
                tokio::spawn(async move {
                    for item in 0..EACH {
                        subject.send(item).await;
                    }
                })
            })
            .collect();
        for sender in senders {
            sender.await.unwrap();
        }
        subject.complete();
        let mut seen = Vec::new();
        for reader in readers {
            seen.push(reader.await.unwrap());
        }
        assert_eq!(seen[..2], [2 * EACH, 2 * EACH]);
        let counts = subject.meter().counts();
        assert_eq!(counts.received, 4 * 2 * EACH);
        assert_eq!(counts.emitted, seen.iter().sum::<u64>());
        assert_eq!(counts.in_flight(), 0);
    }
}

#[tokio::test]
async fn a_batch_is_sent_as_there_is_room_and_what_is_not_is_left() {
    let subject = Subject::new(2);
    let mut heard = subject.subscribe();
    let mut receive = |items: usize| {
        let mut seen = Vec::new();
        let mut task = Context::from_waker(Waker::noop());
        let _ = Pin::new(&mut heard).poll_drain(&mut Cx::new(&mut task), |item| {
            seen.push(item);
            if seen.len() < items {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        });
        seen
    };
    let mut batch = vec![1, 2, 3, 4, 5];
    let alarm = Arc::new(Alarm::default());
    let waker = Waker::from(Arc::clone(&alarm));
    {
        let mut send = pin!(subject.send_batch(&mut batch));
        let mut task = Context::from_waker(&waker);
        assert!(send.as_mut().poll(&mut task).is_pending());
        assert_eq!((receive(2), alarm.take()), (vec![1, 2], 1));
        assert!(send.as_mut().poll(&mut task).is_pending());
    }
    assert_eq!(batch, [5], "it was sent to nobody");
    assert_eq!(receive(4), [3, 4]);
    subject.send_batch(&mut batch).await;
    subject.complete();
    subject.send_batch(&mut vec![6; 10]).await;
    assert_eq!(receive(4), [5]);
    let counts = subject.meter().counts();
    assert_eq!((counts.received, counts.emitted), (15, 5));
    assert_eq!(counts.dropped_by(DropReason::Cancelled), 10);
}

#[test]
fn what_is_too_old_for_the_history_is_not_kept() {
    let (mut sender, hub) =
        replaying_hub::<_, Infallible>(StageId::here("hub"), 8, History::of(2), Meter::new());
    let items: Vec<_> = (0..100).map(Arc::new).collect();
    let kept = || {
        items
            .iter()
            .filter(|item| Arc::strong_count(item) > 1)
            .count()
    };
    for batch in items.chunks(10) {
        sender.send_batch(batch.to_vec());
        assert_eq!(kept(), 2);
    }
    let mut latest = hub.subscribe(Delivery::Latest);
    assert_eq!(receive(&mut latest), [Arc::clone(&items[99])]);
}

/// What is there for a subscriber.
fn receive<T: Clone, E: Clone>(subscriber: &mut Subscriber<T, E>) -> Vec<T> {
    let mut seen = Vec::new();
    let mut task = Context::from_waker(Waker::noop());
    let _ = Pin::new(subscriber).poll_drain(&mut Cx::new(&mut task), |item| {
        seen.push(item);
        ControlFlow::Continue(())
    });
    seen
}

#[test]
fn what_a_slow_subscriber_may_lose_is_not_kept_for_it() {
    let (mut sender, hub) = hub::<_, Infallible>(StageId::here("hub"), 8, Meter::new());
    let mut latest = hub.subscribe(Delivery::Latest);
    let items: Vec<_> = (0..100).map(Arc::new).collect();
    for item in &items {
        sender.send_batch(vec![Arc::clone(item)]);
    }
    let kept = items.iter().filter(|item| Arc::strong_count(item) > 1);
    assert_eq!(kept.count(), 1);
    assert_eq!(receive(&mut latest), [Arc::clone(&items[99])]);
}

#[test]
fn one_that_subscribes_while_items_are_sent_gets_each_once() {
    const ITEMS: u64 = 20_000;
    let (mut sender, hub) = replaying_hub::<_, Infallible>(
        StageId::here("hub"),
        1 << 20,
        History::of(64),
        Meter::new(),
    );
    let starts: Vec<_> = std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut starts = Vec::new();
            while !hub.is_ended() {
                let mut subscriber = hub.subscribe(Delivery::Lossless);
                let mut seen = receive(&mut subscriber);
                seen.extend(receive(&mut subscriber));
                assert!(seen.is_sorted_by(|a, b| a + 1 == *b), "{seen:?}");
                starts.extend(seen.first().copied());
            }
            starts
        });
        for item in 0..ITEMS {
            sender.send_batch(vec![item]);
        }
        sender.end(Ok(()));
        reader.join().unwrap()
    });
    assert!(starts.is_sorted());
    let last = receive(&mut hub.subscribe(Delivery::Lossless));
    assert_eq!(last, (ITEMS - 64..ITEMS).collect::<Vec<_>>());
}
