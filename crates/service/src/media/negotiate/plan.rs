//! What becomes of each section of an offer, decided before anything changes.

use std::collections::{HashMap, HashSet};

use anteroom_media_transport::router::{MediaKind, TrackId};
use anteroom_signaling::proto::{Section, TrackSource, section};
use anteroom_signaling::sdp;
use anteroom_signaling::sdp::{Accept, Description, Direction, MediaSection, Msid, SendStream, Setup};
use anteroom_teams_link::Capability;

use super::{Context, Peer, Receives, Refused};

/// What becomes of every section of an offer, in order.
pub(super) struct Plan {
    pub(super) uses: Vec<Use>,
}

/// What becomes of a section.
pub(super) enum Use {
    /// It is of a kind this service does not carry, or no codec fits.
    Reject,
    /// It carries nothing for now.
    Inactive,
    /// It asks for a track that does not exist.
    Missing(String),
    /// The client sends.
    Publish {
        source: TrackSource,
        kind: MediaKind,
        accept: Accept,
    },
    /// The client receives. `accept.send` is set once there are SSRCs.
    Subscribe {
        track: TrackId,
        accept: Accept,
        cname: String,
        msid: Msid,
    },
    /// The client receives what it is given. `accept.send` is set once there are SSRCs.
    Follow { track: Option<TrackId>, accept: Accept },
}

impl Plan {
    pub(super) fn of(
        offer: &Description,
        sections: &[Section],
        known: Option<&Peer>,
        context: &Context<'_>,
    ) -> Result<Self, Refused> {
        if offer.setup == Setup::Passive {
            return Err(bad_sdp(
                "The client has to be DTLS client: setup actpass or active.",
            ));
        }
        let mut named = named(sections)?;
        let mut sources = HashSet::new();
        let mut tracks = HashSet::new();
        let mut uses = Vec::with_capacity(offer.sections.len());
        for section in &offer.sections {
            let used = named.remove(section.mid.as_str());
            uses.push(match used {
                _ if !is_media(section) => leave(offer, section),
                _ if context.receives == Receives::Following && section.direction.receives() => {
                    let track = match used {
                        Some(section::Use::Subscribe(id)) => Some(id.as_str()),
                        _ => None,
                    };
                    if track.is_some_and(|id| !tracks.insert(id)) {
                        return Err(bad_sdp("A track is subscribed to in two sections."));
                    }
                    follow(section, track, context)
                }
                None if section.direction == Direction::Inactive => Use::Inactive,
                None => {
                    return Err(bad_sdp(
                        "A section that is not inactive is not named in `sections`.",
                    ));
                }
                Some(section::Use::Publish(source)) => {
                    let source = TrackSource::try_from(*source).unwrap_or(TrackSource::Unspecified);
                    let kind = published_kind(source, section)?;
                    if !sources.insert(source as i32) {
                        return Err(bad_sdp("A source is published in two sections."));
                    }
                    // What was published before the right to it was taken away stays, paused, until it is given back.
                    if !known.is_some_and(|peer| peer.publishes(&section.mid, source)) {
                        may_publish(source, context)?;
                    }
                    publish(section, source, kind)?
                }
                Some(section::Use::Subscribe(id)) => {
                    if !tracks.insert(id.as_str()) {
                        return Err(bad_sdp("A track is subscribed to in two sections."));
                    }
                    subscribe(section, id, context)?
                }
            });
        }
        if !named.is_empty() {
            return Err(bad_sdp("`sections` names a mid that is not in the description."));
        }
        Ok(Self { uses })
    }
}

fn named(sections: &[Section]) -> Result<HashMap<&str, &section::Use>, Refused> {
    let mut named = HashMap::with_capacity(sections.len());
    for Section { mid, r#use } in sections {
        let Some(used) = r#use else {
            return Err(bad_sdp(
                "A named section says neither what it publishes nor what it subscribes to.",
            ));
        };
        if named.insert(mid.as_str(), used).is_some() {
            return Err(bad_sdp("A section is named twice."));
        }
    }
    Ok(named)
}

fn is_media(section: &MediaSection) -> bool {
    !section.rejected && matches!(section.kind, sdp::MediaKind::Audio | sdp::MediaKind::Video)
}

/// The section that stands for the transport cannot be rejected while others are used.
fn leave(offer: &Description, section: &MediaSection) -> Use {
    if !section.rejected && offer.bundle.first() == Some(&section.mid) {
        Use::Inactive
    } else {
        Use::Reject
    }
}

fn published_kind(source: TrackSource, section: &MediaSection) -> Result<MediaKind, Refused> {
    match (source, section.kind) {
        (TrackSource::Microphone, sdp::MediaKind::Audio) => Ok(MediaKind::Audio),
        (TrackSource::Camera | TrackSource::Screen, sdp::MediaKind::Video) => Ok(MediaKind::Video),
        (TrackSource::Unspecified, _) => Err(bad_sdp("A section publishes an unknown source.")),
        _ => Err(bad_sdp("A source does not fit the kind of its section.")),
    }
}

/// What publishing a source needs.
pub(super) const fn capability_of(source: TrackSource) -> Capability {
    match source {
        TrackSource::Camera => Capability::TurnVideoOn,
        TrackSource::Screen => Capability::ShareScreen,
        TrackSource::Microphone | TrackSource::Unspecified => Capability::UnmuteMic,
    }
}

fn may_publish(source: TrackSource, context: &Context<'_>) -> Result<(), Refused> {
    if context.capabilities.contains(capability_of(source)) {
        return Ok(());
    }
    let message = match source {
        TrackSource::Camera => "You may not turn the camera on in this meeting.",
        TrackSource::Screen => "You may not share the screen in this meeting.",
        TrackSource::Microphone | TrackSource::Unspecified => "You may not speak in this meeting.",
    };
    Err(Refused {
        key: "not_allowed",
        message,
    })
}

fn publish(section: &MediaSection, source: TrackSource, kind: MediaKind) -> Result<Use, Refused> {
    if section.direction == Direction::Inactive {
        return Ok(Use::Inactive);
    }
    if !section.direction.sends() {
        return Err(bad_sdp("A section that publishes does not send."));
    }
    Ok(Accept::receive(section).map_or(Use::Inactive, |accept| Use::Publish { source, kind, accept }))
}

fn subscribe(section: &MediaSection, id: &str, context: &Context<'_>) -> Result<Use, Refused> {
    if section.direction == Direction::Inactive {
        return Ok(Use::Inactive);
    }
    if !section.direction.receives() {
        return Err(bad_sdp("A section that subscribes does not receive."));
    }
    // Not a number is as unknown as any other id nobody has.
    let available = id
        .parse()
        .ok()
        .map(TrackId)
        .and_then(|track| (context.available)(track));
    let Some(available) = available else {
        return Ok(Use::Missing(id.to_owned()));
    };
    let published = available.published;
    let fits = matches!(
        (published.kind, section.kind),
        (MediaKind::Audio, sdp::MediaKind::Audio) | (MediaKind::Video, sdp::MediaKind::Video)
    );
    if !fits {
        return Err(bad_sdp("A track does not fit the kind of its section."));
    }
    // Camera and microphone of a participant play in sync; the screen is a picture of its own.
    let stream = match published.source {
        TrackSource::Screen => format!("{}-screen", available.participant),
        _ => available.participant.to_owned(),
    };
    let cname = stream.clone();
    let msid = Msid {
        stream,
        track: published.track.0.to_string(),
    };
    let stand_in = SendStream {
        ssrc: 0,
        rtx_ssrc: None,
        cname: cname.clone(),
        msid: msid.clone(),
    };
    let accept = Accept::send(section, stand_in).map(|mut accept| {
        sdp::retain_codecs(&mut accept.codecs, |codec| {
            super::codec::publishes(available.publication, codec)
        });
        accept
    });
    Ok(match accept.filter(|accept| !accept.codecs.is_empty()) {
        Some(accept) => Use::Subscribe {
            track: published.track,
            accept,
            cname,
            msid,
        },
        None => Use::Inactive,
    })
}

/// All codecs stay in the answer: what is followed later may be written in another one.
fn follow(section: &MediaSection, id: Option<&str>, context: &Context<'_>) -> Use {
    let stand_in = super::followed_stream(&section.mid, (0, None));
    let Some(accept) = Accept::send(section, stand_in) else {
        return Use::Inactive;
    };
    let available = id
        .and_then(|id| id.parse().ok())
        .and_then(|track| (context.available)(TrackId(track)));
    let kind = match section.kind {
        sdp::MediaKind::Video => MediaKind::Video,
        _ => MediaKind::Audio,
    };
    let track = available
        .map(|available| available.published)
        .filter(|published| published.kind == kind)
        .map(|published| published.track);
    Use::Follow { track, accept }
}

const fn bad_sdp(message: &'static str) -> Refused {
    Refused {
        key: "bad_sdp",
        message,
    }
}
