//! Messages without a judge: for commands that print what was said rather than judge it.

use std::sync::Arc;

use dissectors::message::{Interest, Message};

use super::run::fill;
use super::{ReaderCounts, Snapshot, Stop, Totals, WorkCounts, merge};
use crate::capture::block::Block;
use crate::capture::{Inputs, More};
use crate::decode::Decoder;
use crate::flow::{Settings, ShardSet, Shards, reference};
use crate::health::{Health, Looks};

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
    let mut block = Block::default();
    let (mut batches, mut spare) = (Vec::new(), Vec::new());
    let mut failed = None;
    let (mut health, mut looks, mut now) = (Health::default(), Looks::default(), None);
    let mut hits = vec![0; dissectors::limits::ALL.len()];
    let mut tell = |batches: &[crate::flow::WorkBatch], hits: &mut [u64]| {
        for batch in batches {
            for (limit, n) in batch.batch.limit_hits() {
                hits[usize::from(limit.0)] += n;
            }
        }
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
        tell(&batches, &mut hits);
        now = block.frames.last().map(reference).or(now);
        if let Some(now) = now.filter(|n| looks.due(n.time)) {
            let snapshot = snapshot(&mut inputs, &decoder, &shards);
            let told = health.look(now, &snapshot, &mut named(&hits));
            tell(told.as_slice(), &mut hits);
        }
    }
    decoder.finish();
    fill(&mut batches, &mut spare, |batch| shards.finish(batch));
    tell(&batches, &mut hits);
    let snapshot = snapshot(&mut inputs, &decoder, &shards);
    if let Some(now) = now {
        let told = health.look(now, &snapshot, &mut named(&hits));
        tell(told.as_slice(), &mut hits);
    }
    Totals {
        stopped: stop.asked(),
        inputs,
        decoder,
        flows: shards.counts().clone(),
        snapshot,
        failed,
    }
}

fn snapshot(inputs: &mut Inputs, decoder: &Decoder, shards: &Shards) -> Snapshot {
    Snapshot {
        reader: ReaderCounts::of(inputs, decoder),
        work: WorkCounts {
            flows: shards.counts().clone(),
            ..WorkCounts::default()
        },
        kept: None,
    }
}

fn named(hits: &[u64]) -> impl Iterator<Item = (&'static str, u64)> + '_ {
    let names = dissectors::limits::ALL.iter().map(|limit| limit.name);
    names.zip(hits.iter().copied())
}
