//! Runs the contestants of a work in turns on one thread, and keeps what each took.

use std::{error::Error, fmt, future::Future, hint::black_box, pin::Pin, time::Instant};

use tokio::{
    runtime::{Builder, Runtime},
    task::JoinError,
};

/// Rounds that are measured. In each, everyone runs once, so that noise hits all alike.
const ROUNDS: usize = 25;

type Run = Box<dyn Fn(u64) -> Pin<Box<dyn Future<Output = u64> + Send>>>;

/// One thing to do, and everyone who does it.
pub(crate) struct Work {
    pub(crate) name: &'static str,
    items: u64,
    /// What an item is made of, for works that are about bytes.
    bytes: Option<f64>,
    needs_sockets: bool,
    goals: Vec<Goal>,
    contestants: Vec<Contestant>,
}

/// What we promise of a work.
#[derive(Clone, Copy)]
pub(crate) enum Goal {
    /// At most so many times what somebody else takes.
    Share(f64, Rival),
    /// At most so many nanoseconds an item.
    Nanoseconds(f64),
}

/// Whom a [`Goal`] is about.
#[derive(Clone, Copy)]
pub(crate) enum Rival {
    Named(&'static str),
    /// The best of those that have backpressure, as we do.
    Best,
    /// The loop by hand.
    Hand,
}

/// How a [`Goal`] stands.
pub(crate) struct Standing {
    /// The name of the rival, or the unit.
    pub(crate) of: &'static str,
    pub(crate) is: f64,
    pub(crate) at_most: f64,
}

impl Standing {
    pub(crate) fn is_met(&self) -> bool {
        self.is <= self.at_most
    }
}

/// What a contestant is to us.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Ours,
    /// Our flow in another form that does the same.
    OursToo,
    /// A loop without a library: what the work itself costs.
    Hand,
    Rival,
    /// Pushes without backpressure: shown, but it does less.
    Pusher,
}

struct Contestant {
    name: &'static str,
    role: Role,
    run: Run,
}

impl Work {
    /// Creates a work of `items` items; the contestants get the number and give back a checksum.
    pub(crate) fn new(name: &'static str, items: u64) -> Self {
        Self {
            name,
            items,
            bytes: None,
            needs_sockets: false,
            goals: Vec::new(),
            contestants: Vec::new(),
        }
    }

    /// Sets the number of items.
    pub(crate) fn items(mut self, items: u64) -> Self {
        self.items = items;
        self
    }

    /// Tells how many bytes an item has, on average.
    pub(crate) fn bytes(mut self, each: f64) -> Self {
        self.bytes = Some(each);
        self
    }

    /// Gives the runtime sockets; without, it waits for nothing but time and other threads.
    pub(crate) fn sockets(mut self) -> Self {
        self.needs_sockets = true;
        self
    }

    /// Adds a promise: at most `factor` times what `rival` takes.
    pub(crate) fn goal(mut self, factor: f64, rival: Rival) -> Self {
        self.goals.push(Goal::Share(factor, rival));
        self
    }

    /// Adds a promise: at most `nanoseconds` an item, on a machine of today.
    pub(crate) fn within(mut self, nanoseconds: f64) -> Self {
        self.goals.push(Goal::Nanoseconds(nanoseconds));
        self
    }

    /// Adds our flow.
    pub(crate) fn ours<F>(self, run: impl Fn(u64) -> F + 'static) -> Self
    where
        F: Future<Output = u64> + Send + 'static,
    {
        self.add("ours", Role::Ours, run)
    }

    /// Adds our flow in another form.
    pub(crate) fn ours_too<F>(self, name: &'static str, run: impl Fn(u64) -> F + 'static) -> Self
    where
        F: Future<Output = u64> + Send + 'static,
    {
        self.add(name, Role::OursToo, run)
    }

    /// Adds the loop without a library.
    pub(crate) fn by_hand(self, run: fn(u64) -> u64) -> Self {
        self.add("hand", Role::Hand, move |items| async move { run(items) })
    }

    /// Adds the loop without a library where it takes several tasks, or threads.
    pub(crate) fn by_hand_in_tasks<F>(self, run: impl Fn(u64) -> F + 'static) -> Self
    where
        F: Future<Output = u64> + Send + 'static,
    {
        self.add("hand", Role::Hand, run)
    }

    /// Adds a rival that has backpressure.
    pub(crate) fn rival<F>(self, name: &'static str, run: impl Fn(u64) -> F + 'static) -> Self
    where
        F: Future<Output = u64> + Send + 'static,
    {
        self.add(name, Role::Rival, run)
    }

    /// Adds a rival that has none.
    pub(crate) fn pusher(self, name: &'static str, run: fn(u64) -> u64) -> Self {
        self.add(name, Role::Pusher, move |items| async move { run(items) })
    }

    fn add<F>(mut self, name: &'static str, role: Role, run: impl Fn(u64) -> F + 'static) -> Self
    where
        F: Future<Output = u64> + Send + 'static,
    {
        self.contestants.push(Contestant {
            name,
            role,
            run: Box::new(move |items| Box::pin(run(items))),
        });
        self
    }

    /// Lets everyone run in turns; each round begins with another one.
    pub(crate) fn measure(&self) -> Result<Measured, Failure> {
        let mut builder = Builder::new_current_thread();
        if self.needs_sockets {
            builder.enable_io();
        }
        let runtime = builder
            .enable_time()
            .build()
            .map_err(|source| Failure::Runtime { source })?;
        self.compare(&runtime)?;
        let count = self.contestants.len();
        let mut times = vec![Vec::with_capacity(ROUNDS); count];
        for round in 0..ROUNDS {
            for turn in 0..count {
                let index = (round + turn) % count;
                times[index].push(self.time(&self.contestants[index], &runtime)?);
            }
        }
        let scores = self
            .contestants
            .iter()
            .zip(times)
            .map(|(who, times)| Score {
                name: who.name,
                role: who.role,
                times: Times::of(times),
            });
        Ok(Measured {
            work: self.name,
            items: self.items,
            bytes: self.bytes,
            goals: self.goals.clone(),
            scores: scores.collect(),
        })
    }

    /// Warms up, and sees that all come to the same result.
    fn compare(&self, runtime: &Runtime) -> Result<(), Failure> {
        let mut first = None;
        for who in &self.contestants {
            let sum = who.run(self.items, runtime)?;
            let (name, expected) = *first.get_or_insert((who.name, sum));
            if sum != expected {
                return Err(Failure::Differ {
                    work: self.name,
                    one: (name, expected),
                    other: (who.name, sum),
                });
            }
        }
        Ok(())
    }

    /// Gives the nanoseconds that an item took.
    #[expect(
        clippy::cast_precision_loss,
        reason = "a run has far fewer items, and takes far fewer nanoseconds, than 2^52"
    )]
    fn time(&self, who: &Contestant, runtime: &Runtime) -> Result<f64, Failure> {
        let items = black_box(self.items);
        let start = Instant::now();
        black_box(who.run(items, runtime)?);
        Ok(start.elapsed().as_nanos() as f64 / self.items as f64)
    }
}

impl Contestant {
    /// Runs in a task, as in a service: what yields goes to the end of the runtime's queue.
    fn run(&self, items: u64, runtime: &Runtime) -> Result<u64, Failure> {
        let task = runtime.spawn((self.run)(items));
        runtime.block_on(task).map_err(|source| Failure::Task {
            contestant: self.name,
            source,
        })
    }
}

/// What came out of a [`Work`].
pub(crate) struct Measured {
    pub(crate) work: &'static str,
    pub(crate) items: u64,
    pub(crate) bytes: Option<f64>,
    goals: Vec<Goal>,
    pub(crate) scores: Vec<Score>,
}

/// What one contestant took.
pub(crate) struct Score {
    pub(crate) name: &'static str,
    pub(crate) role: Role,
    pub(crate) times: Times,
}

/// Nanoseconds an item: the median of all rounds, and the quartiles around it.
#[derive(Clone, Copy)]
pub(crate) struct Times {
    pub(crate) median: f64,
    pub(crate) lower: f64,
    pub(crate) upper: f64,
}

impl Times {
    fn of(mut times: Vec<f64>) -> Self {
        times.sort_by(f64::total_cmp);
        let at = |quarters: usize| times[(times.len() - 1) * quarters / 4];
        Self {
            median: at(2),
            lower: at(1),
            upper: at(3),
        }
    }
}

impl Measured {
    pub(crate) fn ours(&self) -> Option<&Score> {
        self.scores.iter().find(|score| score.role == Role::Ours)
    }

    pub(crate) fn hand(&self) -> Option<&Score> {
        self.scores.iter().find(|score| score.role == Role::Hand)
    }

    /// Gives the fastest rival that has backpressure.
    pub(crate) fn best_rival(&self) -> Option<&Score> {
        self.scores
            .iter()
            .filter(|score| score.role == Role::Rival)
            .min_by(|one, other| one.times.median.total_cmp(&other.times.median))
    }

    /// Tells how the goals stand whose rivals ran.
    pub(crate) fn standings(&self) -> Vec<Standing> {
        self.goals
            .iter()
            .filter_map(|goal| self.standing(*goal))
            .collect()
    }

    fn standing(&self, goal: Goal) -> Option<Standing> {
        let ours = self.ours()?.times.median;
        match goal {
            Goal::Nanoseconds(at_most) => Some(Standing {
                of: "ns",
                is: ours,
                at_most,
            }),
            Goal::Share(at_most, rival) => {
                let rival = match rival {
                    Rival::Named(name) => self.scores.iter().find(|score| score.name == name),
                    Rival::Best => self.best_rival(),
                    Rival::Hand => self.hand(),
                }?;
                Some(Standing {
                    of: rival.name,
                    is: ours / rival.times.median,
                    at_most,
                })
            }
        }
    }
}

/// Why a work could not be measured.
#[derive(Debug)]
pub(crate) enum Failure {
    Runtime {
        source: std::io::Error,
    },
    Task {
        contestant: &'static str,
        source: JoinError,
    },
    Differ {
        work: &'static str,
        one: (&'static str, u64),
        other: (&'static str, u64),
    },
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Runtime { source } => write!(f, "no runtime could be built: {source}"),
            Self::Task { contestant, source } => {
                write!(f, "the task of {contestant} came to no result: {source}")
            }
            Self::Differ { work, one, other } => write!(
                f,
                "in {work}, {} comes to {} and {} to {}: they do not do the same work",
                one.0, one.1, other.0, other.1
            ),
        }
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Runtime { source } => Some(source),
            Self::Task { source, .. } => Some(source),
            Self::Differ { .. } => None,
        }
    }
}
