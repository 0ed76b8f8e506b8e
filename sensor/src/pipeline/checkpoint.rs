//! The inventory on its way to the disk: in pieces, so that the analysis never pauses for long,
//! and written by a thread of its own, so that it never waits for the disk.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use tracing::{info, warn};

use crate::{
    inventory::{Change, Inventory},
    store::{Store, StoreError, Transaction},
};

/// How often a checkpoint begins. It takes a few seconds at most, so the last is never older than
/// half a minute.
const EVERY: Duration = Duration::from_secs(15);
/// Pairs made at once: about a millisecond's work.
const PIECE: usize = 64;
/// Pieces on their way.
const QUEUE: usize = 4;

/// A part of a checkpoint.
struct Piece {
    changes: Vec<Change>,
    /// It is the last part.
    complete: bool,
}

/// The checkpoints of a running sensor.
pub struct Checkpoints {
    sender: SyncSender<Piece>,
    writer: JoinHandle<()>,
    failures: Arc<Failures>,
    begun: Instant,
    under_way: bool,
    /// A piece that found no room.
    waiting: Option<Piece>,
}

impl Checkpoints {
    /// Opens the store, hands what it holds to the inventory, and starts the writer.
    pub fn start(path: &std::path::Path, inventory: &mut Inventory) -> Result<Self> {
        let (store, aside) = Store::open(path)?;
        if let Some(aside) = aside {
            warn!(
                store = %path.display(), aside = %aside.path.display(), reason = aside.reason,
                "the store could not be used and was set aside; the inventory begins anew"
            );
        }
        let mut refused = 0_u64;
        store.load(|key, value| refused += u64::from(!inventory.restore(key, value)))?;
        info!(
            store = %path.display(), endpoints = inventory.len(), refused,
            "inventory restored"
        );
        let failures = Arc::new(Failures::default());
        let (sender, receiver) = sync_channel(QUEUE);
        let noted = Arc::clone(&failures);
        let writer = thread::Builder::new()
            .name("store".to_owned())
            .spawn(move || write(store, &receiver, &noted))
            .context("failed to start the thread that writes the store")?;
        let begun = Instant::now();
        Ok(Self { sender, writer, failures, begun, under_way: false, waiting: None })
    }

    /// Goes on with a checkpoint, or begins one when it is time. To be called about a thousand
    /// times a second at most.
    pub fn tick(&mut self, inventory: &mut Inventory) {
        if !self.under_way && self.begun.elapsed() >= EVERY {
            (self.under_way, self.begun) = (true, Instant::now());
            if self.failures.again.swap(false, Ordering::Relaxed) {
                inventory.mark_changed();
            }
        }
        if self.under_way {
            let piece = self.waiting.take().unwrap_or_else(|| next(inventory, PIECE));
            let complete = piece.complete;
            match self.sender.try_send(piece) {
                Ok(()) => self.under_way = !complete,
                Err(TrySendError::Full(piece)) => self.waiting = Some(piece),
                Err(TrySendError::Disconnected(_)) => self.under_way = false,
            }
        }
    }

    /// Writes all that has changed, and ends.
    pub fn finish(self, inventory: &mut Inventory) {
        if let Some(piece) = self.waiting {
            let _ = self.sender.send(Piece { complete: false, ..piece });
        }
        if self.failures.again.load(Ordering::Relaxed) {
            inventory.mark_changed();
        }
        // It fails only when the writer has panicked, which it has said.
        let _ = self.sender.send(next(inventory, usize::MAX));
        drop(self.sender);
        let _ = self.writer.join();
    }

    /// Checkpoints that could not be written.
    pub fn failed(&self) -> u64 {
        self.failures.count.load(Ordering::Relaxed)
    }
}

fn next(inventory: &mut Inventory, limit: usize) -> Piece {
    let changes = inventory.take_changes(limit);
    let pairs = changes.iter().filter(|change| change.value.is_some()).count();
    Piece { changes, complete: pairs < limit }
}

/// Writes checkpoints, each in one transaction. Rows of one that failed are asked for again; keys
/// that it should have removed are remembered here. After a failure of the disk the database takes
/// nothing more, so it is opened anew.
fn write(store: Store, pieces: &Receiver<Piece>, failures: &Failures) {
    let path = store.path().to_owned();
    let mut store = Some(store);
    let mut gone = Vec::new();
    while let Ok(first) = pieces.recv() {
        if store.is_none() {
            store = Store::open(&path).map(|(store, _)| store).map_err(|e| failures.note(&e)).ok();
        }
        match &store {
            Some(open) => match write_one(open, first, pieces, &mut gone) {
                Some(Ok(())) => gone.clear(),
                Some(Err(error)) => {
                    failures.note(&error);
                    store = None;
                }
                None => return,
            },
            None => skip_one(first, pieces, &mut gone),
        }
    }
}

/// Leaves a checkpoint out, but for what it removes.
fn skip_one(first: Piece, pieces: &Receiver<Piece>, gone: &mut Vec<Change>) {
    let mut piece = first;
    loop {
        gone.extend(piece.changes.into_iter().filter(|change| change.value.is_none()));
        if piece.complete {
            return;
        }
        let Ok(next) = pieces.recv() else { return };
        piece = next;
    }
}

/// Writes one checkpoint; `None` when there are no more.
fn write_one(
    store: &Store,
    first: Piece,
    pieces: &Receiver<Piece>,
    gone: &mut Vec<Change>,
) -> Option<Result<(), StoreError>> {
    let mut piece = first;
    if piece.complete && piece.changes.is_empty() && gone.is_empty() {
        return Some(Ok(()));
    }
    let mut transaction = store.begin().and_then(|open| added(open, gone));
    loop {
        transaction = transaction.and_then(|open| added(open, &piece.changes));
        gone.extend(piece.changes.into_iter().filter(|change| change.value.is_none()));
        if piece.complete {
            return Some(transaction.and_then(Transaction::commit));
        }
        piece = pieces.recv().ok()?;
    }
}

fn added<'s>(
    mut transaction: Transaction<'s>,
    changes: &[Change],
) -> Result<Transaction<'s>, StoreError> {
    transaction.add(changes)?;
    Ok(transaction)
}

/// Checkpoints that could not be written.
#[derive(Default)]
struct Failures {
    count: AtomicU64,
    /// All rows are to be written again.
    again: AtomicBool,
}

impl Failures {
    fn note(&self, error: &StoreError) {
        self.again.store(true, Ordering::Relaxed);
        if self.count.fetch_add(1, Ordering::Relaxed) == 0 {
            warn!(%error, "the inventory is not written; trying again with each checkpoint");
        }
    }
}
