//! Offers of encoders that send by WHIP, written from what their makers document.

use super::{Accept, AnswerParams, Codec, Description, Direction, SectionAnswer, Setup, answer};

/// As OBS writes it (libdatachannel): credentials, fingerprint and setup at the session, no candidates, a second group for
/// lip-sync, the second section bundle-only with port 0, H.264 in one profile, no header extensions.
const OBS: &str = include_str!("data/obs-offer.sdp");

fn params() -> AnswerParams {
    AnswerParams {
        session_id: 42,
        session_version: 1,
        ice_ufrag: "srvufrag".into(),
        ice_pwd: "server/password+0123456789".into(),
        fingerprint: [0xcd; 32],
        candidates: vec!["127.0.0.1:40000".parse().unwrap()],
        tcp_candidates: Vec::new(),
    }
}

#[test]
fn an_offer_of_obs_is_answered_with_all_it_sends() {
    let offer = Description::parse(OBS).unwrap();
    assert_eq!(
        (&*offer.ice_ufrag, &*offer.ice_pwd),
        ("Wq3x", "pX7uRr2mK0dLqYv9sTzA1b")
    );
    assert_eq!((offer.fingerprint, offer.setup), ([0xab; 32], Setup::ActPass));
    assert_eq!(offer.bundle, ["0", "1"]);
    assert!(offer.candidates.is_empty(), "its checks tell where it is");

    let decisions: Vec<SectionAnswer> = offer
        .sections
        .iter()
        .map(|section| {
            assert_eq!(
                (section.direction, section.rejected),
                (Direction::SendOnly, false)
            );
            SectionAnswer::Accept(Accept::receive(section).unwrap())
        })
        .collect();
    let text = answer(&offer, &params(), &decisions).unwrap();
    let answered = Description::parse(&text).unwrap();
    assert_eq!((answered.setup, answered.ice_lite), (Setup::Passive, true));
    assert_eq!(answered.bundle, ["0", "1"]);
    let codecs = |codecs: &[Codec]| -> Vec<(u8, String)> {
        codecs
            .iter()
            .map(|codec| (codec.payload_type, codec.name.clone()))
            .collect()
    };
    let sections: Vec<_> = answered
        .sections
        .iter()
        .map(|section| (section.direction, codecs(&section.codecs)))
        .collect();
    assert_eq!(
        sections,
        [
            (Direction::RecvOnly, vec![(111, "opus".to_owned())]),
            (Direction::RecvOnly, vec![(96, "H264".to_owned())]),
        ]
    );
    let video = &answered.sections[1].codecs[0];
    assert!(video.fmtp.contains("profile-level-id=42e01f"), "{}", video.fmtp);
    assert!(
        video.feedback.iter().any(|feedback| feedback == "nack pli"),
        "{:?}",
        video.feedback
    );
}
