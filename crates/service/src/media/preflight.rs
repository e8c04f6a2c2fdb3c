//! A media connection that carries nothing, for clients that look whether they could connect before they join.

use std::time::Duration;

use anteroom_media_transport::router::{Command, PeerId, RoomId};
use anteroom_signaling::sdp::{Description, Direction, MediaKind};
use anteroom_teams_link::CapabilitySet;
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use tokio::runtime::Handle;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

use super::control::MediaControl;
use super::negotiate::{Context, Environment, Outcome, Peer, Receives, Refused};
use crate::meeting::machine::id_in;

/// How long one lasts.
const LIFE: Duration = Duration::from_secs(15);

/// A running check; dropping it ends it.
#[derive(Debug)]
pub(crate) struct Preflight {
    media: MediaControl,
    peer: PeerId,
    until: Instant,
    #[expect(dead_code, reason = "its drop is what counts")]
    permit: OwnedSemaphorePermit,
}

impl Preflight {
    /// Answers an offer, in a room of its own that nobody else is in.
    ///
    /// # Errors
    /// [`Refused`]: the offer is not one of a single section of audio, or cannot be answered.
    pub(crate) async fn begin(
        media: MediaControl,
        room: RoomId,
        permit: OwnedSemaphorePermit,
        offer: Description,
    ) -> Result<(Self, String), Refused> {
        let (commands, sdp) = negotiate(&media.environment(room), room, offer)?;
        let check = Self {
            peer: first_peer(room),
            until: Instant::now() + LIFE,
            media,
            permit,
        };
        for command in commands {
            check.media.send(command).await;
        }
        Ok((check, sdp))
    }

    /// When it is to be dropped.
    pub(crate) const fn until(&self) -> Instant {
        self.until
    }
}

impl Drop for Preflight {
    fn drop(&mut self) {
        let (media, peer) = (self.media.clone(), self.peer);
        // A media thread that is behind is waited for. Without a runtime the service is at its end, and the threads with it.
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(async move { media.send(Command::RemovePeer { peer }).await });
        }
    }
}

fn first_peer(room: RoomId) -> PeerId {
    PeerId(id_in(room, 1))
}

fn negotiate(
    environment: &Environment,
    room: RoomId,
    mut offer: Description,
) -> Result<(Vec<Command>, String), Refused> {
    let [section] = offer.sections.as_mut_slice() else {
        return Err(ONE_SECTION);
    };
    if section.kind != MediaKind::Audio || section.rejected {
        return Err(ONE_SECTION);
    }
    // Whatever the client wants to send or receive: it gets a connection, and nothing to carry over it.
    section.direction = Direction::Inactive;
    let mut made = 0;
    let mut context = Context {
        environment,
        room,
        capabilities: &CapabilitySet::EMPTY,
        paused: &|_| true,
        available: &|_| None,
        receives: Receives::AtOnce,
        next_id: &mut || {
            made += 1;
            id_in(room, made)
        },
        random: &mut StdRng::from_rng(&mut rand::rng()),
    };
    let Outcome { commands, sdp, .. } = Peer::negotiate(&mut None, &offer, &[], &mut context)?;
    Ok((commands, sdp))
}

const ONE_SECTION: Refused = Refused {
    key: "bad_sdp",
    message: "The network is checked with one section, of audio.",
};

#[cfg(test)]
mod tests {
    use anteroom_media_transport::Certificate;
    use anteroom_signaling::sdp::{LocalTransport, Msid, OfferBuilder};

    use super::*;

    const ROOM: RoomId = RoomId(9);

    fn environment() -> Environment {
        Environment {
            certificate: Certificate::generate().unwrap(),
            candidates: vec!["127.0.0.1:5000".parse().unwrap()],
            tcp_candidates: vec!["127.0.0.1:5001".parse().unwrap()],
        }
    }

    fn builder() -> OfferBuilder {
        let transport = LocalTransport {
            ice_ufrag: "abcd".to_owned(),
            ice_pwd: "0123456789012345678901".to_owned(),
            fingerprint: [0xab; 32],
        };
        OfferBuilder::new(1, 1, transport)
    }

    fn audio(builder: OfferBuilder, mid: &str) -> OfferBuilder {
        let msid = Msid {
            stream: "s".to_owned(),
            track: "t".to_owned(),
        };
        builder.audio_send(mid, 1234, "me", msid)
    }

    #[test]
    fn it_connects_and_carries_nothing() {
        let offer = Description::parse(&audio(builder(), "0").build()).unwrap();
        let (commands, sdp) = negotiate(&environment(), ROOM, offer).unwrap();
        let [Command::AddPeer { peer, room, .. }] = commands.as_slice() else {
            panic!("{commands:?}")
        };
        assert_eq!((*peer, *room), (first_peer(ROOM), ROOM));
        let answer = Description::parse(&sdp).unwrap();
        assert_eq!(answer.sections[0].direction, Direction::Inactive);
        assert_eq!(answer.candidates.len(), 2, "by UDP and by TCP: {sdp}");
    }

    #[test]
    fn other_offers_are_refused() {
        let refused = |sdp: &str| {
            let offer = Description::parse(sdp).unwrap();
            negotiate(&environment(), ROOM, offer).unwrap_err().key
        };
        assert_eq!(refused(&audio(audio(builder(), "0"), "1").build()), "bad_sdp");
        let video = audio(builder(), "0").build().replace("m=audio", "m=video");
        assert_eq!(refused(&video), "bad_sdp");
    }
}
