//! A file as something that is written to: what blocks is done in a thread for it.

use std::{io, path::Path, path::PathBuf};

use tokio::{
    task::{JoinHandle, spawn_blocking},
    time::Instant,
};

use super::{
    aside::tidy,
    disk::{Disk, Options},
    rotation::Rotation,
};
use crate::{
    WriteError,
    blocking::Blocking,
    output::{Destination, Room},
};

pub(super) struct Target {
    path: PathBuf,
    pub(super) options: Options,
    pub(super) rotation: Option<Rotation>,
    disk: Option<Blocking<Disk>>,
    /// When the first item was written into what is open.
    begun: Option<Instant>,
    tidying: Option<JoinHandle<io::Result<()>>>,
}

impl Target {
    pub(super) fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            options: Options::default(),
            rotation: None,
            disk: None,
            begun: None,
            tidying: None,
        }
    }

    fn disk(&mut self) -> &mut Blocking<Disk> {
        let Self {
            path,
            options,
            disk,
            ..
        } = self;
        disk.get_or_insert_with(|| Blocking::new(Disk::new(path.clone(), *options)))
    }

    async fn run<R: Send + 'static>(
        &mut self,
        work: impl FnOnce(&mut Disk) -> io::Result<R> + Send + 'static,
    ) -> Result<R, WriteError> {
        let done = self.disk().run(work).await;
        done.map_err(|cause| self.failed(cause))
    }

    async fn open(&mut self, lines: bool) -> Result<(), WriteError> {
        if self.disk().idle().is_some_and(|disk| disk.is_open()) {
            return Ok(());
        }
        let opened = self.disk().run(move |disk| disk.open(lines)).await;
        opened.map_err(|cause| WriteError::Open {
            to: self.name(),
            cause,
        })
    }

    fn length(&mut self) -> u64 {
        self.disk().idle().map_or(0, |disk| disk.length())
    }

    /// Waits until the files that were put aside are compressed or removed.
    async fn tidied(&mut self) -> Result<(), WriteError> {
        if let Some(tidying) = &mut self.tidying {
            let tidied = tidying.await;
            self.tidying = None;
            tidied
                .unwrap_or_else(|panicked| Err(io::Error::other(panicked)))
                .map_err(|cause| self.failed(cause))?;
        }
        Ok(())
    }

    fn failed(&self, cause: io::Error) -> WriteError {
        WriteError::Write {
            to: self.name(),
            cause,
        }
    }
}

impl Destination for Target {
    fn name(&self) -> String {
        self.path.display().to_string()
    }

    async fn room(&mut self, lines: bool) -> Result<Room, WriteError> {
        self.open(lines).await?;
        let age = self.rotation.and_then(|rotation| rotation.age);
        if let (Some(most), Some(begun)) = (age, self.begun)
            && begun.elapsed() >= most
            && self.length() > 0
        {
            self.make_room().await?;
        }
        let length = self.length();
        let most = self.rotation.map_or(u64::MAX, |rotation| rotation.bytes);
        Ok(Room {
            empty: length == 0,
            bytes: most.saturating_sub(length),
        })
    }

    async fn make_room(&mut self) -> Result<(), WriteError> {
        self.tidied().await?;
        self.run(Disk::rotate).await?;
        self.begun = None;
        let target = self.disk().idle().and_then(|disk| disk.target());
        if let (Some(target), Some(rotation)) = (target.map(Path::to_owned), self.rotation)
            && rotation.tidies()
        {
            self.tidying = Some(spawn_blocking(move || tidy(&target, &rotation)));
        }
        Ok(())
    }

    async fn write(&mut self, bytes: &mut Vec<u8>) -> Result<(), WriteError> {
        let whole = std::mem::take(bytes);
        if self.begun.is_none() || self.length() == 0 {
            self.begun = Some(Instant::now());
        }
        let (buffer, written) = self
            .run(move |disk| {
                let written = disk.write(&whole);
                Ok((whole, written))
            })
            .await?;
        *bytes = buffer;
        written.map_err(|cause| self.failed(cause))?;
        if let Some(disk) = self.disk().idle() {
            disk.confirm();
        }
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), WriteError> {
        match self.disk {
            Some(_) => self.run(Disk::flush).await,
            None => Ok(()),
        }
    }

    async fn close(&mut self, lines: bool) -> Result<(), WriteError> {
        self.open(lines).await?;
        self.run(Disk::close).await?;
        self.tidied().await
    }

    async fn abandon(&mut self, lines: bool) -> Result<(), WriteError> {
        if !self.options.atomic {
            return self.close(lines).await;
        }
        self.run(|disk| {
            disk.abandon();
            Ok(())
        })
        .await
    }
}
