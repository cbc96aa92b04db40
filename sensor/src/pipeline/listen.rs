//! Messages without a judge: for commands that print what was said rather than judge it.

use std::sync::Arc;

use dissectors::message::{Interest, Message};

use super::run::fill;
use super::{ReaderCounts, Snapshot, Stop, Totals, WorkCounts, merge};
use crate::capture::{Inputs, More};
use crate::decode::Decoder;
use crate::flow::{Settings, ShardSet, Shards};

/// Reads to the end in one thread, and hands over every message in the one order of all.
pub fn listen(
    mut inputs: Inputs,
    mut decoder: Decoder,
    flow: Settings,
    interest: Interest,
    stop: &Stop,
    mut hear: impl FnMut(Message<'_>),
) -> Totals {
    let mut shards = Shards::new(flow, Arc::new(interest), ShardSet::ALL);
    let mut block = Default::default();
    let (mut batches, mut spare) = (Vec::new(), Vec::new());
    let mut failed = None;
    let mut tell = |batches: &[crate::flow::WorkBatch]| {
        for (worker, index) in merge::in_order(batches) {
            hear(batches[worker].batch.message(index));
        }
    };
    while !stop.asked() {
        match inputs.next_block(&mut block) {
            Ok(More::Frames) => {}
            Ok(More::Idle(_)) => continue,
            Ok(More::End) => break,
            Err(e) => {
                failed = Some(e);
                break;
            }
        }
        decoder.block(&mut block);
        fill(&mut batches, &mut spare, |batch| {
            shards.block(&block, batch)
        });
        tell(&batches);
    }
    decoder.finish();
    fill(&mut batches, &mut spare, |batch| shards.finish(batch));
    tell(&batches);
    let snapshot = Snapshot {
        reader: ReaderCounts::of(&mut inputs, &decoder),
        work: WorkCounts {
            flows: shards.counts().clone(),
            ..WorkCounts::default()
        },
        kept: None,
    };
    Totals {
        stopped: stop.asked(),
        inputs,
        decoder,
        flows: shards.counts().clone(),
        snapshot,
        failed,
    }
}
