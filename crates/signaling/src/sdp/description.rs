//! An offer or an answer as plain types.

use std::collections::HashSet;
use std::net::SocketAddr;

use sdp_types::{Media, Session};

use super::attribute::{self, Attributes};
use super::{MAX_SDP_BYTES, MAX_SECTIONS, Rid, SdpError, simulcast};

/// Most formats, extensions, or sources in one section, and candidates in one description.
pub(super) const MAX_PER_SECTION: usize = 128;
/// Longest `mid` in characters. Browsers use one or two, and the extension that carries it in RTP has room for 16.
const MAX_MID_CHARS: usize = 16;

/// A checked session description.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// `<sess-id>` of the `o=` line; stays the same while a peer connection lives.
    pub session_id: String,
    /// `<sess-version>` of the `o=` line.
    pub session_version: u64,
    /// The sender answers connectivity checks and makes none (`a=ice-lite`).
    pub ice_lite: bool,
    /// ICE user fragment of the bundled transport: 4 to 256 ice-chars.
    pub ice_ufrag: String,
    /// ICE password of the bundled transport: 22 to 256 ice-chars.
    pub ice_pwd: String,
    /// SHA-256 of the sender's DTLS certificate.
    pub fingerprint: [u8; 32],
    /// DTLS role the sender wants.
    pub setup: Setup,
    /// One- and two-byte header extensions may be mixed in all sections (`a=extmap-allow-mixed`, RFC 8285 §6).
    pub extmap_allow_mixed: bool,
    /// The mids of the BUNDLE group; the first one's section describes the transport.
    pub bundle: Vec<String>,
    /// Media sections in order.
    pub sections: Vec<MediaSection>,
    /// Candidates of component 1 with an IP address that can be sent to: by UDP, or by a TCP connection that we open. In
    /// order. Names (mDNS) are left out.
    pub candidates: Vec<Candidate>,
    /// The sender has no more candidates to give.
    pub end_of_candidates: bool,
}

/// One `m=` section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaSection {
    /// Name of the section: 1 to 16 characters, unique in the description. Empty only in a rejected section.
    pub mid: String,
    /// What it carries.
    pub kind: MediaKind,
    /// The same as written in the `m=` line.
    pub media: String,
    /// Port of the `m=` line: mostly 9, or 0.
    pub port: u16,
    /// Transport protocol of the `m=` line: `UDP/TLS/RTP/SAVPF`, ….
    pub protocol: String,
    /// Formats of the `m=` line, as written.
    pub formats: Vec<String>,
    /// Port 0 and not `a=bundle-only`: not offered, or not accepted.
    pub rejected: bool,
    /// Which way media goes, seen by the sender of the description.
    pub direction: Direction,
    /// RTP formats with their `rtpmap`, in order of preference.
    pub codecs: Vec<Codec>,
    /// RTP header extensions.
    pub extensions: Vec<Extension>,
    /// One- and two-byte header extensions may be mixed here, as the section or the session says (RFC 8285 §6).
    pub extmap_allow_mixed: bool,
    /// Sources of media, without those that carry retransmissions or FEC for another. Those that `a=ssrc-group:SIM` names
    /// as layers stand first, from small to large. A Firefox section names one even when it only receives.
    pub ssrcs: Vec<u32>,
    /// Sources of retransmissions, at most one for each of `ssrcs`.
    pub repairs: Vec<RepairSource>,
    /// The encodings that are sent together (`a=simulcast:send`), each with its alternatives, in order; empty when there
    /// is one.
    pub simulcast: Vec<Vec<Rid>>,
    /// `CNAME` of the first source that has one.
    pub cname: Option<String>,
    /// Stream and track, from `a=msid` or the older `a=ssrc:… msid:…`.
    pub msid: Option<Msid>,
    /// RTP and RTCP share a port.
    pub rtcp_mux: bool,
    /// RTCP packets need not be whole compounds (RFC 5506).
    pub rtcp_rsize: bool,
}

/// Kind of a media section.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MediaKind {
    /// `m=audio`
    Audio,
    /// `m=video`
    Video,
    /// `m=application`: data channels.
    Application,
    /// Anything else.
    Other,
}

/// Which way media goes, seen by the sender of the description.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// `a=sendrecv`, the default.
    SendRecv,
    /// `a=sendonly`
    SendOnly,
    /// `a=recvonly`
    RecvOnly,
    /// `a=inactive`
    Inactive,
}

/// DTLS role (RFC 8842).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Setup {
    /// Either; what offers say.
    ActPass,
    /// DTLS client.
    Active,
    /// DTLS server.
    Passive,
}

/// A codec under its payload type.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Codec {
    /// RTP payload type, 0 to 127.
    pub payload_type: u8,
    /// Encoding name as written: `opus`, `VP8`, `H264`. Compare without case.
    pub name: String,
    /// RTP clock rate in Hz.
    pub clock_rate: u32,
    /// Channels; `None` when not given.
    pub channels: Option<u8>,
    /// Parameters as in `a=fmtp`, empty when there are none.
    pub fmtp: String,
    /// Feedback as in `a=rtcp-fb`: `nack`, `nack pli`, `ccm fir`, ….
    pub feedback: Vec<String>,
}

/// An RTP header extension under its id.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Extension {
    /// Local identifier, 1 to 255; above 14 only in two-byte headers.
    pub id: u8,
    /// Its name.
    pub uri: String,
    /// Which way packets have it, seen by the sender of the description; both by default.
    pub direction: Direction,
}

/// A source that sends packets of another one again (`a=ssrc-group:FID`, RFC 5576; RFC 4588 §8.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RepairSource {
    /// Its SSRC.
    pub ssrc: u32,
    /// The SSRC whose packets it repeats.
    pub of: u32,
}

/// Stream and track identifiers of JavaScript (RFC 8830).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Msid {
    /// `MediaStream.id`; `-` for none.
    pub stream: String,
    /// `MediaStreamTrack.id`; empty for none.
    pub track: String,
}

/// An address the sender may be reached at.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Candidate {
    /// Where.
    pub address: SocketAddr,
    /// By what.
    pub transport: CandidateTransport,
    /// The higher, the better.
    pub priority: u32,
    /// `host`, `srflx`, `prflx` or `relay`.
    pub kind: String,
}

/// What carries packets to a candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CandidateTransport {
    /// UDP.
    Udp,
    /// A TCP connection that the sender of the description takes (RFC 6544 §4.5: `tcptype` `passive` or `so`).
    Tcp,
}

impl Direction {
    /// The same, seen from the other end.
    #[must_use]
    pub const fn reversed(self) -> Self {
        match self {
            Self::SendOnly => Self::RecvOnly,
            Self::RecvOnly => Self::SendOnly,
            Self::SendRecv | Self::Inactive => self,
        }
    }

    /// The sender of the description sends media.
    #[must_use]
    pub const fn sends(self) -> bool {
        matches!(self, Self::SendRecv | Self::SendOnly)
    }

    /// The sender of the description receives media.
    #[must_use]
    pub const fn receives(self) -> bool {
        matches!(self, Self::SendRecv | Self::RecvOnly)
    }

    /// The direction of that name.
    pub(super) fn from_name(name: &str) -> Option<Self> {
        [Self::SendRecv, Self::SendOnly, Self::RecvOnly, Self::Inactive]
            .into_iter()
            .find(|direction| direction.as_str() == name)
    }

    /// Name of the attribute.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SendRecv => "sendrecv",
            Self::SendOnly => "sendonly",
            Self::RecvOnly => "recvonly",
            Self::Inactive => "inactive",
        }
    }
}

impl Codec {
    /// Whether this is the codec of that name; names have no case.
    #[must_use]
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// A parameter of `a=fmtp` of the form `name=value`; names have no case.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.fmtp
            .split(';')
            .filter_map(|pair| pair.trim().split_once('='))
            .find(|(key, _)| key.trim().eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim())
    }

    /// The payload type whose packets are sent again under this one; `None` unless this is `rtx` (RFC 4588 §8.6).
    #[must_use]
    pub fn repeats(&self) -> Option<u8> {
        self.is("rtx")
            .then(|| self.parameter("apt")?.parse().ok())
            .flatten()
    }

    /// The payload type whose frames are sent several times under this one; `None` unless this is `red` with the same
    /// format in all its blocks (RFC 2198 §5).
    #[must_use]
    pub fn carries(&self) -> Option<u8> {
        let mut blocks = self.is("red").then(|| self.fmtp.split('/').map(str::trim))?;
        let first = blocks.next()?;
        // One block alone is no redundancy.
        let (rest, same) = blocks.fold((0_usize, true), |(count, same), block| {
            (count + 1, same && block == first)
        });
        (rest > 0 && same).then(|| first.parse().ok()).flatten()
    }
}

impl Description {
    /// Reads an offer or an answer.
    ///
    /// # Errors
    ///
    /// [`SdpError`] for what is not SDP, too much of it, or not usable here: without BUNDLE, `rtcp-mux`, ICE credentials
    /// or a SHA-256 fingerprint.
    pub fn parse(sdp: &str) -> Result<Self, SdpError> {
        if sdp.len() > MAX_SDP_BYTES {
            return Err(SdpError::TooLarge(sdp.len()));
        }
        let session = Session::parse(sdp.as_bytes()).map_err(|_| SdpError::Syntax)?;
        let session_attributes = Attributes(&session.attributes);
        if !(1..=MAX_SECTIONS).contains(&session.medias.len()) {
            return Err(SdpError::SectionCount(session.medias.len()));
        }
        let default_direction = session_attributes.direction();
        let extmap_allow_mixed = session_attributes.has("extmap-allow-mixed");
        let sections = session
            .medias
            .iter()
            .map(|media| parse_section(media, default_direction, extmap_allow_mixed))
            .collect::<Result<Vec<_>, _>>()?;
        check_mids(&sections)?;

        let bundle = bundle_group(session_attributes, &sections)?;
        // The tagged section describes the transport, with the session level as a fallback (RFC 9143 §7.1.3,
        // RFC 8839 §5.4). The tagged section of an offer may have been rejected by its answer.
        let tagged = bundle
            .iter()
            .find_map(|mid| {
                sections
                    .iter()
                    .position(|section| section.mid == *mid && !section.rejected)
            })
            .and_then(|index| session.medias.get(index))
            .ok_or(SdpError::NotBundled)?;
        let levels = [Attributes(&tagged.attributes), session_attributes];
        let (ice_ufrag, ice_pwd) = ice_credentials(levels)?;
        let fingerprint = fingerprint(levels)?;
        let setup = setup(levels)?;

        let (candidates, end_of_candidates) = candidates(&session)?;
        Ok(Self {
            session_id: session.origin.sess_id.clone(),
            session_version: session.origin.sess_version,
            ice_lite: session_attributes.has("ice-lite"),
            ice_ufrag,
            ice_pwd,
            fingerprint,
            setup,
            extmap_allow_mixed,
            bundle,
            sections,
            candidates,
            end_of_candidates,
        })
    }

    /// The section of this name.
    #[must_use]
    pub fn section(&self, mid: &str) -> Option<&MediaSection> {
        self.sections.iter().find(|section| section.mid == mid)
    }
}

fn parse_section(
    media: &Media,
    default_direction: Option<Direction>,
    extmap_allow_mixed: bool,
) -> Result<MediaSection, SdpError> {
    let attributes = Attributes(&media.attributes);
    let kind = match media.media.as_str() {
        "audio" => MediaKind::Audio,
        "video" => MediaKind::Video,
        "application" => MediaKind::Application,
        _ => MediaKind::Other,
    };
    let formats: Vec<String> = media.fmt.split_ascii_whitespace().map(str::to_owned).collect();
    if formats.len() > MAX_PER_SECTION {
        return Err(SdpError::TooMany("formats"));
    }
    let rejected = media.port == 0 && !attributes.has("bundle-only");
    let is_rtp = matches!(kind, MediaKind::Audio | MediaKind::Video);
    let rtcp_mux = attributes.has("rtcp-mux");
    if is_rtp && !rejected && !rtcp_mux {
        return Err(SdpError::NoRtcpMux);
    }
    let codecs = if is_rtp {
        attribute::codecs(&formats, attributes)?
    } else {
        Vec::new()
    };
    let extensions = attribute::extensions(attributes)?;
    let sources = attribute::sources(attributes)?;
    if extensions.len() > MAX_PER_SECTION {
        return Err(SdpError::TooMany("header extensions"));
    }
    Ok(MediaSection {
        mid: attributes.value("mid").unwrap_or_default().to_owned(),
        kind,
        media: media.media.clone(),
        port: media.port,
        protocol: media.proto.clone(),
        formats,
        rejected,
        direction: attributes
            .direction()
            .or(default_direction)
            .unwrap_or(Direction::SendRecv),
        codecs,
        extensions,
        extmap_allow_mixed: extmap_allow_mixed || attributes.has("extmap-allow-mixed"),
        ssrcs: sources.media,
        repairs: sources.repairs,
        simulcast: simulcast::streams(attributes)?,
        cname: attribute::cname(attributes),
        msid: attribute::msid(attributes),
        rtcp_mux,
        rtcp_rsize: attributes.has("rtcp-rsize"),
    })
}

fn check_mids(sections: &[MediaSection]) -> Result<(), SdpError> {
    let mut seen = HashSet::new();
    for section in sections {
        let mid = section.mid.as_str();
        if mid.is_empty() && section.rejected {
            continue;
        }
        if mid.is_empty()
            || mid.len() > MAX_MID_CHARS
            || !mid.bytes().all(|byte| byte.is_ascii_graphic())
            || !seen.insert(mid)
        {
            return Err(SdpError::Mid);
        }
    }
    Ok(())
}

/// The one BUNDLE group, which has to name every section that is not rejected.
fn bundle_group(session: Attributes<'_>, sections: &[MediaSection]) -> Result<Vec<String>, SdpError> {
    let group = session
        .values("group")
        .find_map(|value| value.strip_prefix("BUNDLE "))
        .ok_or(SdpError::NotBundled)?;
    let bundle: Vec<String> = group.split_ascii_whitespace().map(str::to_owned).collect();
    if bundle.len() > MAX_SECTIONS {
        return Err(SdpError::TooMany("bundled sections"));
    }
    let named: HashSet<&str> = bundle.iter().map(String::as_str).collect();
    if sections
        .iter()
        .any(|section| !section.rejected && !named.contains(section.mid.as_str()))
    {
        return Err(SdpError::NotBundled);
    }
    Ok(bundle)
}

fn ice_credentials(levels: [Attributes<'_>; 2]) -> Result<(String, String), SdpError> {
    let value = |name| levels.iter().find_map(|level| level.value(name));
    let (Some(ufrag), Some(pwd)) = (value("ice-ufrag"), value("ice-pwd")) else {
        return Err(SdpError::NoIceCredentials);
    };
    // RFC 8839 §5.4
    let is_ice = |text: &str| {
        text.bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'+' || b == b'/')
    };
    if !(4..=256).contains(&ufrag.len()) || !is_ice(ufrag) {
        return Err(SdpError::Malformed("ice-ufrag"));
    }
    if !(22..=256).contains(&pwd.len()) || !is_ice(pwd) {
        return Err(SdpError::Malformed("ice-pwd"));
    }
    Ok((ufrag.to_owned(), pwd.to_owned()))
}

fn fingerprint(levels: [Attributes<'_>; 2]) -> Result<[u8; 32], SdpError> {
    for level in levels {
        for value in level.values("fingerprint") {
            if let Some(digest) = attribute::sha256_fingerprint(value)? {
                return Ok(digest);
            }
        }
    }
    Err(SdpError::NoFingerprint)
}

fn setup(levels: [Attributes<'_>; 2]) -> Result<Setup, SdpError> {
    match levels.iter().find_map(|level| level.value("setup")) {
        None | Some("actpass") => Ok(Setup::ActPass),
        Some("active") => Ok(Setup::Active),
        Some("passive") => Ok(Setup::Passive),
        Some(_) => Err(SdpError::Malformed("setup")),
    }
}

fn candidates(session: &Session) -> Result<(Vec<Candidate>, bool), SdpError> {
    let mut candidates = Vec::new();
    let mut end = false;
    let levels = std::iter::once(Attributes(&session.attributes))
        .chain(session.medias.iter().map(|media| Attributes(&media.attributes)));
    for level in levels {
        end |= level.has("end-of-candidates");
        for value in level.values("candidate") {
            let Some(candidate) = attribute::candidate(value)? else {
                continue;
            };
            // Bundled sections repeat the same list.
            if !candidates.contains(&candidate) {
                if candidates.len() == MAX_PER_SECTION {
                    return Err(SdpError::TooMany("candidates"));
                }
                candidates.push(candidate);
            }
        }
    }
    Ok((candidates, end))
}
