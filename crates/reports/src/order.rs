//! Restores the order of utterances that overtook each other.

use std::collections::BTreeMap;

use super::ReportError;

/// Holds back early items until all items before them have arrived.
#[derive(Debug)]
pub(super) struct ReorderBuffer<T> {
    next: u32,
    early: BTreeMap<u32, T>,
}

impl<T> ReorderBuffer<T> {
    pub(super) fn new() -> Self {
        Self {
            next: 0,
            early: BTreeMap::new(),
        }
    }

    /// Takes an item; returns all that are now due, in order.
    pub(super) fn push(&mut self, index: u32, item: T) -> Result<Vec<T>, ReportError> {
        if index < self.next || self.early.contains_key(&index) {
            return Err(ReportError::Twice(index));
        }
        self.early.insert(index, item);
        let mut due = Vec::new();
        while let Some(item) = self.early.remove(&self.next) {
            due.push(item);
            self.next += 1;
        }
        Ok(due)
    }

    /// Items returned so far.
    pub(super) fn given(&self) -> u32 {
        self.next
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_same_index_twice_is_an_error() {
        let mut order = ReorderBuffer::new();
        assert!(order.push(1, 'b').unwrap().is_empty());
        assert!(matches!(order.push(1, 'b'), Err(ReportError::Twice(1))));
        assert_eq!(order.push(0, 'a').unwrap(), ['a', 'b']);
        assert!(matches!(order.push(0, 'a'), Err(ReportError::Twice(0))));
    }

    proptest! {
        #[test]
        fn any_order_of_arrival_comes_out_sorted(
            arrival in Just((0u32..40).collect::<Vec<_>>()).prop_shuffle()
        ) {
            let mut order = ReorderBuffer::new();
            let mut out = Vec::new();
            for index in arrival {
                out.extend(order.push(index, index).unwrap());
            }
            prop_assert_eq!(out, (0..40).collect::<Vec<_>>());
            prop_assert_eq!(order.given(), 40);
        }
    }
}
