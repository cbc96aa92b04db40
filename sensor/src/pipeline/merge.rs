//! Puts the messages of several workers back into one order.

use crate::flow::{OrderKey, WorkBatch};

/// Walks the messages of several batches of one block in the order in which they became known.
///
/// Every key occurs once over all workers, for a frame and a conversation belong to one worker;
/// so the order does not depend on how many there are.
pub fn in_order(batches: &[WorkBatch]) -> impl Iterator<Item = (usize, usize)> + '_ {
    let mut next = vec![0usize; batches.len()];
    std::iter::from_fn(move || {
        let mut best: Option<(OrderKey, usize)> = None;
        for (worker, batch) in batches.iter().enumerate() {
            if let Some(key) = batch.order.get(next[worker])
                && best.is_none_or(|(b, _)| *key < b)
            {
                best = Some((*key, worker));
            }
        }
        let (_, worker) = best?;
        next[worker] += 1;
        Some((worker, next[worker] - 1))
    })
}
