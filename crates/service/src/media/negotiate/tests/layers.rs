//! Layers, retransmissions, redundancy, further codecs and header extensions, in offers as browsers write them.

use anteroom_media_transport::router::{Content, ExtensionIds, Repair};

use super::*;

/// A microphone and a camera in three layers that are sent, and a section of each kind that receives.
const SIMULCAST: &str = include_str!("../../../../../signaling/src/sdp/data/chrome-simulcast-offer.sdp");
/// A microphone, a camera without layers, a screen, and a section of each kind that receives.
const PLAIN: &str = include_str!("../../../../../signaling/src/sdp/data/chrome-offer.sdp");

fn offers(side: &mut Side, text: &str, sections: &[Section]) -> Outcome {
    side.negotiate(&Description::parse(text).unwrap(), sections)
        .unwrap()
}

fn publications(outcome: &Outcome) -> Vec<Publication> {
    let set = outcome.commands.iter().find_map(|command| match command {
        Command::SetPublications { publications, .. } => Some(publications.clone()),
        _ => None,
    });
    set.unwrap()
}

fn subscriptions(outcome: &Outcome) -> Vec<Subscription> {
    let set = outcome.commands.iter().find_map(|command| match command {
        Command::SetSubscriptions { subscriptions, .. } => Some(subscriptions.clone()),
        _ => None,
    });
    set.unwrap()
}

/// The same without those that receive.
fn simulcast() -> String {
    SIMULCAST.replace("a=recvonly", "a=inactive")
}

fn sources() -> [Section; 2] {
    [
        publish("0", TrackSource::Microphone),
        publish("1", TrackSource::Camera),
    ]
}

/// Name, payload types of the codec and of its retransmissions and redundant form.
fn codecs(codecs: &[RtpCodec]) -> Vec<(CodecName, u8, Option<u8>, Option<u8>)> {
    let tuple = |codec: &RtpCodec| (codec.name, codec.payload_type, codec.rtx, codec.red);
    codecs.iter().map(tuple).collect()
}

const fn h264(profile: u32) -> CodecName {
    CodecName::H264 {
        profile,
        packetization_mode: 1,
    }
}

#[test]
fn what_a_browser_publishes_with_layers() {
    let outcome = offers(&mut Side::new(), &simulcast(), &sources());
    let [microphone, camera] = &publications(&outcome)[..] else {
        panic!()
    };
    assert_eq!(
        codecs(&microphone.codecs),
        [(CodecName::Opus, 111, None, Some(63))]
    );
    assert_eq!(
        microphone.extensions,
        ExtensionIds {
            mid: Some(9),
            audio_level: Some(14),
            transport_sequence: Some(4),
            ..ExtensionIds::NONE
        }
    );
    assert_eq!(
        (&*camera.rids, &*camera.ssrcs),
        (&["q", "h", "f"].map(str::to_owned)[..], &[][..])
    );
    assert_eq!((camera.content, &*camera.repairs), (Content::Camera, &[][..]));
    assert_eq!(
        codecs(&camera.codecs),
        [
            (CodecName::Vp8, 96, Some(97), None),
            (h264(0x0042_001f), 103, Some(104), None),
            (h264(0x0042_e01f), 109, Some(114), None),
            (CodecName::Av1 { profile: 0 }, 45, Some(46), None),
            (CodecName::Vp9 { profile: 0 }, 98, Some(99), None),
            (CodecName::Vp9 { profile: 2 }, 100, Some(101), None),
        ]
    );
    assert_eq!(
        camera.extensions,
        ExtensionIds {
            mid: Some(9),
            audio_level: None,
            video_orientation: Some(3),
            transport_sequence: Some(4),
            rid: Some(10),
            repaired_rid: Some(11),
            dependency_descriptor: Some(12),
        }
    );
    assert!(
        outcome.sdp.contains("a=simulcast:recv q;h;f\r\n"),
        "{}",
        outcome.sdp
    );

    // Nothing may have two-byte headers: no dependency descriptor.
    let text = simulcast().replace("a=extmap-allow-mixed\n", "");
    let outcome = offers(&mut Side::new(), &text, &sources());
    assert_eq!(publications(&outcome)[1].extensions.dependency_descriptor, None);
}

#[test]
fn a_camera_and_a_screen_without_layers_have_announced_retransmissions() {
    let [microphone, camera] = sources();
    let all = [microphone, camera, publish("2", TrackSource::Screen)];
    let receives = |mid: &str, text: &str| {
        text.replace(&format!("a=mid:{mid}\n"), &format!("a=mid:{mid}\na=inactive\n"))
    };
    let text = receives("3", &receives("4", PLAIN));
    let publications = publications(&offers(&mut Side::new(), &text, &all));
    let shown: Vec<_> = publications[1..]
        .iter()
        .map(|one| {
            (
                one.content,
                one.ssrcs.clone(),
                one.repairs.clone(),
                one.rids.len(),
            )
        })
        .collect();
    let repair = |ssrc, of| vec![Repair { ssrc, of }];
    assert_eq!(
        shown,
        [
            (
                Content::Camera,
                vec![3_463_951_252],
                repair(1_461_041_037, 3_463_951_252),
                0
            ),
            (
                Content::Screen,
                vec![2_231_627_014],
                repair(632_943_048, 2_231_627_014),
                0
            ),
        ]
    );
}

#[test]
fn a_subscriber_is_announced_a_stream_and_its_retransmissions_that_are_never_used_again() {
    let mut side = Side::new();
    let voice = side.add_other(900, TrackSource::Microphone, CodecName::Opus);
    let first = side.add_other(901, TrackSource::Camera, CodecName::Vp8);
    let second = side.add_other(902, TrackSource::Camera, CodecName::Vp8);
    let [microphone, camera] = sources();
    let mut seen = HashSet::new();
    for track in [first, second, first] {
        let named = [
            microphone.clone(),
            camera.clone(),
            subscribe("2", voice),
            subscribe("3", track),
        ];
        let outcome = offers(&mut side, SIMULCAST, &named);
        let subscriptions = subscriptions(&outcome);
        assert_eq!(
            subscriptions[0].rtx_ssrc, None,
            "sound is not sent again as a stream"
        );
        assert_eq!(
            codecs(&subscriptions[0].codecs),
            [(CodecName::Opus, 111, None, Some(63))]
        );
        let picture = &subscriptions[1];
        assert_eq!(codecs(&picture.codecs), [(CodecName::Vp8, 96, Some(97), None)]);
        assert_eq!(picture.extensions.transport_sequence, Some(4));
        let rtx = picture.rtx_ssrc.unwrap();
        assert!(seen.insert(picture.ssrc) && seen.insert(rtx), "each is used once");
        let group = format!("a=ssrc-group:FID {} {rtx}\r\n", picture.ssrc);
        assert!(outcome.sdp.contains(&group), "{}", outcome.sdp);
        // The same again keeps both.
        let again = offers(&mut side, SIMULCAST, &named);
        assert!(again.sdp.contains(&group) && again.commands.is_empty());
    }
}

#[test]
fn a_decoder_of_one_profile_is_not_given_another() {
    let wanted = |published: CodecName| {
        let mut side = Side::new();
        let track = side.add_other(900, TrackSource::Camera, published);
        let text = SIMULCAST.replace("a=sendonly", "a=inactive");
        let outcome = offers(
            &mut side,
            &text,
            &[subscribe("3", track), subscribe("2", TrackId(1))],
        );
        let found = outcome.commands.iter().find_map(|command| match command {
            Command::SetSubscriptions { subscriptions, .. } => subscriptions.first().cloned(),
            _ => None,
        });
        found.map(|found| codecs(&found.codecs)).unwrap_or_default()
    };
    for (profile, payload_type) in [(0, 98), (2, 100)] {
        let name = CodecName::Vp9 { profile };
        assert_eq!(wanted(name), [(name, payload_type, Some(payload_type + 1), None)]);
    }
    assert_eq!(wanted(CodecName::Vp9 { profile: 1 }), []);
    let av1 = CodecName::Av1 { profile: 0 };
    assert_eq!(wanted(av1), [(av1, 45, Some(46), None)]);
    assert_eq!(wanted(CodecName::Av1 { profile: 1 }), []);
    // Of H.264 any Baseline entry will do.
    assert_eq!(wanted(h264(0x0042_c01e)).len(), 2);
}

#[test]
fn a_section_that_follows_has_retransmissions_before_it_shows_anything() {
    let mut side = Side::new();
    side.receives = Receives::Following;
    let text = SIMULCAST.replace("a=sendonly", "a=inactive");
    let first = offers(&mut side, &text, &[]);
    let line = |outcome: &Outcome| {
        let found = outcome
            .sdp
            .lines()
            .find(|line| line.starts_with("a=ssrc-group:FID "));
        found.map(str::to_owned).unwrap()
    };
    let announced = line(&first);
    let track = side.add_other(900, TrackSource::Screen, CodecName::Vp8);
    let shown = offers(&mut side, &text, &[subscribe("3", track)]);
    let picture = &subscriptions(&shown)[0];
    let expected = format!("a=ssrc-group:FID {} {}", picture.ssrc, picture.rtx_ssrc.unwrap());
    assert_eq!((&announced, line(&shown)), (&expected, expected.clone()));
}

#[test]
fn demands_are_of_tracks_that_are_published_and_told_when_they_change() {
    let mut side = Side::new();
    let outcome = offers(&mut side, &simulcast(), &sources());
    let track = outcome.added[1].track;
    let peer = side.peer.as_mut().unwrap();
    let told = peer.demanded(track, true, vec!["q".to_owned()]).unwrap();
    assert_eq!(
        (&*told.track_id, &*told.mid, told.watched),
        (&*track.0.to_string(), "1", true)
    );
    assert_eq!(peer.demanded(track, true, vec!["q".to_owned()]), None);
    assert_eq!(peer.demanded(TrackId(7), true, vec![]), None);
    assert!(
        peer.demanded(track, false, vec![])
            .is_some_and(|told| !told.watched)
    );
    assert_eq!(peer.demands().count(), 1);
    // The camera is switched off, and on again: a new track, of which nothing was said yet.
    let off = simulcast().replace("a=sendonly", "a=inactive");
    offers(&mut side, &off, &[]);
    assert_eq!(side.peer.as_ref().unwrap().demands().count(), 0);
    let again = offers(&mut side, &simulcast(), &sources());
    assert_ne!(again.added[1].track, track);
    assert_eq!(side.peer.as_ref().unwrap().demands().count(), 0);
}
