//! What a player is sent of what everybody publishes: the loudest speakers' voices, and the picture of the one who speaks,
//! or the screen that is shared.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::{Duration, Instant};

use anteroom_signaling::proto::{Section, Speaking, Track, TrackSource, TracksUpdate, section};
use anteroom_signaling::sdp::{Description, MediaKind, MediaSection};

/// How long a picture stays at least, so that two who talk by turns do not flicker.
const DWELL: Duration = Duration::from_secs(1);

/// What somebody publishes.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Published {
    participant: String,
    source: TrackSource,
    /// The higher, the later it came.
    number: u64,
}

/// What there is, and what of it is on.
#[derive(Debug, Default)]
pub(super) struct Program {
    /// Whose media alone is wanted.
    only: Option<String>,
    tracks: BTreeMap<String, Published>,
    arrivals: u64,
    /// Loudest first; kept when nobody speaks any more.
    speakers: Vec<String>,
    /// What is on, by mid.
    on: HashMap<String, String>,
    /// When the pictures changed last.
    changed: Option<Instant>,
    /// When to look again.
    due: Option<Instant>,
}

impl Program {
    /// Of everybody, or of one participant.
    pub(super) fn new(only: Option<String>) -> Self {
        Self {
            only,
            ..Self::default()
        }
    }

    /// What is published has changed.
    pub(super) fn tracks(&mut self, update: &TracksUpdate) {
        if update.snapshot {
            self.tracks.clear();
        }
        for Track {
            id,
            participant_id,
            source,
            ..
        } in &update.added
        {
            if self.only.as_ref().is_some_and(|only| only != participant_id) {
                continue;
            }
            self.arrivals += 1;
            let published = Published {
                participant: participant_id.clone(),
                source: TrackSource::try_from(*source).unwrap_or(TrackSource::Unspecified),
                number: self.arrivals,
            };
            self.tracks.insert(id.clone(), published);
        }
        for id in &update.removed {
            self.tracks.remove(id);
        }
    }

    /// Others speak now.
    pub(super) fn speaking(&mut self, speaking: &Speaking) {
        if !speaking.speakers.is_empty() {
            let speakers = speaking.speakers.iter();
            self.speakers = speakers.map(|speaker| speaker.participant_id.clone()).collect();
        }
    }

    /// When [`choose`](Self::choose) would say something else though nothing has happened.
    pub(super) const fn due(&self) -> Option<Instant> {
        self.due
    }

    /// What the sections of a description receive from now on.
    pub(super) fn choose(&mut self, now: Instant, offer: &Description) -> Vec<Section> {
        self.due = None;
        let mut on = HashMap::new();
        for kind in [MediaKind::Audio, MediaKind::Video] {
            let sections: Vec<&MediaSection> = offer
                .sections
                .iter()
                .filter(|section| section.kind == kind && !section.rejected && section.direction.receives())
                .collect();
            let mut ranked = self.ranked(now, kind, &sections);
            ranked.truncate(sections.len());
            on.extend(self.place(&sections, ranked));
        }
        let pictures = |on: &HashMap<String, String>| -> HashSet<String> {
            let is_voice = |id: &&String| {
                let track = self.tracks.get(*id);
                track.is_some_and(|track| track.source == TrackSource::Microphone)
            };
            on.values().filter(|id| !is_voice(id)).cloned().collect()
        };
        if pictures(&on) != pictures(&self.on) {
            self.changed = Some(now);
        }
        self.on = on;
        let mut sections: Vec<Section> = self.on.iter().map(|(mid, id)| subscribe(mid, id)).collect();
        sections.sort_by(|a, b| a.mid.cmp(&b.mid));
        sections
    }

    /// All tracks of a kind, the one to be on first of all first.
    fn ranked(&mut self, now: Instant, kind: MediaKind, sections: &[&MediaSection]) -> Vec<String> {
        let shown: HashSet<&String> = sections
            .iter()
            .filter_map(|section| self.on.get(&section.mid))
            .filter(|id| self.tracks.contains_key(*id))
            .collect();
        let stays_until = self.changed.map(|at| at + DWELL).filter(|until| now < *until);
        let wait = stays_until.filter(|_| kind == MediaKind::Video && !shown.is_empty());
        let rank = |id: &String, track: &Published| {
            let spoken = self
                .speakers
                .iter()
                .position(|speaker| *speaker == track.participant);
            let silent = self.speakers.len();
            let is_shown = shown.contains(id);
            match (track.source, wait) {
                // The newest screen comes before everybody's face.
                (TrackSource::Screen, _) => (0, usize::MAX - usize::try_from(track.number).unwrap_or(0)),
                (_, Some(_)) if is_shown => (1, 0),
                _ => (2, spoken.unwrap_or_else(|| silent + usize::from(!is_shown))),
            }
        };
        let mut of_kind: Vec<(&String, &Published)> = self
            .tracks
            .iter()
            .filter(|(_, track)| (track.source == TrackSource::Microphone) == (kind == MediaKind::Audio))
            .collect();
        of_kind.sort_by_key(|(id, track)| (rank(id, track), track.number));
        let ranked: Vec<String> = of_kind.into_iter().map(|(id, _)| id.clone()).collect();
        if let Some(until) = wait {
            self.due = Some(until);
        }
        ranked
    }

    /// Gives tracks to sections; whatever is on already stays where it is.
    fn place(&self, sections: &[&MediaSection], mut ranked: Vec<String>) -> HashMap<String, String> {
        let mut on = HashMap::new();
        for section in sections {
            let kept = self.on.get(&section.mid);
            if let Some(place) = kept.and_then(|id| ranked.iter().position(|ranked| ranked == id)) {
                on.insert(section.mid.clone(), ranked.remove(place));
            }
        }
        let free = sections.iter().filter(|section| !on.contains_key(&section.mid));
        let placed: Vec<_> = free.map(|section| section.mid.clone()).zip(ranked).collect();
        on.extend(placed);
        on
    }
}

fn subscribe(mid: &str, track: &str) -> Section {
    Section {
        mid: mid.to_owned(),
        r#use: Some(section::Use::Subscribe(track.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use anteroom_signaling::proto::Speaker;

    use super::*;

    fn offer(kinds: &[&str]) -> Description {
        let fingerprint = ["AA"; 32].join(":");
        let mids: Vec<String> = (0..kinds.len()).map(|mid| mid.to_string()).collect();
        let mut sdp = format!(
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE {}\r\n",
            mids.join(" ")
        );
        for (mid, kind) in mids.iter().zip(kinds) {
            let (format, codec) = if *kind == "audio" {
                (111, "opus/48000/2")
            } else {
                (96, "VP8/90000")
            };
            sdp += &format!(
                "m={kind} 9 UDP/TLS/RTP/SAVPF {format}\r\nc=IN IP4 0.0.0.0\r\na=mid:{mid}\r\na=ice-ufrag:abcd\r\n\
                 a=ice-pwd:0123456789012345678901\r\na=fingerprint:sha-256 {fingerprint}\r\na=setup:actpass\r\n\
                 a=recvonly\r\na=rtcp-mux\r\na=rtpmap:{format} {codec}\r\n"
            );
        }
        Description::parse(&sdp).unwrap()
    }

    /// Ids say whose and what: `a-mic`.
    fn added(ids: &[&str]) -> TracksUpdate {
        let track = |id: &&str| {
            let (participant, source) = id.split_once('-').unwrap();
            let source = match source {
                "mic" => TrackSource::Microphone,
                "cam" => TrackSource::Camera,
                _ => TrackSource::Screen,
            };
            Track {
                id: (*id).to_owned(),
                participant_id: participant.to_owned(),
                kind: 0,
                source: source.into(),
            }
        };
        TracksUpdate {
            snapshot: false,
            added: ids.iter().map(track).collect(),
            removed: Vec::new(),
        }
    }

    fn removed(id: &str) -> TracksUpdate {
        TracksUpdate {
            removed: vec![id.to_owned()],
            ..TracksUpdate::default()
        }
    }

    fn speaking(who: &[&str]) -> Speaking {
        let speakers = who.iter().map(|id| Speaker {
            participant_id: (*id).to_owned(),
            level: 20,
        });
        Speaking {
            speakers: speakers.collect(),
        }
    }

    fn on(program: &mut Program, now: Instant, offer: &Description) -> Vec<(String, String)> {
        let sections = program.choose(now, offer).into_iter();
        sections
            .map(|section| match section.r#use {
                Some(section::Use::Subscribe(id)) => (section.mid, id),
                used => panic!("{used:?}"),
            })
            .collect()
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs
            .iter()
            .map(|(mid, id)| ((*mid).to_owned(), (*id).to_owned()))
            .collect()
    }

    #[test]
    fn the_one_who_speaks_is_heard_and_seen() {
        let (offer, start) = (offer(&["audio", "video"]), Instant::now());
        let mut program = Program::new(None);
        assert_eq!(on(&mut program, start, &offer), []);
        program.tracks(&added(&["a-mic", "a-cam", "b-mic", "b-cam"]));
        assert_eq!(
            on(&mut program, start, &offer),
            pairs(&[("0", "a-mic"), ("1", "a-cam")])
        );
        program.speaking(&speaking(&["b", "a"]));
        // The voice at once, the picture once the last has been there for a while.
        assert_eq!(
            on(&mut program, start, &offer),
            pairs(&[("0", "b-mic"), ("1", "a-cam")])
        );
        assert_eq!(program.due(), Some(start + DWELL));
        let later = start + DWELL;
        assert_eq!(
            on(&mut program, later, &offer),
            pairs(&[("0", "b-mic"), ("1", "b-cam")])
        );
        assert_eq!(program.due(), None);
        // Nobody speaks: it stays. Whoever goes makes room at once.
        program.speaking(&speaking(&[]));
        assert_eq!(
            on(&mut program, later, &offer),
            pairs(&[("0", "b-mic"), ("1", "b-cam")])
        );
        program.tracks(&removed("b-cam"));
        assert_eq!(
            on(&mut program, later, &offer),
            pairs(&[("0", "b-mic"), ("1", "a-cam")])
        );
    }

    #[test]
    fn a_screen_comes_before_faces() {
        let (offer, start) = (offer(&["video"]), Instant::now());
        let mut program = Program::new(None);
        program.tracks(&added(&["a-cam", "b-cam"]));
        program.speaking(&speaking(&["b"]));
        assert_eq!(on(&mut program, start, &offer), pairs(&[("0", "b-cam")]));
        program.tracks(&added(&["a-screen"]));
        assert_eq!(on(&mut program, start, &offer), pairs(&[("0", "a-screen")]));
        program.tracks(&added(&["c-screen"]));
        assert_eq!(
            on(&mut program, start, &offer),
            pairs(&[("0", "c-screen")]),
            "the newest"
        );
        program.tracks(&removed("c-screen"));
        program.tracks(&removed("a-screen"));
        assert_eq!(on(&mut program, start, &offer), pairs(&[("0", "b-cam")]));
    }

    #[test]
    fn several_sections_have_several_speakers_who_keep_their_places() {
        let (offer, start) = (offer(&["audio", "audio", "video"]), Instant::now());
        let mut program = Program::new(None);
        program.tracks(&added(&["a-mic", "b-mic", "c-mic"]));
        program.speaking(&speaking(&["b", "c"]));
        assert_eq!(
            on(&mut program, start, &offer),
            pairs(&[("0", "b-mic"), ("1", "c-mic")])
        );
        program.speaking(&speaking(&["c", "b"]));
        assert_eq!(
            on(&mut program, start, &offer),
            pairs(&[("0", "b-mic"), ("1", "c-mic")])
        );
        program.speaking(&speaking(&["a", "c"]));
        assert_eq!(
            on(&mut program, start, &offer),
            pairs(&[("0", "a-mic"), ("1", "c-mic")])
        );
        program.speaking(&speaking(&["a"]));
        assert_eq!(
            on(&mut program, start, &offer),
            pairs(&[("0", "a-mic"), ("1", "c-mic")])
        );
    }

    #[test]
    fn one_participant_alone() {
        let (offer, start) = (offer(&["audio", "video"]), Instant::now());
        let mut program = Program::new(Some("b".to_owned()));
        program.tracks(&added(&["a-mic", "a-screen", "b-cam"]));
        program.speaking(&speaking(&["a"]));
        assert_eq!(on(&mut program, start, &offer), pairs(&[("1", "b-cam")]));
        // A snapshot is everything there is.
        program.tracks(&TracksUpdate {
            snapshot: true,
            ..added(&["b-mic", "a-mic"])
        });
        assert_eq!(on(&mut program, start, &offer), pairs(&[("0", "b-mic")]));
    }
}
