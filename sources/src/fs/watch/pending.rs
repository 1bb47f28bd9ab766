//! Changes that are not told yet, and what several of a path come to.

use std::{
    collections::{BTreeMap, HashMap},
    path::{Path, PathBuf},
};

use notify::{
    Event, EventKind,
    event::{ModifyKind, RenameMode},
};
use thalweg_core::{DropReason, Meter};
use tokio::time::Instant;

use super::Change;

/// One change a path, in the order in which they came to be what they are.
pub(super) struct Pending {
    changes: BTreeMap<u64, (Change, Instant)>,
    /// By the path that a change is told of; `None` for a rescan.
    numbers: HashMap<Option<PathBuf>, u64>,
    next: u64,
    capacity: usize,
}

impl Pending {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            changes: BTreeMap::new(),
            numbers: HashMap::new(),
            next: 0,
            capacity,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.changes.len()
    }

    /// When the oldest became what it is.
    pub(super) fn oldest(&self) -> Option<Instant> {
        self.changes.values().next().map(|(_, since)| *since)
    }

    pub(super) fn take_oldest(&mut self) -> Option<Change> {
        let (_, (change, _)) = self.changes.pop_first()?;
        self.numbers.remove(&key(&change));
        Some(change)
    }

    /// Forgets everything, for there was more.
    pub(super) fn rescan(&mut self, now: Instant, meter: &Meter) {
        meter.drop_items(DropReason::Overflow, self.changes.len() as u64);
        self.changes.clear();
        self.numbers.clear();
        self.put(Change::Rescan, now, meter);
    }

    pub(super) fn add(&mut self, event: Event, now: Instant, meter: &Meter) {
        if event.need_rescan() {
            return self.rescan(now, meter);
        }
        let mut paths = event.paths.into_iter();
        match event.kind {
            EventKind::Modify(ModifyKind::Name(RenameMode::Both)) => {
                if let (Some(from), Some(to)) = (paths.next(), paths.next()) {
                    self.rename(from, to, now, meter);
                }
            }
            EventKind::Create(_) | EventKind::Modify(ModifyKind::Name(RenameMode::To)) => {
                paths.for_each(|path| self.merge(Change::Created(path), now, meter));
            }
            EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(RenameMode::From)) => {
                paths.for_each(|path| self.merge(Change::Removed(path), now, meter));
            }
            EventKind::Modify(_) | EventKind::Any | EventKind::Other => {
                paths.for_each(|path| self.merge(Change::Modified(path), now, meter));
            }
            // Somebody has read it.
            EventKind::Access(_) => {}
        }
    }

    /// Both halves were told before, as a removal and a creation.
    fn rename(&mut self, from: PathBuf, to: PathBuf, now: Instant, meter: &Meter) {
        let half = self.take(&from, meter);
        let replaced = self.take(&to, meter);
        let change = match half {
            // It had another name before that.
            Some(Change::Renamed { from, .. }) => Change::Renamed { from, to },
            // It was made in the same time: the removal has left nothing of it.
            None if matches!(replaced, Some(Change::Created(_))) => Change::Created(to),
            _ => Change::Renamed { from, to },
        };
        self.put(change, now, meter);
    }

    /// Makes one of this change and the one that the path has.
    fn merge(&mut self, new: Change, now: Instant, meter: &Meter) {
        let path = match &new {
            Change::Created(path) | Change::Modified(path) | Change::Removed(path) => path,
            Change::Renamed { .. } | Change::Rescan => return self.put(new, now, meter),
        };
        let merged = match (self.take(path, meter), new) {
            (Some(Change::Created(_)), Change::Removed(_)) => return,
            (Some(known @ (Change::Created(_) | Change::Renamed { .. })), Change::Modified(_)) => {
                known
            }
            (Some(Change::Removed(_)), Change::Created(path)) => Change::Modified(path),
            (Some(Change::Renamed { from, .. }), Change::Removed(_)) => Change::Removed(from),
            (_, new) => new,
        };
        self.put(merged, now, meter);
    }

    fn take(&mut self, path: &Path, meter: &Meter) -> Option<Change> {
        let number = self.numbers.remove(&Some(path.to_owned()))?;
        let (change, _) = self.changes.remove(&number)?;
        meter.drop_items(DropReason::Superseded, 1);
        Some(change)
    }

    fn put(&mut self, change: Change, now: Instant, meter: &Meter) {
        meter.receive(1);
        if self.changes.len() == self.capacity {
            meter.drop_items(DropReason::Overflow, 1);
            return self.rescan(now, meter);
        }
        if let Some(known) = self.numbers.insert(key(&change), self.next)
            && self.changes.remove(&known).is_some()
        {
            meter.drop_items(DropReason::Superseded, 1);
        }
        self.changes.insert(self.next, (change, now));
        self.next += 1;
    }
}

fn key(change: &Change) -> Option<PathBuf> {
    match change {
        Change::Created(path) | Change::Modified(path) | Change::Removed(path) => {
            Some(path.clone())
        }
        Change::Renamed { to, .. } => Some(to.clone()),
        Change::Rescan => None,
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use notify::{
        Event, EventKind,
        event::{CreateKind, Flag, ModifyKind, RemoveKind, RenameMode},
    };
    use thalweg_core::{DropReason, Meter};
    use tokio::time::Instant;

    use super::{Change, Pending};

    const CREATE: EventKind = EventKind::Create(CreateKind::File);
    const MODIFY: EventKind = EventKind::Modify(ModifyKind::Any);
    const REMOVE: EventKind = EventKind::Remove(RemoveKind::File);
    const FROM: EventKind = EventKind::Modify(ModifyKind::Name(RenameMode::From));
    const TO: EventKind = EventKind::Modify(ModifyKind::Name(RenameMode::To));
    const BOTH: EventKind = EventKind::Modify(ModifyKind::Name(RenameMode::Both));

    fn path(name: &str) -> PathBuf {
        name.into()
    }

    fn changes(events: &[(EventKind, &[&str])]) -> Vec<Change> {
        let (mut pending, meter) = (Pending::new(4), Meter::new());
        for (kind, names) in events {
            let paths = names.iter().map(|name| path(name));
            let event = paths.fold(Event::new(*kind), Event::add_path);
            pending.add(event, Instant::now(), &meter);
        }
        assert_eq!(meter.counts().in_flight(), pending.len() as u64);
        std::iter::from_fn(|| pending.take_oldest()).collect()
    }

    #[test]
    fn several_changes_of_a_path_are_told_as_what_they_come_to() {
        let a: &[&str] = &["a"];
        let (created, modified, removed) = (
            Change::Created(path("a")),
            Change::Modified(path("a")),
            Change::Removed(path("a")),
        );
        assert_eq!(changes(&[(CREATE, a), (MODIFY, a), (MODIFY, a)]), [created]);
        assert_eq!(changes(&[(CREATE, a), (MODIFY, a), (REMOVE, a)]), []);
        assert_eq!(changes(&[(MODIFY, a), (REMOVE, a)]), [removed]);
        assert_eq!(changes(&[(REMOVE, a), (CREATE, a)]), [modified]);
        assert_eq!(
            changes(&[(MODIFY, a), (MODIFY, &["b"]), (MODIFY, a)]),
            ["b", "a"].map(|name| Change::Modified(path(name)))
        );
    }

    #[test]
    fn both_halves_of_a_rename_are_one_change() {
        let (a, b, c): (&[&str], &[&str], &[&str]) = (&["a"], &["b"], &["c"]);
        let renamed = |from, to| Change::Renamed {
            from: path(from),
            to: path(to),
        };
        let rename = [(FROM, a), (TO, b), (BOTH, &["a", "b"][..])];
        assert_eq!(changes(&rename), [renamed("a", "b")]);
        let written = [&rename[..], &[(MODIFY, b)]].concat();
        assert_eq!(changes(&written), [renamed("a", "b")]);
        let gone = [&rename[..], &[(REMOVE, b)]].concat();
        assert_eq!(changes(&gone), [Change::Removed(path("a"))]);
        // The way of those who write a file whole.
        let made = [&[(CREATE, a), (MODIFY, a)], &rename[..]].concat();
        assert_eq!(changes(&made), [Change::Created(path("b"))]);
        assert_eq!(changes(&[(FROM, a)]), [Change::Removed(path("a"))]);
        assert_eq!(changes(&[(TO, c)]), [Change::Created(path("c"))]);
    }

    #[test]
    fn too_many_changes_and_lost_messages_are_a_rescan() {
        let names = ["a", "b", "c", "d", "e"];
        let many: Vec<(EventKind, &[&str])> = (0..5).map(|n| (CREATE, &names[n..=n])).collect();
        assert_eq!(changes(&many), [Change::Rescan]);
        let (mut pending, meter) = (Pending::new(4), Meter::new());
        pending.add(
            Event::new(CREATE).add_path(path("a")),
            Instant::now(),
            &meter,
        );
        let lost = Event::new(EventKind::Other).set_flag(Flag::Rescan);
        pending.add(lost, Instant::now(), &meter);
        assert_eq!(pending.take_oldest(), Some(Change::Rescan));
        assert_eq!(pending.take_oldest(), None);
        assert_eq!(meter.counts().dropped_by(DropReason::Overflow), 1);
    }
}
