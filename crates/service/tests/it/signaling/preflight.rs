//! Checks of the network before joining, with a client that connects.

use std::time::{Duration, Instant};

use anteroom_media_transport::net::PeerSocket;
use anteroom_media_transport::{
    Certificate, Fingerprint, IceCredentials, PeerConfig, PeerEvent, PeerSession, RemoteParameters, Role,
    SrtpProfile,
};
use anteroom_signaling::proto::client_message::Body as Said;
use anteroom_signaling::proto::server_message::Body;
use anteroom_signaling::proto::{Leave, Preflight};
use anteroom_signaling::sdp::{
    CandidateTransport, Description, Direction, LocalTransport, Msid, OfferBuilder,
};
use anteroom_signaling::wire::Encoding;

use crate::common::Host;
use crate::signaling::client::Client;

/// Nothing here takes so long, unless it is broken.
const PATIENCE: Duration = Duration::from_secs(20);

/// The media side of a client.
struct Media {
    session: PeerSession,
    socket: PeerSocket,
    local: IceCredentials,
    certificate: Certificate,
}

impl Media {
    async fn new() -> Self {
        let local = IceCredentials::generate(&mut rand::rng());
        let certificate = Certificate::generate().unwrap();
        let config = PeerConfig {
            role: Role::Client,
            local: local.clone(),
            certificate: certificate.clone(),
            srtp_profiles: SrtpProfile::PREFERENCE.to_vec(),
            seed: 7,
        };
        Self {
            session: PeerSession::new(config, Instant::now()),
            socket: PeerSocket::bind().await.unwrap(),
            local,
            certificate,
        }
    }

    fn offer(&self, sections: usize) -> Said {
        let transport = LocalTransport {
            ice_ufrag: self.local.ufrag.clone(),
            ice_pwd: self.local.pwd.clone(),
            fingerprint: self.certificate.fingerprint().0,
        };
        let mut offer = OfferBuilder::new(1, 1, transport);
        for mid in 0..sections {
            let msid = Msid {
                stream: "s".to_owned(),
                track: "t".to_owned(),
            };
            offer = offer.audio_send(mid.to_string(), 1234, "me", msid);
        }
        Said::Preflight(Preflight { sdp: offer.build() })
    }

    fn answered(&mut self, sdp: &str) {
        let answer = Description::parse(sdp).unwrap();
        assert_eq!(answer.sections[0].direction, Direction::Inactive);
        let by_udp = answer
            .candidates
            .iter()
            .filter(|candidate| candidate.transport == CandidateTransport::Udp);
        let remote = RemoteParameters {
            candidates: by_udp.map(|candidate| candidate.address).collect(),
            credentials: IceCredentials {
                ufrag: answer.ice_ufrag,
                pwd: answer.ice_pwd,
            },
            fingerprint: Fingerprint(answer.fingerprint),
        };
        self.session.set_remote(Instant::now(), remote).unwrap();
    }

    /// Works until the wanted event.
    async fn until(&mut self, wanted: impl Fn(&PeerEvent) -> bool) {
        tokio::time::timeout(PATIENCE, self.work(wanted)).await.unwrap();
    }

    async fn work(&mut self, wanted: impl Fn(&PeerEvent) -> bool) {
        let (mut datagram, mut out) = (vec![0; 2048], Vec::new());
        loop {
            let mut found = false;
            while let Some(event) = self.session.poll_event() {
                found |= wanted(&event);
            }
            // Also when it has come: the last flight of the handshake goes out after the client counts as connected.
            while let Some(transmit) = self.session.poll_transmit(&mut out) {
                let _ = self
                    .socket
                    .send(&out, transmit.source, transmit.destination)
                    .await;
            }
            if found {
                return;
            }
            let left = self
                .session
                .poll_timeout()
                .map_or(PATIENCE, |at| at.saturating_duration_since(Instant::now()));
            tokio::select! {
                received = self.socket.recv(&mut datagram) => {
                    let (length, source, destination) = received.unwrap();
                    let _ = self.session.handle_datagram(
                        Instant::now(), source, destination, &mut datagram[..length],
                    );
                }
                () = tokio::time::sleep(left) => self.session.handle_timeout(Instant::now()),
            }
        }
    }

    async fn connect(&mut self, client: &mut Client) {
        let request = client.send(self.offer(1)).await;
        match client.answer(request).await {
            Body::Answer(answer) => self.answered(&answer.sdp),
            other => panic!("{other:?}"),
        }
        self.until(|event| matches!(event, PeerEvent::Connected { .. }))
            .await;
    }
}

/// Waits until the media threads have so many sessions. Whoever is removed in the middle of its handshake is not told, so
/// that the client does not know.
async fn sessions(host: &Host, wanted: u64) {
    let told = async {
        loop {
            let metrics = host.get("/metrics").send().await.unwrap().text().await.unwrap();
            let lines = metrics
                .lines()
                .filter(|line| line.starts_with("anteroom_media_sessions{"));
            let figures = lines.map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap());
            if figures.sum::<u64>() == wanted {
                return;
            }
        }
    };
    tokio::time::timeout(PATIENCE, told).await.unwrap();
}

async fn knock(host: &Host) -> Client {
    let (_, token) = host.guest(&["voip"]).await;
    Client::hello(host, Encoding::Json, &token).await.0
}

#[tokio::test]
async fn a_check_connects_and_is_gone_on_a_new_one_and_on_join() {
    let host = Host::start().await;
    let mut dana = knock(&host).await;
    let mut first = Media::new().await;
    first.connect(&mut dana).await;
    let mut second = Media::new().await;
    second.connect(&mut dana).await;
    dana.join(&host.dev().meeting.join_url, "Dana").await;
    dana.lobby().await;
    // Neither the one nor the other.
    sessions(&host, 0).await;
    let request = dana.send(first.offer(1)).await;
    assert_eq!(dana.error(request).await, "already_joined");
    dana.send(Said::Leave(Leave {})).await;
    assert_eq!(dana.end_key().await, "left");
    host.service.shutdown().await;
}

#[tokio::test]
async fn a_check_is_gone_with_the_connection() {
    let host = Host::start().await;
    let mut dana = knock(&host).await;
    let mut media = Media::new().await;
    media.connect(&mut dana).await;
    sessions(&host, 1).await;
    drop(dana);
    sessions(&host, 0).await;
    host.service.shutdown().await;
}

#[tokio::test]
async fn a_check_lasts_for_fifteen_seconds() {
    let host = Host::start().await;
    let mut dana = knock(&host).await;
    let mut media = Media::new().await;
    media.connect(&mut dana).await;
    for (seconds, is_over) in [(10, false), (5, true)] {
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(seconds)).await;
        tokio::time::resume();
        if is_over {
            sessions(&host, 0).await;
        } else {
            let request = dana.send(Said::Ping(anteroom_signaling::proto::Ping {})).await;
            assert!(matches!(dana.answer(request).await, Body::Pong(_)));
            sessions(&host, 1).await;
        }
    }
    host.service.shutdown().await;
}

#[tokio::test]
async fn checks_are_bounded() {
    let host = Host::start_with(|config| config.limits.network_checks = 1).await;
    let media = Media::new().await;
    let mut dana = knock(&host).await;
    let request = dana.send(media.offer(2)).await;
    assert_eq!(dana.error(request).await, "bad_sdp");
    let request = dana
        .send(Said::Preflight(Preflight {
            sdp: "v=0".to_owned(),
        }))
        .await;
    assert_eq!(dana.error(request).await, "bad_sdp");
    let request = dana.send(media.offer(1)).await;
    assert!(matches!(dana.answer(request).await, Body::Answer(_)));

    let mut omar = knock(&host).await;
    let request = omar.send(media.offer(1)).await;
    assert_eq!(omar.error(request).await, "busy");
    // A new one takes the place of the one before.
    let mut requests = Vec::new();
    for _ in 0..20 {
        requests.push(dana.send(media.offer(1)).await);
    }
    let mut answers = Vec::new();
    for request in requests {
        answers.push(dana.answer(request).await);
    }
    assert!(matches!(answers[0], Body::Answer(_)), "{answers:?}");
    let limited = |answer: &Body| matches!(answer, Body::Error(error) if error.key == "rate_limited");
    assert!(answers.iter().any(limited), "{answers:?}");
    host.service.shutdown().await;
}
