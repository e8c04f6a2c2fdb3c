//! What participants show of the pictures they receive, and what is wanted of those they publish.

use std::time::Duration;

use anteroom_media_transport::allocator::View;
use anteroom_media_transport::router::{Command, PeerId, RoomId, TrackId, TrackView};
use anteroom_signaling::proto;
use anteroom_signaling::proto::server_message::Body;

use super::participant::{Participant, SessionId};
use super::tracks::is_of_room;
use super::{Meeting, Now};
use crate::media::negotiate::Peer;

/// One list of views every so often, after a burst, of one participant.
const VIEWS: (Duration, u32) = (Duration::from_millis(100), 20);

/// No screen is wider or higher, in pixels.
const MAX_PIXELS: u32 = 16_384;

impl Meeting {
    pub(super) fn set_views(&mut self, now: Now, by: SessionId, reply: u32, views: &[proto::TrackView]) {
        let room = self.room;
        let Some(present) = self.in_call(by, reply) else {
            return;
        };
        let (interval, burst) = VIEWS;
        if !present.views_pace.allows(now.instant, interval, burst) {
            self.refuse(by, reply, "rate_limited", "Views change too often.");
            return;
        }
        let views: Vec<TrackView> = views.iter().filter_map(|told| view(told, room)).collect();
        if present.views != views {
            present.views.clone_from(&views);
            // Without a media connection it waits for one.
            if let Some(peer) = present.peer.as_ref().map(Peer::id) {
                self.media(Command::SetViews { peer, views });
            }
        }
        self.done(by, reply);
    }

    /// Tells the router of a new media connection what its participant shows, if anything was said.
    pub(super) fn tell_views(&mut self, session: SessionId) {
        let present = self.people.get(&session).and_then(Participant::present);
        if let Some(present) = present
            && let Some(peer) = &present.peer
            && !present.views.is_empty()
        {
            let (peer, views) = (peer.id(), present.views.clone());
            self.media(Command::SetViews { peer, views });
        }
    }

    /// The router says what of a track anybody watches.
    pub fn handle_demand(&mut self, peer: PeerId, track: TrackId, is_watched: bool, rids: Vec<String>) {
        let Some(session) = self.session_of(peer) else {
            return;
        };
        let publisher = self
            .people
            .get_mut(&session)
            .and_then(Participant::present_mut)
            .and_then(|present| present.peer.as_mut());
        if let Some(demand) = publisher.and_then(|peer| peer.demanded(track, is_watched, rids)) {
            self.send(session, Body::Demand(demand));
        }
    }

    /// Says again what is wanted of somebody's tracks: what has no number is lost with a connection.
    pub(super) fn repeat_demands(&mut self, session: SessionId) {
        let peer = self.people.get(&session).and_then(Participant::peer);
        let demands: Vec<proto::Demand> = peer.into_iter().flat_map(|peer| peer.demands()).collect();
        for demand in demands {
            self.send(session, Body::Demand(demand));
        }
    }
}

/// A view as the router knows it; `None` of what never was a track of this room.
fn view(told: &proto::TrackView, room: RoomId) -> Option<TrackView> {
    let proto::TrackView {
        track_id,
        width,
        height,
        pinned,
        hidden,
        priority,
    } = told;
    let track = track_id
        .parse()
        .ok()
        .map(TrackId)
        .filter(|track| is_of_room(*track, room))?;
    let (width, height) = (*width.min(&MAX_PIXELS), *height.min(&MAX_PIXELS));
    let view = match (hidden, pinned) {
        (true, _) => View::Hidden,
        (false, true) => View::Pinned { width, height },
        (false, false) => View::Tile { width, height },
    };
    Some(TrackView {
        track,
        view,
        priority: u8::try_from(*priority).unwrap_or(u8::MAX),
    })
}
