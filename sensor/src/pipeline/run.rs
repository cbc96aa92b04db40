//! Drives parcels from the reader through the workers to the judge.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, bounded};
use dissectors::message::Interest;

use super::change::Changes;
use super::judge::Judging;
use super::keeper::{Desk, Keeper};
use super::reader::{Cover, Parcel, Reader};
use super::snapshot::{Snapshot, WorkCounts};
use crate::capture::block::Block;
use crate::capture::{Engine, Inputs, ReadError, Ring};
use crate::decode::Decoder;
use crate::flow::{FlowCounts, Rest, SHARDS, Settings, ShardSet, Shards, WorkBatch};
use crate::health::canary::Canaries;
use crate::span::Mirror;

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
pub struct Run<E = Inputs> {
    pub inputs: E,
    pub decoder: Decoder,
    pub flow: Settings,
    pub interest: Arc<Interest>,
    /// Threads that work on flows; 0 keeps everything in the caller's thread.
    pub workers: usize,
    pub stop: Stop,
}

/// What a run that lasts needs beside.
pub struct Lasting<'a> {
    /// Somebody who looks on.
    pub attendant: &'a mut dyn Attendant,
    /// How often the counts are told, by the wall clock.
    pub every: Duration,
    /// New rules wait here.
    pub changes: Changes,
    /// All frames are kept there.
    pub ring: Option<Ring>,
    /// Looks at the quality of the mirror.
    pub mirror: Option<Mirror>,
}

/// Somebody who looks on while a run lasts, in the judge's thread.
pub trait Attendant {
    /// All counters at the same frame, as often as [`Lasting::every`] says.
    fn counts(&mut self, snapshot: &Snapshot, judging: &mut Judging);

    /// A change is in force from the next message on.
    fn changed(&mut self, judging: &mut Judging);
}

/// Where everything ended, when the run is over.
pub struct Totals<E = Inputs> {
    pub inputs: E,
    pub decoder: Decoder,
    pub snapshot: Snapshot,
    /// What became of every packet and payload byte, as in the snapshot.
    pub flows: FlowCounts,
    /// Reading ended early for this reason.
    pub failed: Option<ReadError>,
    pub stopped: bool,
}

/// Blocks on their way at once, for each worker: enough to keep all busy, few enough to stay small.
const BLOCKS_AHEAD: usize = 4;

impl<E: Engine> Run<E> {
    /// Reads to the end (or until stopped) and judges everything.
    pub fn to_end(self, judging: &mut Judging) -> Totals<E> {
        self.start(judging, None)
    }

    /// The same, with somebody who looks on.
    pub fn attended<'a>(self, judging: &'a mut Judging, lasting: Lasting<'a>) -> Totals<E> {
        self.start(judging, Some(lasting))
    }

    fn start<'a>(self, judging: &'a mut Judging, lasting: Option<Lasting<'a>>) -> Totals<E> {
        let mut reader = Reader::new(
            self.inputs,
            self.decoder,
            Arc::clone(&self.interest),
            self.stop.clone(),
            lasting
                .as_ref()
                .map(|l| l.changes.clone())
                .unwrap_or_default(),
            lasting.as_ref().map(|l| l.every),
        );
        reader.canaries = Canaries::new(judging.health.canaries());
        let (attendant, ring) = match lasting {
            Some(l) => {
                reader.mirror = l.mirror;
                (Some(l.attendant), l.ring)
            }
            None => (None, None),
        };
        let seat = Seat { judging, attendant };
        if self.workers == 0 {
            alone(reader, self.flow, self.interest, ring, seat, &self.stop)
        } else {
            together(
                reader,
                self.flow,
                self.interest,
                self.workers,
                ring,
                seat,
                &self.stop,
            )
        }
    }
}

/// The judge with who looks on.
struct Seat<'a> {
    judging: &'a mut Judging,
    attendant: Option<&'a mut dyn Attendant>,
}

impl Seat<'_> {
    /// Judges one parcel. `work`: the counts of all workers, if this parcel asks for them.
    fn take(
        &mut self,
        parcel: &Parcel,
        cover: Cover,
        batches: &[WorkBatch],
        work: WorkCounts,
        keeper: Option<&Keeper>,
    ) {
        if let Some(change) = cover.change {
            self.judging.change(*change);
            if let Some(attendant) = self.attendant.as_deref_mut() {
                attendant.changed(self.judging);
            }
        }
        let begun = Instant::now();
        self.judging
            .block(batches, &parcel.block.frames, &cover.ticks);
        if let Some(stamps) = &parcel.stamps {
            self.judging.latencies.judged(stamps, begun);
        }
        let Some(reader) = cover.counts else { return };
        let snapshot = Snapshot {
            reader: *reader,
            work,
            kept: keeper.map(Keeper::kept),
        };
        if cover.look {
            self.judging.look(&snapshot);
        }
        if cover.attend
            && let Some(attendant) = self.attendant.as_deref_mut()
        {
            attendant.counts(&snapshot, self.judging);
        }
    }
}

fn alone<E: Engine>(
    mut reader: Reader<E>,
    flow: Settings,
    interest: Arc<Interest>,
    ring: Option<Ring>,
    mut seat: Seat<'_>,
    stop: &Stop,
) -> Totals<E> {
    let mut shards = Shards::new(flow, interest, ShardSet::ALL);
    let mut block = Block::default();
    let mut batches = Vec::new();
    let mut spare = Vec::new();
    let mut desk = ring.map(Desk::new);
    let keeper = desk.as_ref().map(Desk::keeper);
    while let Some((parcel, mut cover)) = reader.next(block) {
        work(&mut shards, &parcel, &mut batches, &mut spare);
        batches.extend(cover.noticed.take());
        let counts = count(&shards, &parcel);
        seat.take(&parcel, cover, &batches, counts, keeper.as_ref());
        if let Some(desk) = &mut desk {
            desk.write(&parcel.block);
        }
        block = parcel.block;
    }
    let counts = reader.counts();
    reader.decoder.finish();
    fill(&mut batches, &mut spare, |batch| shards.finish(batch));
    seat.judging.block(&batches, &[], &[]);
    if let Some(desk) = desk {
        desk.close(&counts.ports);
    }
    let totals = totals(reader, counts, work_counts(&shards), keeper, stop);
    seat.judging.look(&totals.snapshot);
    seat.judging.finish();
    totals
}

fn together<E: Engine>(
    mut reader: Reader<E>,
    flow: Settings,
    interest: Arc<Interest>,
    workers: usize,
    ring: Option<Ring>,
    mut seat: Seat<'_>,
    stop: &Stop,
) -> Totals<E> {
    let workers = workers.min(SHARDS);
    let ahead = BLOCKS_AHEAD * workers;
    let desk = ring.map(Desk::new);
    let keeper = desk.as_ref().map(Desk::keeper);
    // Blocks that wait to be written are missing to nobody else.
    let pool = ahead + keeper.as_ref().map_or(0, |_| Keeper::ROOM + 1);
    let (spare_send, spare_take) = bounded::<Block>(pool + 2);
    for _ in 0..pool {
        let _ = spare_send.send(Block::default());
    }
    let (sent, read) = bounded::<(Arc<Parcel>, Cover)>(ahead);
    let mut lanes = Vec::new();
    let mut posts = Vec::new();
    for _ in 0..workers {
        let (lane, work) = bounded::<Arc<Parcel>>(BLOCKS_AHEAD);
        let (done, take) = bounded::<(Vec<WorkBatch>, WorkCounts)>(BLOCKS_AHEAD);
        let (give_back, reuse) = bounded::<WorkBatch>(BLOCKS_AHEAD + 2);
        lanes.push(lane);
        posts.push((work, done, reuse, take, give_back));
    }
    std::thread::scope(|scope| {
        let reading = std::thread::Builder::new()
            .name("reader".into())
            .spawn_scoped(scope, move || {
                'reading: while let Ok(block) = spare_take.recv() {
                    let Some((parcel, cover)) = reader.next(block) else {
                        break;
                    };
                    let parcel = Arc::new(parcel);
                    for lane in &lanes {
                        if lane.send(Arc::clone(&parcel)).is_err() {
                            break 'reading;
                        }
                    }
                    if sent.send((parcel, cover)).is_err() {
                        break;
                    }
                }
                let counts = reader.counts();
                reader.decoder.finish();
                (reader, counts)
            });
        let reading = match reading {
            Ok(handle) => handle,
            Err(e) => panic!("no thread for the reader: {e}"),
        };
        let mut takes: Vec<Lane> = Vec::new();
        let mut hands = Vec::new();
        for (at, (work, done, reuse, take, give_back)) in posts.into_iter().enumerate() {
            takes.push((take, give_back));
            let mine = ShardSet::of(at, workers);
            let shards = Shards::new(flow.clone(), Arc::clone(&interest), mine);
            hands.push(scope.spawn(move || work_off(shards, &work, &done, &reuse)));
        }
        let writing = desk.map(|desk| {
            let spare = spare_send.clone();
            let (to_desk, from_judge) = bounded::<Arc<Parcel>>(Keeper::ROOM);
            let handle = scope.spawn(move || desk.work_off(&from_judge, &spare));
            (to_desk, handle)
        });
        let mut batches = Vec::with_capacity(workers);
        for (parcel, mut cover) in read.iter() {
            let counts = collect(&takes, &mut batches);
            batches.extend(cover.noticed.take());
            seat.take(&parcel, cover, &batches, counts, keeper.as_ref());
            give_back(&takes, &mut batches);
            let parcel = match (&writing, &keeper) {
                (Some((to_desk, _)), Some(keeper)) => keeper.hand(to_desk, parcel),
                _ => Some(parcel),
            };
            // All workers let go of the block before they sent their batch.
            if let Some(parcel) = parcel.and_then(|p| Arc::try_unwrap(p).ok()) {
                let _ = spare_send.try_send(parcel.block);
            }
        }
        // The last batch of each worker is what its conversations said at their end.
        let work = collect(&takes, &mut batches);
        seat.judging.block(&batches, &[], &[]);
        for hand in hands {
            if let Err(panic) = hand.join() {
                std::panic::resume_unwind(panic);
            }
        }
        let (reader, counts) = match reading.join() {
            Ok(read) => read,
            Err(panic) => std::panic::resume_unwind(panic),
        };
        if let Some((to_desk, handle)) = writing {
            drop(to_desk);
            match handle.join() {
                Ok(desk) => desk.close(&counts.ports),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        let totals = totals(reader, counts, work, keeper, stop);
        seat.judging.look(&totals.snapshot);
        seat.judging.finish();
        totals
    })
}

fn totals<E>(
    reader: Reader<E>,
    counts: super::snapshot::ReaderCounts,
    work: WorkCounts,
    keeper: Option<Keeper>,
    stop: &Stop,
) -> Totals<E> {
    let mut counts = counts;
    // Fragments that were held count as expired now.
    counts.decode = reader.decoder.counts().clone();
    counts.held = reader.decoder.held();
    Totals {
        stopped: stop.asked(),
        inputs: reader.inputs,
        decoder: reader.decoder,
        flows: work.flows.clone(),
        snapshot: Snapshot {
            reader: counts,
            work,
            kept: keeper.map(|k| k.kept()),
        },
        failed: reader.failed,
    }
}

/// What a worker made of a parcel comes one way, the emptied batches go back the other.
type Lane = (Receiver<(Vec<WorkBatch>, WorkCounts)>, Sender<WorkBatch>);

fn collect(lanes: &[Lane], batches: &mut Vec<WorkBatch>) -> WorkCounts {
    batches.clear();
    let mut counts = WorkCounts::default();
    for (made, counted) in lanes.iter().filter_map(|(take, _)| take.recv().ok()) {
        batches.extend(made);
        counts.add(&counted);
    }
    counts
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

/// What a parcel says to a worker's shards.
fn work(
    shards: &mut Shards,
    parcel: &Parcel,
    batches: &mut Vec<WorkBatch>,
    spare: &mut Vec<WorkBatch>,
) {
    if let Some(interest) = &parcel.interest {
        shards.set_interest(Arc::clone(interest));
    }
    fill(batches, spare, |batch| match parcel.idle {
        Some(idle) => shards.idle(idle.time, idle.seq, batch),
        None => shards.block(&parcel.block, batch),
    });
}

fn count(shards: &Shards, parcel: &Parcel) -> WorkCounts {
    if parcel.count {
        work_counts(shards)
    } else {
        WorkCounts::default()
    }
}

fn work_counts(shards: &Shards) -> WorkCounts {
    WorkCounts {
        flows: shards.counts().clone(),
        conversations: shards.conversations() as u64,
        held: shards.held(),
    }
}

/// A worker: what each parcel gave, and at the end what its conversations said when they ended.
fn work_off(
    mut shards: Shards,
    parcels: &Receiver<Arc<Parcel>>,
    done: &Sender<(Vec<WorkBatch>, WorkCounts)>,
    reuse: &Receiver<WorkBatch>,
) {
    let mut spare = Vec::new();
    for parcel in parcels.iter() {
        let mut batches = Vec::new();
        spare.extend(reuse.try_iter());
        work(&mut shards, &parcel, &mut batches, &mut spare);
        let counts = count(&shards, &parcel);
        drop(parcel);
        if done.send((batches, counts)).is_err() {
            return;
        }
    }
    let mut batches = Vec::new();
    fill(&mut batches, &mut spare, |batch| shards.finish(batch));
    let _ = done.send((batches, work_counts(&shards)));
}
