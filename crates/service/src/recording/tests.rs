use std::fs;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::Instant;

use anteroom_codec::container::ReadLimits;
use anteroom_codec::container::ogg_opus;
use anteroom_codec::opus::{Encoder, EncoderConfig};
use anteroom_codec::similarity::similarity;
use anteroom_media_transport::router::{CodecName, Content, MediaKind, TapPacket, TrackId};
use time::macros::datetime;

use super::manifest::{Manifest, Source};
use super::session::Session;
use super::*;

const ALICE: PeerId = PeerId(7 << 32 | 1);
const DANA: PeerId = PeerId(7 << 32 | 2);
const STARTED: time::OffsetDateTime = datetime!(2026-11-22 14:00:05 UTC);

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn person(id: &str) -> Person {
    Person {
        id: id.to_owned(),
        identity: format!("8:acs:{id}"),
        display_name: "../../etc/passwd".to_owned(),
    }
}

const NO_LIMITS: Limits = Limits {
    duration: Duration::MAX,
    bytes: u64::MAX,
};

/// A recording of two, and the time.
struct Stage {
    root: tempfile::TempDir,
    session: Session,
    start: Instant,
    figures: Figures,
    wanted: Vec<TrackId>,
}

impl Stage {
    fn new(limits: Limits) -> Self {
        let root = tempfile::tempdir().unwrap();
        let meeting = MeetingInfo {
            id: "a/../b".to_owned(),
            subject: "Tests".to_owned(),
            tenant: None,
            organizer: None,
            thread_id: None,
        };
        let start = Instant::now();
        let mut session = Session::create(root.path(), meeting, STARTED, start, limits).unwrap();
        session.person(ALICE, person("alice"));
        session.person(DANA, person("dana"));
        Self {
            root,
            session,
            start,
            figures: Figures::default(),
            wanted: Vec::new(),
        }
    }

    fn give(&mut self, packet: &TapPacket<'_>) {
        self.session.handle_packet(packet, &mut self.wanted).unwrap();
    }

    fn tick(&mut self, millis: u64) -> Result<(), EndReason> {
        let now = self.start + ms(millis);
        self.session.mix(now).unwrap();
        let ticked = self.session.tick(now, 0, &self.figures);
        ticked.map_err(|failure| failure.reason)
    }

    fn packet<'a>(&self, millis: u64, publisher: PeerId, track: u64, payload: &'a [u8]) -> TapPacket<'a> {
        TapPacket {
            at: self.start + ms(millis),
            publisher,
            track: TrackId(7 << 32 | track),
            kind: MediaKind::Audio,
            content: Content::Camera,
            codec: CodecName::Opus,
            clock_rate: 48_000,
            is_red: false,
            generation: 1,
            sequence: 70_000,
            timestamp: 0,
            marker: false,
            payload,
        }
    }

    fn picture<'a>(&self, millis: u64, sequence: u64, payload: &'a [u8]) -> TapPacket<'a> {
        TapPacket {
            kind: MediaKind::Video,
            codec: CodecName::Vp8,
            clock_rate: 90_000,
            sequence,
            timestamp: u32::try_from(millis).unwrap() * 90,
            marker: true,
            ..self.packet(millis, DANA, 9, payload)
        }
    }

    /// The directory of the recording.
    fn directory(&self) -> PathBuf {
        self.session.directory().to_owned()
    }

    fn finish(self, millis: u64) -> (tempfile::TempDir, PathBuf) {
        let directory = self.directory();
        let now = self.start + ms(millis);
        let reason = EndReason::Stopped;
        self.session
            .finish(now, STARTED + ms(millis), reason, 3, &self.figures)
            .unwrap();
        (self.root, directory)
    }
}

/// Chirps that differ, so that one is not taken for the other.
#[expect(clippy::cast_possible_truncation, reason = "it stays far below the loudest")]
fn voice(seed: f32, seconds: usize) -> Vec<i16> {
    let sample = |at: usize| {
        let time = at as f32 / 48_000.0;
        let syllable = (time * (2.3 + seed)).sin().max(0.0);
        let tone = (time * 2_000.0 * (1.0 + seed + (time * 3.0 * (1.0 + seed)).sin() * 0.3)).sin();
        (tone * syllable * 9_000.0) as i16
    };
    (0..seconds * 48_000).map(sample).collect()
}

fn speak(stage: &mut Stage, publisher: PeerId, track: u64, at: u64, samples: &[i16], lost: &[usize]) {
    let mut encoder = Encoder::new(EncoderConfig::default()).unwrap();
    for (step, frame) in samples.chunks_exact(960).enumerate() {
        let mut packet = [0; 1500];
        let length = encoder.encode(frame, &mut packet).unwrap();
        let millis = at + u64::try_from(step).unwrap() * 20;
        if !lost.contains(&step) {
            let given = TapPacket {
                sequence: 65_500 + u64::try_from(step).unwrap(),
                timestamp: 0xffff_ff00_u32.wrapping_add(u32::try_from(step).unwrap() * 960),
                ..stage.packet(millis, publisher, track, &packet[..length])
            };
            stage.give(&given);
        }
        if track == 1 {
            stage.tick(millis + 20).unwrap();
        }
    }
}

fn heard(path: &Path) -> Vec<i16> {
    let file = fs::File::open(path).unwrap();
    let mut reader = ogg_opus::Reader::new(std::io::BufReader::new(file)).unwrap();
    reader.read_samples(ReadLimits::default()).unwrap()
}

#[test]
fn voices_are_kept_as_they_came_and_mixed() {
    let mut stage = Stage::new(NO_LIMITS);
    let (alice, dana) = (voice(0.1, 4), voice(0.55, 4));
    // One after the other in time, since the mix takes its time from packets.
    speak(&mut stage, ALICE, 1, 500, &alice, &[]);
    speak(&mut stage, DANA, 2, 5000, &dana, &[50]);
    let (_root, directory) = stage.finish(9500);
    let manifest = Manifest::read(&directory).unwrap();
    assert_eq!(manifest.end_reason, Some(EndReason::Stopped));
    assert_eq!(manifest.packets_dropped, 3);
    let tracks: Vec<_> = manifest.participants.iter().flat_map(|one| &one.tracks).collect();
    assert_eq!(
        tracks.iter().map(|track| track.file.as_str()).collect::<Vec<_>>(),
        ["alice-1-microphone.webm", "dana-2-microphone.webm"]
    );
    assert_eq!((tracks[0].offset_ms, tracks[1].offset_ms), (500, 5000));
    assert_eq!((tracks[0].frames, tracks[1].frames), (Some(200), Some(199)));
    assert_eq!(
        (tracks[0].packets_missing, tracks[1].packets_missing),
        (Some(0), Some(1))
    );
    assert_eq!(
        (tracks[0].duration_ms, tracks[1].duration_ms),
        (Some(4000), Some(4000))
    );
    for track in tracks {
        let length = fs::metadata(directory.join(&track.file)).unwrap().len();
        assert_eq!((track.source, track.bytes), (Source::Microphone, Some(length)));
    }
    let mixed = heard(&directory.join("mixed.ogg"));
    assert_eq!(mixed.len() / 48, 9500, "as long as the recording");
    let (first, second) = mixed.split_at(4750 * 48);
    for (half, own, other) in [(first, &alice, &dana), (second, &dana, &alice)] {
        let likeness = similarity(own, half);
        assert!(likeness.is_same_speech(), "{likeness:?}");
        assert!(!similarity(other, half).is_same_speech(), "the other one");
    }
}

#[test]
fn names_come_from_ids_and_files_are_their_owners() {
    let mut stage = Stage::new(NO_LIMITS);
    stage.session.person(PeerId(3), person("../x/é"));
    let packet = stage.packet(0, PeerId(3), 5, &[0xf8, 0xff, 0xfe]);
    stage.give(&packet);
    // Nobody is known to have sent this.
    let packet = stage.packet(0, PeerId(4), 6, &[0xf8, 0xff, 0xfe]);
    stage.give(&packet);
    let (root, directory) = stage.finish(100);
    assert_eq!(
        directory.strip_prefix(root.path()).unwrap(),
        Path::new("a____b/20261122T140005Z")
    );
    let mut names: Vec<_> = fs::read_dir(&directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["___x__-5-microphone.webm", "mixed.ogg", "recording.json"]);
    #[cfg(unix)]
    for name in names {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(directory.join(&name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

/// A keyframe of VP8, 640 by 360, or a frame that refers to it.
fn vp8(is_keyframe: bool, fill: u8) -> Vec<u8> {
    let mut frame = vec![0x10, u8::from(!is_keyframe), 0, 0];
    if is_keyframe {
        frame.extend([0x9d, 1, 0x2a, 0x80, 2, 0x68, 1]);
    }
    frame.extend([fill; 300]);
    frame
}

#[test]
fn pictures_begin_with_a_keyframe_and_one_is_asked_for_after_a_loss() {
    let mut stage = Stage::new(NO_LIMITS);
    for step in 0..60_u64 {
        let payload = vp8(step == 5 || step == 40, u8::try_from(step).unwrap());
        let packet = stage.picture(1000 + step * 33, step, &payload);
        if step != 20 {
            stage.give(&packet);
        }
        if step == 4 {
            assert_eq!(
                std::mem::take(&mut stage.wanted).len(),
                1,
                "it began in the middle"
            );
        }
    }
    assert_eq!(
        stage.wanted.len(),
        1,
        "a missing packet is waited for, and then a keyframe"
    );
    // Another source of the same track, later: its numbers begin anew.
    let payload = vp8(true, 1);
    let packet = TapPacket {
        generation: 2,
        timestamp: 5,
        ..stage.picture(4000, 5, &payload)
    };
    stage.give(&packet);
    stage.tick(5000).unwrap();
    assert!(stage.figures.bytes.load(Ordering::Relaxed) > 15 * 300);
    let (_root, directory) = stage.finish(5000);
    let manifest = Manifest::read(&directory).unwrap();
    let track = &manifest.participants[1].tracks[0];
    assert_eq!((track.codec.as_str(), track.source), ("vp8", Source::Camera));
    assert_eq!(
        (track.file.as_str(), track.offset_ms),
        ("dana-9-camera.webm", 1165)
    );
    // 5 to 19, 40 to 59, and the one of the second source.
    assert_eq!(
        (track.frames, track.packets_missing),
        (Some(15 + 20 + 1), Some(1))
    );
    assert!(track.duration_ms.unwrap() >= 2835, "{track:?}");
}

#[test]
fn limits_end_it() {
    let duration = ms(3000);
    let mut stage = Stage::new(Limits {
        duration,
        ..NO_LIMITS
    });
    assert_eq!(stage.tick(2900), Ok(()));
    assert_eq!(stage.tick(3950), Err(EndReason::MaxDuration));
    let mut stage = Stage::new(Limits {
        bytes: 3000,
        ..NO_LIMITS
    });
    let payload = vp8(true, 1);
    for step in 0..20 {
        let packet = stage.picture(step * 33, step, &payload);
        stage.give(&packet);
    }
    assert_eq!(stage.tick(1000), Err(EndReason::MaxBytes));
}

#[test]
fn what_a_killed_service_has_left_is_whole_and_completed_later() {
    let mut stage = Stage::new(NO_LIMITS);
    let alice = voice(0.1, 6);
    speak(&mut stage, ALICE, 1, 0, &alice, &[]);
    let payload = vp8(true, 1);
    for step in 0..180 {
        let packet = stage.picture(step * 33, step, &payload);
        stage.give(&packet);
    }
    stage.tick(7000).unwrap();
    let directory = stage.directory();
    // Neither finished nor dropped: nothing more gets to the files.
    let Stage { root, session, .. } = stage;
    std::mem::forget(session);

    let mixed = heard(&directory.join("mixed.ogg"));
    assert!(mixed.len() >= 5 * 48_000, "{} ms", mixed.len() / 48);
    assert!(similarity(&alice, &mixed).is_same_speech());
    let recordings = Recordings::new(
        &RecordingConfig {
            directory: Some(root.path().to_owned()),
            retention_days: Some(30),
            ..RecordingConfig::default()
        },
        Path::new("/nowhere"),
    );
    assert_eq!(recordings.unfinished(), std::slice::from_ref(&directory));
    Recordings::complete(&directory);
    assert!(recordings.unfinished().is_empty());
    let manifest = Manifest::read(&directory).unwrap();
    assert_eq!(manifest.end_reason, Some(EndReason::ServiceKilled));
    assert!(manifest.ended.is_some());
    let tracks = manifest.participants.iter().flat_map(|one| &one.tracks);
    for track in tracks {
        assert!(track.bytes > Some(1000), "{track:?}");
    }
    // Kept for as long as it may be.
    recordings.delete_old(STARTED + time::Duration::days(29));
    assert!(directory.exists());
    recordings.delete_old(STARTED + time::Duration::days(30));
    assert!(!directory.parent().unwrap().exists());
}

#[test]
fn a_disk_that_is_full_is_told_apart() {
    use super::session::Failure;
    use std::io::{Error, ErrorKind};

    let full = Failure::from(Error::from(ErrorKind::StorageFull));
    assert_eq!(full.reason, EndReason::DiskFull);
    let other = Failure::from(Error::from(ErrorKind::PermissionDenied));
    assert_eq!(other.reason, EndReason::WriteFailed);
}
