//! Who runs where: the servers on one core, the generator on another.

use std::io;

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// The core of the servers and that of the generator; none where there is but one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cores(Option<(usize, usize)>);

impl Cores {
    /// Chooses the first two cores that this process may use.
    pub(crate) fn choose() -> io::Result<Self> {
        let allowed = sched_getaffinity(None)?;
        let mut cores = (0..CpuSet::MAX_CPU).filter(|&core| allowed.is_set(core));
        Ok(Self(cores.next().zip(cores.next())))
    }

    pub(crate) fn are_two(self) -> bool {
        self.0.is_some()
    }

    /// Binds the calling thread to the generator's core.
    pub(crate) fn bind_generator(self) -> io::Result<()> {
        self.0.map_or(Ok(()), |(_, generator)| bind(generator))
    }

    /// Calls `spawn` on the servers' core: a process inherits the core of the thread that starts it, and hands it on to all
    /// of its threads.
    pub(crate) fn with_server<T>(self, spawn: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        if let Some((server, _)) = self.0 {
            bind(server)?;
        }
        let spawned = spawn();
        self.bind_generator()?;
        spawned
    }
}

fn bind(core: usize) -> io::Result<()> {
    let mut only = CpuSet::new();
    only.set(core);
    Ok(sched_setaffinity(None, &only)?)
}
