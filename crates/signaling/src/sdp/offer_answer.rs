//! The server's answer.

use std::net::SocketAddr;

use sdp_types::{Attribute, Connection, Media, Origin, Session, Time};

use super::{
    AnswerError, Codec, Description, Direction, Extension, MediaSection, Msid, RID_URI, Rid, Setup,
    select_codecs, select_extensions, simulcast,
};

/// The port of `m=` lines without a default candidate (RFC 9429 §5.2.1).
const DISCARD_PORT: u16 = 9;

/// The answering end's transport.
#[derive(Clone, PartialEq, Eq)]
pub struct AnswerParams {
    /// `<sess-id>` of the `o=` line: below 2⁶³, the same in every answer of a peer connection.
    pub session_id: u64,
    /// `<sess-version>`: one more with each answer.
    pub session_version: u64,
    /// Our ICE user fragment.
    pub ice_ufrag: String,
    /// Our ICE password.
    pub ice_pwd: String,
    /// SHA-256 of our DTLS certificate.
    pub fingerprint: [u8; 32],
    /// Where we can be reached by UDP, the preferred address first.
    pub candidates: Vec<SocketAddr>,
    /// Where TCP connections are taken (RFC 6544), the preferred address first.
    pub tcp_candidates: Vec<SocketAddr>,
}

impl std::fmt::Debug for AnswerParams {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AnswerParams")
            .field("session_id", &self.session_id)
            .field("session_version", &self.session_version)
            .field("ice_ufrag", &self.ice_ufrag)
            .field("candidates", &self.candidates)
            .field("tcp_candidates", &self.tcp_candidates)
            .finish_non_exhaustive()
    }
}

/// What to do with an offered section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SectionAnswer {
    /// Use it.
    Accept(Accept),
    /// Keep it, with no media for now; a later offer may use it. A section without any codec for us is rejected.
    Inactive,
    /// Refuse it. Do not refuse the first section of the BUNDLE group: it stands for the transport.
    Reject,
}

/// How an offered section is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accept {
    /// Which way media goes, seen from here: `RecvOnly` for what the client publishes, `SendOnly` for what it receives.
    pub direction: Direction,
    /// Some of the section's codecs, mostly by [`select_codecs`].
    pub codecs: Vec<Codec>,
    /// Some of the section's extensions, mostly by [`select_extensions`].
    pub extensions: Vec<Extension>,
    /// The encodings that are taken of what the client sends at once; empty without simulcast.
    pub rids: Vec<Rid>,
    /// What we send, when we do.
    pub send: Option<SendStream>,
}

/// A stream that the answering end sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendStream {
    /// Synchronisation source.
    pub ssrc: u32,
    /// The source of its retransmissions, when one of the codecs has them as a stream of their own.
    pub rtx_ssrc: Option<u32>,
    /// Canonical name: the same for streams to play in sync.
    pub cname: String,
    /// Identifiers JavaScript sees.
    pub msid: Msid,
}

impl Accept {
    /// Takes what the client sends in this section; `None` when nothing in it suits us.
    #[must_use]
    pub fn receive(section: &MediaSection) -> Option<Self> {
        Self::with(section, Direction::RecvOnly, None)
    }

    /// Sends a stream in this section; `None` when nothing in it suits us.
    #[must_use]
    pub fn send(section: &MediaSection, stream: SendStream) -> Option<Self> {
        Self::with(section, Direction::SendOnly, Some(stream))
    }

    fn with(section: &MediaSection, direction: Direction, send: Option<SendStream>) -> Option<Self> {
        let codecs = select_codecs(section);
        let extensions = select_extensions(section);
        // Packets of encodings that do not name themselves cannot be told apart.
        let named = extensions.iter().any(|extension| extension.uri == RID_URI);
        let rids = match direction {
            // A sender that is silent for now may take what is missing here for refused.
            Direction::RecvOnly | Direction::Inactive if named => {
                simulcast::taken(&section.simulcast, &codecs)
            }
            _ => Vec::new(),
        };
        (!section.rejected && !codecs.is_empty()).then_some(Self {
            direction,
            codecs,
            extensions,
            rids,
            send,
        })
    }

    /// Whether one of the codecs has its retransmissions in a stream of their own.
    #[must_use]
    pub fn has_rtx(&self) -> bool {
        self.codecs.iter().any(|codec| codec.repeats().is_some())
    }
}

/// Writes the answer to an offer: ICE-lite, DTLS passive, everything on one transport, and one decision for each offered
/// section, in order.
///
/// # Errors
///
/// [`AnswerError`] when a decision does not fit its section.
pub fn answer(
    offer: &Description,
    params: &AnswerParams,
    decisions: &[SectionAnswer],
) -> Result<String, AnswerError> {
    if decisions.len() != offer.sections.len() {
        return Err(AnswerError::SectionCount {
            sections: offer.sections.len(),
            decisions: decisions.len(),
        });
    }
    if offer.setup == Setup::Passive {
        return Err(AnswerError::Setup);
    }
    let mut bundle = String::from("BUNDLE");
    let mut medias = Vec::with_capacity(decisions.len());
    let mut is_first = true;
    for (index, (section, decision)) in offer.sections.iter().zip(decisions).enumerate() {
        let Some(used) = resolve(index, section, decision)? else {
            medias.push(rejected(section));
            continue;
        };
        bundle.push(' ');
        bundle.push_str(&section.mid);
        // Where the session says it, sections need not.
        let mixed = section.extmap_allow_mixed && !offer.extmap_allow_mixed;
        medias.push(accepted(section, &used, params, is_first, mixed));
        is_first = false;
    }

    let mut session = session(params.session_id, params.session_version);
    if !is_first {
        session.attributes.push(Attribute::with_value("group", bundle));
    }
    session.attributes.push(Attribute::new("ice-lite"));
    if offer.extmap_allow_mixed {
        session.attributes.push(Attribute::new("extmap-allow-mixed"));
    }
    session
        .attributes
        .push(Attribute::with_value("msid-semantic", "WMS *"));
    session.medias = medias;
    Ok(write(&session))
}

/// The section as it will be used, or `None` when it is rejected.
fn resolve(
    index: usize,
    section: &MediaSection,
    decision: &SectionAnswer,
) -> Result<Option<Accept>, AnswerError> {
    let used = match decision {
        SectionAnswer::Reject => return Ok(None),
        SectionAnswer::Inactive => return Ok(Accept::with(section, Direction::Inactive, None)),
        SectionAnswer::Accept(used) => used,
    };
    let Accept {
        direction,
        codecs,
        extensions,
        rids,
        send,
    } = used;
    let is_offered = |codec: &Codec| {
        section.codecs.iter().any(|offered| {
            offered.payload_type == codec.payload_type
                && offered.is(&codec.name)
                && offered.clock_rate == codec.clock_rate
        })
    };
    if section.rejected
        || codecs.is_empty()
        || !codecs.iter().all(is_offered)
        || !extensions
            .iter()
            .all(|extension| is_offered_extension(section, extension))
        || !rids.iter().all(|rid| {
            section
                .simulcast
                .iter()
                .flatten()
                .any(|offered| offered.id == rid.id)
        })
    {
        return Err(AnswerError::Section(index));
    }
    if (direction.sends() && !section.direction.receives())
        || (direction.receives() && !section.direction.sends())
        || send.is_some() != direction.sends()
    {
        return Err(AnswerError::Direction(index));
    }
    Ok(Some(used.clone()))
}

/// Under the same id, seen from the other end (RFC 8285 §6).
fn is_offered_extension(section: &MediaSection, extension: &Extension) -> bool {
    section.extensions.iter().any(|offered| {
        (offered.id, &offered.uri) == (extension.id, &extension.uri)
            && offered.direction.reversed() == extension.direction
    })
}

fn rejected(section: &MediaSection) -> Media {
    let formats = if section.formats.is_empty() {
        "0".to_owned()
    } else {
        section.formats.join(" ")
    };
    let mut media = media(section, 0, formats);
    if !section.mid.is_empty() {
        media.attributes.push(Attribute::with_value("mid", &section.mid));
    }
    media
        .attributes
        .push(Attribute::new(Direction::Inactive.as_str()));
    media
}

fn accepted(
    section: &MediaSection,
    used: &Accept,
    params: &AnswerParams,
    is_first: bool,
    mixed: bool,
) -> Media {
    let AnswerParams {
        session_id: _,
        session_version: _,
        ice_ufrag,
        ice_pwd,
        fingerprint,
        candidates,
        tcp_candidates,
    } = params;
    let Accept {
        direction,
        codecs,
        extensions,
        rids,
        send,
    } = used;
    let default = candidates.first();
    let formats: Vec<String> = codecs
        .iter()
        .map(|codec| codec.payload_type.to_string())
        .collect();
    let mut media = media(
        section,
        default.map_or(DISCARD_PORT, SocketAddr::port),
        formats.join(" "),
    );
    if let Some(default) = default {
        media.connections = vec![Connection::from_ip_addr(default.ip())];
    }
    let attributes = &mut media.attributes;
    let mut set = |name: &str, value: String| attributes.push(Attribute::with_value(name, value));
    set("mid", section.mid.clone());
    set("ice-ufrag", ice_ufrag.clone());
    set("ice-pwd", ice_pwd.clone());
    set("fingerprint", fingerprint_value(fingerprint));
    set("setup", "passive".to_owned());
    if is_first {
        for (index, candidate) in candidates.iter().enumerate() {
            set("candidate", host_candidate(index, *candidate));
        }
        for (index, candidate) in tcp_candidates.iter().enumerate() {
            let foundation = candidates.len() + index + 1;
            set("candidate", passive_candidate(foundation, index, *candidate));
        }
        attributes.push(Attribute::new("end-of-candidates"));
    }
    attributes.push(Attribute::new(direction.as_str()));
    attributes.push(Attribute::new("rtcp-mux"));
    if section.rtcp_rsize {
        attributes.push(Attribute::new("rtcp-rsize"));
    }
    if mixed {
        attributes.push(Attribute::new("extmap-allow-mixed"));
    }
    rtp_attributes(attributes, codecs, extensions);
    simulcast_attributes(attributes, rids);
    if let Some(stream) = send {
        stream_attributes(attributes, stream);
    }
    media
}

/// `a=rid` and `a=simulcast` at the receiving end.
fn simulcast_attributes(attributes: &mut Vec<Attribute>, rids: &[Rid]) {
    if rids.is_empty() {
        return;
    }
    for rid in rids {
        attributes.push(Attribute::with_value("rid", rid.received()));
    }
    let ids: Vec<&str> = rids.iter().map(|rid| rid.id.as_str()).collect();
    attributes.push(Attribute::with_value(
        "simulcast",
        format!("recv {}", ids.join(";")),
    ));
}

/// `a=extmap`, `a=rtpmap`, `a=fmtp`, `a=rtcp-fb`.
pub(super) fn rtp_attributes(attributes: &mut Vec<Attribute>, codecs: &[Codec], extensions: &[Extension]) {
    for Extension { id, uri, direction } in extensions {
        let value = match direction {
            Direction::SendRecv => format!("{id} {uri}"),
            direction => format!("{id}/{} {uri}", direction.as_str()),
        };
        attributes.push(Attribute::with_value("extmap", value));
    }
    for Codec {
        payload_type,
        name,
        clock_rate,
        channels,
        fmtp,
        feedback,
    } in codecs
    {
        let channels = channels
            .map(|channels| format!("/{channels}"))
            .unwrap_or_default();
        attributes.push(Attribute::with_value(
            "rtpmap",
            format!("{payload_type} {name}/{clock_rate}{channels}"),
        ));
        for feedback in feedback {
            attributes.push(Attribute::with_value(
                "rtcp-fb",
                format!("{payload_type} {feedback}"),
            ));
        }
        if !fmtp.is_empty() {
            attributes.push(Attribute::with_value("fmtp", format!("{payload_type} {fmtp}")));
        }
    }
}

/// `a=msid`, `a=ssrc-group` and `a=ssrc`.
pub(super) fn stream_attributes(attributes: &mut Vec<Attribute>, stream: &SendStream) {
    let SendStream {
        ssrc,
        rtx_ssrc,
        cname,
        msid: Msid { stream, track },
    } = stream;
    attributes.push(Attribute::with_value("msid", format!("{stream} {track}")));
    if let Some(rtx) = rtx_ssrc {
        attributes.push(Attribute::with_value("ssrc-group", format!("FID {ssrc} {rtx}")));
    }
    for ssrc in [Some(ssrc), rtx_ssrc.as_ref()].into_iter().flatten() {
        attributes.push(Attribute::with_value("ssrc", format!("{ssrc} cname:{cname}")));
    }
}

/// `sha-256 AB:CD:…`
pub(super) fn fingerprint_value(fingerprint: &[u8; 32]) -> String {
    let octets: Vec<String> = fingerprint.iter().map(|octet| format!("{octet:02X}")).collect();
    format!("sha-256 {}", octets.join(":"))
}

pub(super) fn session(session_id: u64, session_version: u64) -> Session {
    let origin = Origin::with_ip_addr(session_id, session_version, std::net::Ipv4Addr::LOCALHOST);
    let mut session = Session::new(origin, "-");
    session.times = vec![Time::new(0, 0)];
    session
}

pub(super) fn write(session: &Session) -> String {
    let mut bytes = Vec::new();
    session
        .write(&mut bytes)
        .expect("writing to memory does not fail");
    String::from_utf8(bytes).expect("made of strings")
}

/// A host candidate of component 1 (RFC 8445 §5.1.2.1). Addresses earlier in the list get the higher local preference.
fn host_candidate(index: usize, address: SocketAddr) -> String {
    const HOST_PREFERENCE: u32 = 126;
    let local_preference = u16::MAX - u16::try_from(index).unwrap_or(u16::MAX);
    let priority = priority(HOST_PREFERENCE, local_preference);
    format!(
        "{} {COMPONENT} udp {priority} {} {} typ host",
        index + 1,
        address.ip(),
        address.port()
    )
}

/// A host candidate of component 1 to which the peer connects (RFC 6544 §4.5). UDP is better in any case (§4.2), which the
/// type preference says; 90 is what browsers give their own.
fn passive_candidate(foundation: usize, index: usize, address: SocketAddr) -> String {
    const HOST_TCP_PREFERENCE: u32 = 90;
    /// Of the 13 bits beside the direction.
    const MAX_OTHER_PREFERENCE: u16 = (1 << 13) - 1;
    /// `passive` for a host candidate.
    const DIRECTION_PREFERENCE: u16 = 4;
    let other = MAX_OTHER_PREFERENCE.saturating_sub(u16::try_from(index).unwrap_or(u16::MAX));
    let priority = priority(HOST_TCP_PREFERENCE, (DIRECTION_PREFERENCE << 13) | other);
    format!(
        "{foundation} {COMPONENT} tcp {priority} {} {} typ host tcptype passive",
        address.ip(),
        address.port()
    )
}

/// RTP and RTCP on one component.
const COMPONENT: u32 = 1;

/// RFC 8445 §5.1.2.1.
fn priority(type_preference: u32, local_preference: u16) -> u32 {
    (type_preference << 24) | (u32::from(local_preference) << 8) | (256 - COMPONENT)
}

fn media(section: &MediaSection, port: u16, formats: String) -> Media {
    let mut media = bare_media(sdp_types::MediaType::Audio, port, formats);
    media.media.clone_from(&section.media);
    media.proto.clone_from(&section.protocol);
    media
}

/// An RTP section at an unspecified address.
pub(super) fn bare_media(kind: sdp_types::MediaType, port: u16, formats: String) -> Media {
    let mut media = Media::new(kind, port, sdp_types::TransportProto::UdpTlsRtpSavpf, formats);
    media.connections = vec![Connection::from_ip_addr(std::net::Ipv4Addr::UNSPECIFIED)];
    media
}
