//! Recordings that wait for the worker.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use undertone_types::Recording;

/// What is scored first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
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

/// Recordings that wait, and in which order.
#[derive(Debug, Default)]
pub struct Queue {
    ready: BTreeMap<(Class, u64), Arc<Recording>>,
    /// May have ended a worker: each is scored alone, so that it is known.
    suspects: VecDeque<Arc<Recording>>,
    next: u64,
}

/// Who comes next.
#[derive(Clone, Debug, PartialEq)]
pub enum Next {
    /// Together with others.
    Any(Class, Arc<Recording>),
    /// Alone.
    Alone(Arc<Recording>),
}

impl Queue {
    /// Lines up.
    pub fn push(&mut self, class: Class, recording: Arc<Recording>) {
        self.next += 1;
        self.ready.insert((class, self.next), recording);
    }

    /// Lines up those that must be alone; they go before all others.
    pub fn push_suspect(&mut self, recording: Arc<Recording>) {
        self.suspects.push_back(recording);
    }

    /// Takes the next, where `under_way` are being scored.
    pub fn pop(&mut self, under_way: usize) -> Option<Next> {
        if !self.suspects.is_empty() {
            return match under_way {
                0 => self.suspects.pop_front().map(Next::Alone),
                _ => None,
            };
        }
        let ((class, _), recording) = self.ready.pop_first()?;
        Some(Next::Any(class, recording))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use undertone_reports::fixtures;
    use undertone_types::RecordingId;

    fn recording(id: u64) -> Arc<Recording> {
        Arc::new(Recording {
            id: RecordingId(id),
            ..(*fixtures::recording()).clone()
        })
    }

    fn order(queue: &mut Queue) -> Vec<u64> {
        let next = std::iter::from_fn(|| queue.pop(0));
        next.map(|next| match next {
            Next::Any(_, recording) | Next::Alone(recording) => recording.id.0,
        })
        .collect()
    }

    #[test]
    fn what_is_new_comes_first_and_what_was_interrupted_often_last() {
        let mut queue = Queue::default();
        queue.push(Class::Interrupted(2), recording(1));
        queue.push(Class::Outdated, recording(2));
        queue.push(Class::Interrupted(1), recording(3));
        queue.push(Class::Fresh, recording(4));
        queue.push(Class::Again, recording(5));
        queue.push(Class::Fresh, recording(6));
        assert_eq!(order(&mut queue), [4, 6, 5, 2, 3, 1]);
    }

    #[test]
    fn suspects_are_alone() {
        let mut queue = Queue::default();
        queue.push(Class::Fresh, recording(1));
        queue.push_suspect(recording(2));
        assert_eq!(queue.pop(3), None);
        assert!(matches!(queue.pop(0), Some(Next::Alone(recording)) if recording.id.0 == 2));
        assert!(matches!(queue.pop(3), Some(Next::Any(..))));
    }
}
