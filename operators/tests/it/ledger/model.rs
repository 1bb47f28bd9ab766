//! What goes into a random chain, and what may come out of it.

use thalweg_core::Overflow;

/// A source: what comes at one instant, how long after what came before; whether it fails at the end.
#[derive(Clone, Debug)]
pub(super) struct Input {
    pub(super) groups: Vec<(usize, Vec<u32>)>,
    pub(super) fails: bool,
}

impl Input {
    pub(super) fn diagram(&self) -> String {
        let mut diagram = String::new();
        for (gap, group) in &self.groups {
            let items: String = group.iter().map(ToString::to_string).collect();
            diagram.extend([&"-".repeat(*gap), "(", &items, ")"]);
        }
        diagram + if self.fails { "-#" } else { "-|" }
    }

    pub(super) fn items(&self) -> impl Iterator<Item = u32> {
        self.groups.iter().flat_map(|(_, group)| group.clone())
    }
}

#[derive(Clone, Debug)]
pub(super) enum Operator {
    Map,
    Filter,
    Take(u64),
    Skip(u64),
    StartWith(Vec<u32>),
    TakeUntil(Input),
    Chunks(usize, Option<u64>),
    Debounce(u64, Option<u64>),
    Throttle(u64, u8),
    Delay(u64, usize),
    Pace(u32),
    Spawned(usize),
    Buffer(usize, Overflow),
    MapAsync,
    ParMap(usize),
    ParMapUnordered(usize),
    MergeMap(usize),
    ConcatMap,
    SwitchMap,
    Merge(Input),
    Concat(Input),
    Zip(Input),
    CombineLatest(Input),
}

/// What a chain may give.
#[derive(Debug)]
pub(super) struct Model {
    pub(super) items: Vec<u32>,
    /// It gives all of them.
    pub(super) complete: bool,
    /// It gives them in this order.
    pub(super) in_order: bool,
    pub(super) may_fail: bool,
}

impl Operator {
    /// The name of a stage of one input that keeps books.
    pub(super) fn metered(&self) -> Option<&'static str> {
        match self {
            Self::Chunks(..) => Some("chunks"),
            Self::Debounce(..) => Some("debounce"),
            Self::Throttle(..) => Some("throttle"),
            Self::Delay(..) => Some("delay"),
            Self::Pace(_) => Some("pace"),
            Self::MapAsync => Some("map_async"),
            Self::ParMap(_) => Some("par_map"),
            Self::ParMapUnordered(_) => Some("par_map_unordered"),
            Self::MergeMap(_) => Some("merge_map"),
            Self::SwitchMap => Some("switch_map"),
            _ => None,
        }
    }

    /// Tells whether it may end before its inputs have, and cancel what is in flight there.
    pub(super) fn cuts(&self) -> bool {
        match self {
            Self::Take(_) | Self::TakeUntil(_) | Self::Zip(_) | Self::CombineLatest(_) => true,
            Self::Buffer(_, overflow) => *overflow == Overflow::Fail,
            _ => false,
        }
    }
}

impl Model {
    pub(super) fn of(input: &Input) -> Self {
        Self {
            items: input.items().collect(),
            complete: !input.fails,
            in_order: true,
            may_fail: input.fails,
        }
    }

    pub(super) fn add(&mut self, operator: &Operator) {
        match operator {
            Operator::Map => self.items.iter_mut().for_each(|n| *n += 1),
            Operator::Filter => self.items.retain(|n| n % 2 == 0),
            Operator::Take(count) => self.cut(|items| items.truncate(to_usize(*count))),
            Operator::Skip(count) => {
                self.cut(|items| drop(items.drain(..items.len().min(to_usize(*count)))));
            }
            Operator::StartWith(first) => {
                self.items.splice(..0, first.iter().copied());
            }
            Operator::TakeUntil(other) => {
                self.complete = false;
                self.may_fail |= other.fails;
            }
            Operator::Debounce(..) | Operator::Throttle(..) | Operator::SwitchMap => {
                self.complete = false;
            }
            Operator::Buffer(_, overflow) => {
                self.complete &= *overflow == Overflow::Wait;
                self.may_fail |= *overflow == Overflow::Fail;
            }
            Operator::ParMapUnordered(_) | Operator::MergeMap(_) => self.in_order = false,
            Operator::Merge(other) => {
                self.join(other);
                self.in_order = false;
            }
            Operator::Concat(other) => self.join(other),
            Operator::Zip(other) => {
                self.may_fail |= other.fails;
                self.complete &= !other.fails;
                let pairs = other.items().count();
                self.cut(|items| items.truncate(pairs));
            }
            Operator::CombineLatest(other) => {
                // Every item may come as often as the other has one.
                let times = other.items().count() + 1;
                self.items = self.items.iter().flat_map(|n| vec![*n; times]).collect();
                self.complete = false;
                self.may_fail |= other.fails;
            }
            Operator::Chunks(..)
            | Operator::Delay(..)
            | Operator::Pace(_)
            | Operator::Spawned(_)
            | Operator::MapAsync
            | Operator::ParMap(_)
            | Operator::ConcatMap => {}
        }
    }

    fn join(&mut self, other: &Input) {
        self.items.extend(other.items());
        self.complete &= !other.fails;
        self.may_fail |= other.fails;
    }

    /// Takes a part that is known only if it is known what comes first.
    fn cut(&mut self, part: impl FnOnce(&mut Vec<u32>)) {
        if self.complete && self.in_order {
            part(&mut self.items);
        } else {
            self.complete = false;
        }
    }

    pub(super) fn check(mut self, mut seen: Vec<u32>) {
        if !self.in_order {
            self.items.sort_unstable();
            seen.sort_unstable();
        }
        if self.complete {
            assert_eq!(seen, self.items);
        } else {
            let mut left = self.items.iter();
            let in_order = seen.iter().all(|n| left.any(|other| n == other));
            assert!(in_order, "{seen:?} is no part of {:?}", self.items);
        }
    }
}

fn to_usize(count: u64) -> usize {
    usize::try_from(count).unwrap()
}
