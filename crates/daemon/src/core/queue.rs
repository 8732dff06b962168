//! The recordings that wait for the worker, and their order.

use std::collections::BTreeMap;

use super::catalogue::FileId;

/// The priority of a recording, highest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// May have ended a worker: scored alone, before all others, to find the culprit.
    Suspect,
    /// New.
    Fresh,
    /// Failed before; the cause may have passed.
    Again,
    /// Has a report that another bundle or other settings made.
    Outdated,
    /// Was in progress so many times when the daemon was killed: others come first, since it may
    /// be what killed it.
    Interrupted(u32),
}

/// A recording in the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Queued {
    /// Which.
    pub file: FileId,
    /// Why it waits.
    pub class: Class,
    /// It must be the only recording in the worker.
    pub alone: bool,
}

/// The queue.
#[derive(Debug, Default)]
pub struct Queue {
    ready: BTreeMap<(Class, u64), (FileId, bool)>,
    next: u64,
}

impl Queue {
    /// Adds a recording.
    pub fn push(&mut self, queued: Queued) {
        self.next += 1;
        let (key, value) = ((queued.class, self.next), (queued.file, queued.alone));
        self.ready.insert(key, value);
    }

    /// Takes the next one; `under_way` recordings are in the worker. One that must be alone blocks
    /// the others until the worker is empty.
    pub fn pop(&mut self, under_way: usize) -> Option<Queued> {
        let first = self.ready.first_entry()?;
        let (class, _) = *first.key();
        let (file, alone) = *first.get();
        if alone && under_way > 0 {
            return None;
        }
        first.remove();
        Some(Queued { file, class, alone })
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.ready.len()
    }

    /// Takes all, in order.
    pub fn take_all(&mut self) -> impl Iterator<Item = FileId> + use<> {
        std::mem::take(&mut self.ready)
            .into_values()
            .map(|(file, _)| file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queued(file: u32, class: Class) -> Queued {
        Queued {
            file: FileId(file),
            class,
            alone: class == Class::Suspect,
        }
    }

    #[test]
    fn what_is_new_comes_first_and_what_was_interrupted_often_last() {
        let mut queue = Queue::default();
        for (file, class) in [
            (1, Class::Interrupted(2)),
            (2, Class::Outdated),
            (3, Class::Interrupted(1)),
            (4, Class::Fresh),
            (5, Class::Again),
            (6, Class::Fresh),
        ] {
            queue.push(queued(file, class));
        }
        let order: Vec<_> = std::iter::from_fn(|| queue.pop(0))
            .map(|queued| queued.file.0)
            .collect();
        assert_eq!(order, [4, 6, 5, 2, 3, 1]);
    }

    #[test]
    fn suspects_are_alone() {
        let mut queue = Queue::default();
        queue.push(queued(1, Class::Fresh));
        queue.push(queued(2, Class::Suspect));
        assert_eq!(queue.pop(3), None);
        assert_eq!(queue.pop(0), Some(queued(2, Class::Suspect)));
        assert_eq!(queue.pop(3), Some(queued(1, Class::Fresh)));
    }
}
