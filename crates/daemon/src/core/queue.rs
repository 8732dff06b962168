//! Recordings that wait for the worker, and in which order.

use std::collections::BTreeMap;

use super::catalogue::FileId;

/// What is scored first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// May have ended a worker: scored alone, before all others, so that it is known.
    Suspect,
    /// New.
    Fresh,
    /// Tried before; the failure may have passed.
    Again,
    /// Has a report that another bundle or other settings made.
    Outdated,
    /// Was under way when the daemon was killed, so many times: whatever killed it, others
    /// come first.
    Interrupted(u32),
}

/// A recording in the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Queued {
    /// Which.
    pub file: FileId,
    /// Why it waits.
    pub class: Class,
    /// It is scored with nothing else in the worker.
    pub alone: bool,
}

/// The queue.
#[derive(Debug, Default)]
pub struct Queue {
    ready: BTreeMap<(Class, u64), (FileId, bool)>,
    next: u64,
}

impl Queue {
    /// Lines up.
    pub fn push(&mut self, queued: Queued) {
        self.next += 1;
        let (key, value) = ((queued.class, self.next), (queued.file, queued.alone));
        self.ready.insert(key, value);
    }

    /// Takes the next, where so many are `under_way`. One that must be alone holds the
    /// others back until the worker is empty.
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
