//! What came out of a scenario, and how our goals stand.

use crate::contestant::{Contestant, Role};

/// A column of a scenario's table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) decimals: usize,
    merge: Merge,
}

/// What becomes of the values of several rounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Merge {
    Median,
    Sum,
}

impl Column {
    /// Creates a column of the medians of all rounds.
    pub(crate) const fn new(name: &'static str, decimals: usize) -> Self {
        Self {
            name,
            decimals,
            merge: Merge::Median,
        }
    }

    /// Creates a column of what the rounds counted together.
    pub(crate) const fn sum(name: &'static str) -> Self {
        Self {
            name,
            decimals: 0,
            merge: Merge::Sum,
        }
    }

    fn merge(self, mut values: Vec<f64>) -> f64 {
        match self.merge {
            Merge::Median => {
                values.sort_by(f64::total_cmp);
                values[(values.len() - 1) / 2]
            }
            Merge::Sum => values.iter().sum(),
        }
    }
}

/// A contestant's values, one for each column.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) contestant: Contestant,
    pub(crate) values: Vec<f64>,
}

impl Row {
    /// Merges the values of at least one round.
    pub(crate) fn merge(contestant: Contestant, columns: &[Column], rounds: &[Vec<f64>]) -> Self {
        let values = columns.iter().enumerate().map(|(index, column)| {
            column.merge(rounds.iter().map(|values| values[index]).collect())
        });
        Self {
            contestant,
            values: values.collect(),
        }
    }
}

/// All contestants of a scenario that got through it.
#[derive(Debug)]
pub(crate) struct Rows {
    pub(crate) columns: &'static [Column],
    pub(crate) rows: Vec<Row>,
}

/// Whose value it is, and the value.
type Value = Option<(&'static str, f64)>;

impl Rows {
    pub(crate) fn ours(&self, column: Column) -> Value {
        self.least(column, |who| who.role == Role::Ours)
    }

    pub(crate) fn least(&self, column: Column, who: impl Fn(&Contestant) -> bool) -> Value {
        self.values(column, who)
            .min_by(|one, other| one.1.total_cmp(&other.1))
    }

    pub(crate) fn most(&self, column: Column, who: impl Fn(&Contestant) -> bool) -> Value {
        self.values(column, who)
            .max_by(|one, other| one.1.total_cmp(&other.1))
    }

    fn values(
        &self,
        column: Column,
        who: impl Fn(&Contestant) -> bool,
    ) -> impl Iterator<Item = (&'static str, f64)> {
        let index = self.columns.iter().position(|other| *other == column);
        self.rows
            .iter()
            .filter(move |row| who(&row.contestant))
            .filter_map(move |row| Some((row.contestant.name, row.values[index?])))
    }
}

/// How a goal stands.
#[derive(Debug)]
pub(crate) struct Standing {
    /// What it is a multiple of: a unit, or what somebody else has.
    pub(crate) of: String,
    pub(crate) is: f64,
    pub(crate) bound: Bound,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Bound {
    AtMost(f64),
    AtLeast(f64),
}

impl Standing {
    /// At most so many times what somebody else has; none unless both were measured.
    pub(crate) fn at_most(factor: f64, ours: Value, other: Value) -> Option<Self> {
        Self::factor(Bound::AtMost(factor), ours, other)
    }

    /// At least so many times what somebody else has; none unless both were measured.
    pub(crate) fn at_least(factor: f64, ours: Value, other: Value) -> Option<Self> {
        Self::factor(Bound::AtLeast(factor), ours, other)
    }

    /// At most so many of a unit; none unless we were measured.
    pub(crate) fn within(most: f64, unit: &str, ours: Value) -> Option<Self> {
        Some(Self {
            of: unit.to_owned(),
            is: ours?.1,
            bound: Bound::AtMost(most),
        })
    }

    fn factor(bound: Bound, ours: Value, other: Value) -> Option<Self> {
        let (name, other) = other?;
        Some(Self {
            of: format!("times {name}"),
            is: ours?.1 / other,
            bound,
        })
    }

    pub(crate) fn is_met(&self) -> bool {
        match self.bound {
            Bound::AtMost(most) => self.is <= most,
            Bound::AtLeast(least) => self.is >= least,
        }
    }
}
