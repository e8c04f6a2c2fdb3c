//! What this client sends and receives, as offers and answers.
//!
//! The client publishes its microphone, if it may speak, in the first section and asks for every audio track it is told of, one section
//! each. Sections keep their place; a section whose track is gone is used again for the next one.

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
    receiving: Vec<Option<String>>,
    /// Audio tracks of others and whose they are.
    tracks: BTreeMap<String, String>,
    /// An offer waits for its answer.
    outstanding: bool,
    /// Something changed since the last offer.
    changed: bool,
}

/// What an answer agreed on.
#[derive(Debug)]
pub(super) struct Agreed {
    pub(super) remote: RemoteParameters,
    pub(super) microphone: Option<Outgoing>,
    pub(super) incoming: Vec<Incoming>,
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
    pub(super) fn new(rng: &mut impl Rng, may_speak: bool) -> Result<Self, Error> {
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
        }
        for track in update.added {
            if track.kind() == proto::TrackKind::Audio && self.tracks.len() < MAX_TRACKS {
                self.tracks.insert(track.id, track.participant_id);
            }
        }
        for id in update.removed {
            self.tracks.remove(&id);
        }
        self.changed |= self.tracks != before;
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
        for (index, track) in self.receiving.iter().enumerate() {
            let mid = mid_of(index);
            builder = match track {
                Some(track) => {
                    sections.push(section(&mid, proto::section::Use::Subscribe(track.clone())));
                    builder.audio_receive(mid)
                }
                None => builder.inactive(mid),
            };
        }
        Some(proto::Offer {
            sdp: builder.build(),
            sections,
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
        for (index, track) in self.receiving.iter().enumerate() {
            let Some(track) = track else { continue };
            let Some(participant) = self.tracks.get(track) else {
                continue;
            };
            let Some(section) = description
                .section(&mid_of(index))
                .filter(|section| section.direction.sends())
            else {
                continue;
            };
            let codec = section.codecs.iter().find(|codec| codec.is("opus"));
            if let (Some(&ssrc), Some(codec)) = (section.ssrcs.first(), codec) {
                incoming.push(Incoming {
                    track: track.clone(),
                    participant: participant.clone(),
                    ssrc,
                    payload_type: codec.payload_type,
                });
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
        })
    }

    /// Gives every track a section and takes sections from tracks that are gone.
    fn assign_sections(&mut self) {
        for slot in &mut self.receiving {
            if slot
                .as_ref()
                .is_some_and(|track| !self.tracks.contains_key(track))
            {
                *slot = None;
            }
        }
        for track in self.tracks.keys() {
            if self.receiving.iter().flatten().any(|assigned| assigned == track) {
                continue;
            }
            match self.receiving.iter_mut().find(|slot| slot.is_none()) {
                Some(slot) => *slot = Some(track.clone()),
                None => self.receiving.push(Some(track.clone())),
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
        let mut negotiation = Negotiation::new(&mut StdRng::seed_from_u64(1), true).unwrap();
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

    #[test]
    fn video_tracks_are_not_asked_for() {
        let mut negotiation = Negotiation::new(&mut StdRng::seed_from_u64(2), true).unwrap();
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
        let mut negotiation = Negotiation::new(&mut StdRng::seed_from_u64(3), false).unwrap();
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
