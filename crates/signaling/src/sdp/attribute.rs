//! The values of single attributes.

use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, SocketAddr};

use sdp_types::Attribute;

use super::description::MAX_PER_SECTION;
use super::{Candidate, CandidateTransport, Codec, Direction, Extension, Msid, RepairSource, SdpError};

/// The attributes of one level of a description.
#[derive(Debug, Clone, Copy)]
pub(super) struct Attributes<'a>(pub(super) &'a [Attribute]);

impl<'a> Attributes<'a> {
    pub(super) fn has(self, name: &str) -> bool {
        self.0.iter().any(|attribute| attribute.attribute == name)
    }

    /// The first value of this attribute.
    pub(super) fn value(self, name: &'a str) -> Option<&'a str> {
        self.values(name).next()
    }

    pub(super) fn values(self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |attribute| attribute.attribute == name)
            .filter_map(|attribute| attribute.value.as_deref())
            .map(str::trim)
    }

    pub(super) fn direction(self) -> Option<Direction> {
        self.0
            .iter()
            .find_map(|attribute| Direction::from_name(&attribute.attribute))
    }
}

/// The formats of an RTP section that have an `rtpmap`, with their parameters and feedback.
///
/// Static payload types without one (PCMU and its like) are nothing this system forwards, and are left out.
pub(super) fn codecs(formats: &[String], attributes: Attributes<'_>) -> Result<Vec<Codec>, SdpError> {
    let mut codecs = Vec::new();
    let mut index = HashMap::new();
    let mut maps = HashMap::new();
    for value in attributes.values("rtpmap") {
        let (payload_type, map) = value.split_once(' ').ok_or(SdpError::Malformed("rtpmap"))?;
        maps.entry(payload_type_of(payload_type, "rtpmap")?)
            .or_insert(map);
    }
    for format in formats {
        let payload_type = payload_type_of(format, "m= line")?;
        let Some(map) = maps.remove(&payload_type) else {
            continue;
        };
        let mut parts = map.trim().split('/');
        let (name, clock_rate, channels) = (parts.next(), parts.next(), parts.next());
        let name = name
            .filter(|name| !name.is_empty())
            .ok_or(SdpError::Malformed("rtpmap"))?;
        let clock_rate = clock_rate
            .and_then(|rate| rate.parse().ok())
            .filter(|rate| *rate > 0)
            .ok_or(SdpError::Malformed("rtpmap"))?;
        let channels = channels
            .map(str::parse)
            .transpose()
            .map_err(|_| SdpError::Malformed("rtpmap"))?;
        index.insert(payload_type, codecs.len());
        codecs.push(Codec {
            payload_type,
            name: name.to_owned(),
            clock_rate,
            channels,
            fmtp: String::new(),
            feedback: Vec::new(),
        });
    }
    for value in attributes.values("fmtp") {
        let (payload_type, parameters) = value.split_once(' ').ok_or(SdpError::Malformed("fmtp"))?;
        let payload_type = payload_type_of(payload_type, "fmtp")?;
        if let Some(codec) = index.get(&payload_type).and_then(|at| codecs.get_mut(*at)) {
            codec.fmtp = parameters.trim().to_owned();
        }
    }
    for value in attributes.values("rtcp-fb") {
        let (payload_type, feedback) = value.split_once(' ').ok_or(SdpError::Malformed("rtcp-fb"))?;
        let feedback = feedback.trim();
        if payload_type == "*" {
            for codec in &mut codecs {
                codec.feedback.push(feedback.to_owned());
            }
            continue;
        }
        let payload_type = payload_type_of(payload_type, "rtcp-fb")?;
        if let Some(codec) = index.get(&payload_type).and_then(|at| codecs.get_mut(*at)) {
            codec.feedback.push(feedback.to_owned());
        }
    }
    Ok(codecs)
}

/// `a=extmap:<id>[/<direction>] <uri> [<attributes>]` (RFC 8285 §8). Ids from 4096 are placeholders of an offerer that
/// ran out of small ones, and left out.
pub(super) fn extensions(attributes: Attributes<'_>) -> Result<Vec<Extension>, SdpError> {
    let mut extensions = Vec::new();
    for value in attributes.values("extmap") {
        let mut words = value.split_ascii_whitespace();
        let (Some(id), Some(uri)) = (words.next(), words.next()) else {
            return Err(SdpError::Malformed("extmap"));
        };
        let (id, direction) = match id.split_once('/') {
            Some((id, direction)) => (id, Direction::from_name(direction).unwrap_or(Direction::SendRecv)),
            None => (id, Direction::SendRecv),
        };
        let id: u16 = id.parse().map_err(|_| SdpError::Malformed("extmap"))?;
        match u8::try_from(id) {
            Ok(0) => return Err(SdpError::Malformed("extmap")),
            Ok(id) => extensions.push(Extension {
                id,
                uri: uri.to_owned(),
                direction,
            }),
            Err(_) => {}
        }
    }
    Ok(extensions)
}

/// The sources named in a section.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Sources {
    /// Those of media: first those of `a=ssrc-group:SIM`, which stand from small to large, then the others in order.
    pub(super) media: Vec<u32>,
    /// Those of retransmissions, from `a=ssrc-group:FID` (RFC 5576, RFC 4588 §8.6).
    pub(super) repairs: Vec<RepairSource>,
}

/// Reads `a=ssrc` and `a=ssrc-group`. Sources that a group names behind another, for retransmission or error correction,
/// are none of media.
pub(super) fn sources(attributes: Attributes<'_>) -> Result<Sources, SdpError> {
    let mut behind = HashSet::new();
    let mut repairs = Vec::new();
    let mut layers = Vec::new();
    for value in attributes.values("ssrc-group") {
        let mut words = value.split_ascii_whitespace();
        let semantics = words.next().unwrap_or_default();
        let group = match semantics {
            "FID" | "FEC-FR" | "FEC" | "SIM" => words.map(ssrc_of).collect::<Result<Vec<_>, _>>()?,
            _ => continue,
        };
        match (semantics, group.as_slice()) {
            ("SIM", group) => layers.extend_from_slice(group),
            (_, [of, rest @ ..]) => {
                if let ("FID", [ssrc]) = (semantics, rest) {
                    repairs.push(RepairSource { ssrc: *ssrc, of: *of });
                }
                behind.extend(rest.iter().copied());
            }
            (_, []) => {}
        }
    }
    let mut named = HashSet::new();
    let mut media = Vec::new();
    for value in attributes.values("ssrc") {
        let ssrc = ssrc_of(value.split_ascii_whitespace().next().unwrap_or_default())?;
        if named.insert(ssrc) && !behind.contains(&ssrc) {
            media.push(ssrc);
        }
    }
    if media.len().max(layers.len()) > MAX_PER_SECTION {
        return Err(SdpError::TooMany("sources"));
    }
    // Stable: what is in no group stays in its place behind them.
    media.sort_by_key(|ssrc| {
        layers
            .iter()
            .position(|layer| layer == ssrc)
            .unwrap_or(usize::MAX)
    });
    let mut repaired = HashSet::new();
    repairs.retain(|RepairSource { ssrc, of }| {
        named.contains(ssrc) && media.contains(of) && repaired.insert(*of)
    });
    Ok(Sources { media, repairs })
}

pub(super) fn cname(attributes: Attributes<'_>) -> Option<String> {
    attributes
        .values("ssrc")
        .find_map(|value| value.split_once(" cname:"))
        .map(|(_, cname)| cname.to_owned())
}

/// `a=msid:<stream>[ <track>]` (RFC 8830), or its forerunner in `a=ssrc`.
pub(super) fn msid(attributes: Attributes<'_>) -> Option<Msid> {
    let value = attributes.value("msid").or_else(|| {
        attributes
            .values("ssrc")
            .find_map(|value| value.split_once(" msid:").map(|(_, msid)| msid))
    })?;
    let (stream, track) = value.split_once(' ').unwrap_or((value, ""));
    Some(Msid {
        stream: stream.to_owned(),
        track: track.trim().to_owned(),
    })
}

/// `a=fingerprint:sha-256 AB:CD:…` (RFC 8122); `None` for another hash.
pub(super) fn sha256_fingerprint(value: &str) -> Result<Option<[u8; 32]>, SdpError> {
    const MALFORMED: SdpError = SdpError::Malformed("fingerprint");
    let (hash, hex) = value.split_once(' ').ok_or(MALFORMED)?;
    if !hash.eq_ignore_ascii_case("sha-256") {
        return Ok(None);
    }
    let mut digest = [0; 32];
    let mut octets = hex.trim().split(':');
    for byte in &mut digest {
        let octet = octets
            .next()
            // `from_str_radix` takes a sign too.
            .filter(|octet| octet.len() == 2 && octet.bytes().all(|digit| digit.is_ascii_hexdigit()))
            .ok_or(MALFORMED)?;
        *byte = u8::from_str_radix(octet, 16).map_err(|_| MALFORMED)?;
    }
    if octets.next().is_some() {
        return Err(MALFORMED);
    }
    Ok(Some(digest))
}

/// `a=candidate` (RFC 8839 §5.1, RFC 6544 §4.5); `None` for components other than 1, for host names, and for TCP
/// addresses that nobody can connect to.
pub(super) fn candidate(value: &str) -> Result<Option<Candidate>, SdpError> {
    const MALFORMED: SdpError = SdpError::Malformed("candidate");
    let mut words = value.split_ascii_whitespace();
    let mut next = || words.next().ok_or(MALFORMED);
    let (_foundation, component, transport) = (next()?, next()?, next()?);
    let priority = next()?.parse().map_err(|_| MALFORMED)?;
    let (address, port, typ, kind) = (next()?, next()?, next()?, next()?);
    let port: u16 = port.parse().map_err(|_| MALFORMED)?;
    if typ != "typ" {
        return Err(MALFORMED);
    }
    let transport = if transport.eq_ignore_ascii_case("udp") {
        CandidateTransport::Udp
    } else if transport.eq_ignore_ascii_case("tcp") && takes_connections(words) {
        CandidateTransport::Tcp
    } else {
        return Ok(None);
    };
    if component != "1" {
        return Ok(None);
    }
    let Ok(address) = address.parse::<IpAddr>() else {
        return Ok(None);
    };
    Ok(Some(Candidate {
        address: SocketAddr::new(address, port),
        transport,
        priority,
        kind: kind.to_owned(),
    }))
}

/// Whether the extensions of a candidate of TCP say that it can be connected to.
fn takes_connections<'a>(mut extensions: impl Iterator<Item = &'a str>) -> bool {
    while let Some(name) = extensions.next() {
        let value = extensions.next();
        if name == "tcptype" {
            return value.is_some_and(|kind| kind == "passive" || kind == "so");
        }
    }
    false
}

pub(super) fn payload_type_of(text: &str, place: &'static str) -> Result<u8, SdpError> {
    text.parse()
        .ok()
        .filter(|payload_type| *payload_type < 128)
        .ok_or(SdpError::Malformed(place))
}

fn ssrc_of(text: &str) -> Result<u32, SdpError> {
    text.parse().map_err(|_| SdpError::Malformed("ssrc"))
}
