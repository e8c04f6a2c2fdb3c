//! Offers, and the tracks everybody hears of.

use anteroom_media_transport::router::{Command, MediaKind, PeerId, RoomId, TrackId};
use anteroom_signaling::proto::server_message::Body;
use anteroom_signaling::proto::{self, Section, TrackKind, TracksUpdate};
use anteroom_signaling::sdp::Description;

use super::participant::{Participant, SessionId};
use super::{Effect, Meeting, PER_MESSAGE};
use crate::media::negotiate::{Available, Context, Outcome, Peer, PublishedTrack, Receives};

impl Meeting {
    pub(super) fn offer(
        &mut self,
        session: SessionId,
        reply: u32,
        description: &Description,
        sections: &[Section],
        receives: Receives,
    ) {
        let Some(present) = self.in_call(session, reply) else {
            return;
        };
        // Out of the meeting while it is negotiated: nobody subscribes to what it sends itself.
        let mut peer = present.peer.take();
        let capabilities = present.capabilities;
        let paused: Vec<_> = present.paused().collect();
        let people = &self.people;
        let available = |track: TrackId| {
            people.values().find_map(|participant| {
                let (published, publication) = participant.present()?.peer.as_ref()?.track(track)?;
                Some(Available {
                    participant: &participant.id,
                    published,
                    publication,
                })
            })
        };
        let (room, made) = (self.room, &mut self.ids_made);
        let mut context = Context {
            environment: &self.media,
            room,
            capabilities: &capabilities,
            paused: &|source| paused.contains(&source),
            available: &available,
            receives,
            next_id: &mut || {
                *made += 1;
                id_in(room, *made)
            },
            random: &mut self.random.0,
        };
        let outcome = Peer::negotiate(&mut peer, description, sections, &mut context);
        if let Some(present) = self.people.get_mut(&session).and_then(Participant::present_mut) {
            present.peer = peer;
        }
        match outcome {
            Ok(outcome) => self.negotiated(session, reply, outcome),
            Err(refused) => self.refuse(session, reply, refused.key, refused.message),
        }
    }

    /// What waits for a client to be ready is sent from now on.
    pub(super) fn confirm_answer(&mut self, session: SessionId, reply: u32) {
        let present = self.people.get_mut(&session).and_then(Participant::present_mut);
        let peer = present.and_then(|present| present.peer.as_mut());
        if let Some(command) = peer.and_then(Peer::confirm_answer) {
            self.media(command);
        }
        self.done(session, reply);
    }

    /// The router has given a media connection up. The participant stays; when it wants media it offers again.
    pub fn handle_media_closed(&mut self, now: super::Now, peer: PeerId) {
        let Some(session) = self.session_of(peer) else {
            return;
        };
        self.clock = Some(now);
        let Some(participant) = self.people.get_mut(&session) else {
            return;
        };
        let (connected, media_only) = (participant.connected, participant.person.media_only);
        let Some(lost) = participant.present_mut().and_then(|present| present.peer.take()) else {
            return;
        };
        self.media(Command::RemovePeer { peer });
        self.tracks_gone(session, &lost);
        if !connected || media_only {
            // Neither media nor signaling: nobody is there any more.
            let reason = anteroom_teams_link::admission::EndReason::media_lost();
            self.depart(now, session, 0, Some(reason));
        }
        self.settle();
    }

    /// The participant's session whose media connection this is.
    #[must_use]
    pub fn session_of(&self, peer: PeerId) -> Option<SessionId> {
        self.people
            .iter()
            .find(|(_, participant)| participant.peer().is_some_and(|own| own.id() == peer))
            .map(|(session, _)| *session)
    }

    /// A connection's tracks no longer exist: nobody receives them any more, and everybody hears of it.
    pub(super) fn tracks_gone(&mut self, owner: SessionId, peer: &Peer) {
        let gone: Vec<TrackId> = peer.tracks().map(|track| track.track).collect();
        self.withdraw(&gone);
        self.announce_tracks(owner, Vec::new(), &gone);
    }

    pub(super) fn send_tracks_snapshot(&mut self, session: SessionId) {
        let mut tracks: Vec<proto::Track> = Vec::new();
        for (_, participant) in self.people.iter().filter(|(other, _)| **other != session) {
            tracks.extend(
                participant
                    .peer()
                    .into_iter()
                    .flat_map(Peer::tracks)
                    .map(|t| wire(t, &participant.id)),
            );
        }
        let mut rest = tracks.split_off(tracks.len().min(PER_MESSAGE));
        self.send(
            session,
            Body::Tracks(TracksUpdate {
                snapshot: true,
                added: tracks,
                removed: Vec::new(),
            }),
        );
        while !rest.is_empty() {
            let next = rest.split_off(rest.len().min(PER_MESSAGE));
            self.send(
                session,
                Body::Tracks(TracksUpdate {
                    snapshot: false,
                    added: rest,
                    removed: Vec::new(),
                }),
            );
            rest = next;
        }
    }

    fn negotiated(&mut self, session: SessionId, reply: u32, outcome: Outcome) {
        let Outcome {
            commands,
            sdp,
            missing,
            added,
            removed,
        } = outcome;
        let knows_no_views = commands
            .iter()
            .any(|command| matches!(command, Command::AddPeer { .. }));
        for command in commands {
            self.media(command);
        }
        if knows_no_views {
            self.tell_views(session);
        }
        self.withdraw(&removed);
        self.reply(
            session,
            reply,
            Body::Answer(proto::Answer {
                sdp,
                missing_tracks: missing,
            }),
        );
        self.announce_tracks(session, added, &removed);
    }

    /// Ends all subscriptions to tracks that are gone.
    fn withdraw(&mut self, gone: &[TrackId]) {
        if gone.is_empty() {
            return;
        }
        for participant in self.people.values_mut() {
            let peer = participant
                .present_mut()
                .and_then(|present| present.peer.as_mut());
            if let Some(command) = peer.and_then(|peer| peer.drop_subscriptions(gone)) {
                self.effects.push_back(Effect::Media(Box::new(command)));
            }
        }
    }

    fn announce_tracks(&mut self, owner: SessionId, added: Vec<PublishedTrack>, removed: &[TrackId]) {
        if added.is_empty() && removed.is_empty() {
            return;
        }
        let participant = self
            .people
            .get(&owner)
            .map(|participant| participant.id.clone())
            .unwrap_or_default();
        let added = added.iter().map(|track| wire(track, &participant)).collect();
        self.tracks_changed(owner, added, removed);
    }

    pub(super) fn media(&mut self, command: Command) {
        self.effects.push_back(Effect::Media(Box::new(command)));
    }
}

/// Ids of peers and tracks have the room in their upper half.
const ROOM_SHIFT: u32 = 32;

/// The id of a peer or a track: the one of this number in a room.
pub(crate) const fn id_in(room: RoomId, number: u32) -> u64 {
    room.0 << ROOM_SHIFT | number as u64
}

/// Whether a track is, or was, of this room.
pub(super) fn is_of_room(track: TrackId, room: RoomId) -> bool {
    track.0 >> ROOM_SHIFT == room.0
}

/// The room a peer belongs to.
#[must_use]
pub fn room_of(peer: PeerId) -> u64 {
    peer.0 >> ROOM_SHIFT
}

fn wire(track: &PublishedTrack, participant: &str) -> proto::Track {
    let kind = match track.kind {
        MediaKind::Audio => TrackKind::Audio,
        MediaKind::Video => TrackKind::Video,
    };
    proto::Track {
        id: track.track.0.to_string(),
        participant_id: participant.to_owned(),
        kind: kind.into(),
        source: track.source.into(),
    }
}
