//! What lies between signaling and media: neither knows how the other works, so that a server with another signaling gets
//! the same media.

use anteroom_media_transport::tcp::TcpRemote;
use anteroom_media_transport::{Certificate, Fingerprint, IceCredentials, RemoteParameters};
use anteroom_signaling::sdp::{
    AUDIO_LEVEL_URI, CandidateTransport, Description, LocalTransport, MID_URI, MediaKind, MediaSection, Msid,
    OfferBuilder,
};
use rand::{Rng, RngExt as _};

use super::error::ClientError;

/// Sound or pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Audio,
    Video,
}

/// Our side of a connection, the same for its whole life.
#[derive(Debug, Clone)]
pub(super) struct Local {
    pub(super) credentials: IceCredentials,
    pub(super) certificate: Certificate,
    pub(super) cname: String,
    session_id: u64,
    audio_ssrc: u32,
    video_ssrc: u32,
}

/// A section of an offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Section {
    pub(super) mid: String,
    pub(super) kind: Kind,
    pub(super) sends: bool,
}

/// What both sides take.
#[derive(Debug)]
pub(super) struct Agreed {
    pub(super) remote: RemoteParameters,
    pub(super) sending: Vec<Sending>,
    /// Payload types that may come, and what they are.
    pub(super) receiving: Vec<(u8, Kind)>,
}

/// A stream to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sending {
    pub(super) kind: Kind,
    pub(super) mid: String,
    pub(super) ssrc: u32,
    pub(super) payload_type: u8,
    /// Header extension id of the section's name.
    pub(super) mid_extension: Option<u8>,
    /// Header extension id of the audio level.
    pub(super) level_extension: Option<u8>,
}

/// Agrees with a server.
pub(super) trait Signaling {
    /// What is agreed on next: at first the transport with it, later what changed. Ends only with an error; a server that
    /// has nothing more to say is waited for.
    async fn agree(&mut self, local: &Local) -> Result<Agreed, ClientError>;

    /// Leaves.
    async fn leave(&mut self);
}

impl Local {
    pub(super) fn new(rng: &mut impl Rng) -> Result<Self, ClientError> {
        Ok(Self {
            credentials: IceCredentials::generate(rng),
            certificate: Certificate::generate().map_err(ClientError::media)?,
            cname: format!("{:016x}", rng.random::<u64>()),
            session_id: rng.random::<u64>() >> 1,
            audio_ssrc: rng.random(),
            video_ssrc: rng.random(),
        })
    }

    const fn ssrc(&self, kind: Kind) -> u32 {
        match kind {
            Kind::Audio => self.audio_ssrc,
            Kind::Video => self.video_ssrc,
        }
    }

    /// The offer of these sections; `version` is one more each time.
    pub(super) fn offer(&self, version: u64, sections: &[Section]) -> String {
        let transport = LocalTransport {
            ice_ufrag: self.credentials.ufrag.clone(),
            ice_pwd: self.credentials.pwd.clone(),
            fingerprint: self.certificate.fingerprint().0,
        };
        let mut offer = OfferBuilder::new(self.session_id, version, transport);
        for Section { mid, kind, sends } in sections {
            let msid = || Msid {
                stream: self.cname.clone(),
                track: format!("{kind:?}").to_lowercase(),
            };
            let (mid, cname, ssrc) = (mid.as_str(), self.cname.as_str(), self.ssrc(*kind));
            offer = match (kind, sends) {
                (Kind::Audio, true) => offer.audio_send(mid, ssrc, cname, msid()),
                (Kind::Video, true) => offer.video_send(mid, ssrc, cname, msid()),
                (Kind::Audio, false) => offer.audio_receive(mid),
                (Kind::Video, false) => offer.video_receive(mid),
            };
        }
        offer.build()
    }

    /// What an answer to the offer of these sections says.
    pub(super) fn agreed(&self, sections: &[Section], answer: &str) -> Result<Agreed, ClientError> {
        let answer = Description::parse(answer).map_err(ClientError::signaling)?;
        let (mut sending, mut receiving) = (Vec::new(), Vec::new());
        for Section { mid, kind, sends } in sections {
            let answered = answer.section(mid).filter(|section| !section.rejected);
            let Some((section, payload_type)) = answered.and_then(|section| Some((section, codec(section)?)))
            else {
                continue;
            };
            if *sends && section.direction.receives() {
                sending.push(Sending {
                    kind: *kind,
                    mid: mid.clone(),
                    ssrc: self.ssrc(*kind),
                    payload_type,
                    mid_extension: extension(section, MID_URI),
                    level_extension: extension(section, AUDIO_LEVEL_URI),
                });
            } else if !*sends && section.direction.sends() && !receiving.contains(&(payload_type, *kind)) {
                receiving.push((payload_type, *kind));
            }
        }
        // The session tries TCP when UDP does not answer.
        let candidates = answer
            .candidates
            .iter()
            .map(|candidate| match candidate.transport {
                CandidateTransport::Udp => candidate.address,
                CandidateTransport::Tcp => TcpRemote::candidate(candidate.address).into(),
            });
        Ok(Agreed {
            remote: RemoteParameters {
                credentials: IceCredentials {
                    ufrag: answer.ice_ufrag.clone(),
                    pwd: answer.ice_pwd.clone(),
                },
                fingerprint: Fingerprint(answer.fingerprint),
                candidates: candidates.collect(),
            },
            sending,
            receiving,
        })
    }
}

fn codec(section: &MediaSection) -> Option<u8> {
    let name = match section.kind {
        MediaKind::Audio => "opus",
        MediaKind::Video => "VP8",
        _ => return None,
    };
    let codec = section.codecs.iter().find(|codec| codec.is(name))?;
    Some(codec.payload_type)
}

fn extension(section: &MediaSection, uri: &str) -> Option<u8> {
    let extension = section.extensions.iter().find(|known| known.uri == uri)?;
    Some(extension.id)
}
