//! The packets of a room for somebody in the same program, a recorder for one: everything that is published in it, decrypted
//! and not rewritten, of each camera and screen the best simulcast layer.
//!
//! [`tap`] makes the two ends of a queue. The router gets one ([`Command::AddTap`](super::Command::AddTap)), whoever listens
//! keeps the other. Packets are copied into blocks that go to and fro, so that once these have grown nothing is allocated,
//! nothing is locked, and nobody waits: when all blocks are full, pictures are dropped up to the next keyframe, an eighth
//! being kept for sound. A room without a tap has no part in any of this.
//!
//! Pictures are as they were sent: layers change at keyframes only. Each stream has its own numbers and timestamps, told
//! apart by [`TapPacket::generation`].

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::publisher::{Arrival, Track};
use super::{CodecName, Content, MediaKind, PeerId, RoomId, Router, TrackId};
use crate::Error;
use crate::rtp::Packet;

/// Payload bytes after which a block is handed over.
const BLOCK_BYTES: usize = 64 * 1024;

/// Packets after which a block is handed over.
const BLOCK_PACKETS: usize = 512;

/// How long packets wait for a block to fill.
const FLUSH: Duration = Duration::from_millis(20);

/// The same while fewer than half of the blocks are at hand, since whoever listens is behind: they shall hold more.
const FLUSH_WHEN_BEHIND: Duration = Duration::from_millis(200);

/// How often it is looked whether a better layer can be had.
const LOOK: Duration = Duration::from_millis(500);

/// A layer that was silent for so long gives way to a smaller one.
const SILENT: Duration = Duration::from_secs(1);

/// Makes a queue of so many blocks of 64 KiB, at least 8: what fits into them may be on its way. The blocks are allocated
/// when they are first needed.
#[must_use]
pub fn tap(blocks: usize) -> (TapSink, TapReader) {
    let blocks = blocks.max(8);
    let (full_sender, full) = sync_channel(blocks);
    let (free_sender, free) = sync_channel(blocks);
    let dropped = Arc::new(AtomicU64::new(0));
    let pool = Pool {
        full: full_sender,
        free,
        spare: (0..blocks).map(|_| Block::default()).collect(),
        most: blocks,
        dropped: Arc::clone(&dropped),
    };
    let sink = TapSink(Arc::new(Mutex::new(Some(pool))));
    let reader = TapReader {
        full,
        free: free_sender,
        dropped,
    };
    (sink, reader)
}

/// The router's end of a tap. Clones are the same one; the first router that is given it takes it.
#[derive(Clone)]
pub struct TapSink(Arc<Mutex<Option<Pool>>>);

impl fmt::Debug for TapSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TapSink").finish_non_exhaustive()
    }
}

/// The listener's end of a tap.
#[derive(Debug)]
pub struct TapReader {
    full: Receiver<Block>,
    free: SyncSender<Block>,
    dropped: Arc<AtomicU64>,
}

/// Why there is nothing to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TapEmpty {
    /// Nothing has come yet.
    NotYet,
    /// The tap was removed, or its router is gone: nothing comes any more.
    Over,
}

/// Packets that came one after the other, borrowed from the queue.
#[derive(Debug)]
pub struct TapBatch<'a> {
    block: Block,
    reader: &'a TapReader,
}

/// A packet as its publisher sent it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TapPacket<'a> {
    /// When it arrived.
    pub at: Instant,
    /// Who sent it.
    pub publisher: PeerId,
    /// The track.
    pub track: TrackId,
    /// Sound or pictures.
    pub kind: MediaKind,
    /// What pictures show.
    pub content: Content,
    /// What is in the payload.
    pub codec: CodecName,
    /// The RTP clock, in hertz.
    pub clock_rate: u32,
    /// The payload has older frames as well (RFC 2198).
    pub is_red: bool,
    /// The stream: another number, another numbering.
    pub generation: u32,
    /// The extended sequence number.
    pub sequence: u64,
    /// The RTP timestamp.
    pub timestamp: u32,
    /// The marker bit.
    pub marker: bool,
    /// Behind header and extensions, without padding; empty when it was all padding.
    pub payload: &'a [u8],
}

impl TapReader {
    /// What has come.
    ///
    /// # Errors
    /// [`TapEmpty`]
    pub fn try_next(&self) -> Result<TapBatch<'_>, TapEmpty> {
        match self.full.try_recv() {
            Ok(block) => Ok(TapBatch { block, reader: self }),
            Err(TryRecvError::Empty) => Err(TapEmpty::NotYet),
            Err(TryRecvError::Disconnected) => Err(TapEmpty::Over),
        }
    }

    /// The same, waiting for at most so long.
    ///
    /// # Errors
    /// [`TapEmpty`]
    pub fn next_within(&self, wait: Duration) -> Result<TapBatch<'_>, TapEmpty> {
        match self.full.recv_timeout(wait) {
            Ok(block) => Ok(TapBatch { block, reader: self }),
            Err(RecvTimeoutError::Timeout) => Err(TapEmpty::NotYet),
            Err(RecvTimeoutError::Disconnected) => Err(TapEmpty::Over),
        }
    }

    /// Packets that found no room.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}

impl TapBatch<'_> {
    /// The packets, in the order in which they arrived.
    pub fn packets(&self) -> impl Iterator<Item = TapPacket<'_>> {
        self.block.packets.iter().filter_map(|entry| {
            let payload = self.block.bytes.get(entry.start..entry.end)?;
            Some(TapPacket {
                payload,
                ..entry.packet
            })
        })
    }
}

impl Drop for TapBatch<'_> {
    fn drop(&mut self) {
        let mut block = std::mem::take(&mut self.block);
        block.packets.clear();
        block.bytes.clear();
        // Should the router be gone, nobody needs it; there is room for all.
        let _ = self.reader.free.try_send(block);
    }
}

/// Packets on their way.
#[derive(Debug, Default)]
struct Block {
    packets: Vec<Entry>,
    bytes: Vec<u8>,
}

#[derive(Debug)]
struct Entry {
    /// Without its payload.
    packet: TapPacket<'static>,
    start: usize,
    end: usize,
}

/// The router's blocks.
struct Pool {
    full: SyncSender<Block>,
    free: Receiver<Block>,
    spare: Vec<Block>,
    /// How many blocks there are in all. As many fit into either queue.
    most: usize,
    dropped: Arc<AtomicU64>,
}

/// A room that somebody listens to.
pub(super) struct Tap {
    id: PeerId,
    pool: Pool,
    block: Option<Block>,
    /// When the block that is being filled is handed over.
    flush: Option<Instant>,
    look: Instant,
}

impl fmt::Debug for Tap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tap")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// What a tap knows of a track.
#[derive(Debug, Default)]
pub(super) struct TrackTap {
    /// The simulcast layer that goes to it; `None` until a keyframe comes.
    pub(super) layer: Option<usize>,
}

impl Tap {
    fn push(&mut self, now: Instant, packet: TapPacket<'_>) -> bool {
        let kept = match packet.kind {
            MediaKind::Audio => 0,
            MediaKind::Video => self.pool.most / 8,
        };
        if self.block.is_none() || self.pool.spare.len() <= kept {
            self.pool.spare.extend(self.pool.free.try_iter());
        }
        let has_room = self.pool.spare.len() + usize::from(self.block.is_some()) > kept;
        if has_room && self.block.is_none() {
            self.block = self.pool.spare.pop();
        }
        let Some(block) = self.block.as_mut().filter(|_| has_room) else {
            self.pool.dropped.fetch_add(1, Ordering::Relaxed);
            return false;
        };
        let start = block.bytes.len();
        block.bytes.extend_from_slice(packet.payload);
        let packet = TapPacket {
            payload: &[],
            ..packet
        };
        block.packets.push(Entry {
            packet,
            start,
            end: block.bytes.len(),
        });
        let is_full = block.bytes.len() >= BLOCK_BYTES || block.packets.len() >= BLOCK_PACKETS;
        let wait = if self.pool.spare.len() < self.pool.most / 2 {
            FLUSH_WHEN_BEHIND
        } else {
            FLUSH
        };
        self.flush.get_or_insert(now + wait);
        if is_full {
            self.hand_over();
        }
        true
    }

    fn hand_over(&mut self) {
        self.flush = None;
        if let Some(block) = self.block.take() {
            // There is room for all; and when nobody listens any more, blocks run out and nothing is copied.
            let _ = self.pool.full.try_send(block);
        }
    }

    fn due(&self) -> Instant {
        self.flush.map_or(self.look, |flush| flush.min(self.look))
    }
}

impl Router {
    pub(super) fn add_tap(
        &mut self,
        now: Instant,
        id: PeerId,
        room: RoomId,
        sink: &TapSink,
    ) -> Result<(), Error> {
        if self.peers_by_id.contains_key(&id) || self.is_tap(id) {
            return Err(Error::Duplicate("peer"));
        }
        if self.taps.contains_key(&room) {
            return Err(Error::Duplicate("tap"));
        }
        let pool = sink.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        let pool = pool.ok_or(Error::Duplicate("tap"))?;
        let tap = Tap {
            id,
            pool,
            block: None,
            flush: None,
            look: now,
        };
        self.taps.insert(room, tap);
        for slot in self.tracks_of(room) {
            if let Some(track) = self.tracks.get_mut(slot) {
                track.tap = Some(TrackTap::default());
            }
        }
        self.look_at_taps(now);
        Ok(())
    }

    pub(super) fn is_tap(&self, id: PeerId) -> bool {
        self.taps.values().any(|tap| tap.id == id)
    }

    /// Whether the id was a tap's.
    pub(super) fn remove_tap(&mut self, now: Instant, id: PeerId) -> bool {
        let room = self.taps.iter().find(|(_, tap)| tap.id == id);
        let Some(room) = room.map(|(room, _)| *room) else {
            return false;
        };
        if let Some(mut tap) = self.taps.remove(&room) {
            tap.hand_over();
        }
        for slot in self.tracks_of(room) {
            if let Some(track) = self.tracks.get_mut(slot) {
                track.tap = None;
            }
            self.update_demand(now, slot);
        }
        true
    }

    /// Asks for a keyframe of a track that the tap listens to.
    pub(super) fn want_keyframe_for_tap(
        &mut self,
        now: Instant,
        id: PeerId,
        track: TrackId,
    ) -> Result<(), Error> {
        if !self.is_tap(id) {
            return Err(Error::Unknown("peer"));
        }
        // A track that has just ended is fine.
        let Some(slot) = self.tracks_by_id.get(&track).copied() else {
            return Ok(());
        };
        let Some(track) = self.tracks.get_mut(slot) else {
            return Ok(());
        };
        let is_heard = self.taps.get(&track.room).is_some_and(|tap| tap.id == id);
        let tap = track.tap.as_ref().filter(|_| is_heard);
        // Where nothing has come yet, a keyframe is asked for anyway.
        let Some(layer) = tap.and_then(|tap| tap.layer) else {
            return Ok(());
        };
        track.want_keyframe(now, layer);
        let publisher = track.publisher;
        self.update_feedback(now, publisher);
        Ok(())
    }

    /// Hands what is left to those who listen, and forgets them.
    pub(super) fn close_taps(&mut self) {
        for (_, mut tap) in self.taps.drain() {
            tap.hand_over();
        }
    }

    pub(super) fn taps_due(&self) -> Option<Instant> {
        self.taps.values().map(Tap::due).min()
    }

    pub(super) fn handle_tap_timeout(&mut self, now: Instant) {
        if self.taps.is_empty() {
            return;
        }
        for tap in self.taps.values_mut() {
            if tap.flush.is_some_and(|flush| flush <= now) {
                tap.hand_over();
            }
        }
        self.look_at_taps(now);
    }

    /// Asks for better layers where there are some.
    fn look_at_taps(&mut self, now: Instant) {
        let mut rooms = Vec::new();
        for (room, tap) in &mut self.taps {
            if tap.look <= now {
                tap.look = now + LOOK;
                rooms.push(*room);
            }
        }
        let slots: Vec<u32> = rooms.into_iter().flat_map(|room| self.tracks_of(room)).collect();
        for slot in slots {
            self.update_demand(now, slot);
            let Some(track) = self.tracks.get_mut(slot) else {
                continue;
            };
            let Some(best) = track.best_layer(now) else {
                continue;
            };
            let has_best = track.tap.as_ref().is_some_and(|tap| tap.layer == Some(best));
            let is_asked_for = track
                .layers
                .get(best)
                .is_some_and(|layer| layer.keyframes.due().is_some());
            if !has_best && !is_asked_for {
                track.want_keyframe(now, best);
                let publisher = track.publisher;
                self.update_feedback(now, publisher);
            }
        }
    }

    fn tracks_of(&self, room: RoomId) -> Vec<u32> {
        let peers = self.rooms.get(&room).map(|room| &room.peers[..]);
        let peers = peers
            .unwrap_or_default()
            .iter()
            .filter_map(|peer| self.peers.get(*peer));
        peers.flat_map(|peer| peer.tracks.iter().copied()).collect()
    }
}

/// Gives a packet that has arrived to whoever listens.
pub(super) fn listen(
    now: Instant,
    tap: &mut Tap,
    publisher: PeerId,
    track: &mut Track,
    arrival: &Arrival,
    packet: &Packet<'_>,
) {
    let publication = &track.publication;
    let payload_type = packet.payload_type();
    let codec = publication
        .codecs
        .iter()
        .find(|codec| [Some(codec.payload_type), codec.red].contains(&Some(payload_type)));
    let (Some(codec), Some(layer)) = (codec, track.tap.as_ref().map(|tap| tap.layer)) else {
        return;
    };
    let is_video = publication.kind == MediaKind::Video;
    if is_video && layer != Some(arrival.layer) {
        let gives_way = |current: usize| {
            let (current, new) = (track.layers.get(current), track.layers.get(arrival.layer));
            current.is_none_or(|current| {
                !current.was_heard_since(now, SILENT) || new.is_some_and(|new| new.rank() > current.rank())
            })
        };
        if !arrival.picture.is_entry || !layer.is_none_or(gives_way) {
            return;
        }
    }
    let packet = TapPacket {
        at: now,
        publisher,
        track: publication.track,
        kind: publication.kind,
        content: publication.content,
        codec: codec.name,
        clock_rate: codec.clock_rate,
        is_red: codec.red == Some(payload_type),
        generation: arrival.generation,
        sequence: arrival.sequence,
        timestamp: packet.timestamp(),
        marker: packet.marker(),
        payload: packet.payload(),
    };
    let is_taken = tap.push(now, packet);
    if let Some(tap) = track.tap.as_mut().filter(|_| is_video) {
        // What is dropped once is of no use up to the next keyframe.
        tap.layer = is_taken.then_some(arrival.layer);
    }
}
