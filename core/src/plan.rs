//! How a pipeline describes itself: a tree of stages, with what each may hold and, when it runs, its live numbers.

use std::{fmt, fmt::Write as _};

use crate::{Counts, Meter, Observable, StageId};

/// The description of a pipeline, from the last stage up to its sources.
///
/// [`Display`](fmt::Display) prints it as a tree with the bound of all items held; [`mermaid`](Self::mermaid) as a flow
/// chart. [`refresh`](Self::refresh) reads the live numbers of a plan whose pipeline runs.
///
/// # Examples
///
/// ```
/// use thalweg::prelude::*;
///
/// let flow = (0..100).flow().map(|n| n * 2).chunks().max(10);
/// let plan = flow.plan();
/// assert_eq!(plan.bound(), Some(10));
/// assert!(plan.to_string().contains("chunks"));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Plan {
    stages: Vec<StagePlan>,
    parent: Option<usize>,
}

/// One stage of a [`Plan`].
#[derive(Clone, Debug)]
pub struct StagePlan {
    name: &'static str,
    id: Option<StageId>,
    holds: Holds,
    meter: Option<Meter>,
    counts: Option<Counts>,
    inputs: Vec<usize>,
    depth: usize,
}

/// How many items a stage may hold at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Holds {
    /// None: what comes in goes out in the same poll.
    #[default]
    Nothing,
    /// At most this many items.
    Items(usize),
    /// As many as come.
    Unbounded,
}

impl Holds {
    /// Makes the bound of a stage that was told a number; `usize::MAX` stands for none.
    #[must_use]
    pub fn at_most(items: usize) -> Self {
        match items {
            0 => Self::Nothing,
            usize::MAX => Self::Unbounded,
            items => Self::Items(items),
        }
    }
}

impl fmt::Display for Holds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("holds nothing"),
            Self::Items(1) => f.write_str("holds 1 item"),
            Self::Items(items) => write!(f, "holds {items} items"),
            Self::Unbounded => f.write_str("holds without bound"),
        }
    }
}

impl Plan {
    /// Describes `observable`.
    pub fn of(observable: &(impl Observable + ?Sized)) -> Self {
        let mut plan = Self::default();
        observable.describe(&mut plan);
        plan
    }

    /// Adds a stage that can say no more than its name.
    pub fn leaf(&mut self, name: &'static str) {
        self.push(name, None);
    }

    /// Adds a stage; its inputs and its numbers follow on what is returned.
    pub fn stage(&mut self, id: StageId) -> StageMut<'_> {
        let index = self.push(id.name(), Some(id));
        StageMut { plan: self, index }
    }

    fn push(&mut self, name: &'static str, id: Option<StageId>) -> usize {
        let index = self.stages.len();
        let mut depth = 0;
        if let Some(parent) = self.parent {
            self.stages[parent].inputs.push(index);
            depth = self.stages[parent].depth + 1;
        }
        self.stages.push(StagePlan {
            name,
            id,
            holds: Holds::Nothing,
            meter: None,
            counts: None,
            inputs: Vec::new(),
            depth,
        });
        index
    }

    /// Gives the stages, each before its inputs.
    #[must_use]
    pub fn stages(&self) -> &[StagePlan] {
        &self.stages
    }

    /// Finds the first stage of that name, from the sink up.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&StagePlan> {
        self.stages.iter().find(|stage| stage.name == name)
    }

    /// Sums up how many items the whole pipeline may hold; `None` if a stage has no bound.
    #[must_use]
    pub fn bound(&self) -> Option<usize> {
        self.stages
            .iter()
            .try_fold(0_usize, |sum, stage| match stage.holds {
                Holds::Nothing => Some(sum),
                Holds::Items(items) => Some(sum.saturating_add(items)),
                Holds::Unbounded => None,
            })
    }

    /// Reads the live numbers of every stage that counts.
    pub fn refresh(&mut self) {
        for stage in &mut self.stages {
            stage.counts = stage.meter.as_ref().map(Meter::counts);
        }
    }

    /// Draws the plan as a Mermaid flow chart, sources on top.
    #[must_use]
    pub fn mermaid(&self) -> String {
        let mut chart = String::from("flowchart TD\n");
        for (index, stage) in self.stages.iter().enumerate() {
            // Writing to a String cannot fail.
            let _ = write!(chart, "    s{index}[\"{}", stage.name);
            if stage.holds != Holds::Nothing {
                let _ = write!(chart, "<br/>{}", stage.holds);
            }
            if let Some(counts) = stage.counts {
                let _ = write!(chart, "<br/>{counts}");
            }
            chart.push_str("\"]\n");
            for input in &stage.inputs {
                let _ = writeln!(chart, "    s{input} --> s{index}");
            }
        }
        chart
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for stage in &self.stages {
            write!(f, "{:indent$}{}", "", stage.name, indent = 2 * stage.depth)?;
            if let Some(id) = stage.id {
                write!(f, "  ({}:{})", id.location().file(), id.location().line())?;
            }
            if stage.holds != Holds::Nothing {
                write!(f, "  {}", stage.holds)?;
            }
            if let Some(counts) = stage.counts {
                write!(f, "  [{counts}]")?;
            }
            writeln!(f)?;
        }
        match (self.bound(), self.unbounded()) {
            (Some(items), _) => write!(f, "bound: {items} items in all"),
            (None, Some(stage)) => write!(f, "bound: none, because of {}", stage.name),
            (None, None) => Ok(()),
        }
    }
}

impl Plan {
    fn unbounded(&self) -> Option<&StagePlan> {
        self.stages
            .iter()
            .find(|stage| stage.holds == Holds::Unbounded)
    }
}

impl StagePlan {
    /// Gives the name of the operator, source or sink.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Gives name and place, unless the stage is opaque.
    #[must_use]
    pub fn id(&self) -> Option<StageId> {
        self.id
    }

    /// Tells how many items the stage may hold.
    #[must_use]
    pub fn holds(&self) -> Holds {
        self.holds
    }

    /// Gives the numbers of the last [`Plan::refresh`], if the stage counts.
    #[must_use]
    pub fn counts(&self) -> Option<Counts> {
        self.counts
    }

    /// Gives the stages that feed this one, as indices into [`Plan::stages`].
    #[must_use]
    pub fn inputs(&self) -> &[usize] {
        &self.inputs
    }
}

/// A stage that is being described.
#[derive(Debug)]
pub struct StageMut<'p> {
    plan: &'p mut Plan,
    index: usize,
}

impl StageMut<'_> {
    /// Says how many items the stage may hold at most.
    pub fn holds(self, holds: Holds) -> Self {
        self.plan.stages[self.index].holds = holds;
        self
    }

    /// Lets the plan read the stage's live numbers.
    pub fn meter(self, meter: &Meter) -> Self {
        self.plan.stages[self.index].meter = Some(meter.clone());
        self
    }

    /// Describes an input of the stage, with all that it is built on.
    pub fn input(self, input: &(impl Observable + ?Sized)) -> Self {
        let parent = self.plan.parent.replace(self.index);
        input.describe(self.plan);
        self.plan.parent = parent;
        self
    }

    /// Describes any number of inputs, or the one that is still there.
    pub fn inputs<'o, O: Observable + 'o>(self, inputs: impl IntoIterator<Item = &'o O>) -> Self {
        inputs.into_iter().fold(self, StageMut::input)
    }
}
