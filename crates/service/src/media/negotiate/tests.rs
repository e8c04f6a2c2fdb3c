use std::collections::HashMap;
use std::fmt::Write as _;

use anteroom_signaling::proto::section::Use as Named;
use anteroom_signaling::sdp::Direction;
use anteroom_teams_link::Capability;
use rand::SeedableRng as _;

use super::*;

mod layers;

const FINGERPRINT: &str =
    "AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA";

/// What a browser would write: each section is (kind, direction).
struct Offer {
    session: u64,
    ufrag: &'static str,
    fingerprint: String,
    setup: &'static str,
    sections: Vec<(&'static str, &'static str)>,
}

impl Offer {
    fn new(sections: &[(&'static str, &'static str)]) -> Self {
        Self {
            session: 4711,
            ufrag: "abcd",
            fingerprint: FINGERPRINT.to_owned(),
            setup: "actpass",
            sections: sections.to_vec(),
        }
    }

    fn parse(&self) -> Description {
        let Self {
            session,
            ufrag,
            fingerprint,
            setup,
            sections,
        } = self;
        let mids: Vec<String> = (0..sections.len()).map(|mid| mid.to_string()).collect();
        let mut sdp = format!(
            "v=0\r\no=- {session} 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE {}\r\n",
            mids.join(" ")
        );
        for (mid, (kind, direction)) in sections.iter().enumerate() {
            let (payload_types, codecs) = match *kind {
                "audio" => ("111", "a=rtpmap:111 opus/48000/2\r\n"),
                "vp8" => ("96", "a=rtpmap:96 VP8/90000\r\na=rtcp-fb:96 nack pli\r\n"),
                "h264" => (
                    "97",
                    "a=rtpmap:97 H264/90000\r\na=fmtp:97 packetization-mode=1;profile-level-id=42e01f\r\n",
                ),
                _ => {
                    write!(
                        sdp,
                        "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=mid:{mid}\r\n\
                         a=ice-ufrag:{ufrag}\r\na=ice-pwd:0123456789012345678901\r\n\
                         a=fingerprint:sha-256 {fingerprint}\r\na=setup:{setup}\r\na=sctp-port:5000\r\n"
                    )
                    .unwrap();
                    continue;
                }
            };
            let media = if *kind == "audio" { "audio" } else { "video" };
            write!(
                sdp,
                "m={media} 9 UDP/TLS/RTP/SAVPF {payload_types}\r\nc=IN IP4 0.0.0.0\r\na=mid:{mid}\r\n\
                 a=ice-ufrag:{ufrag}\r\na=ice-pwd:0123456789012345678901\r\n\
                 a=fingerprint:sha-256 {fingerprint}\r\na=setup:{setup}\r\na={direction}\r\na=rtcp-mux\r\n\
                 a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\r\n{codecs}"
            )
            .unwrap();
            if direction.starts_with("send") {
                write!(sdp, "a=ssrc:{} cname:x\r\n", 1000 + mid).unwrap();
            }
        }
        Description::parse(&sdp).unwrap()
    }
}

fn publish(mid: &str, source: TrackSource) -> Section {
    Section {
        mid: mid.to_owned(),
        r#use: Some(Named::Publish(source.into())),
    }
}

fn subscribe(mid: &str, track: TrackId) -> Section {
    Section {
        mid: mid.to_owned(),
        r#use: Some(Named::Subscribe(track.0.to_string())),
    }
}

struct Side {
    environment: Environment,
    capabilities: CapabilitySet,
    /// What others publish.
    others: HashMap<TrackId, (PublishedTrack, Publication)>,
    receives: Receives,
    peer: Option<Peer>,
    next: u64,
    random: StdRng,
}

impl Side {
    fn new() -> Self {
        Self {
            environment: Environment {
                certificate: Certificate::generate().unwrap(),
                candidates: vec!["127.0.0.1:5000".parse().unwrap()],
                tcp_candidates: vec!["127.0.0.1:5001".parse().unwrap()],
            },
            capabilities: [
                Capability::UnmuteMic,
                Capability::TurnVideoOn,
                Capability::ShareScreen,
            ]
            .into(),
            others: HashMap::new(),
            receives: Receives::AtOnce,
            peer: None,
            next: 0,
            random: StdRng::seed_from_u64(1),
        }
    }

    fn offer(&mut self, offer: &Offer, sections: &[Section]) -> Result<Outcome, Refused> {
        self.negotiate(&offer.parse(), sections)
    }

    fn negotiate(&mut self, description: &Description, sections: &[Section]) -> Result<Outcome, Refused> {
        let others = &self.others;
        let available = |track: TrackId| {
            let (published, publication) = others.get(&track)?;
            Some(Available {
                participant: "p-other",
                published,
                publication,
            })
        };
        let next = &mut self.next;
        let mut context = Context {
            environment: &self.environment,
            room: RoomId(1),
            capabilities: &self.capabilities,
            paused: &|source| !self.capabilities.contains(plan::capability_of(source)),
            available: &available,
            receives: self.receives,
            next_id: &mut || {
                *next += 1;
                *next
            },
            random: &mut self.random,
        };
        Peer::negotiate(&mut self.peer, description, sections, &mut context)
    }

    fn refusal(&mut self, sections: &[(&'static str, &'static str)], named: &[Section]) -> &'static str {
        let refused = self.offer(&Offer::new(sections), named).unwrap_err();
        assert!(self.peer.is_none(), "a refused offer leaves no trace");
        refused.key
    }

    fn add_other(&mut self, track: u64, source: TrackSource, codec: CodecName) -> TrackId {
        let kind = if source == TrackSource::Microphone {
            MediaKind::Audio
        } else {
            MediaKind::Video
        };
        let id = TrackId(track);
        let publication = Publication {
            ssrcs: vec![1],
            codecs: vec![RtpCodec::new(100, codec, clock_rate(kind))],
            ..Publication::new(id, kind, "0")
        };
        self.others.insert(
            id,
            (
                PublishedTrack {
                    track: id,
                    source,
                    kind,
                },
                publication,
            ),
        );
        id
    }
}

use anteroom_media_transport::router::{CodecName, RtpCodec, Voice};

fn clock_rate(kind: MediaKind) -> u32 {
    if kind == MediaKind::Audio { 48_000 } else { 90_000 }
}

fn names(commands: &[Command]) -> Vec<&'static str> {
    commands
        .iter()
        .map(|command| match command {
            Command::AddPeer { .. } => "add",
            Command::SetPublications { .. } => "publications",
            Command::SetSubscriptions { .. } => "subscriptions",
            Command::RestartIce { .. } => "restart",
            Command::RemovePeer { .. } => "remove",
            _ => "other",
        })
        .collect()
}

fn directions(outcome: &Outcome) -> Vec<Direction> {
    Description::parse(&outcome.sdp)
        .unwrap()
        .sections
        .iter()
        .map(|section| section.direction)
        .collect()
}

fn sent_ssrcs(commands: &[Command]) -> Vec<u32> {
    commands
        .iter()
        .filter_map(|command| match command {
            Command::SetSubscriptions { subscriptions, .. } => Some(subscriptions),
            _ => None,
        })
        .flatten()
        .map(|subscription| subscription.ssrc)
        .collect()
}

#[test]
fn the_first_offer_adds_a_peer_and_its_tracks() {
    let mut side = Side::new();
    let offer = Offer::new(&[("audio", "sendonly"), ("vp8", "sendrecv")]);
    let named = [
        publish("0", TrackSource::Microphone),
        publish("1", TrackSource::Camera),
    ];
    let outcome = side.offer(&offer, &named).unwrap();
    assert_eq!(names(&outcome.commands), ["add", "publications"]);
    let Command::SetPublications { publications, .. } = &outcome.commands[1] else {
        unreachable!()
    };
    assert_eq!(
        (publications[0].kind, publications[0].ssrcs.as_slice()),
        (MediaKind::Audio, &[1000][..])
    );
    assert_eq!(publications[1].codecs[0].name, CodecName::Vp8);
    assert_eq!(publications[1].extensions.mid, Some(4));
    assert_eq!(outcome.added.len(), 2);
    assert_eq!(directions(&outcome), [Direction::RecvOnly, Direction::RecvOnly]);
    let answer = Description::parse(&outcome.sdp).unwrap();
    assert!(answer.ice_lite && answer.candidates[0].address == side.environment.candidates[0]);
    assert_eq!(answer.fingerprint, side.environment.certificate.fingerprint().0);
}

#[test]
fn a_further_offer_keeps_what_stays() {
    let mut side = Side::new();
    let track = side.add_other(900, TrackSource::Microphone, CodecName::Opus);
    let mut offer = Offer::new(&[("audio", "sendonly")]);
    let first = side
        .offer(&offer, &[publish("0", TrackSource::Microphone)])
        .unwrap();
    offer.sections.push(("audio", "recvonly"));
    let named = [publish("0", TrackSource::Microphone), subscribe("1", track)];
    let second = side.offer(&offer, &named).unwrap();
    assert_eq!(names(&second.commands), ["subscriptions"]);
    assert_eq!((second.added.len(), second.removed.len()), (0, 0));
    assert_eq!(directions(&second), [Direction::RecvOnly, Direction::SendOnly]);
    let ufrag = |outcome: &Outcome| Description::parse(&outcome.sdp).unwrap().ice_ufrag;
    assert_eq!(ufrag(&first), ufrag(&second));
    let again = side.offer(&offer, &named).unwrap();
    assert_eq!(names(&again.commands), [""; 0], "nothing has changed");
    let ssrcs = |outcome: &Outcome| {
        Description::parse(&outcome.sdp).unwrap().sections[1]
            .ssrcs
            .clone()
    };
    assert_eq!(ssrcs(&second), ssrcs(&again));
    assert_eq!(ssrcs(&second), sent_ssrcs(&second.commands));
}

#[test]
fn another_track_in_a_section_gets_another_ssrc() {
    let mut side = Side::new();
    let first = side.add_other(900, TrackSource::Camera, CodecName::Vp8);
    let second = side.add_other(901, TrackSource::Camera, CodecName::Vp8);
    let offer = Offer::new(&[("vp8", "recvonly")]);
    let mut ssrcs = Vec::new();
    for track in [first, second, first] {
        ssrcs.extend(sent_ssrcs(
            &side.offer(&offer, &[subscribe("0", track)]).unwrap().commands,
        ));
    }
    let distinct: HashSet<u32> = ssrcs.iter().copied().collect();
    assert_eq!((ssrcs.len(), distinct.len()), (3, 3));
}

#[test]
fn tracks_that_do_not_exist_are_named_and_inactive() {
    let mut side = Side::new();
    let outcome = side
        .offer(
            &Offer::new(&[("audio", "recvonly"), ("audio", "recvonly")]),
            &[
                subscribe("0", TrackId(5)),
                Section {
                    mid: "1".to_owned(),
                    r#use: Some(Named::Subscribe("no number".to_owned())),
                },
            ],
        )
        .unwrap();
    assert_eq!(outcome.missing, ["5", "no number"]);
    assert_eq!(directions(&outcome), [Direction::Inactive, Direction::Inactive]);
}

#[test]
fn a_subscriber_without_the_publishers_codec_gets_nothing() {
    let mut side = Side::new();
    let track = side.add_other(900, TrackSource::Camera, CodecName::Vp8);
    let outcome = side
        .offer(&Offer::new(&[("h264", "recvonly")]), &[subscribe("0", track)])
        .unwrap();
    assert_eq!(directions(&outcome), [Direction::Inactive]);
    assert_eq!(names(&outcome.commands), ["add"]);
}

#[test]
fn what_is_no_longer_sent_is_gone() {
    let mut side = Side::new();
    let first = side
        .offer(
            &Offer::new(&[("vp8", "sendonly")]),
            &[publish("0", TrackSource::Camera)],
        )
        .unwrap();
    let outcome = side.offer(&Offer::new(&[("vp8", "inactive")]), &[]).unwrap();
    assert_eq!(outcome.removed, [first.added[0].track]);
    assert_eq!(names(&outcome.commands), ["publications"]);
    let screen = side
        .offer(
            &Offer::new(&[("vp8", "sendonly")]),
            &[publish("0", TrackSource::Screen)],
        )
        .unwrap();
    assert_ne!(screen.added[0].track, first.added[0].track);
}

#[test]
fn changed_ice_credentials_restart_ice_and_keep_the_tracks() {
    let mut side = Side::new();
    let mut offer = Offer::new(&[("audio", "sendonly")]);
    let named = [publish("0", TrackSource::Microphone)];
    let first = side.offer(&offer, &named).unwrap();
    offer.ufrag = "efgh";
    let second = side.offer(&offer, &named).unwrap();
    assert_eq!(names(&second.commands), ["restart"]);
    assert!(second.added.is_empty() && second.removed.is_empty());
    let ufrag = |outcome: &Outcome| Description::parse(&outcome.sdp).unwrap().ice_ufrag;
    assert_ne!(ufrag(&first), ufrag(&second));
}

#[test]
fn a_new_peer_connection_replaces_the_old_one() {
    for change in [
        (|offer: &mut Offer| offer.session = 4712) as fn(&mut Offer),
        |offer| offer.fingerprint = FINGERPRINT.replace('A', "B"),
    ] {
        let mut side = Side::new();
        let mut offer = Offer::new(&[("audio", "sendonly")]);
        let named = [publish("0", TrackSource::Microphone)];
        let first = side.offer(&offer, &named).unwrap();
        let before = side.peer.as_ref().unwrap().id();
        change(&mut offer);
        let second = side.offer(&offer, &named).unwrap();
        assert_eq!(names(&second.commands), ["remove", "add", "publications"]);
        assert_eq!(second.removed, [first.added[0].track]);
        assert_eq!(second.added.len(), 1);
        assert_ne!(side.peer.as_ref().unwrap().id(), before);
    }
}

#[test]
fn refuses_offers_whose_sections_make_no_sense() {
    let mic = || publish("0", TrackSource::Microphone);
    let mut side = Side::new();
    let audio = &[("audio", "sendonly")][..];
    assert_eq!(side.refusal(audio, &[]), "bad_sdp", "not named");
    assert_eq!(
        side.refusal(audio, &[mic(), publish("7", TrackSource::Camera)]),
        "bad_sdp",
        "unknown mid"
    );
    assert_eq!(side.refusal(audio, &[mic(), mic()]), "bad_sdp", "named twice");
    assert_eq!(
        side.refusal(audio, &[publish("0", TrackSource::Camera)]),
        "bad_sdp",
        "not a picture"
    );
    assert_eq!(
        side.refusal(audio, &[publish("0", TrackSource::Unspecified)]),
        "bad_sdp"
    );
    assert_eq!(
        side.refusal(
            audio,
            &[Section {
                mid: "0".to_owned(),
                r#use: None
            }]
        ),
        "bad_sdp"
    );
    assert_eq!(
        side.refusal(&[("audio", "recvonly")], &[mic()]),
        "bad_sdp",
        "does not send"
    );
    assert_eq!(
        side.refusal(audio, &[subscribe("0", TrackId(5))]),
        "bad_sdp",
        "does not receive"
    );
    let two = &[("audio", "sendonly"), ("audio", "sendonly")][..];
    assert_eq!(
        side.refusal(two, &[mic(), publish("1", TrackSource::Microphone)]),
        "bad_sdp",
        "one source twice"
    );
    let track = side.add_other(900, TrackSource::Camera, CodecName::Vp8);
    let two = &[("vp8", "recvonly"), ("vp8", "recvonly")][..];
    assert_eq!(
        side.refusal(two, &[subscribe("0", track), subscribe("1", track)]),
        "bad_sdp",
        "one track twice"
    );
    assert_eq!(
        side.refusal(&[("audio", "recvonly")], &[subscribe("0", track)]),
        "bad_sdp",
        "a picture as sound"
    );
}

#[test]
fn refuses_what_the_role_does_not_allow() {
    for (capability, kind, source) in [
        (Capability::UnmuteMic, "audio", TrackSource::Microphone),
        (Capability::TurnVideoOn, "vp8", TrackSource::Camera),
        (Capability::ShareScreen, "vp8", TrackSource::Screen),
    ] {
        let mut side = Side::new();
        side.capabilities.remove(capability);
        assert_eq!(
            side.refusal(&[(kind, "sendonly")], &[publish("0", source)]),
            "not_allowed"
        );
    }
}

#[test]
fn refuses_a_client_that_insists_on_being_dtls_server() {
    let mut side = Side::new();
    let mut offer = Offer::new(&[("audio", "sendonly")]);
    offer.setup = "passive";
    assert_eq!(
        side.offer(&offer, &[publish("0", TrackSource::Microphone)])
            .unwrap_err()
            .key,
        "bad_sdp"
    );
}

#[test]
fn data_channels_are_left_out() {
    let mut side = Side::new();
    let offer = Offer::new(&[("audio", "sendonly"), ("data", "")]);
    let outcome = side
        .offer(&offer, &[publish("0", TrackSource::Microphone)])
        .unwrap();
    let answer = Description::parse(&outcome.sdp).unwrap();
    assert!(answer.sections[1].rejected);
}

#[test]
fn subscriptions_end_with_their_tracks() {
    let mut side = Side::new();
    let track = side.add_other(900, TrackSource::Microphone, CodecName::Opus);
    side.offer(&Offer::new(&[("audio", "recvonly")]), &[subscribe("0", track)])
        .unwrap();
    let peer = side.peer.as_mut().unwrap();
    assert!(peer.drop_subscriptions(&[TrackId(1)]).is_none());
    let command = peer.drop_subscriptions(&[track]).unwrap();
    assert!(matches!(command, Command::SetSubscriptions { subscriptions, .. } if subscriptions.is_empty()));
}

#[test]
fn what_is_new_waits_for_a_client_that_confirms() {
    let mut side = Side::new();
    side.receives = Receives::Confirmed;
    let first = side.add_other(7, TrackSource::Microphone, CodecName::Opus);
    let second = side.add_other(8, TrackSource::Microphone, CodecName::Opus);
    let confirmed = |side: &mut Side| side.peer.as_mut().unwrap().confirm_answer();

    let one = Offer::new(&[("audio", "recvonly")]);
    let outcome = side.offer(&one, &[subscribe("0", first)]).unwrap();
    assert_eq!(
        names(&outcome.commands),
        ["add"],
        "the answer may still be on its way"
    );
    let begins = sent_ssrcs(&confirmed(&mut side).into_iter().collect::<Vec<_>>());
    assert_eq!(begins.len(), 1);
    assert!(confirmed(&mut side).is_none(), "nothing waits any more");

    // A second one waits; the first goes on, though the client offers once more before it confirms.
    let two = Offer::new(&[("audio", "recvonly"), ("audio", "recvonly")]);
    let both = [subscribe("0", first), subscribe("1", second)];
    for _ in 0..2 {
        let outcome = side.offer(&two, &both).unwrap();
        assert!(outcome.commands.is_empty(), "{:?}", outcome.commands);
    }
    let all = sent_ssrcs(&confirmed(&mut side).into_iter().collect::<Vec<_>>());
    assert_eq!((all.len(), all[0]), (2, begins[0]));

    // What takes over a section is a new stream; what ends while it waits is gone.
    let outcome = side
        .offer(&two, &[subscribe("0", second), subscribe("1", first)])
        .unwrap();
    assert_eq!(sent_ssrcs(&outcome.commands), [0; 0]);
    let peer = side.peer.as_mut().unwrap();
    assert!(
        peer.drop_subscriptions(&[second]).is_none(),
        "it was not sent yet"
    );
    let left = sent_ssrcs(&peer.confirm_answer().into_iter().collect::<Vec<_>>());
    assert!(left.len() == 1 && !all.contains(&left[0]), "{left:?}");
}

#[test]
fn what_may_no_longer_be_sent_stays_paused_until_it_may() {
    let mut side = Side::new();
    let offer = Offer::new(&[("audio", "sendonly"), ("vp8", "sendonly")]);
    let named = [
        publish("0", TrackSource::Microphone),
        publish("1", TrackSource::Camera),
    ];
    let added = side.offer(&offer, &named).unwrap().added;
    side.capabilities = [Capability::TurnVideoOn].into();
    let capabilities = side.capabilities;
    let command = side
        .peer
        .as_mut()
        .unwrap()
        .set_paused(|source| !capabilities.contains(plan::capability_of(source)));
    let Some(Command::SetPublications { publications, .. }) = command else {
        panic!("{command:?}")
    };
    let paused = |publications: &[Publication]| publications.iter().map(|p| p.paused).collect::<Vec<_>>();
    assert_eq!(paused(&publications), [true, false]);

    // The client offers again, for whatever reason: neither refused nor heard.
    let again = side.offer(&offer, &named).unwrap();
    assert!(again.added.is_empty() && again.removed.is_empty());
    assert!(
        again
            .commands
            .iter()
            .all(|command| !matches!(command, Command::SetPublications { .. }))
    );
    let more = Offer::new(&[("audio", "sendonly"), ("vp8", "sendonly"), ("vp8", "sendonly")]);
    let screen = [named.as_slice(), &[publish("2", TrackSource::Screen)]].concat();
    assert_eq!(side.offer(&more, &screen).unwrap_err().key, "not_allowed");
    let moved = Offer::new(&[("audio", "inactive"), ("vp8", "sendonly"), ("audio", "sendonly")]);
    let other = [named[1].clone(), publish("2", TrackSource::Microphone)];
    assert_eq!(
        side.offer(&moved, &other).unwrap_err().key,
        "not_allowed",
        "another section is a new publication"
    );

    let command = side.peer.as_mut().unwrap().set_paused(|_| false);
    let Some(Command::SetPublications { publications, .. }) = command else {
        panic!("{command:?}")
    };
    assert_eq!(paused(&publications), [false, false]);
    assert_eq!(publications[0].track, added[0].track, "the same track goes on");
    assert_eq!(
        side.peer.as_mut().unwrap().set_paused(|_| false).map(|_| ()),
        None
    );
}

#[test]
fn a_section_that_follows_is_one_stream_whatever_it_shows() {
    let mut side = Side::new();
    side.receives = Receives::Following;
    let vp8 = side.add_other(7, TrackSource::Camera, CodecName::Vp8);
    let voice = side.add_other(8, TrackSource::Microphone, CodecName::Opus);
    let offer = Offer::new(&[("audio", "recvonly"), ("vp8", "recvonly")]);
    // Nothing to show yet: the streams are announced all the same.
    let first = side.offer(&offer, &[]).unwrap();
    assert_eq!(directions(&first), [Direction::SendOnly, Direction::SendOnly]);
    assert_eq!(names(&first.commands), ["add"]);
    let announced = |outcome: &Outcome| -> Vec<u32> {
        let answer = Description::parse(&outcome.sdp).unwrap();
        answer
            .sections
            .iter()
            .flat_map(|section| section.ssrcs.clone())
            .collect()
    };
    let ssrcs = announced(&first);
    assert_eq!(ssrcs.len(), 2);

    let shown = side
        .offer(&offer, &[subscribe("0", voice), subscribe("1", vp8)])
        .unwrap();
    assert_eq!(sent_ssrcs(&shown.commands), ssrcs);
    let are_chosen = shown.commands.iter().all(|command| match command {
        Command::SetSubscriptions { subscriptions, .. } => {
            subscriptions.iter().all(|one| one.voice == Voice::Always)
        }
        _ => true,
    });
    assert!(are_chosen, "who follows hears whom it was given, loud or not");
    // Somebody else, then nobody, then the first again: still the same streams.
    let other = side.add_other(9, TrackSource::Camera, CodecName::Vp8);
    let switched = side
        .offer(&offer, &[subscribe("0", voice), subscribe("1", other)])
        .unwrap();
    assert_eq!(sent_ssrcs(&switched.commands), ssrcs);
    let nobody = side.offer(&offer, &[subscribe("0", voice)]).unwrap();
    assert_eq!(
        (sent_ssrcs(&nobody.commands), announced(&nobody)),
        (ssrcs[..1].to_vec(), ssrcs.clone())
    );
    let again = side
        .offer(&offer, &[subscribe("0", voice), subscribe("1", vp8)])
        .unwrap();
    assert_eq!(sent_ssrcs(&again.commands), ssrcs);

    // What does not fit or does not exist is nothing; one track twice is a mistake.
    let odd = side
        .offer(&offer, &[subscribe("0", vp8), subscribe("1", TrackId(99))])
        .unwrap();
    assert_eq!((sent_ssrcs(&odd.commands), &odd.missing[..]), (vec![], &[][..]));
    let twice = side.offer(&offer, &[subscribe("0", vp8), subscribe("1", vp8)]);
    assert_eq!(twice.unwrap_err().key, "bad_sdp");
}
