//! One recording: its directory, its files, its limits.

use std::collections::{BTreeMap, HashMap};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anteroom_codec::Error;
use anteroom_media_transport::router::{MediaKind, PeerId, TapPacket, TrackId};
use time::OffsetDateTime;
use time::macros::format_description;

use super::manifest::{
    EndReason, Manifest, MeetingInfo, MixedInfo, ParticipantInfo, Person, create_directory,
};
use super::mixed::{self, Mixed};
use super::track::{TrackRecorder, sound};
use super::{Figures, Limits};

/// What has arrived is on its way to the recorder for no longer than this, as long as that keeps up.
const LAG: Duration = Duration::from_millis(300);

/// What is written is in its file after so long.
const FLUSH: Duration = Duration::from_secs(1);

/// More tracks are not recorded.
const MAX_TRACKS: usize = 4096;

/// Recordings of one meeting that began within the same second.
const MAX_SAME: u32 = 1000;

/// A recording that runs.
pub(super) struct Session {
    directory: PathBuf,
    start: Instant,
    limits: Limits,
    manifest: Manifest,
    mixed: Mixed,
    people: HashMap<PeerId, usize>,
    tracks: BTreeMap<TrackId, (usize, TrackRecorder)>,
    /// The manifest is not what it was.
    is_news: bool,
    flushed: Instant,
    counted_bytes: u64,
    dropped: u64,
}

/// Why a recording cannot go on.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) reason: EndReason,
    pub(super) error: Option<Error>,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let reason = match &error {
            Error::Io(io) if matches!(io.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded) => {
                EndReason::DiskFull
            }
            _ => EndReason::WriteFailed,
        };
        Self {
            reason,
            error: Some(error),
        }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Error::Io(error).into()
    }
}

impl From<EndReason> for Failure {
    fn from(reason: EndReason) -> Self {
        Self { reason, error: None }
    }
}

impl Session {
    /// Makes the directory and the first files. `wall` is the time of `start`.
    pub(super) fn create(
        root: &Path,
        meeting: MeetingInfo,
        wall: OffsetDateTime,
        start: Instant,
        limits: Limits,
    ) -> Result<Self, Failure> {
        let directory = make_directory(&root.join(safe(&meeting.id)), wall)?;
        let mixed = Mixed::create(&directory, start)?;
        let mut manifest = Manifest::new(meeting, wall);
        manifest.mixed = Some(MixedInfo {
            file: mixed::FILE.to_owned(),
            codec: "opus".to_owned(),
            offset_ms: 0,
        });
        manifest.write(&directory)?;
        Ok(Self {
            directory,
            start,
            limits,
            manifest,
            mixed,
            people: HashMap::new(),
            tracks: BTreeMap::new(),
            is_news: false,
            flushed: start,
            counted_bytes: 0,
            dropped: 0,
        })
    }

    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    /// Whose a peer's tracks are.
    pub(super) fn person(&mut self, peer: PeerId, person: Person) {
        let known = self
            .manifest
            .participants
            .iter()
            .position(|known| known.person.id == person.id);
        let index = known.unwrap_or(self.manifest.participants.len());
        match self.manifest.participants.get_mut(index) {
            Some(known) => known.person = person,
            None => self.manifest.participants.push(ParticipantInfo {
                person,
                tracks: Vec::new(),
            }),
        }
        self.people.insert(peer, index);
        self.is_news = true;
    }

    /// Takes a packet; adds to `wanted` the track when it needs a keyframe. What nobody is known to have sent is not
    /// recorded.
    pub(super) fn handle_packet(
        &mut self,
        packet: &TapPacket<'_>,
        wanted: &mut Vec<TrackId>,
    ) -> Result<(), Failure> {
        let Some(person) = self.people.get(&packet.publisher).copied() else {
            return Ok(());
        };
        if packet.kind == MediaKind::Audio
            && let Some(payload) = sound(packet)
        {
            let TapPacket {
                at,
                track,
                generation,
                sequence,
                timestamp,
                ..
            } = *packet;
            self.mixed
                .insert(at, track, generation, sequence, timestamp, payload)?;
        }
        if !self.tracks.contains_key(&packet.track) {
            if self.tracks.len() >= MAX_TRACKS {
                return Ok(());
            }
            let id = self
                .manifest
                .participants
                .get(person)
                .map(|known| safe(&known.person.id));
            // The upper half is the room's.
            let number = packet.track.0 & 0xffff_ffff;
            let stem = format!("{}-{number}", id.unwrap_or_default());
            let track = TrackRecorder::new(&self.directory, stem, self.start, packet);
            self.tracks.insert(packet.track, (person, track));
        }
        if let Some((_, track)) = self.tracks.get_mut(&packet.track) {
            track.handle_packet(packet)?;
            if track.take_keyframe_need() && !wanted.contains(&packet.track) {
                wanted.push(packet.track);
            }
        }
        Ok(())
    }

    /// Mixes what was heard, once everything that has come was taken: a disk that was slow for a moment leaves no hole.
    pub(super) fn mix(&mut self, now: Instant) -> Result<(), Failure> {
        match now.checked_sub(LAG) {
            Some(until) => Ok(self.mixed.mix_until(until)?),
            None => Ok(()),
        }
    }

    /// Writes what is due and looks at the limits. `dropped` are the packets that found no room in all.
    pub(super) fn tick(&mut self, now: Instant, dropped: u64, figures: &Figures) -> Result<(), Failure> {
        if now.saturating_duration_since(self.flushed) < FLUSH {
            return Ok(());
        }
        self.flushed = now;
        for (_, track) in self.tracks.values_mut() {
            track.tick(now)?;
        }
        let bytes = self.count(dropped, figures);
        if std::mem::take(&mut self.is_news) {
            self.write_manifest()?;
        }
        if bytes >= self.limits.bytes {
            return Err(EndReason::MaxBytes.into());
        }
        if now.saturating_duration_since(self.start) >= self.limits.duration {
            return Err(EndReason::MaxDuration.into());
        }
        Ok(())
    }

    /// Completes all files, as far as that is possible, and says what was not.
    pub(super) fn finish(
        mut self,
        now: Instant,
        ended: OffsetDateTime,
        reason: EndReason,
        dropped: u64,
        figures: &Figures,
    ) -> Result<(), Failure> {
        let mut result = self.mixed.mix_until(now).map_err(Failure::from);
        for (_, track) in self.tracks.values_mut() {
            let closed = track.close();
            let closed = closed.map_err(Failure::from);
            result = result.and(closed);
        }
        self.count(dropped, figures);
        self.manifest.ended = Some(ended);
        self.manifest.end_reason = Some(reason);
        let written = self.write_manifest();
        let mixed = self.mixed.finish().map_err(Failure::from);
        result.and(written).and(mixed)
    }

    /// Bytes of all files.
    fn count(&mut self, dropped: u64, figures: &Figures) -> u64 {
        use std::sync::atomic::Ordering::Relaxed;

        for (_, track) in self.tracks.values_mut() {
            let news = track.take_news();
            self.is_news |= news.files;
            figures.frames.fetch_add(news.frames, Relaxed);
            figures.packets_missing.fetch_add(news.packets_missing, Relaxed);
        }
        let bytes = self.mixed.bytes() + self.tracks.values().map(|(_, track)| track.bytes()).sum::<u64>();
        let more = bytes.saturating_sub(std::mem::replace(&mut self.counted_bytes, bytes));
        figures.bytes.fetch_add(more, Relaxed);
        let more = dropped.saturating_sub(std::mem::replace(&mut self.dropped, dropped));
        if more > 0 {
            figures.packets_dropped.fetch_add(more, Relaxed);
            tracing::warn!(
                packets = more,
                "a recording does not keep up; pictures are left out"
            );
            self.is_news = true;
        }
        bytes
    }

    fn write_manifest(&mut self) -> Result<(), Failure> {
        for participant in &mut self.manifest.participants {
            participant.tracks.clear();
        }
        for (person, track) in self.tracks.values() {
            if let Some(participant) = self.manifest.participants.get_mut(*person) {
                participant.tracks.extend_from_slice(track.files());
            }
        }
        self.manifest.packets_dropped = self.dropped;
        Ok(self.manifest.write(&self.directory)?)
    }
}

/// A new directory for a recording that begins now.
fn make_directory(of_meeting: &Path, wall: OffsetDateTime) -> Result<PathBuf, Failure> {
    create_directory(of_meeting)?;
    let format = format_description!("[year][month][day]T[hour][minute][second]Z");
    let name = wall.to_offset(time::UtcOffset::UTC).format(&format);
    let name = name.map_err(|error| std::io::Error::other(error.to_string()))?;
    for number in 1..MAX_SAME {
        let name = match number {
            1 => name.clone(),
            number => format!("{name}-{number}"),
        };
        let path = of_meeting.join(name);
        if path.exists() {
            continue;
        }
        create_directory(&path)?;
        return Ok(path);
    }
    Err(std::io::Error::from(ErrorKind::AlreadyExists).into())
}

/// What may stand in a file's name; ids have nothing else.
fn safe(id: &str) -> String {
    let safe = id.chars().take(64).map(|letter| match letter {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '_' => letter,
        _ => '_',
    });
    safe.collect()
}
