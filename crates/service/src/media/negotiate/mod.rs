//! From a client's offer to commands for the router and the answer.
//!
//! A [`Peer`] is one participant's media connection. Its first offer adds a peer to the router; later ones replace its
//! lists of publications and subscriptions, which go with the sections of the description by their `mid`. An offer is
//! checked as a whole before anything changes, so a refused one leaves no trace.

mod codec;
mod plan;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashSet};
use std::net::SocketAddr;

use anteroom_media_transport::router::{
    Command, MediaKind, PeerId, Publication, RoomId, Subscription, TrackId, Voice,
};
use anteroom_media_transport::{
    Certificate, Fingerprint, IceCredentials, PeerConfig, RemoteParameters, Role, SrtpProfile,
};
use anteroom_signaling::proto::{self, Section, TrackSource};
use anteroom_signaling::sdp::{self, Accept, AnswerParams, Description, Msid, SectionAnswer, SendStream};
use anteroom_teams_link::CapabilitySet;
use rand::RngExt as _;
use rand::rngs::StdRng;

use self::plan::{Plan, Use};

/// Our side of every media connection.
#[derive(Debug, Clone)]
pub struct Environment {
    /// The certificate for DTLS.
    pub certificate: Certificate,
    /// Where the media socket can be reached, the best first.
    pub candidates: Vec<SocketAddr>,
    /// Where media is taken over TCP, the best first.
    pub tcp_candidates: Vec<SocketAddr>,
}

/// An offer was refused; nothing has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused {
    /// Key of the error the client gets.
    pub key: &'static str,
    /// A sentence for a developer.
    pub message: &'static str,
}

/// A track somebody publishes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedTrack {
    /// The track.
    pub track: TrackId,
    /// Where its media comes from.
    pub source: TrackSource,
    /// Audio or video.
    pub kind: MediaKind,
}

/// What a peer may subscribe to.
#[derive(Debug)]
pub struct Available<'a> {
    /// The participant that publishes it.
    pub participant: &'a str,
    /// The track.
    pub published: &'a PublishedTrack,
    /// What its publisher sends.
    pub publication: &'a Publication,
}

/// When, and by which sections, a client is sent what it asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Receives {
    /// From the moment its offer is taken, which may be before it has the answer.
    AtOnce,
    /// Once it has confirmed the answer ([`Peer::confirm_answer`]). Until a browser has set the answer, it may take the
    /// packets of a new section for those of another one that has not received any yet, and keep to that: Firefox does, by
    /// the payload type, in spite of the MID.
    Confirmed,
    /// The client takes whatever tracks its sections are given, now or later, without another description: each section
    /// that receives is one stream, whatever it shows, and need not name a track.
    Following,
}

/// What an offer is judged by.
pub struct Context<'a> {
    /// Our side.
    pub environment: &'a Environment,
    /// The meeting's room.
    pub room: RoomId,
    /// What the participant may do.
    pub capabilities: &'a CapabilitySet,
    /// Whether nothing of a source is to be forwarded.
    pub paused: &'a dyn Fn(TrackSource) -> bool,
    /// The track of that id, if another participant of the same meeting publishes it.
    pub available: &'a dyn Fn(TrackId) -> Option<Available<'a>>,
    /// How the client's sections receive.
    pub receives: Receives,
    /// The next number nobody in this service has had, for peers and tracks.
    pub next_id: &'a mut dyn FnMut() -> u64,
    /// Cryptographically strong.
    pub random: &'a mut StdRng,
}

impl std::fmt::Debug for Context<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context")
            .field("room", &self.room)
            .finish_non_exhaustive()
    }
}

/// What follows from an offer.
#[derive(Debug, Default)]
pub struct Outcome {
    /// For the router, in this order.
    pub commands: Vec<Command>,
    /// The answer.
    pub sdp: String,
    /// Track ids asked for that do not exist.
    pub missing: Vec<String>,
    /// Tracks that are published from now on.
    pub added: Vec<PublishedTrack>,
    /// Tracks that are gone.
    pub removed: Vec<TrackId>,
}

/// One participant's media connection.
#[derive(Debug)]
#[cfg_attr(test, derive(Clone))]
pub struct Peer {
    id: PeerId,
    local: IceCredentials,
    remote: IceCredentials,
    fingerprint: [u8; 32],
    /// `o=` line of the client: another one means another peer connection.
    remote_session: String,
    session_id: u64,
    session_version: u64,
    /// By mid.
    publications: BTreeMap<String, (PublishedTrack, Publication)>,
    /// By mid.
    subscriptions: BTreeMap<String, Subscription>,
    /// Mids of subscriptions that wait for the answer to be confirmed.
    unconfirmed: HashSet<String>,
    /// SSRCs of sections that follow, by mid.
    followed: BTreeMap<String, (u32, Option<u32>)>,
    /// What is wanted of the tracks published, as far as the router has said.
    demands: BTreeMap<TrackId, Demand>,
    /// Every SSRC we ever sent with under these keys; none is used for a second stream, since the sequence numbers
    /// of two streams under one SSRC would repeat nonces (RFC 3711 §9.1).
    ssrcs: HashSet<u32>,
}

/// What is wanted of a track.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Demand {
    is_watched: bool,
    rids: Vec<String>,
}

impl Demand {
    fn told(&self, track: TrackId, mid: &str) -> proto::Demand {
        proto::Demand {
            track_id: track.0.to_string(),
            mid: mid.to_owned(),
            watched: self.is_watched,
            rids: self.rids.clone(),
        }
    }
}

impl Peer {
    /// The router's name for this connection.
    #[must_use]
    pub fn id(&self) -> PeerId {
        self.id
    }

    /// The tracks published.
    pub fn tracks(&self) -> impl Iterator<Item = &PublishedTrack> {
        self.publications.values().map(|(track, _)| track)
    }

    /// The track of that id, if it is published here.
    #[must_use]
    pub fn track(&self, id: TrackId) -> Option<(&PublishedTrack, &Publication)> {
        self.publications
            .values()
            .find(|(track, _)| track.track == id)
            .map(|(track, publication)| (track, publication))
    }

    /// Takes in what is wanted of a track; what the client is to be told, when the track is published here and that is
    /// news.
    pub fn demanded(&mut self, track: TrackId, is_watched: bool, rids: Vec<String>) -> Option<proto::Demand> {
        let mid = self.mid_of(track)?;
        let demand = Demand { is_watched, rids };
        if self.demands.get(&track) == Some(&demand) {
            return None;
        }
        let told = demand.told(track, mid);
        self.demands.insert(track, demand);
        Some(told)
    }

    /// What is wanted of all tracks the router has said something of.
    pub fn demands(&self) -> impl Iterator<Item = proto::Demand> {
        self.demands
            .iter()
            .filter_map(|(track, demand)| Some(demand.told(*track, self.mid_of(*track)?)))
    }

    fn mid_of(&self, track: TrackId) -> Option<&str> {
        self.publications
            .iter()
            .find(|(_, (published, _))| published.track == track)
            .map(|(mid, _)| mid.as_str())
    }

    /// Forgets subscriptions to tracks that are gone; the command that says so, when there were any.
    pub fn drop_subscriptions(&mut self, gone: &[TrackId]) -> Option<Command> {
        let before = self.forwarded().count();
        self.subscriptions
            .retain(|_, subscription| !gone.contains(&subscription.track));
        self.unconfirmed
            .retain(|mid| self.subscriptions.contains_key(mid));
        (self.forwarded().count() != before).then(|| self.set_subscriptions())
    }

    /// The client has set the last answer: the command for what waited for that, if anything did.
    pub fn confirm_answer(&mut self) -> Option<Command> {
        let waited = !self.unconfirmed.is_empty();
        self.unconfirmed.clear();
        waited.then(|| self.set_subscriptions())
    }

    /// What is sent now.
    fn forwarded(&self) -> impl Iterator<Item = &Subscription> {
        let confirmed = |(mid, _): &(&String, _)| !self.unconfirmed.contains(*mid);
        self.subscriptions
            .iter()
            .filter(confirmed)
            .map(|(_, subscription)| subscription)
    }

    /// Pauses publications, or lets them go on; the command that says so, when one has changed.
    pub fn set_paused(&mut self, paused: impl Fn(TrackSource) -> bool) -> Option<Command> {
        let mut changed = false;
        for (track, publication) in self.publications.values_mut() {
            let paused = paused(track.source);
            changed |= std::mem::replace(&mut publication.paused, paused) != paused;
        }
        changed.then(|| self.set_publications())
    }

    /// Whether a section publishes this source already.
    fn publishes(&self, mid: &str, source: TrackSource) -> bool {
        self.publications
            .get(mid)
            .is_some_and(|(track, _)| track.source == source)
    }

    /// Answers an offer. `peer` is the connection so far, and the new one afterwards.
    ///
    /// # Errors
    /// [`Refused`]; `peer` is unchanged.
    pub fn negotiate(
        peer: &mut Option<Self>,
        offer: &Description,
        sections: &[Section],
        context: &mut Context<'_>,
    ) -> Result<Outcome, Refused> {
        let same = |peer: &&mut Self| {
            peer.fingerprint == offer.fingerprint && peer.remote_session == offer.session_id
        };
        let known = peer.as_mut().filter(same);
        let plan = Plan::of(offer, sections, known.as_deref(), context)?;
        let mut outcome = Outcome::default();

        // A client that starts over (a page was loaded again) brings another certificate or session; DTLS cannot go on.
        let replaced = peer
            .take_if(|peer| peer.fingerprint != offer.fingerprint || peer.remote_session != offer.session_id);
        if let Some(replaced) = replaced {
            outcome.removed.extend(replaced.tracks().map(|track| track.track));
            outcome.commands.push(Command::RemovePeer { peer: replaced.id });
        }
        let peer = match peer {
            Some(peer) => {
                peer.restart_if_asked(offer, context, &mut outcome);
                peer
            }
            None => peer.insert(Self::new(offer, context, &mut outcome)),
        };
        peer.session_version += 1;
        let answers = peer.apply(offer, plan, context, &mut outcome);
        outcome.sdp = sdp::answer(offer, &peer.answer_params(context.environment), &answers)
            .map_err(|_| BAD_SDP_ANSWER)?;
        Ok(outcome)
    }

    fn new(offer: &Description, context: &mut Context<'_>, outcome: &mut Outcome) -> Self {
        let id = PeerId((context.next_id)());
        let local = IceCredentials::generate(context.random);
        let remote = remote_credentials(offer);
        outcome.commands.push(Command::AddPeer {
            peer: id,
            room: context.room,
            config: PeerConfig {
                role: Role::Server,
                local: local.clone(),
                certificate: context.environment.certificate.clone(),
                srtp_profiles: SrtpProfile::PREFERENCE.to_vec(),
                seed: context.random.random(),
            },
            remote: RemoteParameters {
                credentials: remote.clone(),
                fingerprint: Fingerprint(offer.fingerprint),
                candidates: Vec::new(),
            },
        });
        Self {
            id,
            local,
            remote,
            fingerprint: offer.fingerprint,
            remote_session: offer.session_id.clone(),
            session_id: context.random.random::<u64>() >> 1,
            session_version: 0,
            publications: BTreeMap::new(),
            subscriptions: BTreeMap::new(),
            unconfirmed: HashSet::new(),
            followed: BTreeMap::new(),
            demands: BTreeMap::new(),
            ssrcs: HashSet::new(),
        }
    }

    /// Changed credentials restart ICE; DTLS and the streams go on.
    fn restart_if_asked(&mut self, offer: &Description, context: &mut Context<'_>, outcome: &mut Outcome) {
        let remote = remote_credentials(offer);
        if remote == self.remote {
            return;
        }
        self.local = IceCredentials::generate(context.random);
        self.remote = remote;
        outcome.commands.push(Command::RestartIce {
            peer: self.id,
            local: self.local.clone(),
            remote: self.remote.clone(),
        });
    }

    fn apply(
        &mut self,
        offer: &Description,
        plan: Plan,
        context: &mut Context<'_>,
        outcome: &mut Outcome,
    ) -> Vec<SectionAnswer> {
        let mut publications = BTreeMap::new();
        let mut subscriptions = BTreeMap::new();
        let mut answers = Vec::with_capacity(offer.sections.len());
        for (section, used) in offer.sections.iter().zip(plan.uses) {
            let answer = match used {
                Use::Reject => SectionAnswer::Reject,
                Use::Inactive => SectionAnswer::Inactive,
                Use::Missing(track) => {
                    outcome.missing.push(track);
                    SectionAnswer::Inactive
                }
                Use::Publish { source, kind, accept } => {
                    let known = self
                        .publications
                        .get(&section.mid)
                        .filter(|(known, _)| known.source == source && known.kind == kind);
                    let track = known.map_or_else(
                        || {
                            let track = PublishedTrack {
                                track: TrackId((context.next_id)()),
                                source,
                                kind,
                            };
                            outcome.added.push(track.clone());
                            track
                        },
                        |(known, _)| known.clone(),
                    );
                    let paused = (context.paused)(source);
                    let publication = codec::publication(&track, section, &accept, paused);
                    publications.insert(section.mid.clone(), (track, publication));
                    SectionAnswer::Accept(accept)
                }
                Use::Subscribe {
                    track,
                    mut accept,
                    cname,
                    msid,
                } => {
                    let known = self
                        .subscriptions
                        .get(&section.mid)
                        .filter(|known| known.track == track);
                    let known = known.map(|known| (known.ssrc, known.rtx_ssrc));
                    let ssrcs = self.ssrcs(known, &accept, context.random);
                    let (ssrc, rtx_ssrc) = ssrcs;
                    accept.send = Some(SendStream {
                        ssrc,
                        rtx_ssrc,
                        cname,
                        msid,
                    });
                    let subscription = codec::subscription(track, ssrcs, section, &accept);
                    subscriptions.insert(section.mid.clone(), subscription);
                    SectionAnswer::Accept(accept)
                }
                Use::Follow { track, mut accept } => {
                    let known = self.followed.get(&section.mid).copied();
                    let ssrcs = self.ssrcs(known, &accept, context.random);
                    self.followed.insert(section.mid.clone(), ssrcs);
                    accept.send = Some(followed_stream(&section.mid, ssrcs));
                    if let Some(track) = track {
                        let mut subscription = codec::subscription(track, ssrcs, section, &accept);
                        // Whom to hear is decided here.
                        subscription.voice = Voice::Always;
                        subscriptions.insert(section.mid.clone(), subscription);
                    }
                    SectionAnswer::Accept(accept)
                }
            };
            answers.push(answer);
        }
        let kept = |track: TrackId| {
            publications
                .values()
                .any(|(kept, _): &(PublishedTrack, _)| kept.track == track)
        };
        outcome.removed.extend(
            self.tracks()
                .map(|track| track.track)
                .filter(|track| !kept(*track)),
        );

        self.demands.retain(|track, _| kept(*track));
        let publications_before = std::mem::replace(&mut self.publications, publications);
        let forwarded_before: Vec<_> = self.forwarded().cloned().collect();
        let unconfirmed = subscriptions.iter().filter(|(mid, subscription)| {
            // A stream the client knows goes on, whatever else about it has changed.
            let known = self.subscriptions.get(*mid).map(|known| known.ssrc);
            known != Some(subscription.ssrc) || self.unconfirmed.contains(*mid)
        });
        self.unconfirmed = match context.receives {
            Receives::Confirmed => unconfirmed.map(|(mid, _)| mid.clone()).collect(),
            Receives::AtOnce | Receives::Following => HashSet::new(),
        };
        self.subscriptions = subscriptions;
        if publications_before != self.publications {
            outcome.commands.push(self.set_publications());
        }
        if !self.forwarded().eq(&forwarded_before) {
            outcome.commands.push(self.set_subscriptions());
        }
        answers
    }

    fn set_publications(&self) -> Command {
        let publications = self
            .publications
            .values()
            .map(|(_, publication)| publication.clone())
            .collect();
        Command::SetPublications {
            peer: self.id,
            publications,
        }
    }

    fn set_subscriptions(&self) -> Command {
        Command::SetSubscriptions {
            peer: self.id,
            subscriptions: self.forwarded().cloned().collect(),
        }
    }

    /// The SSRCs of a stream and of its retransmissions: those it has, and fresh ones for what it has not.
    fn ssrcs(
        &mut self,
        known: Option<(u32, Option<u32>)>,
        accept: &Accept,
        random: &mut StdRng,
    ) -> (u32, Option<u32>) {
        let (ssrc, rtx) = match known {
            Some((ssrc, rtx)) => (ssrc, rtx),
            None => (self.fresh_ssrc(random), None),
        };
        let rtx = accept
            .has_rtx()
            .then(|| rtx.unwrap_or_else(|| self.fresh_ssrc(random)));
        (ssrc, rtx)
    }

    fn fresh_ssrc(&mut self, random: &mut StdRng) -> u32 {
        loop {
            let ssrc: u32 = random.random();
            if ssrc != 0 && self.ssrcs.insert(ssrc) {
                return ssrc;
            }
        }
    }

    fn answer_params(&self, environment: &Environment) -> AnswerParams {
        AnswerParams {
            session_id: self.session_id,
            session_version: self.session_version,
            ice_ufrag: self.local.ufrag.clone(),
            ice_pwd: self.local.pwd.clone(),
            fingerprint: environment.certificate.fingerprint().0,
            candidates: environment.candidates.clone(),
            tcp_candidates: environment.tcp_candidates.clone(),
        }
    }
}

/// Only reached when a section was decided on in a way its offer does not allow, which the plan rules out.
const BAD_SDP_ANSWER: Refused = Refused {
    key: "bad_sdp",
    message: "The description cannot be answered.",
};

/// A section that follows is of one stream with the others, and a track of its own, whoever is seen or heard there.
fn followed_stream(mid: &str, (ssrc, rtx_ssrc): (u32, Option<u32>)) -> SendStream {
    SendStream {
        ssrc,
        rtx_ssrc,
        cname: FOLLOWED.to_owned(),
        msid: Msid {
            stream: FOLLOWED.to_owned(),
            track: mid.to_owned(),
        },
    }
}

/// Name of the stream that sections which follow belong to.
const FOLLOWED: &str = "anteroom";

fn remote_credentials(offer: &Description) -> IceCredentials {
    IceCredentials {
        ufrag: offer.ice_ufrag.clone(),
        pwd: offer.ice_pwd.clone(),
    }
}
