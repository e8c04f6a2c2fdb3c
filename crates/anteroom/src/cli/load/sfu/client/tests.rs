//! Clients and a router that agree without any signaling.

use std::num::NonZeroUsize;

use anteroom_media_transport::net::{MediaHandle, MediaThread, NetConfig};
use anteroom_media_transport::router::{
    CodecName, Command, ExtensionIds, MediaKind, PeerId, Publication, RoomId, RouterConfig, RtpCodec,
    Subscription, TrackId,
};
use anteroom_media_transport::{Certificate, IceCredentials, RemoteParameters};
use tokio::task::{JoinHandle, LocalSet};
use tokio::time::timeout;

use super::super::agreement::Sending;
use super::*;

const ROOM: RoomId = RoomId(1);
const PATIENCE: Duration = Duration::from_secs(60);
const KINDS: [(Kind, MediaKind, u8, CodecName, u32); 2] = [
    (Kind::Audio, MediaKind::Audio, 111, CodecName::Opus, 48_000),
    (Kind::Video, MediaKind::Video, 96, CodecName::Vp8, 90_000),
];

fn shared() -> Rc<Shared> {
    Rc::new(Shared {
        manners: Manners::default(),
        buffer: RefCell::new(ReceiveBuffer::new()),
        measured: RefCell::new(Measured::default()),
    })
}

struct Running {
    milestones: mpsc::UnboundedReceiver<Milestone>,
    task: JoinHandle<Result<(Published, Received), ClientError>>,
    _agreements: mpsc::Sender<Agreed>,
}

/// Puts a client and a peer of the router's together.
async fn join(
    media: &MediaHandle,
    number: u64,
    shared: &Rc<Shared>,
    phase: &watch::Sender<Phase>,
    publishes: bool,
) -> Running {
    let (mut rng, peer) = (rand::rng(), PeerId(number));
    let local = Local::new(Manners::default(), &mut rng).unwrap();
    let (credentials, certificate) = (
        IceCredentials::generate(&mut rng),
        Certificate::generate().unwrap(),
    );
    let fingerprint = certificate.fingerprint();
    let config = PeerConfig {
        role: Role::Server,
        local: credentials.clone(),
        certificate,
        srtp_profiles: SrtpProfile::PREFERENCE.to_vec(),
        seed: number,
    };
    let remote = RemoteParameters {
        credentials: local.credentials.clone(),
        fingerprint: local.certificate.fingerprint(),
        candidates: Vec::new(),
    };
    media
        .send(Command::AddPeer {
            peer,
            room: ROOM,
            config,
            remote,
        })
        .unwrap();
    let extensions = ExtensionIds {
        mid: Some(1),
        audio_level: Some(2),
        transport_sequence: (number == 2).then_some(3),
        ..ExtensionIds::default()
    };
    let mut agreed = Agreed {
        remote: RemoteParameters {
            credentials,
            fingerprint,
            candidates: vec![media.address_of(ROOM)],
        },
        sending: Vec::new(),
        receiving: Vec::new(),
        // One of the subscribers gives feedback.
        transport_extension: (number == 2).then_some(3),
    };
    let (mut publications, mut subscriptions) = (Vec::new(), Vec::new());
    for (index, (kind, media_kind, payload_type, name, clock_rate)) in KINDS.into_iter().enumerate() {
        let (mid, place) = (index.to_string(), u32::try_from(index).unwrap());
        let (track, codecs) = (
            TrackId(u64::from(place)),
            vec![RtpCodec::new(payload_type, name, clock_rate)],
        );
        if publishes {
            let ssrc = 100 + place;
            publications.push(Publication {
                ssrcs: vec![ssrc],
                codecs,
                extensions,
                ..Publication::new(track, media_kind, mid.clone())
            });
            agreed.sending.push(Sending {
                kind,
                mid,
                ssrc,
                payload_type,
                mid_extension: Some(1),
                level_extension: (kind == Kind::Audio).then_some(2),
            });
        } else {
            agreed.receiving.push((payload_type, kind));
            subscriptions.push(Subscription {
                codecs,
                extensions,
                ..Subscription::new(track, mid, 200 + place)
            });
        }
    }
    media
        .send(Command::SetPublications { peer, publications })
        .unwrap();
    media
        .send(Command::SetSubscriptions { peer, subscriptions })
        .unwrap();
    let output = Output {
        sends: true,
        video: 600_000,
        audio: 64_000,
        level: 20,
        frames: Frames::Together,
    };
    let (told, milestones) = mpsc::unbounded_channel();
    let client = Client::new(Rc::clone(shared), &local, output, told).unwrap();
    let (agreements, queue) = mpsc::channel(1);
    agreements.send(agreed).await.unwrap();
    Running {
        milestones,
        task: tokio::task::spawn_local(client.run(queue, phase.subscribe())),
        _agreements: agreements,
    }
}

async fn until(running: &mut Running, wanted: impl Fn(&Milestone) -> bool) {
    let found = async {
        while let Some(milestone) = running.milestones.recv().await {
            if wanted(&milestone) {
                return;
            }
        }
        panic!("the client has ended");
    };
    timeout(PATIENCE, found).await.expect("in time");
}

#[tokio::test]
async fn what_one_sends_two_receive_and_all_of_it_is_counted() {
    LocalSet::new().run_until(forwarded()).await;
}

async fn forwarded() {
    let mut config = NetConfig::new("127.0.0.1:0".parse().unwrap());
    config.threads = NonZeroUsize::new(1);
    let mut media = MediaThread::spawn_all(config, RouterConfig::default()).unwrap();
    let mut events = media.take_events().unwrap();
    let listening = tokio::spawn(async move { while events.recv().await.is_some() {} });
    let (shared, phase) = (shared(), watch::Sender::new(Phase::default()));

    let mut publisher = join(&media, 1, &shared, &phase, true).await;
    until(&mut publisher, |milestone| *milestone == Milestone::Connected).await;
    let mut subscribers = [
        join(&media, 2, &shared, &phase, false).await,
        join(&media, 3, &shared, &phase, false).await,
    ];
    for subscriber in &mut subscribers {
        // They come in either order.
        let (mut heard, mut seen) = (false, false);
        while !(heard && seen) {
            let milestone = timeout(PATIENCE, subscriber.milestones.recv()).await;
            match milestone.expect("in time").expect("it runs") {
                Milestone::Connected => {}
                Milestone::FirstAudio(_) => heard = true,
                Milestone::FirstFrame(_) => seen = true,
            }
        }
    }
    let from = probe::now();
    let measuring = Phase {
        window: Some((from, u64::MAX)),
        ..Phase::default()
    };
    phase.send_replace(measuring);
    let sent_enough = async {
        while shared
            .measured
            .borrow()
            .video_delay
            .percentiles()
            .is_none_or(|delays| delays.count < 100)
        {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, sent_enough).await.expect("in time");
    phase.send_replace(Phase {
        is_silent: true,
        ..measuring
    });
    tokio::time::sleep(Duration::from_millis(500)).await;
    phase.send_replace(Phase {
        is_silent: true,
        is_over: true,
        ..measuring
    });

    let (published, _) = timeout(PATIENCE, publisher.task).await.unwrap().unwrap().unwrap();
    assert!(
        published.packets > 50 && published.keyframes >= 1,
        "{published:?}"
    );
    let mut received = Received::default();
    for subscriber in subscribers {
        let (_, got) = timeout(PATIENCE, subscriber.task)
            .await
            .unwrap()
            .unwrap()
            .unwrap();
        assert_eq!(got.streams, 2);
        assert!(
            got.packets <= published.packets && got.packets <= got.expected,
            "{got:?} {published:?}"
        );
        received.add(&got);
    }
    assert_eq!((received.feedback_clients, received.over_tcp), (1, 0));
    // A busy machine sends a hundred packets of pictures late and together, and they are told together.
    assert!(received.feedbacks >= 3, "{received:?}");
    assert!(received.packets > published.packets, "{received:?}");
    let measured = shared.measured.take();
    let count = |counts: &Counts| counts.percentiles().map_or(0, |delays| delays.count);
    let delays = count(&measured.audio_delay) + count(&measured.video_delay);
    assert_eq!(delays + received.recovered, received.packets);
    assert_eq!(count(&measured.lateness), published.packets);

    let metrics: Vec<_> = media.metrics().map(|metrics| metrics.snapshot()).collect();
    let [metrics] = &metrics[..] else {
        panic!("one thread")
    };
    assert_eq!(metrics.connecting.counts.iter().sum::<u64>(), 3);
    assert_eq!(metrics.first_audio.counts.iter().sum::<u64>(), 1);
    assert_eq!(metrics.first_video.counts.iter().sum::<u64>(), 1);
    // Packets from before it counted are in it, too.
    assert!(
        metrics.forwarding.counts.iter().sum::<u64>() >= published.packets,
        "{metrics:?}"
    );
    assert!(
        metrics.datagrams_sent > received.packets && metrics.bytes_sent > received.bytes,
        "{metrics:?}"
    );
    media.shutdown().await;
    listening.await.unwrap();
}
