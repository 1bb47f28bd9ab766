//! The queue against a simple model, in any order of sending, receiving and leaving.

use std::{
    collections::VecDeque,
    convert::Infallible,
    ops::ControlFlow,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::{Context, Poll, Wake, Waker},
};

use proptest::prelude::*;
use thalweg_core::{
    Counts, Cx, Drained, DropReason, Meter, Observable, Overflow, StageId,
    queue::{Closed, QueueReceiver, QueueSender, Refused, queue},
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
    Send,
    SendBatch(usize),
    PollSend,
    /// Receives with a budget, breaking after so many items.
    Poll(u32, usize),
    DropReceiver,
    End,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => Just(Step::Send),
        3 => (0..7_usize).prop_map(Step::SendBatch),
        3 => Just(Step::PollSend),
        8 => (0..6_u32, 1..5_usize).prop_map(|(budget, items)| Step::Poll(budget, items)),
        1 => Just(Step::DropReceiver),
        1 => Just(Step::End),
    ];
    prop::collection::vec(step, 0..60)
}

/// What a queue is expected to do. Nothing is in the hands of the receiver between two polls that is not in the queue.
struct Model {
    items: VecDeque<u32>,
    capacity: usize,
    overflow: Overflow,
    received: u64,
    emitted: u64,
    overflowed: u64,
    cancelled: u64,
    refuses: bool,
}

impl Model {
    /// Gives the item back if it is refused.
    fn send(&mut self, item: u32) -> Result<(), u32> {
        if self.items.len() == self.capacity {
            match self.overflow {
                Overflow::Wait | Overflow::Fail => return Err(item),
                Overflow::DropIncoming => {
                    self.received += 1;
                    self.overflowed += 1;
                    return Ok(());
                }
                Overflow::DropOldest => {
                    self.items.pop_front();
                    self.overflowed += 1;
                }
            }
        }
        self.received += 1;
        self.items.push_back(item);
        Ok(())
    }

    fn check(&self, counts: Counts) {
        assert_eq!(counts.received, self.received);
        assert_eq!(counts.emitted, self.emitted);
        assert_eq!(counts.dropped_by(DropReason::Overflow), self.overflowed);
        assert_eq!(counts.dropped_by(DropReason::Cancelled), self.cancelled);
        assert_eq!(counts.in_flight(), self.items.len() as u64);
    }
}

type Sender = QueueSender<u32, Infallible>;
type Receiver = QueueReceiver<u32, Infallible>;

fn receive(
    receiver: &mut Receiver,
    alarm: &Arc<Alarm>,
    budget: u32,
    most: usize,
) -> (Vec<u32>, Poll<Result<Drained, Infallible>>) {
    let waker = Waker::from(Arc::clone(alarm));
    let mut task = Context::from_waker(&waker);
    let mut seen = Vec::new();
    let mut cx = Cx::new(&mut task).with_budget(budget);
    let drained = Pin::new(receiver).poll_drain(&mut cx, |item| {
        seen.push(item);
        if seen.len() < most {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    });
    (seen, drained)
}

#[expect(clippy::too_many_lines, reason = "a model reads best in one piece")]
fn run(capacity: usize, overflow: Overflow, steps: Vec<Step>) {
    let meter = Meter::new();
    let (sender, receiver): (Sender, Receiver) =
        queue(StageId::here("queue"), capacity, overflow, meter.clone());
    let mut receiver = Some(receiver);
    let mut model = Model {
        items: VecDeque::new(),
        capacity,
        overflow,
        received: 0,
        emitted: 0,
        overflowed: 0,
        cancelled: 0,
        refuses: false,
    };
    let (consumer, producer) = (Arc::new(Alarm::default()), Arc::new(Alarm::default()));
    let producer_waker = Waker::from(Arc::clone(&producer));
    let mut consumer_waits = false;
    let mut producer_waits = false;
    let mut next = 0..;
    for step in steps {
        let held = model.items.len();
        match step {
            Step::Send => {
                let item = next.next().unwrap();
                let expected = if model.refuses {
                    Err(Refused::Closed(item))
                } else {
                    model.send(item).map_err(Refused::Full)
                };
                assert_eq!(sender.try_send(item), expected);
            }
            Step::SendBatch(items) => {
                let mut batch: VecDeque<_> = next.by_ref().take(items).collect();
                let mut left = batch.clone();
                let sent = sender.send_batch(&mut batch);
                if model.refuses && items > 0 {
                    assert_eq!(sent, Err(Closed(())));
                } else {
                    assert_eq!(sent, Ok(()));
                    while let Some(item) = left.pop_front() {
                        if let Err(item) = model.send(item) {
                            left.push_front(item);
                            break;
                        }
                    }
                }
                assert_eq!(batch, left);
            }
            Step::PollSend => {
                let item = next.next().unwrap();
                let mut slot = Some(item);
                let polled = sender.poll_send(&mut slot, &mut Context::from_waker(&producer_waker));
                if model.refuses {
                    assert_eq!((polled, slot), (Poll::Ready(Err(Closed(()))), Some(item)));
                } else if model.send(item).is_ok() {
                    assert_eq!((polled, slot), (Poll::Ready(Ok(())), None));
                } else {
                    assert_eq!((polled, slot), (Poll::Pending, Some(item)));
                    producer_waits = true;
                }
            }
            Step::Poll(budget, most) => {
                let Some(queue) = &mut receiver else { continue };
                let (seen, drained) = receive(queue, &consumer, budget, most);
                let expected = held.min(budget as usize).min(most);
                assert_eq!(seen, model.items.drain(..expected).collect::<Vec<_>>());
                model.emitted += expected as u64;
                let outcome = if expected == most {
                    Poll::Ready(Ok(Drained::Stopped))
                } else if held > expected {
                    Poll::Ready(Ok(Drained::Exhausted))
                } else if model.refuses {
                    Poll::Ready(Ok(Drained::Completed))
                } else {
                    Poll::Pending
                };
                assert_eq!(drained, outcome);
                if drained == Poll::Ready(Ok(Drained::Completed)) {
                    receiver = None;
                }
                consumer_waits = drained.is_pending();
                if producer_waits && model.items.is_empty() {
                    assert!(
                        producer.take() > 0,
                        "a producer sleeps before an empty queue"
                    );
                    producer_waits = false;
                }
            }
            Step::DropReceiver => {
                if receiver.take().is_some() {
                    model.cancelled += model.items.drain(..).len() as u64;
                    model.refuses = true;
                    assert!(!producer_waits || producer.take() > 0);
                    producer_waits = false;
                }
            }
            Step::End => {
                sender.end(Ok(()));
                model.refuses = true;
                assert!(!producer_waits || producer.take() > 0);
                producer_waits = false;
            }
        }
        if consumer_waits && (model.items.len() > held || model.refuses && receiver.is_some()) {
            assert!(
                consumer.take() > 0,
                "the receiver sleeps before what has come"
            );
            consumer_waits = false;
        }
        assert!(model.items.len() <= capacity);
        if receiver.is_some() {
            assert_eq!(sender.room(), capacity - model.items.len());
        }
        assert_eq!(sender.is_closed(), model.refuses);
        model.check(meter.counts());
    }
}

proptest! {
    #[test]
    fn the_queue_does_what_its_model_does(
        capacity in 1..6_usize,
        overflow in prop::sample::select(&[
            Overflow::Wait, Overflow::DropIncoming, Overflow::DropOldest, Overflow::Fail,
        ][..]),
        steps in steps(),
    ) {
        run(capacity, overflow, steps);
    }
}

#[test]
fn every_sender_hears_of_a_stop() {
    let (first, mut receiver): (Sender, Receiver) =
        queue(StageId::here("queue"), 1, Overflow::Wait, Meter::new());
    let second = first.clone();
    let alarms = [Arc::new(Alarm::default()), Arc::new(Alarm::default())];
    for (sender, alarm) in [&first, &second].into_iter().zip(&alarms) {
        let waker = Waker::from(Arc::clone(alarm));
        assert!(!sender.stop_requested(&mut Context::from_waker(&waker)));
    }
    receiver.request_stop();
    assert_eq!(alarms.each_ref().map(|alarm| alarm.take()), [1, 1]);
    assert!(first.stop_requested(&mut Context::from_waker(Waker::noop())));
}

#[test]
fn the_drop_of_an_item_may_use_the_queue() {
    struct Nosy(Option<Arc<QueueSender<Nosy, Infallible>>>);
    impl Drop for Nosy {
        fn drop(&mut self) {
            if let Some(sender) = self.0.take() {
                assert!(sender.room() <= 1);
            }
        }
    }
    for overflow in [Overflow::DropIncoming, Overflow::DropOldest] {
        let (sender, receiver) = queue(StageId::here("queue"), 1, overflow, Meter::new());
        let sender = Arc::new(sender);
        for _ in 0..3 {
            assert!(sender.try_send(Nosy(Some(Arc::clone(&sender)))).is_ok());
        }
        let mut batch: VecDeque<_> = (0..3).map(|_| Nosy(Some(Arc::clone(&sender)))).collect();
        assert!(sender.send_batch(&mut batch).is_ok());
        drop(receiver);
        assert_eq!(sender.meter().counts().in_flight(), 0);
    }
}

#[test]
fn an_item_whose_consumer_panics_was_emitted() {
    let meter = Meter::new();
    let (sender, mut receiver): (Sender, Receiver) =
        queue(StageId::here("queue"), 4, Overflow::Wait, meter.clone());
    sender.send_batch(&mut (0..4).collect()).unwrap();
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let mut task = Context::from_waker(Waker::noop());
        let _ = Pin::new(&mut receiver).poll_drain(&mut Cx::new(&mut task), |item| {
            assert!(item < 1, "the consumer panics");
            ControlFlow::Continue(())
        });
    }));
    assert!(panicked.is_err());
    assert_eq!((meter.counts().emitted, meter.counts().in_flight()), (2, 2));
    drop(receiver);
    assert_eq!(
        (meter.counts().dropped(), meter.counts().in_flight()),
        (2, 0)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn between_threads_nothing_is_lost_and_all_is_counted() {
    const EACH: u64 = 20_000;
    for capacity in [1, 7, 256] {
        let meter = Meter::new();
        let (sender, mut receiver) = queue::<u64, Infallible>(
            StageId::here("queue"),
            capacity,
            Overflow::Wait,
            meter.clone(),
        );
        let producers: Vec<_> = (0..3)
            .map(|_| {
                let sender = sender.clone();
                tokio::spawn(async move {
                    for item in 0..EACH {
                        let mut slot = Some(item);
                        std::future::poll_fn(|task| sender.poll_send(&mut slot, task))
                            .await
                            .unwrap();
                    }
                })
            })
            .collect();
        drop(sender);
        let (mut sum, mut count) = (0, 0);
        std::future::poll_fn(|task| {
            loop {
                let drained = Pin::new(&mut receiver).poll_drain(&mut Cx::new(task), |item| {
                    sum += item;
                    count += 1;
                    if count % 5 == 0 {
                        ControlFlow::Break(())
                    } else {
                        ControlFlow::Continue(())
                    }
                });
                match drained {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(Ok(Drained::Completed)) => return Poll::Ready(()),
                    Poll::Ready(Ok(_)) => {}
                    Poll::Ready(Err(never)) => match never {},
                }
            }
        })
        .await;
        for producer in producers {
            producer.await.unwrap();
        }
        assert_eq!((count, sum), (3 * EACH, 3 * (0..EACH).sum::<u64>()));
        let counts = meter.counts();
        assert_eq!(
            (counts.received, counts.emitted, counts.in_flight()),
            (count, count, 0)
        );
    }
}
