//! An operator of a random chain, and all that is known about it, in one place.

use std::{fmt, time::Duration};

use proptest::{collection::vec, prelude::*, sample::subsequence};
use thalweg_core::Overflow;
use thalweg_operators::{Flow, IntoFlow, testing::numbers};
use tokio::time::sleep;

use super::{
    Chain, Sources,
    model::{Input, Model},
};

type Build = Box<dyn FnOnce(Chain, &Sources) -> Chain>;
type Shape = Box<dyn Fn(&mut Model)>;

/// An operator with its arguments. By default it gives what comes in, and keeps no books.
pub(super) struct Operator {
    name: String,
    build: Build,
    shape: Shape,
    pub(super) books: Option<&'static str>,
    pub(super) cuts: bool,
}

impl Operator {
    pub(super) fn new(
        name: impl Into<String>,
        build: impl FnOnce(Chain, &Sources) -> Chain + 'static,
    ) -> Self {
        Self {
            name: name.into(),
            build: Box::new(build),
            shape: Box::new(|_| {}),
            books: None,
            cuts: false,
        }
    }

    /// Says what becomes of what comes in.
    pub(super) fn gives(mut self, shape: impl Fn(&mut Model) + 'static) -> Self {
        self.shape = Box::new(shape);
        self
    }

    /// Says that the stage of that name keeps books of all that comes in.
    pub(super) fn keeps_books(mut self, stage: &'static str) -> Self {
        self.books = Some(stage);
        self
    }

    /// Says that it may end before its inputs have, and cancel what is in flight there.
    pub(super) fn cuts(mut self) -> Self {
        self.cuts = true;
        self
    }

    pub(super) fn shape(&self, model: &mut Model) {
        (self.shape)(model);
    }

    pub(super) fn add(self, chain: Chain, sources: &Sources) -> Chain {
        (self.build)(chain, sources)
    }
}

impl fmt::Debug for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// The operators of a group, each as likely as the others.
pub(super) type Group = Vec<BoxedStrategy<Operator>>;

/// An operator without arguments.
pub(super) fn plain(make: fn() -> Operator) -> BoxedStrategy<Operator> {
    Just(()).prop_map(move |()| make()).boxed()
}

/// An operator whose arguments are random.
pub(super) fn with<T: fmt::Debug + 'static>(
    arguments: impl Strategy<Value = T> + 'static,
    make: fn(T) -> Operator,
) -> BoxedStrategy<Operator> {
    arguments.prop_map(make).boxed()
}

/// An operator of the chain and another flow.
pub(super) fn beside(
    name: &'static str,
    build: fn(Chain, Chain) -> Chain,
    shape: fn(&mut Model, &Input),
) -> BoxedStrategy<Operator> {
    let make = move |input: Input| {
        let other = input.clone();
        Operator::new(format!("{name}({input:?})"), move |flow, sources| {
            build(flow, sources.of(&input))
        })
        .gives(move |model| shape(model, &other))
    };
    inputs().prop_map(make).boxed()
}

/// An operator of the chain and another flow that may end before they do.
pub(super) fn cut_beside(
    name: &'static str,
    build: fn(Chain, Chain) -> Chain,
    shape: fn(&mut Model, &Input),
) -> BoxedStrategy<Operator> {
    beside(name, build, shape).prop_map(Operator::cuts).boxed()
}

pub(super) fn inputs() -> impl Strategy<Value = Input> {
    let groups = vec((0..6_usize, vec(0..10_u32, 1..4)), 0..8);
    (groups, prop::bool::weighted(0.15)).prop_map(|(groups, fails)| Input { groups, fails })
}

pub(super) fn overflows() -> impl Strategy<Value = Overflow> {
    let all = [
        Overflow::Wait,
        Overflow::DropIncoming,
        Overflow::DropOldest,
        Overflow::Fail,
    ];
    subsequence(all.to_vec(), 1).prop_map(|one| one[0])
}

/// A length of time, in milliseconds.
pub(super) fn times() -> impl Strategy<Value = u64> {
    0..6_u64
}

pub(super) fn millis(time: u64) -> Duration {
    Duration::from_millis(time)
}

/// Some time that depends on the item, so that what runs at once ends in another order.
pub(super) async fn work(n: u32) -> u32 {
    sleep(millis(u64::from(n * 7 % 5))).await;
    n
}

/// A flow of one item, which takes some time.
pub(super) fn working(n: u32) -> Chain {
    all([n]).map_async(work).boxed()
}

/// A flow of what is there.
pub(super) fn all(items: impl IntoIterator<Item = u32, IntoIter: Send + 'static>) -> Chain {
    let flow: Flow<_> = items.into_iter().flow();
    flow.with_error().boxed()
}

/// A notifier that comes sooner or later, as the item says.
pub(super) fn notifier(wait: u32) -> impl FnMut(&u32) -> Chain + Send {
    move |n| after((n * 7 % (wait + 1)) as usize)
}

/// A notifier that comes after so many frames.
pub(super) fn after(frames: usize) -> Chain {
    numbers(&("-".repeat(frames) + "1")).boxed()
}
