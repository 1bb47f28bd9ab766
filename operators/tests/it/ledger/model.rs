//! What goes into a random chain, and what may come out of it.

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

    pub(super) fn count(&self) -> usize {
        self.items().count()
    }
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

impl Model {
    pub(super) fn of(input: &Input) -> Self {
        Self {
            items: input.items().collect(),
            complete: !input.fails,
            in_order: true,
            may_fail: input.fails,
        }
    }

    /// It gives some of them.
    pub(super) fn some(&mut self) {
        self.complete = false;
    }

    /// It gives them in any order.
    pub(super) fn in_any_order(&mut self) {
        self.in_order = false;
    }

    /// It may fail by itself.
    pub(super) fn may_fail(&mut self) {
        self.complete = false;
        self.may_fail = true;
    }

    /// It fails with another.
    pub(super) fn fails_with(&mut self, other: &Input) {
        self.complete &= !other.fails;
        self.may_fail |= other.fails;
    }

    /// It gives the items of another too.
    pub(super) fn join(&mut self, other: &Input) {
        self.items.extend(other.items());
        self.fails_with(other);
    }

    /// It gives every item so often.
    pub(super) fn times(&mut self, times: usize) {
        self.items = self.items.iter().flat_map(|n| vec![*n; times]).collect();
    }

    /// It gives those for which `keeps` holds.
    pub(super) fn retain(&mut self, mut keeps: impl FnMut(u32) -> bool) {
        self.items.retain(|n| keeps(*n));
    }

    /// It gives a part that is known only if it is known what comes first.
    pub(super) fn cut(&mut self, part: impl FnOnce(&mut Vec<u32>)) {
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
