//! Sinks that do what a test wants.

use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, Mutex},
};

use thalweg::Sink;

/// Keeps what it takes, and fails as it is told to. A clone is the same.
#[derive(Clone, Debug)]
pub(crate) struct Double<T> {
    state: Arc<Mutex<State<T>>>,
}

#[derive(Debug)]
struct State<T> {
    taken: Vec<T>,
    calls: Vec<&'static str>,
    /// How many items each of the next writes takes before it fails.
    failures: VecDeque<usize>,
    fails: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Broken(pub(crate) &'static str);

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the double fails to {}", self.0)
    }
}

impl std::error::Error for Broken {}

impl<T> Double<T> {
    pub(crate) fn new() -> Self {
        let state = State {
            taken: Vec::new(),
            calls: Vec::new(),
            failures: VecDeque::new(),
            fails: false,
        };
        Self {
            state: Arc::new(Mutex::new(state)),
        }
    }

    /// Fails the next writes, each after it has taken so many items.
    pub(crate) fn failing_after(self, items: impl IntoIterator<Item = usize>) -> Self {
        self.state.lock().unwrap().failures.extend(items);
        self
    }

    /// Fails at everything for ever.
    pub(crate) fn broken(self) -> Self {
        self.state.lock().unwrap().fails = true;
        self
    }

    /// What it does not fail at any more.
    pub(crate) fn mended(&self) {
        self.state.lock().unwrap().fails = false;
    }

    pub(crate) fn taken(&self) -> Vec<T>
    where
        T: Clone,
    {
        self.state.lock().unwrap().taken.clone()
    }

    pub(crate) fn calls(&self) -> Vec<&'static str> {
        self.state.lock().unwrap().calls.clone()
    }

    fn call(&self, name: &'static str) -> Result<(), Broken> {
        let mut state = self.state.lock().unwrap();
        state.calls.push(name);
        if state.fails {
            Err(Broken(name))
        } else {
            Ok(())
        }
    }
}

impl<T: Send> Sink<T> for Double<T> {
    type Error = Broken;

    async fn write(&mut self, batch: &mut Vec<T>) -> Result<(), Broken> {
        self.call("write")?;
        let mut state = self.state.lock().unwrap();
        let failure = state.failures.pop_front();
        let items = failure.unwrap_or(batch.len()).min(batch.len());
        state.taken.extend(batch.drain(..items));
        match failure {
            Some(_) => Err(Broken("write")),
            None => Ok(()),
        }
    }

    async fn flush(&mut self) -> Result<(), Broken> {
        self.call("flush")
    }

    async fn close(&mut self) -> Result<(), Broken> {
        self.call("close")
    }

    async fn abandon(&mut self) -> Result<(), Broken> {
        self.call("abandon")
    }
}
