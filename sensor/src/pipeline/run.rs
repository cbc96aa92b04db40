//! Drives blocks from the reader through the workers to the judge.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crossbeam_channel::{Receiver, Sender, bounded};
use dissectors::message::Interest;

use super::judge::Judging;
use super::packet_events::PacketEvents;
use super::seconds::{Seconds, Tick};
use crate::capture::block::Block;
use crate::capture::{Inputs, More, ReadError};
use crate::decode::Decoder;
use crate::flow::{FlowCounts, Rest, SHARDS, Settings, ShardSet, Shards, WorkBatch};

/// Asks a run to end in order, from a signal or another thread.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    pub fn flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.0)
    }

    pub fn asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// What a run needs.
pub struct Run {
    pub inputs: Inputs,
    pub decoder: Decoder,
    pub flow: Settings,
    pub interest: Arc<Interest>,
    /// Threads that work on flows; 0 keeps everything in the caller's thread.
    pub workers: usize,
    pub stop: Stop,
}

/// Where everything ended, when the run is over.
pub struct Totals {
    pub inputs: Inputs,
    pub decoder: Decoder,
    pub flows: FlowCounts,
    /// Reading ended early for this reason.
    pub failed: Option<ReadError>,
    pub stopped: bool,
}

/// Blocks on their way at once, for each worker: enough to keep all busy, few enough to stay small.
const BLOCKS_AHEAD: usize = 4;

impl Run {
    /// Reads to the end (or until stopped) and judges everything.
    pub fn to_end(self, judging: &mut Judging) -> Totals {
        if self.workers == 0 {
            self.alone(judging)
        } else {
            self.together(judging)
        }
    }

    fn alone(mut self, judging: &mut Judging) -> Totals {
        let mut events = PacketEvents::new(Arc::clone(&self.interest));
        let mut shards = Shards::new(self.flow, self.interest, ShardSet::ALL);
        let mut seconds = Seconds::new();
        let mut block = Block::default();
        let mut batches = Vec::new();
        let mut spare = Vec::new();
        let mut ticks = Vec::new();
        let mut failed = None;
        while !self.stop.asked() {
            match self.inputs.next_block(&mut block) {
                Ok(More::Frames) => {}
                Ok(More::End) => break,
                Err(e) => {
                    failed = Some(e);
                    break;
                }
            }
            self.decoder.block(&mut block);
            ticks.clear();
            seconds.ticks(&block, &mut ticks);
            fill(&mut batches, &mut spare, |batch| {
                shards.block(&block, batch)
            });
            batches.extend(events.take(&mut self.decoder));
            judging.block(&batches, &block.frames, &ticks);
        }
        self.decoder.finish();
        fill(&mut batches, &mut spare, |batch| shards.finish(batch));
        judging.block(&batches, &[], &[]);
        judging.finish();
        Totals {
            stopped: self.stop.asked(),
            inputs: self.inputs,
            decoder: self.decoder,
            flows: shards.counts().clone(),
            failed,
        }
    }

    fn together(self, judging: &mut Judging) -> Totals {
        let Run {
            mut inputs,
            mut decoder,
            flow,
            interest,
            workers,
            stop,
        } = self;
        let workers = workers.min(SHARDS);
        let (spare_send, spare_take) = bounded::<Block>(BLOCKS_AHEAD * workers + 2);
        for _ in 0..BLOCKS_AHEAD * workers {
            let _ = spare_send.send(Block::default());
        }
        let (sent, read) = bounded::<Judged>(BLOCKS_AHEAD * workers);
        let mut events = PacketEvents::new(Arc::clone(&interest));
        let mut lanes = Vec::new();
        let mut posts = Vec::new();
        for _ in 0..workers {
            let (lane, work) = bounded::<Arc<Block>>(BLOCKS_AHEAD);
            let (done, take) = bounded::<Vec<WorkBatch>>(BLOCKS_AHEAD);
            let (give_back, reuse) = bounded::<WorkBatch>(BLOCKS_AHEAD + 2);
            lanes.push(lane);
            posts.push((work, done, reuse, take, give_back));
        }
        std::thread::scope(|scope| {
            let reader_stop = stop.clone();
            let reader = scope.spawn(move || {
                let mut seconds = Seconds::new();
                let mut failed = None;
                while !reader_stop.asked() {
                    let Ok(mut block) = spare_take.recv() else {
                        break;
                    };
                    match inputs.next_block(&mut block) {
                        Ok(More::Frames) => {}
                        Ok(More::End) => break,
                        Err(e) => {
                            failed = Some(e);
                            break;
                        }
                    }
                    decoder.block(&mut block);
                    let mut ticks = Vec::new();
                    seconds.ticks(&block, &mut ticks);
                    let noticed = events.take(&mut decoder);
                    let block = Arc::new(block);
                    for lane in &lanes {
                        if lane.send(Arc::clone(&block)).is_err() {
                            return (inputs, decoder, failed);
                        }
                    }
                    if sent.send((block, ticks, noticed)).is_err() {
                        break;
                    }
                }
                decoder.finish();
                (inputs, decoder, failed)
            });
            let mut takes: Vec<Lane> = Vec::new();
            let mut hands = Vec::new();
            for (at, (work, done, reuse, take, give_back)) in posts.into_iter().enumerate() {
                takes.push((take, give_back));
                let mine = ShardSet::of(at, workers);
                let shards = Shards::new(flow.clone(), Arc::clone(&interest), mine);
                hands.push(scope.spawn(move || work_off(shards, &work, &done, &reuse)));
            }
            let mut batches = Vec::with_capacity(workers);
            for (block, ticks, noticed) in read.iter() {
                collect(&takes, &mut batches);
                batches.extend(noticed);
                judging.block(&batches, &block.frames, &ticks);
                give_back(&takes, &mut batches);
                // All workers let go of the block before they sent their batch.
                if let Ok(block) = Arc::try_unwrap(block) {
                    let _ = spare_send.try_send(block);
                }
            }
            // The last batch of each worker is what its conversations said at their end.
            collect(&takes, &mut batches);
            judging.block(&batches, &[], &[]);
            judging.finish();
            let mut flows = FlowCounts::default();
            for hand in hands {
                match hand.join() {
                    Ok(counts) => flows.add(&counts),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
            match reader.join() {
                Ok((inputs, decoder, failed)) => Totals {
                    stopped: stop.asked(),
                    inputs,
                    decoder,
                    flows,
                    failed,
                },
                Err(panic) => std::panic::resume_unwind(panic),
            }
        })
    }
}

/// What the judge gets of a block from the reader: the block, where the clock moved on, and what the
/// decoder noticed.
type Judged = (Arc<Block>, Vec<Tick>, Option<WorkBatch>);

/// What a worker made of a block comes one way, the emptied batches go back the other.
type Lane = (Receiver<Vec<WorkBatch>>, Sender<WorkBatch>);

fn collect(lanes: &[Lane], batches: &mut Vec<WorkBatch>) {
    batches.clear();
    batches.extend(
        lanes
            .iter()
            .filter_map(|(take, _)| take.recv().ok())
            .flatten(),
    );
}

fn give_back(lanes: &[Lane], batches: &mut Vec<WorkBatch>) {
    // To whom does not matter: an emptied batch is as good as any other.
    for (batch, (_, back)) in batches.drain(..).zip(lanes.iter().cycle()) {
        let _ = back.try_send(batch);
    }
}

/// Calls `step` with empty batches until it is done; the filled ones are in `batches`, in order.
pub(super) fn fill(
    batches: &mut Vec<WorkBatch>,
    spare: &mut Vec<WorkBatch>,
    mut step: impl FnMut(&mut WorkBatch) -> Rest,
) {
    spare.append(batches);
    loop {
        let mut batch = spare.pop().unwrap_or_default();
        batch.clear();
        let rest = step(&mut batch);
        batches.push(batch);
        if rest == Rest::Done {
            return;
        }
    }
}

/// A worker: what each block gave, and at the end what its conversations said when they ended.
fn work_off(
    mut shards: Shards,
    work: &Receiver<Arc<Block>>,
    done: &Sender<Vec<WorkBatch>>,
    reuse: &Receiver<WorkBatch>,
) -> FlowCounts {
    let mut spare = Vec::new();
    for block in work.iter() {
        let mut batches = Vec::new();
        spare.extend(reuse.try_iter());
        fill(&mut batches, &mut spare, |batch| {
            shards.block(&block, batch)
        });
        drop(block);
        if done.send(batches).is_err() {
            return shards.counts().clone();
        }
    }
    let mut batches = Vec::new();
    fill(&mut batches, &mut spare, |batch| shards.finish(batch));
    let _ = done.send(batches);
    shards.counts().clone()
}
