//! The recordings that wait for the worker, and their order.

use std::collections::BTreeMap;
use std::time::Duration;

use super::catalogue::FileId;

/// The priority of a recording, highest first. Metrics show the name of a class.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, strum::IntoStaticStr, strum::VariantNames,
)]
#[strum(serialize_all = "lowercase")]
pub enum Class {
    /// May have ended a worker: scored alone, before all others, to find the culprit.
    Suspect,
    /// New.
    #[strum(serialize = "new")]
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

/// What waits at a place in the queue.
#[derive(Debug)]
struct Waiting {
    file: FileId,
    alone: bool,
    since: Duration,
}

/// The queue.
#[derive(Debug, Default)]
pub struct Queue {
    ready: BTreeMap<(Class, u64), Waiting>,
    next: u64,
}

impl Queue {
    /// Adds a recording; `now` is the time since the start of the program.
    pub fn push(&mut self, queued: Queued, now: Duration) {
        let Queued { file, class, alone } = queued;
        self.next += 1;
        let since = now;
        self.ready
            .insert((class, self.next), Waiting { file, alone, since });
    }

    /// Takes the next one; `under_way` recordings are in the worker. One that must be alone blocks
    /// the others until the worker is empty.
    pub fn pop(&mut self, under_way: usize) -> Option<Queued> {
        let first = self.ready.first_entry()?;
        let (class, _) = *first.key();
        let Waiting { file, alone, .. } = *first.get();
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

    /// The classes of which recordings wait, and since when the first of each has waited. Looks at
    /// one recording of each class only: the others were added later.
    pub fn waiting_since(&self) -> impl Iterator<Item = (Class, Duration)> {
        let first = self.ready.first_key_value();
        let firsts = std::iter::successors(first, |((class, _), _)| {
            self.ready.range((*class, u64::MAX)..).next()
        });
        firsts.map(|((class, _), waiting)| (*class, waiting.since))
    }

    /// Takes all, in order.
    pub fn take_all(&mut self) -> impl Iterator<Item = FileId> + use<> {
        std::mem::take(&mut self.ready)
            .into_values()
            .map(|waiting| waiting.file)
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
            queue.push(queued(file, class), Duration::ZERO);
        }
        let order: Vec<_> = std::iter::from_fn(|| queue.pop(0))
            .map(|queued| queued.file.0)
            .collect();
        assert_eq!(order, [4, 6, 5, 2, 3, 1]);
    }

    #[test]
    fn suspects_are_alone() {
        let mut queue = Queue::default();
        queue.push(queued(1, Class::Fresh), Duration::ZERO);
        queue.push(queued(2, Class::Suspect), Duration::ZERO);
        assert_eq!(queue.pop(3), None);
        assert_eq!(queue.pop(0), Some(queued(2, Class::Suspect)));
        assert_eq!(queue.pop(3), Some(queued(1, Class::Fresh)));
    }

    #[test]
    fn the_first_of_each_class_has_waited_longest() {
        let mut queue = Queue::default();
        assert_eq!(queue.waiting_since().next(), None);
        for (file, class, now_s) in [
            (1, Class::Interrupted(2), 1),
            (2, Class::Fresh, 2),
            (3, Class::Interrupted(1), 3),
            (4, Class::Fresh, 4),
        ] {
            queue.push(queued(file, class), Duration::from_secs(now_s));
        }
        let waiting = |queue: &Queue| -> Vec<_> {
            let since = queue.waiting_since();
            since
                .map(|(class, since)| (class, since.as_secs()))
                .collect()
        };
        let interrupted = [(Class::Interrupted(1), 3), (Class::Interrupted(2), 1)];
        assert_eq!(waiting(&queue)[0], (Class::Fresh, 2));
        assert_eq!(waiting(&queue)[1..], interrupted);
        queue.pop(0);
        assert_eq!(waiting(&queue)[0], (Class::Fresh, 4));
        queue.pop(0);
        assert_eq!(waiting(&queue), interrupted);
    }
}
