//! Random chains of operators over random inputs, with a consumer that breaks, dawdles, is short of budget and stops.
//!
//! Whatever the chain: it ends, it hands on nothing without a budget, it never polls a source after its end and has
//! dropped it by then, what comes out is what may come out, and the books of every stage balance.

mod combine;
mod error;
mod filter;
mod model;
mod operator;
mod pressure;
mod time;
mod transform;
mod window;

use std::{
    future::poll_fn,
    ops::ControlFlow,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64, Ordering::SeqCst},
    },
    task::Poll,
    time::Duration,
};

use proptest::{collection::vec, prelude::*, strategy::Union};
use thalweg_core::{Cx, Drained, DropReason, Observable, Plan, StagePlan};
use thalweg_operators::{
    BoxFlow, Flow,
    testing::{Broken, numbers},
};
use tokio::{
    task::yield_now,
    time::{sleep, timeout},
};

use self::{
    model::{Input, Model},
    operator::{Operator, inputs, millis},
};

/// Polls after which a chain that has not ended is taken for one that never does.
const MOST_POLLS: usize = 20_000;

type Chain = BoxFlow<'static, u32, Broken>;

/// What one turn of the consumer is like.
#[derive(Clone, Debug)]
struct Turn {
    budget: u32,
    items: usize,
    pause: u64,
}

/// How the sources of a chain were treated.
#[derive(Default, Debug)]
struct Watch {
    polls_after_end: AtomicU32,
}

/// A source that notices when it is polled after its end.
struct Watched<O> {
    source: O,
    ended: bool,
    watch: Arc<Watch>,
}

impl<O: Observable + Unpin> Observable for Watched<O> {
    type Item = O::Item;
    type Error = O::Error;

    fn poll_drain<F>(
        mut self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        emit: F,
    ) -> Poll<Result<Drained, O::Error>>
    where
        F: FnMut(O::Item) -> ControlFlow<()>,
    {
        let this = &mut *self;
        if this.ended {
            this.watch.polls_after_end.fetch_add(1, SeqCst);
        }
        let drained = Pin::new(&mut this.source).poll_drain(cx, emit);
        this.ended |= matches!(drained, Poll::Ready(Ok(Drained::Completed) | Err(_)));
        drained
    }
}

/// Makes the sources of a chain.
struct Sources(Arc<Watch>);

impl Sources {
    fn of(&self, input: &Input) -> Chain {
        Flow::new(Watched {
            source: numbers(&input.diagram()).boxed(),
            ended: false,
            watch: Arc::clone(&self.0),
        })
        .boxed()
    }
}

/// The books of a stage, and what really came in.
struct Book {
    name: &'static str,
    plan: Plan,
    came: Arc<AtomicU64>,
}

/// A chain, and all that is known about how it is treated.
struct Bench {
    chain: Chain,
    plan: Plan,
    books: Vec<Book>,
    watch: Arc<Watch>,
}

impl Bench {
    fn new(input: &Input, operators: Vec<Operator>) -> Self {
        let watch = Arc::new(Watch::default());
        let sources = Sources(Arc::clone(&watch));
        let mut books = Vec::new();
        let mut chain = sources.of(input);
        for operator in operators {
            let came = Arc::new(AtomicU64::new(0));
            let counter = Arc::clone(&came);
            let watched = chain.inspect(move |_| {
                counter.fetch_add(1, SeqCst);
            });
            let name = operator.books;
            chain = operator.add(watched.boxed(), &sources);
            books.extend(name.map(|name| Book {
                name,
                plan: chain.plan(),
                came,
            }));
        }
        Self {
            plan: chain.plan(),
            chain,
            books,
            watch,
        }
    }

    /// Checks that all books balance and begin with what came in.
    async fn settle(&mut self) {
        // Tasks that were aborted drop what they have when they are run next.
        for _ in 0..8 {
            yield_now().await;
        }
        assert_eq!(Arc::strong_count(&self.watch), 1, "a source is kept");
        self.plan.refresh();
        for stage in self.plan.stages() {
            if let Some(counts) = stage.counts() {
                let gone = counts.emitted + counts.dropped();
                let name = stage.name();
                assert_eq!(
                    counts.received, gone,
                    "the books of {name} do not balance: {counts}"
                );
            }
        }
        for Book { name, plan, came } in &mut self.books {
            plan.refresh();
            let counts = plan.find(name).unwrap().counts().unwrap();
            assert_eq!(counts.received, came.load(SeqCst), "{name}: {counts}");
        }
    }

    fn cancelled(&self) -> u64 {
        let counts = self.plan.stages().iter().filter_map(StagePlan::counts);
        counts
            .map(|counts| counts.dropped_by(DropReason::Cancelled))
            .sum()
    }
}

/// Runs a chain to its end with a consumer that takes its `turns` over and over; stops at the turn of number `stop`.
async fn run(
    chain: &mut Chain,
    turns: &[Turn],
    stop: Option<usize>,
) -> (Vec<u32>, Result<(), Broken>) {
    let mut seen = Vec::new();
    let mut polls = 0;
    for (number, turn) in turns.iter().cycle().enumerate() {
        let stopping = stop.is_some_and(|at| number >= at);
        let rest = poll_fn(|task| {
            polls += 1;
            assert!(polls < MOST_POLLS, "it is busy for ever");
            let mut taken = 0;
            let mut cx = Cx::new(task).with_budget(turn.budget).with_stop(stopping);
            let drained = Pin::new(&mut *chain).poll_drain(&mut cx, |n| {
                assert!(turn.budget > 0, "it handed on {n} without a budget");
                seen.push(n);
                taken += 1;
                if taken < turn.items {
                    ControlFlow::Continue(())
                } else {
                    ControlFlow::Break(())
                }
            });
            match drained {
                Poll::Pending if turn.budget > 0 => Poll::Pending,
                drained => Poll::Ready(drained),
            }
        })
        .await;
        match rest {
            Poll::Ready(Ok(Drained::Completed)) => return (seen, Ok(())),
            Poll::Ready(Err(error)) => return (seen, Err(error)),
            Poll::Pending | Poll::Ready(Ok(_)) if turn.pause > 0 => sleep(millis(turn.pause)).await,
            Poll::Pending | Poll::Ready(Ok(_)) => yield_now().await,
        }
    }
    unreachable!("there is a turn, and it comes again")
}

async fn check(input: Input, operators: Vec<Operator>, turns: Vec<Turn>, stop: Option<usize>) {
    let mut model = Model::of(&input);
    // What a stop cuts off is not known, so neither is what is last.
    model.complete &= stop.is_none();
    for operator in &operators {
        operator.shape(&mut model);
    }
    let drains = !model.may_fail && !operators.iter().any(|operator| operator.cuts);
    let mut bench = Bench::new(&input, operators);
    let run_to_end = timeout(Duration::from_hours(1), run(&mut bench.chain, &turns, stop));
    let Ok((seen, end)) = run_to_end.await else {
        panic!("it waits for ever");
    };
    assert!(end.is_ok() || model.may_fail, "it failed");
    model.check(seen);
    for _ in 0..2 {
        let (again, end) = run(&mut bench.chain, &turns, None).await;
        assert!(again.is_empty() && end.is_ok(), "it did not stay ended");
    }
    assert_eq!(
        bench.watch.polls_after_end.load(SeqCst),
        0,
        "a source was polled after its end"
    );
    bench.settle().await;
    assert!(
        !drains || bench.cancelled() == 0,
        "what was in flight did not drain"
    );
}

/// Leaves a chain alone in the midst of it.
async fn check_dropped(input: Input, operators: Vec<Operator>, turns: Vec<Turn>, after: u64) {
    let mut bench = Bench::new(&input, operators);
    let _ = timeout(millis(after), run(&mut bench.chain, &turns, None)).await;
    bench.chain = numbers("|").boxed();
    bench.settle().await;
}

fn operators() -> impl Strategy<Value = Operator> {
    let groups = [
        transform::group(),
        filter::group(),
        combine::group(),
        time::group(),
        window::group(),
        error::group(),
        pressure::group(),
    ];
    Union::new(groups.into_iter().flatten())
}

fn turns() -> impl Strategy<Value = Vec<Turn>> {
    let turn = (0..5_usize, 1..6_usize, 0..5_u64).prop_map(|(budget, items, pause)| Turn {
        budget: [0, 1, 2, 7, Cx::DEFAULT_BUDGET][budget],
        items,
        pause,
    });
    // One at least can do something.
    vec(turn, 0..5).prop_map(|mut turns| {
        turns.push(Turn {
            budget: 16,
            items: usize::MAX,
            pause: 0,
        });
        turns
    })
}

fn on_paused_clock(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap()
        .block_on(test);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_chain_ends_and_its_books_balance(
        input in inputs(),
        operators in vec(operators(), 1..5),
        turns in turns(),
    ) {
        on_paused_clock(check(input, operators, turns, None));
    }

    #[test]
    fn a_chain_that_is_stopped_ends_and_its_books_balance(
        input in inputs(),
        operators in vec(operators(), 1..5),
        turns in turns(),
        stop in 0..10_usize,
    ) {
        on_paused_clock(check(input, operators, turns, Some(stop)));
    }

    #[test]
    fn the_books_of_a_chain_that_is_dropped_balance(
        input in inputs(),
        operators in vec(operators(), 1..5),
        turns in turns(),
        after in 0..40_u64,
    ) {
        on_paused_clock(check_dropped(input, operators, turns, after));
    }
}
