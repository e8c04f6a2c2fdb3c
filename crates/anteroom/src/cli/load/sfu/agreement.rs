//! What lies between signaling and media: neither knows how the other works, so that a server with another signaling gets
//! the same media.

use anteroom_media_transport::tcp::TcpRemote;
use anteroom_media_transport::{Certificate, Fingerprint, IceCredentials, RemoteParameters};
use anteroom_signaling::sdp::{
    AUDIO_LEVEL_URI, CandidateTransport, Description, LocalTransport, MID_URI, MediaKind, MediaSection, Msid,
    OfferBuilder, TRANSPORT_SEQUENCE_URI,
};
use rand::{Rng, RngExt as _};

use super::error::ClientError;
use super::protocol::Manners;

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
    manners: Manners,
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
    /// Header extension id of the packet's number in the transport, when feedback on it is wanted.
    pub(super) transport_extension: Option<u8>,
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
    pub(super) fn new(manners: Manners, rng: &mut impl Rng) -> Result<Self, ClientError> {
        Ok(Self {
            credentials: IceCredentials::generate(rng),
            certificate: Certificate::generate().map_err(ClientError::media)?,
            cname: format!("{:016x}", rng.random::<u64>()),
            manners,
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
        if self.gives_feedback(sections) {
            offer = offer.transport_feedback();
        }
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

    /// Whether feedback on the transport is offered: by who receives. What is sent has no numbers of the transport.
    fn gives_feedback(&self, sections: &[Section]) -> bool {
        self.manners.transport_feedback && sections.iter().all(|section| !section.sends)
    }

    /// What an answer to the offer of these sections says.
    pub(super) fn agreed(&self, sections: &[Section], answer: &str) -> Result<Agreed, ClientError> {
        let answer = Description::parse(answer).map_err(ClientError::signaling)?;
        let (mut sending, mut receiving) = (Vec::new(), Vec::new());
        let gives_feedback = self.gives_feedback(sections);
        let mut transport_extension = None;
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
            } else if !*sends && section.direction.sends() {
                if !receiving.contains(&(payload_type, *kind)) {
                    receiving.push((payload_type, *kind));
                }
                // Sections that share a transport have one id for it (RFC 9143 §12).
                if gives_feedback && transport_extension.is_none() {
                    transport_extension = extension(section, TRANSPORT_SEQUENCE_URI);
                }
            }
        }
        // The session tries TCP when UDP does not answer.
        let candidates = answer
            .candidates
            .iter()
            .filter_map(|candidate| match candidate.transport {
                CandidateTransport::Udp => (!self.manners.tcp).then_some(candidate.address),
                CandidateTransport::Tcp => Some(TcpRemote::candidate(candidate.address).into()),
            });
        let candidates: Vec<_> = candidates.collect();
        if self.manners.tcp && candidates.is_empty() {
            return Err(ClientError::signaling("the answer has no address of TCP"));
        }
        Ok(Agreed {
            remote: RemoteParameters {
                credentials: IceCredentials {
                    ufrag: answer.ice_ufrag.clone(),
                    pwd: answer.ice_pwd.clone(),
                },
                fingerprint: Fingerprint(answer.fingerprint),
                candidates,
            },
            sending,
            receiving,
            transport_extension,
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

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use anteroom_signaling::sdp::{Accept, AnswerParams, SectionAnswer, SendStream, answer};
    use rand::SeedableRng as _;
    use rand::rngs::StdRng;

    use super::*;

    fn local(manners: Manners) -> Local {
        Local::new(manners, &mut StdRng::seed_from_u64(1)).unwrap()
    }

    fn section(kind: Kind, sends: bool) -> Section {
        Section {
            mid: format!("{kind:?}"),
            kind,
            sends,
        }
    }

    /// What a server says to an offer of these sections, and what is made of it.
    fn agree(local: &Local, sections: &[Section], tcp: &[&str]) -> Result<Agreed, ClientError> {
        let offer = Description::parse(&local.offer(1, sections)).unwrap();
        let params = AnswerParams {
            session_id: 1,
            session_version: 1,
            ice_ufrag: "ufrag".into(),
            ice_pwd: "server/password+0123456789".into(),
            fingerprint: [7; 32],
            candidates: vec!["192.0.2.1:1000".parse().unwrap()],
            tcp_candidates: tcp.iter().map(|address| address.parse().unwrap()).collect(),
        };
        let stream = || SendStream {
            ssrc: 9,
            rtx_ssrc: None,
            cname: "server".into(),
            msid: Msid {
                stream: "s".into(),
                track: "t".into(),
            },
        };
        let decision = |section: &MediaSection| {
            let accept = if section.direction.sends() {
                Accept::receive(section)
            } else {
                Accept::send(section, stream())
            };
            SectionAnswer::Accept(accept.unwrap())
        };
        let decisions: Vec<_> = offer.sections.iter().map(decision).collect();
        local.agreed(sections, &answer(&offer, &params, &decisions).unwrap())
    }

    #[test]
    fn who_receives_gives_feedback_unless_told_not_to() {
        let gives = Manners {
            transport_feedback: true,
            ..Manners::default()
        };
        let receives = [section(Kind::Audio, false), section(Kind::Video, false)];
        let agreed = agree(&local(gives), &receives, &[]).unwrap();
        assert_eq!(agreed.transport_extension, Some(3));
        assert_eq!(agreed.receiving, [(111, Kind::Audio), (96, Kind::Video)]);
        let agreed = agree(&local(Manners::default()), &receives, &[]).unwrap();
        assert_eq!(agreed.transport_extension, None);
        let sends = [section(Kind::Audio, true), section(Kind::Video, true)];
        assert!(!local(gives).offer(1, &sends).contains("transport-"));
        assert_eq!(
            agree(&local(gives), &sends, &[]).unwrap().transport_extension,
            None
        );
    }

    #[test]
    fn over_tcp_alone_nothing_else_is_tried() {
        let tcp = SocketAddr::from(TcpRemote::candidate("192.0.2.1:1001".parse().unwrap()));
        let receives = [section(Kind::Audio, false)];
        let both = agree(&local(Manners::default()), &receives, &["192.0.2.1:1001"]).unwrap();
        assert_eq!(both.remote.candidates, ["192.0.2.1:1000".parse().unwrap(), tcp]);
        let alone = local(Manners {
            tcp: true,
            ..Manners::default()
        });
        let agreed = agree(&alone, &receives, &["192.0.2.1:1001"]).unwrap();
        assert_eq!(agreed.remote.candidates, [tcp]);
        let refused = agree(&alone, &receives, &[]);
        assert!(matches!(refused, Err(ClientError::Signaling(_))));
    }
}
