//! Work spread over threads of this program's own.
//!
//! libtorch splits each operation over its threads, which wait for each other by spinning and
//! pass every intermediate tensor through main memory. Here each thread takes whole chunks of a
//! batch through several operations, small enough for its cache, and sleeps when it is done.

use std::panic::resume_unwind;

/// Does `work` for every item on `threads` threads, outside of libtorch's graph. Item i runs on
/// thread i mod `threads`, so that what a thread gathers in its `G` depends only on the number of
/// threads. Gives the results in the order of the items, and what each thread gathered.
pub(super) fn spread<T: Send, G: Default + Send, R: Send>(
    items: Vec<T>,
    threads: usize,
    work: impl Fn(&mut G, T) -> R + Sync,
) -> (Vec<R>, Vec<G>) {
    let lane = |items: Vec<T>| {
        let mut gathered = G::default();
        let one = |item| work(&mut gathered, item);
        let results: Vec<R> = tch::no_grad(|| items.into_iter().map(one).collect());
        (results, gathered)
    };
    let threads = threads.min(items.len());
    if threads <= 1 {
        let (results, gathered) = lane(items);
        return (results, vec![gathered]);
    }
    let lanes = deal(items, threads);
    let done: Vec<_> = std::thread::scope(|scope| {
        let spawn = |items| {
            scope.spawn(|| {
                undivided();
                lane(items)
            })
        };
        let running: Vec<_> = lanes.into_iter().map(spawn).collect();
        let join = |thread: std::thread::ScopedJoinHandle<'_, _>| thread.join();
        let results = running.into_iter().map(join);
        results
            .map(|result| result.unwrap_or_else(|panic| resume_unwind(panic)))
            .collect()
    });
    let (results, gathered) = done.into_iter().unzip();
    (gather(results), gathered)
}

/// Keeps libtorch from splitting the operations of the calling thread.
pub(super) fn undivided() {
    if tch::get_num_threads() != 1 {
        tch::set_num_threads(1);
    }
}

/// Item i to lane i mod `lanes`.
fn deal<T>(items: Vec<T>, lanes: usize) -> Vec<Vec<T>> {
    let mut dealt: Vec<Vec<T>> = (0..lanes).map(|_| Vec::new()).collect();
    for (index, item) in items.into_iter().enumerate() {
        dealt[index % lanes].push(item);
    }
    dealt
}

/// The reverse of [`deal`].
fn gather<T>(lanes: Vec<Vec<T>>) -> Vec<T> {
    let count = lanes.iter().map(Vec::len).sum();
    let mut lanes: Vec<_> = lanes.into_iter().map(Vec::into_iter).collect();
    let turns = lanes.len();
    (0..count)
        .filter_map(|index| lanes[index % turns].next())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_in_order_and_every_lane_gathers_its_own() {
        for threads in [0, 1, 3, 50] {
            let (results, sums) = spread((0..10).collect(), threads, |sum: &mut i32, item| {
                *sum += item;
                2 * item
            });
            assert_eq!(results, (0..10).map(|n| 2 * n).collect::<Vec<_>>());
            assert_eq!(sums.iter().sum::<i32>(), 45);
            assert_eq!(sums.len(), threads.clamp(1, 10));
        }
    }

    #[test]
    #[should_panic(expected = "third")]
    fn a_panic_is_passed_on() {
        spread(vec![1, 2, 3], 2, |(): &mut (), item| {
            assert_ne!(item, 3, "third");
        });
    }
}
