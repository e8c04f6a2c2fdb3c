//! What this client sends and receives, as offers and answers.
//!
//! The client publishes its microphone, if it may speak, in the first section and asks for every audio track it is told of, one section
//! each. Sections keep their place; a section whose track is gone is used again for the next one.
//!
//! A client that records pictures asks for one video track besides: the shared screen, or else the camera of who speaks.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use anteroom_media_transport::tcp::TcpRemote;
use anteroom_media_transport::{Certificate, Fingerprint, IceCredentials, RemoteParameters};
use anteroom_signaling::proto;
use anteroom_signaling::sdp::{CandidateTransport, Description, LocalTransport, Msid, OfferBuilder};
use rand::{Rng, RngExt as _};

use super::Error;

/// Name of the section that sends the microphone.
pub(super) const MICROPHONE_MID: &str = "0";

/// Most tracks asked for: more voices at once are noise.
const MAX_TRACKS: usize = 64;

/// The state of offers and answers.
#[derive(Debug)]
pub(super) struct Negotiation {
    credentials: IceCredentials,
    certificate: Certificate,
    session_id: u64,
    version: u64,
    ssrc: u32,
    cname: String,
    /// Without it the microphone's section stays empty.
    may_speak: bool,
    /// Sections that receive, in the order of their making; section `i` has mid `i + 1`.
    receiving: Vec<Section>,
    /// Audio tracks of others and whose they are.
    tracks: BTreeMap<String, String>,
    /// Video tracks of others; none unless pictures are wanted.
    videos: BTreeMap<String, VideoTrack>,
    /// The one asked for.
    watched: Option<String>,
    wants_video: bool,
    /// An offer waits for its answer.
    outstanding: bool,
    /// Something changed since the last offer.
    changed: bool,
}

/// A section that receives. Its kind is for ever; its track may change.
#[derive(Debug)]
struct Section {
    is_video: bool,
    track: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct VideoTrack {
    participant: String,
    is_screen: bool,
}

/// What an answer agreed on.
#[derive(Debug)]
pub(super) struct Agreed {
    pub(super) remote: RemoteParameters,
    pub(super) microphone: Option<Outgoing>,
    /// Sound.
    pub(super) incoming: Vec<Incoming>,
    /// Pictures, VP8.
    pub(super) video: Option<Incoming>,
}

/// How the microphone is to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Outgoing {
    pub(super) ssrc: u32,
    pub(super) payload_type: u8,
    /// Header extension id of the section's name.
    pub(super) mid_extension: Option<u8>,
    /// Header extension id of the audio level.
    pub(super) level_extension: Option<u8>,
}

/// A track that will come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Incoming {
    pub(super) track: String,
    pub(super) participant: String,
    pub(super) ssrc: u32,
    pub(super) payload_type: u8,
}

impl Negotiation {
    pub(super) fn new(rng: &mut impl Rng, may_speak: bool, wants_video: bool) -> Result<Self, Error> {
        let certificate = Certificate::generate().map_err(|error| Error::Media(error.to_string()))?;
        Ok(Self {
            credentials: IceCredentials::generate(rng),
            certificate,
            session_id: rng.random::<u64>() >> 1,
            version: 0,
            ssrc: rng.random(),
            cname: format!("{:016x}", rng.random::<u64>()),
            may_speak,
            receiving: Vec::new(),
            tracks: BTreeMap::new(),
            videos: BTreeMap::new(),
            watched: None,
            wants_video,
            outstanding: false,
            // The microphone is there from the start.
            changed: true,
        })
    }

    pub(super) fn credentials(&self) -> &IceCredentials {
        &self.credentials
    }

    pub(super) fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// Our name in RTCP (RFC 3550 §6.5.1).
    pub(super) fn cname(&self) -> &str {
        &self.cname
    }

    pub(super) fn set_may_speak(&mut self, may_speak: bool) {
        self.changed |= self.may_speak != may_speak;
        self.may_speak = may_speak;
    }

    pub(super) fn update_tracks(&mut self, update: proto::TracksUpdate) {
        let before = self.tracks.clone();
        if update.snapshot {
            self.tracks.clear();
            self.videos.clear();
        }
        for track in update.added {
            if track.kind() == proto::TrackKind::Video && self.wants_video && self.videos.len() < MAX_TRACKS {
                let video = VideoTrack {
                    is_screen: track.source() == proto::TrackSource::Screen,
                    participant: track.participant_id,
                };
                self.videos.insert(track.id, video);
            } else if track.kind() == proto::TrackKind::Audio && self.tracks.len() < MAX_TRACKS {
                self.tracks.insert(track.id, track.participant_id);
            }
        }
        for id in update.removed {
            self.tracks.remove(&id);
            self.videos.remove(&id);
        }
        self.changed |= self.tracks != before;
        self.watch(&[]);
    }

    /// Chooses whose pictures to ask for; `speakers` are the participants who speak, loudest first.
    ///
    /// A shared screen goes before all. Of cameras it is that of who speaks, and who is watched stays so while
    /// speaking goes on, or nobody else with a camera speaks.
    pub(super) fn watch(&mut self, speakers: &[String]) {
        let watched = self
            .watched
            .as_ref()
            .and_then(|id| Some((id, self.videos.get(id)?)));
        let screen = self.videos.iter().find(|(_, video)| video.is_screen);
        let speaking = |video: &VideoTrack| speakers.contains(&video.participant);
        let of_speakers = || {
            speakers.iter().find_map(|speaker| {
                self.videos
                    .iter()
                    .find(|(_, video)| video.participant == *speaker)
            })
        };
        let chosen = watched
            .filter(|(_, video)| video.is_screen)
            .or(screen)
            .or_else(|| watched.filter(|(_, video)| speaking(video)))
            .or_else(of_speakers)
            .or(watched)
            .or_else(|| self.videos.iter().next())
            .map(|(id, _)| id.clone());
        self.changed |= chosen != self.watched;
        self.watched = chosen;
    }

    /// The next offer, if one is needed and none is on its way.
    pub(super) fn next_offer(&mut self) -> Option<proto::Offer> {
        if self.outstanding || !self.changed {
            return None;
        }
        self.changed = false;
        self.outstanding = true;
        self.version += 1;
        self.assign_sections();

        let transport = LocalTransport {
            ice_ufrag: self.credentials.ufrag.clone(),
            ice_pwd: self.credentials.pwd.clone(),
            fingerprint: self.certificate.fingerprint().0,
        };
        let msid = Msid {
            stream: self.cname.clone(),
            track: "microphone".to_owned(),
        };
        let mut builder = OfferBuilder::new(self.session_id, self.version, transport);
        let mut sections = Vec::new();
        if self.may_speak {
            builder = builder.audio_send(MICROPHONE_MID, self.ssrc, self.cname.as_str(), msid);
            sections.push(section(
                MICROPHONE_MID,
                proto::section::Use::Publish(proto::TrackSource::Microphone.into()),
            ));
        } else {
            builder = builder.inactive(MICROPHONE_MID);
        }
        for (index, slot) in self.receiving.iter().enumerate() {
            let mid = mid_of(index);
            if let Some(track) = &slot.track {
                sections.push(section(&mid, proto::section::Use::Subscribe(track.clone())));
            }
            builder = match (slot.is_video, slot.track.is_some()) {
                (false, true) => builder.audio_receive(mid),
                (false, false) => builder.inactive(mid),
                (true, true) => builder.video_receive(mid),
                (true, false) => builder.video_inactive(mid),
            };
        }
        Some(proto::Offer {
            sdp: builder.build(),
            sections,
            // Packets that come early wait for nothing here: each is known by its SSRC once the answer is read.
            confirms: false,
        })
    }

    /// The last offer was refused or lost; try again with the next change.
    pub(super) fn refused(&mut self) {
        self.outstanding = false;
    }

    pub(super) fn answered(&mut self, answer: &proto::Answer) -> Result<Agreed, Error> {
        self.outstanding = false;
        let fault = |what: String| Error::Media(what);
        let description = Description::parse(&answer.sdp).map_err(|error| fault(error.to_string()))?;
        let microphone = description
            .section(MICROPHONE_MID)
            .filter(|section| !section.rejected && section.direction.receives())
            .and_then(|section| {
                let id = |uri: &str| {
                    section
                        .extensions
                        .iter()
                        .find(|known| known.uri == uri)
                        .map(|known| known.id)
                };
                Some(Outgoing {
                    ssrc: self.ssrc,
                    payload_type: section.codecs.iter().find(|codec| codec.is("opus"))?.payload_type,
                    mid_extension: id(anteroom_signaling::sdp::MID_URI),
                    level_extension: id(anteroom_signaling::sdp::AUDIO_LEVEL_URI),
                })
            });
        let mut incoming = Vec::new();
        let mut video = None;
        for (index, slot) in self.receiving.iter().enumerate() {
            let Some(track) = &slot.track else { continue };
            let (participant, codec) = if slot.is_video {
                (self.videos.get(track).map(|video| &video.participant), "VP8")
            } else {
                (self.tracks.get(track), "opus")
            };
            let (Some(participant), Some(section)) = (participant, description.section(&mid_of(index)))
            else {
                continue;
            };
            let codec = section.codecs.iter().find(|known| known.is(codec));
            let (Some(&ssrc), Some(codec), true) = (section.ssrcs.first(), codec, section.direction.sends())
            else {
                continue;
            };
            let agreed = Incoming {
                track: track.clone(),
                participant: participant.clone(),
                ssrc,
                payload_type: codec.payload_type,
            };
            if slot.is_video {
                video = Some(agreed);
            } else {
                incoming.push(agreed);
            }
        }
        let candidates = remote_addresses(&description);
        let remote = RemoteParameters {
            credentials: IceCredentials {
                ufrag: description.ice_ufrag,
                pwd: description.ice_pwd,
            },
            fingerprint: Fingerprint(description.fingerprint),
            candidates,
        };
        Ok(Agreed {
            remote,
            microphone,
            incoming,
            video,
        })
    }

    /// Gives every track a section and takes sections from tracks that are gone.
    fn assign_sections(&mut self) {
        for slot in &mut self.receiving {
            let is_there = |track: &String| match slot.is_video {
                true => self.watched.as_ref() == Some(track),
                false => self.tracks.contains_key(track),
            };
            if !slot.track.as_ref().is_some_and(is_there) {
                slot.track = None;
            }
        }
        let sound = self.tracks.keys().map(|track| (track, false));
        for (track, is_video) in sound.chain(self.watched.as_ref().map(|track| (track, true))) {
            if self
                .receiving
                .iter()
                .any(|slot| slot.track.as_ref() == Some(track))
            {
                continue;
            }
            let free = |slot: &&mut Section| slot.track.is_none() && slot.is_video == is_video;
            let track = Some(track.clone());
            match self.receiving.iter_mut().find(free) {
                Some(slot) => slot.track = track,
                None => self.receiving.push(Section { is_video, track }),
            }
        }
    }
}

/// Where the service can be reached. The session tries TCP when UDP does not answer.
pub(crate) fn remote_addresses(description: &Description) -> Vec<SocketAddr> {
    description
        .candidates
        .iter()
        .map(|candidate| match candidate.transport {
            CandidateTransport::Udp => candidate.address,
            CandidateTransport::Tcp => TcpRemote::candidate(candidate.address).into(),
        })
        .collect()
}

fn mid_of(index: usize) -> String {
    (index + 1).to_string()
}

fn section(mid: &str, used: proto::section::Use) -> proto::Section {
    proto::Section {
        mid: mid.to_owned(),
        r#use: Some(used),
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;
    use rand::rngs::StdRng;

    use super::*;

    fn audio(id: &str) -> proto::Track {
        proto::Track {
            id: id.to_owned(),
            participant_id: format!("p{id}"),
            kind: proto::TrackKind::Audio.into(),
            source: proto::TrackSource::Microphone.into(),
        }
    }

    fn subscribed(offer: &proto::Offer) -> Vec<(String, String)> {
        let mut found = Vec::new();
        for section in &offer.sections {
            if let Some(proto::section::Use::Subscribe(track)) = &section.r#use {
                found.push((section.mid.clone(), track.clone()));
            }
        }
        found
    }

    #[test]
    fn one_offer_at_a_time_and_sections_are_used_again() {
        let mut negotiation = Negotiation::new(&mut StdRng::seed_from_u64(1), true, false).unwrap();
        let first = negotiation.next_offer().unwrap();
        assert_eq!(first.sections.len(), 1);
        let added = vec![audio("7"), audio("8")];
        negotiation.update_tracks(proto::TracksUpdate {
            snapshot: true,
            added,
            removed: vec![],
        });
        assert_eq!(negotiation.next_offer(), None, "the first has no answer yet");
        negotiation.refused();
        let second = negotiation.next_offer().unwrap();
        assert_eq!(
            subscribed(&second),
            [("1".into(), "7".into()), ("2".into(), "8".into())]
        );
        negotiation.refused();
        assert_eq!(negotiation.next_offer(), None, "nothing changed");
        let update = proto::TracksUpdate {
            snapshot: false,
            added: vec![audio("9")],
            removed: vec!["7".into()],
        };
        negotiation.update_tracks(update);
        let third = negotiation.next_offer().unwrap();
        assert_eq!(
            subscribed(&third),
            [("1".into(), "9".into()), ("2".into(), "8".into())]
        );
        assert!(Description::parse(&third.sdp).is_ok());
    }

    fn video(id: &str, source: proto::TrackSource) -> proto::Track {
        proto::Track {
            kind: proto::TrackKind::Video.into(),
            source: source.into(),
            ..audio(id)
        }
    }

    #[test]
    fn one_video_track_is_asked_for_the_screen_or_who_speaks() {
        use proto::TrackSource::{Camera, Screen};
        let mut negotiation = Negotiation::new(&mut StdRng::seed_from_u64(4), true, true).unwrap();
        let update = |negotiation: &mut Negotiation, added: &[proto::Track], removed: &[&str]| {
            negotiation.update_tracks(proto::TracksUpdate {
                snapshot: false,
                added: added.to_vec(),
                removed: removed.iter().map(|id| (*id).to_owned()).collect(),
            });
        };
        let offered = |negotiation: &mut Negotiation| {
            let offer = negotiation.next_offer()?;
            negotiation.refused();
            Some((subscribed(&offer), offer.sdp.matches("m=video").count()))
        };
        let one = |mid: &str, track: &str| Some((vec![(mid.to_owned(), track.to_owned())], 1));
        update(&mut negotiation, &[video("4", Camera), video("5", Camera)], &[]);
        assert_eq!(offered(&mut negotiation), one("1", "4"));
        // Nobody else with a camera speaks, then somebody does, then both.
        negotiation.watch(&["p9".to_owned()]);
        assert_eq!(offered(&mut negotiation), None);
        negotiation.watch(&["p9".to_owned(), "p5".to_owned()]);
        assert_eq!(offered(&mut negotiation), one("1", "5"));
        negotiation.watch(&["p4".to_owned(), "p5".to_owned()]);
        assert_eq!(offered(&mut negotiation), None);
        update(&mut negotiation, &[video("6", Screen)], &[]);
        assert_eq!(offered(&mut negotiation), one("1", "6"));
        negotiation.watch(&["p4".to_owned()]);
        assert_eq!(offered(&mut negotiation), None);
        update(&mut negotiation, &[], &["6", "4"]);
        assert_eq!(offered(&mut negotiation), one("1", "5"));
        // The section stays one for pictures; sound gets another.
        update(&mut negotiation, &[audio("7")], &["5"]);
        let sound = vec![("2".to_owned(), "7".to_owned())];
        assert_eq!(offered(&mut negotiation), Some((sound, 1)));
    }

    #[test]
    fn video_tracks_are_not_asked_for() {
        let mut negotiation = Negotiation::new(&mut StdRng::seed_from_u64(2), true, false).unwrap();
        let video = proto::Track {
            kind: proto::TrackKind::Video.into(),
            ..audio("3")
        };
        negotiation.update_tracks(proto::TracksUpdate {
            snapshot: true,
            added: vec![video],
            removed: vec![],
        });
        assert!(subscribed(&negotiation.next_offer().unwrap()).is_empty());
    }

    #[test]
    fn whoever_may_not_speak_publishes_nothing_until_it_may() {
        let mut negotiation = Negotiation::new(&mut StdRng::seed_from_u64(3), false, false).unwrap();
        let silent = negotiation.next_offer().unwrap();
        assert!(silent.sections.is_empty());
        assert!(Description::parse(&silent.sdp).is_ok());
        negotiation.refused();
        negotiation.set_may_speak(false);
        assert_eq!(negotiation.next_offer(), None);
        negotiation.set_may_speak(true);
        let speaking = negotiation.next_offer().unwrap();
        assert_eq!(speaking.sections[0].mid, MICROPHONE_MID);
        negotiation.refused();
        negotiation.set_may_speak(false);
        assert!(negotiation.next_offer().unwrap().sections.is_empty());
    }
}
