use proptest::prelude::*;

use super::*;

mod media;

/// Written after what Chrome 130 and later offer: microphone, camera and screen published, one audio and one video track
/// subscribed to.
const CHROME: &str = include_str!("data/chrome-offer.sdp");
/// The same by Firefox ESR: session-level fingerprint, bundle-only sections with port 0, simulcast, sections without
/// sources.
const FIREFOX: &str = include_str!("data/firefox-offer.sdp");

const FINGERPRINT: [u8; 32] = [0xab; 32];

fn params() -> AnswerParams {
    AnswerParams {
        session_id: 42,
        session_version: 7,
        ice_ufrag: "srvufrag".into(),
        ice_pwd: "server/password+0123456789".into(),
        fingerprint: FINGERPRINT,
        candidates: vec!["127.0.0.1:40000".parse().unwrap(), "[::1]:40000".parse().unwrap()],
        tcp_candidates: vec!["127.0.0.1:40001".parse().unwrap(), "[::1]:40001".parse().unwrap()],
    }
}

fn stream(ssrc: u32) -> SendStream {
    SendStream {
        ssrc,
        rtx_ssrc: None,
        cname: "anteroom".into(),
        msid: Msid {
            stream: "p7".into(),
            track: format!("t{ssrc}"),
        },
    }
}

fn ids(extensions: &[Extension]) -> Vec<(u8, &str)> {
    extensions
        .iter()
        .map(|extension| (extension.id, extension.uri.as_str()))
        .collect()
}

/// The lines of a video codec with its retransmissions.
fn codec_lines((payload_type, rtx): (u8, u8), name: &str, fmtp: &str) -> String {
    let feedback = ["goog-remb", "transport-cc", "ccm fir", "nack", "nack pli"]
        .map(|kind| format!("a=rtcp-fb:{payload_type} {kind}\n"))
        .concat();
    let fmtp = match fmtp {
        "" => String::new(),
        fmtp => format!("a=fmtp:{payload_type} {fmtp}\n"),
    };
    format!(
        "a=rtpmap:{payload_type} {name}/90000\n{feedback}{fmtp}a=rtpmap:{rtx} rtx/90000\na=fmtp:{rtx} apt={payload_type}\n"
    )
}

fn payload_types(codecs: &[Codec]) -> Vec<u8> {
    codecs.iter().map(|codec| codec.payload_type).collect()
}

/// The lines of all accepted sections up to the direction.
fn transport_lines(mid: &str) -> String {
    let fingerprint = vec!["AB"; 32].join(":");
    format!(
        "c=IN IP4 127.0.0.1\na=mid:{mid}\na=ice-ufrag:srvufrag\na=ice-pwd:server/password+0123456789\n\
         a=fingerprint:sha-256 {fingerprint}\na=setup:passive\n"
    )
}

const CANDIDATES: &str = "a=candidate:1 1 udp 2130706431 127.0.0.1 40000 typ host\n\
    a=candidate:2 1 udp 2130706175 ::1 40000 typ host\n\
    a=candidate:3 1 tcp 1520435199 127.0.0.1 40001 typ host tcptype passive\n\
    a=candidate:4 1 tcp 1520434943 ::1 40001 typ host tcptype passive\na=end-of-candidates\n";

#[test]
fn reads_a_chrome_offer() {
    let offer = Description::parse(CHROME).unwrap();
    assert_eq!(
        (offer.session_id.as_str(), offer.session_version),
        ("4611731400430051336", 3)
    );
    assert_eq!(
        (offer.ice_ufrag.as_str(), offer.ice_pwd.as_str()),
        ("3Bq+", "wYtR0b1dQkS9/MB3cW8hPqZ7")
    );
    assert_eq!((offer.fingerprint[0], offer.fingerprint[31]), (0x7b, 0x08));
    assert_eq!(
        (offer.setup, offer.ice_lite, offer.extmap_allow_mixed),
        (Setup::ActPass, false, true)
    );
    assert_eq!(offer.bundle, ["0", "1", "2", "3", "4"]);
    // The mDNS name is not for us, and nobody can connect to an active TCP candidate.
    assert_eq!(
        offer.candidates,
        [Candidate {
            address: "192.168.56.1:51472".parse().unwrap(),
            transport: CandidateTransport::Udp,
            priority: 2_122_260_223,
            kind: "host".into()
        }]
    );
    let ssrcs: Vec<&[u32]> = offer
        .sections
        .iter()
        .map(|section| section.ssrcs.as_slice())
        .collect();
    assert_eq!(
        ssrcs,
        [&[1_399_694_169][..], &[3_463_951_252], &[2_231_627_014], &[], &[]]
    );
    let directions: Vec<Direction> = offer.sections.iter().map(|section| section.direction).collect();
    let (send, receive) = (Direction::SendOnly, Direction::RecvOnly);
    assert_eq!(directions, [send, send, send, receive, receive]);
    let camera = offer.section("1").unwrap();
    assert_eq!(
        camera.msid,
        Some(Msid {
            stream: "9d1c6ab0-6f0e-4f6d-8f6e-f1f3c7b6c9a1".into(),
            track: "5e7d3f10-aaaa-4bbb-8ccc-0123456789ab".into()
        })
    );
    assert_eq!(camera.cname.as_deref(), Some("Kz1qOe2nBv8hGx3t"));
    assert_eq!(camera.formats.len(), 26);
    assert_eq!(
        camera.codecs[0].feedback,
        ["goog-remb", "transport-cc", "ccm fir", "nack", "nack pli"]
    );
    assert!(!camera.rejected);
    assert!(camera.rtcp_mux);
    assert_eq!(offer.section("9"), None);
}

#[test]
fn reads_a_firefox_offer() {
    let offer = Description::parse(FIREFOX).unwrap();
    // The fingerprint stands at the session, credentials in the sections.
    assert_eq!((offer.fingerprint[0], offer.fingerprint[31]), (0x1a, 0x09));
    assert_eq!(
        (offer.ice_ufrag.as_str(), offer.ice_pwd.as_str()),
        ("a1b2c3d4", "0e3d1c7a95b84f26d0c9b8a7f6e5d4c3")
    );
    assert!(!offer.extmap_allow_mixed);
    assert!(offer.end_of_candidates);
    let addresses: Vec<String> = offer
        .candidates
        .iter()
        .map(|candidate| candidate.address.to_string())
        .collect();
    assert_eq!(addresses, ["192.168.1.23:46154", "[fd00:1234::42]:48011"]);
    // Port 0 with bundle-only is an offer.
    assert!(offer.sections.iter().all(|section| !section.rejected));
    let ssrcs: Vec<&[u32]> = offer
        .sections
        .iter()
        .map(|section| section.ssrcs.as_slice())
        .collect();
    assert_eq!(
        ssrcs,
        [
            &[1_892_306_717][..],
            &[3_016_521_914, 388_164_027],
            &[],
            &[604_118_220],
            &[1_277_310_419]
        ]
    );
    assert_eq!(offer.sections[2].msid.as_ref().unwrap().stream, "-");
    let pair = |of, ssrc| RepairSource { ssrc, of };
    assert_eq!(
        offer.sections[1].repairs,
        [
            pair(3_016_521_914, 2_749_108_133),
            pair(388_164_027, 3_371_960_145)
        ]
    );
    let directions: Vec<Direction> = offer.sections[1].extensions.iter().map(|e| e.direction).collect();
    let (both, send, receive) = (Direction::SendRecv, Direction::SendOnly, Direction::RecvOnly);
    assert_eq!(directions, [both, both, both, receive, both, send, send]);
}

#[test]
fn selects_what_is_forwarded() {
    let chrome = Description::parse(CHROME).unwrap();
    let firefox = Description::parse(FIREFOX).unwrap();
    assert_eq!(payload_types(&select_codecs(&chrome.sections[0])), [111, 63]);
    assert_eq!(
        payload_types(&select_codecs(&chrome.sections[1])),
        [96, 97, 103, 104, 109, 114, 45, 46, 98, 99, 100, 101]
    );
    assert_eq!(payload_types(&select_codecs(&firefox.sections[0])), [109]);
    assert_eq!(
        payload_types(&select_codecs(&firefox.sections[1])),
        [120, 124, 121, 125, 126, 127]
    );
    assert_eq!(
        ids(&select_extensions(&chrome.sections[0])),
        [(4, MID_URI), (1, AUDIO_LEVEL_URI), (3, TRANSPORT_SEQUENCE_URI)]
    );
    assert_eq!(
        ids(&select_extensions(&chrome.sections[1])),
        [
            (4, MID_URI),
            (10, RID_URI),
            (11, REPAIRED_RID_URI),
            (13, VIDEO_ORIENTATION_URI),
            (3, TRANSPORT_SEQUENCE_URI)
        ]
    );
    assert_eq!(
        ids(&select_extensions(&firefox.sections[0])),
        [(3, MID_URI), (1, AUDIO_LEVEL_URI)]
    );
    assert_eq!(
        ids(&select_extensions(&firefox.sections[1])),
        [
            (3, MID_URI),
            (8, RID_URI),
            (9, REPAIRED_RID_URI),
            (7, TRANSPORT_SEQUENCE_URI)
        ]
    );

    // Without a Baseline entry, any H.264 in mode 1 will do.
    let mut section = chrome.sections[1].clone();
    section
        .codecs
        .retain(|codec| !codec.fmtp.contains("profile-level-id=42") && !codec.is("VP9") && !codec.is("AV1"));
    assert_eq!(
        payload_types(&select_codecs(&section)),
        [96, 97, 117, 118, 119, 120]
    );
}

#[test]
fn answers_a_chrome_offer() {
    let offer = Description::parse(CHROME).unwrap();
    let decisions = [
        SectionAnswer::Accept(Accept::receive(&offer.sections[0]).unwrap()),
        SectionAnswer::Accept(Accept::receive(&offer.sections[1]).unwrap()),
        SectionAnswer::Reject,
        SectionAnswer::Accept(Accept::send(&offer.sections[3], stream(1001)).unwrap()),
        SectionAnswer::Inactive,
    ];
    let h264 = |pair: (u8, u8), profile: &str| {
        codec_lines(
            pair,
            "H264",
            &format!("level-asymmetry-allowed=1;packetization-mode=1;profile-level-id={profile}"),
        )
    };
    let codecs = [
        codec_lines((96, 97), "VP8", ""),
        h264((103, 104), "42001f"),
        h264((109, 114), "42e01f"),
        codec_lines((45, 46), "AV1", "level-idx=5;profile=0;tier=0"),
        codec_lines((98, 99), "VP9", "profile-id=0"),
        codec_lines((100, 101), "VP9", "profile-id=2"),
    ]
    .concat();
    let video = |direction: &str| {
        format!(
            "a={direction}\na=rtcp-mux\na=rtcp-rsize\na=extmap:4 {MID_URI}\na=extmap:10 {RID_URI}\n\
             a=extmap:11 {REPAIRED_RID_URI}\na=extmap:13 {VIDEO_ORIENTATION_URI}\n\
             a=extmap:3 {TRANSPORT_SEQUENCE_URI}\n{codecs}"
        )
    };
    let audio = |direction: &str| {
        format!(
            "a={direction}\na=rtcp-mux\na=rtcp-rsize\na=extmap:4 {MID_URI}\na=extmap:1 {AUDIO_LEVEL_URI}\n\
             a=extmap:3 {TRANSPORT_SEQUENCE_URI}\n\
             a=rtpmap:111 opus/48000/2\na=rtcp-fb:111 transport-cc\na=fmtp:111 minptime=10;useinbandfec=1\n\
             a=rtpmap:63 red/48000/2\na=fmtp:63 111/111\n"
        )
    };
    let rejected_formats = &offer.sections[2].formats.join(" ");
    let formats = "96 97 103 104 109 114 45 46 98 99 100 101";
    let expected = format!(
        "v=0\no=- 42 7 IN IP4 127.0.0.1\ns=-\nt=0 0\na=group:BUNDLE 0 1 3 4\na=ice-lite\na=extmap-allow-mixed\n\
         a=msid-semantic:WMS *\n\
         m=audio 40000 UDP/TLS/RTP/SAVPF 111 63\n{}{CANDIDATES}{}\
         m=video 40000 UDP/TLS/RTP/SAVPF {formats}\n{}{}\
         m=video 0 UDP/TLS/RTP/SAVPF {rejected_formats}\nc=IN IP4 0.0.0.0\na=mid:2\na=inactive\n\
         m=audio 40000 UDP/TLS/RTP/SAVPF 111 63\n{}{}a=msid:p7 t1001\na=ssrc:1001 cname:anteroom\n\
         m=video 40000 UDP/TLS/RTP/SAVPF {formats}\n{}{}",
        transport_lines("0"),
        audio("recvonly"),
        transport_lines("1"),
        video("recvonly"),
        transport_lines("3"),
        audio("sendonly"),
        transport_lines("4"),
        video("inactive"),
    );
    let answer = answer(&offer, &params(), &decisions).unwrap();
    assert!(answer.lines().count() > 0 && answer.matches("\r\n").count() == answer.matches('\n').count());
    assert_eq!(answer.replace("\r\n", "\n"), expected);
}

#[test]
fn answers_a_firefox_offer() {
    let offer = Description::parse(FIREFOX).unwrap();
    let decisions = [
        SectionAnswer::Accept(Accept::receive(&offer.sections[0]).unwrap()),
        SectionAnswer::Inactive,
        SectionAnswer::Accept(Accept::receive(&offer.sections[2]).unwrap()),
        SectionAnswer::Inactive,
        SectionAnswer::Accept(
            Accept::send(
                &offer.sections[4],
                SendStream {
                    rtx_ssrc: Some(2003),
                    ..stream(2002)
                },
            )
            .unwrap(),
        ),
    ];
    let video = |direction: &str, rids: &str, tail: &str| {
        format!(
            "a={direction}\na=rtcp-mux\na=rtcp-rsize\na=extmap:3 {MID_URI}\n{rids}\
             a=extmap:7 {TRANSPORT_SEQUENCE_URI}\n{}{}{}{tail}",
            codec_lines((120, 124), "VP8", ""),
            codec_lines((121, 125), "VP9", "max-fs=12288;max-fr=60"),
            codec_lines(
                (126, 127),
                "H264",
                "profile-level-id=42e01f;level-asymmetry-allowed=1;packetization-mode=1"
            ),
        )
    };
    // One direction of the offer is the other one of the answer.
    let rids = &format!("a=extmap:8/recvonly {RID_URI}\na=extmap:9/recvonly {REPAIRED_RID_URI}\n");
    let layers = "a=rid:hi recv\na=rid:lo recv\na=simulcast:recv hi;lo\n";
    let audio = |direction: &str| {
        format!(
            "a={direction}\na=rtcp-mux\na=extmap:3 {MID_URI}\na=extmap:1 {AUDIO_LEVEL_URI}\n\
             a=rtpmap:109 opus/48000/2\na=fmtp:109 minptime=10;useinbandfec=1\n"
        )
    };
    let formats = "120 124 121 125 126 127";
    let expected = format!(
        "v=0\no=- 42 7 IN IP4 127.0.0.1\ns=-\nt=0 0\na=group:BUNDLE 0 1 2 3 4\na=ice-lite\na=msid-semantic:WMS *\n\
         m=audio 40000 UDP/TLS/RTP/SAVPF 109\n{}{CANDIDATES}{}\
         m=video 40000 UDP/TLS/RTP/SAVPF {formats}\n{}{}\
         m=video 40000 UDP/TLS/RTP/SAVPF {formats}\n{}{}\
         m=audio 40000 UDP/TLS/RTP/SAVPF 109\n{}{}\
         m=video 40000 UDP/TLS/RTP/SAVPF {formats}\n{}{}",
        transport_lines("0"),
        audio("recvonly"),
        transport_lines("1"),
        video("inactive", rids, layers),
        transport_lines("2"),
        video("recvonly", "", ""),
        transport_lines("3"),
        audio("inactive"),
        transport_lines("4"),
        video(
            "sendonly",
            "",
            "a=msid:p7 t2002\na=ssrc-group:FID 2002 2003\na=ssrc:2002 cname:anteroom\na=ssrc:2003 cname:anteroom\n"
        ),
    );
    assert_eq!(
        answer(&offer, &params(), &decisions)
            .unwrap()
            .replace("\r\n", "\n"),
        expected
    );
}

#[test]
fn candidates_of_tcp_are_passive_below_udp_and_read_back() {
    let offer = Description::parse(CHROME).unwrap();
    let answer = answer(&offer, &params(), &vec![SectionAnswer::Inactive; 5]).unwrap();
    let lines: Vec<&str> = answer
        .lines()
        .filter(|line| line.starts_with("a=candidate"))
        .collect();
    // RFC 6544 §4.2: 90 << 24 | (4 << 13 | 8191) << 8 | 255.
    let expected = [
        "a=candidate:1 1 udp 2130706431 127.0.0.1 40000 typ host",
        "a=candidate:2 1 udp 2130706175 ::1 40000 typ host",
        "a=candidate:3 1 tcp 1520435199 127.0.0.1 40001 typ host tcptype passive",
        "a=candidate:4 1 tcp 1520434943 ::1 40001 typ host tcptype passive",
    ];
    assert_eq!(lines, expected);
    let read = Description::parse(&answer).unwrap().candidates;
    let read: Vec<_> = read
        .iter()
        .map(|it| (it.transport, it.address.to_string()))
        .collect();
    let (udp, tcp) = (CandidateTransport::Udp, CandidateTransport::Tcp);
    assert_eq!(
        read,
        [
            (udp, "127.0.0.1:40000".to_owned()),
            (udp, "[::1]:40000".to_owned()),
            (tcp, "127.0.0.1:40001".to_owned()),
            (tcp, "[::1]:40001".to_owned()),
        ]
    );
}

#[test]
fn only_tcp_candidates_that_can_be_connected_to_are_taken() {
    for (extensions, is_taken) in [
        ("tcptype passive", true),
        ("tcptype so", true),
        ("generation 0 tcptype passive", true),
        ("tcptype active", false),
        ("tcptype", false),
        ("generation tcptype passive 0", false),
        ("", false),
    ] {
        let line = format!("a=candidate:9 1 TCP 5 192.0.2.1 443 typ host {extensions}\r\na=mid:0\r\n");
        let offer = Description::parse(&CHROME.replacen("a=mid:0\r\n", &line, 1).replacen(
            "a=mid:0\n",
            &line,
            1,
        ))
        .unwrap();
        let taken = offer
            .candidates
            .iter()
            .any(|it| it.transport == CandidateTransport::Tcp);
        assert_eq!(taken, is_taken, "{extensions}");
    }
}

#[test]
fn the_answer_without_addresses_has_a_discard_port() {
    let offer = Description::parse(CHROME).unwrap();
    let params = AnswerParams {
        candidates: Vec::new(),
        tcp_candidates: Vec::new(),
        ..params()
    };
    let answer = answer(&offer, &params, &vec![SectionAnswer::Inactive; 5]).unwrap();
    assert!(
        answer.contains("m=audio 9 UDP/TLS/RTP/SAVPF 111 63\r\nc=IN IP4 0.0.0.0\r\n"),
        "{answer}"
    );
    assert!(!answer.contains("a=candidate"));
}

#[test]
fn refuses_decisions_that_do_not_fit() {
    let offer = Description::parse(CHROME).unwrap();
    let with = |index: usize, decision: SectionAnswer| {
        let mut decisions = vec![SectionAnswer::Inactive; 5];
        decisions[index] = decision;
        answer(&offer, &params(), &decisions)
    };
    assert_eq!(
        answer(&offer, &params(), &[]),
        Err(AnswerError::SectionCount {
            sections: 5,
            decisions: 0
        })
    );
    // The offer only sends here.
    let send = Accept::send(&offer.sections[0], stream(1)).unwrap();
    assert_eq!(
        with(0, SectionAnswer::Accept(send)),
        Err(AnswerError::Direction(0))
    );
    let receive = Accept::receive(&offer.sections[3]).unwrap();
    assert_eq!(
        with(3, SectionAnswer::Accept(receive)),
        Err(AnswerError::Direction(3))
    );
    let silent = Accept {
        send: None,
        ..Accept::send(&offer.sections[3], stream(1)).unwrap()
    };
    assert_eq!(
        with(3, SectionAnswer::Accept(silent)),
        Err(AnswerError::Direction(3))
    );
    let mut foreign = Accept::receive(&offer.sections[0]).unwrap();
    foreign.codecs[0].payload_type = 112;
    assert_eq!(
        with(0, SectionAnswer::Accept(foreign)),
        Err(AnswerError::Section(0))
    );
    let empty = Accept {
        codecs: Vec::new(),
        ..Accept::receive(&offer.sections[0]).unwrap()
    };
    assert_eq!(
        with(0, SectionAnswer::Accept(empty)),
        Err(AnswerError::Section(0))
    );
    let mut extended = Accept::receive(&offer.sections[0]).unwrap();
    extended.extensions.push(Extension {
        id: 9,
        uri: MID_URI.into(),
        direction: Direction::SendRecv,
    });
    assert_eq!(
        with(0, SectionAnswer::Accept(extended)),
        Err(AnswerError::Section(0))
    );

    let passive = Description::parse(&CHROME.replace("a=setup:actpass", "a=setup:passive")).unwrap();
    assert_eq!(
        answer(&passive, &params(), &vec![SectionAnswer::Inactive; 5]),
        Err(AnswerError::Setup)
    );
}

#[test]
fn a_recycled_section_and_a_data_channel() {
    let text = CHROME
        .replacen("m=video 9", "m=video 0", 2)
        .replace("BUNDLE 0 1 2 3 4", "BUNDLE 0 3 4 5")
        + "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\nc=IN IP4 0.0.0.0\na=ice-ufrag:3Bq+\n\
           a=ice-pwd:wYtR0b1dQkS9/MB3cW8hPqZ7\na=setup:actpass\na=mid:5\na=sctp-port:5000\n";
    let offer = Description::parse(&text).unwrap();
    assert_eq!(
        offer
            .sections
            .iter()
            .map(|section| section.rejected)
            .collect::<Vec<_>>(),
        [false, true, true, false, false, false]
    );
    assert_eq!(offer.sections[5].kind, MediaKind::Application);
    assert_eq!(Accept::receive(&offer.sections[1]), None);
    // What cannot be kept inactive is rejected.
    let answer = answer(&offer, &params(), &vec![SectionAnswer::Inactive; 6]).unwrap();
    assert!(answer.contains("a=group:BUNDLE 0 3 4\r\n"), "{answer}");
    assert!(
        answer.ends_with(
            "m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=mid:5\r\na=inactive\r\n"
        ),
        "{answer}"
    );
}

#[test]
fn credentials_may_stand_at_the_session() {
    let text = CHROME
        .replace("a=ice-ufrag:3Bq+\n", "")
        .replace("a=ice-pwd:wYtR0b1dQkS9/MB3cW8hPqZ7\n", "")
        .replace(
            "t=0 0\n",
            "t=0 0\na=ice-lite\na=ice-ufrag:sess\na=ice-pwd:sessionsessionsession01\na=setup:active\n",
        );
    let offer = Description::parse(&text).unwrap();
    assert_eq!(
        (offer.ice_ufrag.as_str(), offer.ice_lite, offer.setup),
        ("sess", true, Setup::ActPass)
    );
    // Lines end as the RFC has it, or do not.
    let crlf = Description::parse(&text.replace('\n', "\r\n")).unwrap();
    assert_eq!(crlf, offer);
}

#[test]
fn refuses_what_cannot_be_used() {
    let refused = |from: &str, to: &str| {
        assert!(CHROME.contains(from), "{from}");
        Description::parse(&CHROME.replace(from, to))
            .map(|_| ())
            .unwrap_err()
    };
    assert_eq!(Description::parse(""), Err(SdpError::Syntax));
    assert_eq!(Description::parse("hello"), Err(SdpError::Syntax));
    assert_eq!(
        Description::parse("v=0\ns=-\nt=0 0\n"),
        Err(SdpError::SectionCount(0))
    );
    assert_eq!(refused("v=0", "v=1"), SdpError::Syntax);
    assert_eq!(refused("a=group:BUNDLE 0 1 2 3 4\n", ""), SdpError::NotBundled);
    assert_eq!(
        refused("BUNDLE 0 1 2 3 4", "BUNDLE 0 1 2 3"),
        SdpError::NotBundled
    );
    assert_eq!(refused("a=rtcp-mux\n", ""), SdpError::NoRtcpMux);
    assert_eq!(refused("a=ice-ufrag:3Bq+\n", ""), SdpError::NoIceCredentials);
    assert_eq!(
        refused("a=ice-ufrag:3Bq+", "a=ice-ufrag:3:q+"),
        SdpError::Malformed("ice-ufrag")
    );
    assert_eq!(
        refused("a=ice-pwd:wYtR0b1dQkS9/MB3cW8hPqZ7", "a=ice-pwd:short"),
        SdpError::Malformed("ice-pwd")
    );
    assert_eq!(
        refused("fingerprint:sha-256 ", "fingerprint:sha-1 "),
        SdpError::NoFingerprint
    );
    assert_eq!(
        refused(":A1:2C:19:08", ":A1:2C:19"),
        SdpError::Malformed("fingerprint")
    );
    assert_eq!(
        refused(":A1:2C:19:08", ":A1:2C:19:08:00"),
        SdpError::Malformed("fingerprint")
    );
    assert_eq!(
        refused(":A1:2C:19:08", ":A1:2C:19:+8"),
        SdpError::Malformed("fingerprint")
    );
    assert_eq!(
        refused("a=setup:actpass", "a=setup:both"),
        SdpError::Malformed("setup")
    );
    assert_eq!(refused("a=mid:1\n", "a=mid:0\n"), SdpError::Mid);
    assert_eq!(refused("a=mid:1\n", ""), SdpError::Mid);
    assert_eq!(refused("a=mid:1\n", "a=mid:aaaaaaaaaaaaaaaaa\n"), SdpError::Mid);
    assert_eq!(
        refused("a=rtpmap:111 opus/48000/2", "a=rtpmap:111 opus"),
        SdpError::Malformed("rtpmap")
    );
    assert_eq!(
        refused("a=rtpmap:111 opus/48000/2", "a=rtpmap:311 opus/48000/2"),
        SdpError::Malformed("rtpmap")
    );
    assert_eq!(
        refused("SAVPF 111 63", "SAVPF 511 63"),
        SdpError::Malformed("m= line")
    );
    assert_eq!(
        refused("a=extmap:1 ", "a=extmap:0 "),
        SdpError::Malformed("extmap")
    );
    assert_eq!(
        refused("a=ssrc:1399694169 ", "a=ssrc:4294967296 "),
        SdpError::Malformed("ssrc")
    );
    assert_eq!(
        refused("51472 typ host", "51472 host"),
        SdpError::Malformed("candidate")
    );
}

#[test]
fn size_is_bounded() {
    let filler = |len: usize| {
        let line = "a=x:";
        format!(
            "{CHROME}{line}{}\n",
            "y".repeat(len - CHROME.len() - line.len() - 1)
        )
    };
    assert!(Description::parse(&filler(MAX_SDP_BYTES)).is_ok());
    assert_eq!(
        Description::parse(&filler(MAX_SDP_BYTES + 1)),
        Err(SdpError::TooLarge(MAX_SDP_BYTES + 1))
    );

    let builder = |sections: usize| {
        (0..sections)
            .fold(client_offer(), |builder, mid| builder.inactive(format!("i{mid}")))
            .build()
    };
    // Our own sections are too long to fit 256 of them, so that a shorter form is needed.
    let short = |sections: usize| {
        let mids: Vec<String> = (0..sections).map(|mid| mid.to_string()).collect();
        let head = format!(
            "v=0\ns=-\nt=0 0\na=group:BUNDLE {}\na=ice-ufrag:abcd\na=ice-pwd:abcdefghijklmnopqrstuv\na=fingerprint:sha-256 {}\n",
            mids.join(" "),
            vec!["00"; 32].join(":")
        );
        mids.iter().fold(head, |text, mid| {
            text + &format!("m=audio 9 RTP 0\na=mid:{mid}\na=rtcp-mux\n")
        })
    };
    assert_eq!(
        Description::parse(&short(MAX_SECTIONS)).unwrap().sections.len(),
        MAX_SECTIONS
    );
    assert_eq!(
        Description::parse(&short(MAX_SECTIONS + 1)),
        Err(SdpError::SectionCount(MAX_SECTIONS + 1))
    );
    assert!(Description::parse(&builder(100)).is_ok());

    let many = |line: fn(usize) -> String, what| {
        let text = format!(
            "{}{}",
            client_offer().build(),
            (1..=200).map(line).collect::<String>()
        );
        assert_eq!(Description::parse(&text), Err(SdpError::TooMany(what)));
    };
    many(|n| format!("a=ssrc:{n} cname:x\r\n"), "sources");
    many(|n| format!("a=extmap:{n} urn:x\r\n"), "header extensions");
    many(
        |n| format!("a=candidate:1 1 udp 1 10.0.0.{n} 9 typ host\r\n"),
        "candidates",
    );
}

fn client_offer() -> OfferBuilder {
    let transport = LocalTransport {
        ice_ufrag: "cliu".into(),
        ice_pwd: "clientpasswordclientpw".into(),
        fingerprint: [0x0c; 32],
    };
    let msid = Msid {
        stream: "mic".into(),
        track: "mic0".into(),
    };
    OfferBuilder::new(5, 1, transport)
        .audio_send("0", 77, "native", msid)
        .audio_receive("1")
        .audio_receive("2")
}

#[test]
fn a_native_offer_and_its_answer() {
    let fingerprint = vec!["0C"; 32].join(":");
    let section = |mid: &str, direction: &str| {
        format!(
            "m=audio 9 UDP/TLS/RTP/SAVPF 111\nc=IN IP4 0.0.0.0\na=mid:{mid}\na=ice-ufrag:cliu\n\
             a=ice-pwd:clientpasswordclientpw\na=fingerprint:sha-256 {fingerprint}\na=setup:actpass\na={direction}\n\
             a=rtcp-mux\na=rtcp-rsize\na=extmap:1 {MID_URI}\na=extmap:2 {AUDIO_LEVEL_URI}\na=rtpmap:111 opus/48000/2\n\
             a=fmtp:111 minptime=10;useinbandfec=1\n"
        )
    };
    let text = client_offer().build();
    assert_eq!(
        text.replace("\r\n", "\n"),
        format!(
            "v=0\no=- 5 1 IN IP4 127.0.0.1\ns=-\nt=0 0\na=group:BUNDLE 0 1 2\na=msid-semantic:WMS *\n\
             {}a=msid:mic mic0\na=ssrc:77 cname:native\n{}{}",
            section("0", "sendonly"),
            section("1", "recvonly"),
            section("2", "recvonly")
        )
    );

    let offer = Description::parse(&text).unwrap();
    assert_eq!(offer.sections[0].ssrcs, [77]);
    let decisions = [
        SectionAnswer::Accept(Accept::receive(&offer.sections[0]).unwrap()),
        SectionAnswer::Accept(Accept::send(&offer.sections[1], stream(900)).unwrap()),
        SectionAnswer::Inactive,
    ];
    let answer = Description::parse(&answer(&offer, &params(), &decisions).unwrap()).unwrap();
    assert!(answer.ice_lite && answer.end_of_candidates);
    assert_eq!(
        (answer.ice_ufrag.as_str(), answer.setup),
        ("srvufrag", Setup::Passive)
    );
    assert_eq!(answer.fingerprint, FINGERPRINT);
    let addresses: Vec<_> = answer
        .candidates
        .iter()
        .map(|candidate| candidate.address)
        .collect();
    assert_eq!(addresses, [params().candidates, params().tcp_candidates].concat());
    assert!(answer.candidates[0].priority > answer.candidates[1].priority);
    let received = answer.section("1").unwrap();
    assert_eq!(
        (received.direction, received.ssrcs.as_slice()),
        (Direction::SendOnly, &[900][..])
    );
    assert_eq!(
        received.msid,
        Some(Msid {
            stream: "p7".into(),
            track: "t900".into()
        })
    );
    assert_eq!(payload_types(&received.codecs), [OfferBuilder::OPUS_PAYLOAD_TYPE]);
    assert_eq!(received.extensions, OfferBuilder::extensions());
    assert_eq!(answer.section("2").unwrap().direction, Direction::Inactive);
}

#[test]
fn a_native_offer_of_pictures_and_its_answer() {
    let msid = Msid {
        stream: "cam".into(),
        track: "cam0".into(),
    };
    let text = client_offer()
        .video_send("3", 78, "native", msid)
        .video_receive("4")
        .build();
    let offer = Description::parse(&text).unwrap();
    assert_eq!(offer.bundle, ["0", "1", "2", "3", "4"]);
    let camera = offer.section("3").unwrap();
    assert_eq!(
        (camera.kind, camera.ssrcs.as_slice()),
        (MediaKind::Video, &[78][..])
    );
    let decisions = [
        SectionAnswer::Inactive,
        SectionAnswer::Inactive,
        SectionAnswer::Inactive,
        SectionAnswer::Accept(Accept::receive(camera).unwrap()),
        SectionAnswer::Accept(Accept::send(offer.section("4").unwrap(), stream(901)).unwrap()),
    ];
    let answer = Description::parse(&answer(&offer, &params(), &decisions).unwrap()).unwrap();
    let sent = answer.section("3").unwrap();
    assert_eq!(sent.direction, Direction::RecvOnly);
    assert_eq!(payload_types(&sent.codecs), [OfferBuilder::VP8_PAYLOAD_TYPE]);
    assert_eq!(sent.codecs[0].feedback, ["ccm fir", "nack", "nack pli"]);
    let uris: Vec<&str> = sent.extensions.iter().map(|known| &*known.uri).collect();
    assert_eq!(uris, [MID_URI]);
    assert_eq!(answer.section("4").unwrap().ssrcs, [901]);
}

#[test]
fn a_native_offer_of_transport_feedback_and_its_answer() {
    let text = client_offer().video_receive("3").transport_feedback().build();
    let offer = Description::parse(&text).unwrap();
    let decisions = [
        SectionAnswer::Inactive,
        SectionAnswer::Accept(Accept::send(offer.section("1").unwrap(), stream(900)).unwrap()),
        SectionAnswer::Inactive,
        SectionAnswer::Accept(Accept::send(offer.section("3").unwrap(), stream(901)).unwrap()),
    ];
    let answer = Description::parse(&answer(&offer, &params(), &decisions).unwrap()).unwrap();
    for mid in ["1", "3"] {
        let section = answer.section(mid).unwrap();
        let numbers = |known: &&Extension| known.uri == TRANSPORT_SEQUENCE_URI;
        let ids: Vec<u8> = section
            .extensions
            .iter()
            .filter(numbers)
            .map(|known| known.id)
            .collect();
        assert_eq!(ids, [3], "{mid}");
        assert!(
            section.codecs[0].feedback.contains(&"transport-cc".to_owned()),
            "{mid}"
        );
    }
    let without = client_offer().build();
    assert!(!without.contains("transport-"), "{without}");
}

#[test]
fn values_cannot_add_lines() {
    let offer = Description::parse(CHROME).unwrap();
    let mut sent = stream(1);
    sent.msid.stream = "x\r\na=candidate:1 1 udp 1 6.6.6.6 6 typ host".into();
    let mut decisions = vec![SectionAnswer::Inactive; 5];
    decisions[3] = SectionAnswer::Accept(Accept::send(&offer.sections[3], sent).unwrap());
    let answer = answer(&offer, &params(), &decisions).unwrap();
    assert_eq!(Description::parse(&answer).unwrap().candidates.len(), 4);
}

/// Answers everything that can be answered, the way the service does.
fn answer_all(text: &str) {
    let Ok(offer) = Description::parse(text) else {
        return;
    };
    let decisions: Vec<SectionAnswer> = offer
        .sections
        .iter()
        .map(|section| {
            let accept = if section.direction.sends() {
                Accept::receive(section)
            } else if section.direction.receives() {
                Accept::send(section, stream(1))
            } else {
                None
            };
            accept.map_or(SectionAnswer::Inactive, SectionAnswer::Accept)
        })
        .collect();
    let all = answer(&offer, &params(), &decisions);
    assert!(matches!(all, Ok(_) | Err(AnswerError::Setup)), "{all:?}");
    if let Ok(text) = all {
        match Description::parse(&text) {
            Ok(parsed) => assert_eq!(parsed.sections.len(), offer.sections.len()),
            // Nothing in the offer was of use.
            Err(error) => assert_eq!(error, SdpError::NotBundled),
        }
    }
}

proptest! {
    #[test]
    fn any_text_is_a_description_or_an_error(text in "\\PC*") {
        answer_all(&text);
    }

    #[test]
    fn damaged_offers_are_answered_or_refused(
        offer in prop::sample::select(vec![CHROME, FIREFOX, media::SIMULCAST, media::SAFARI, media::OBS]),
        edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0..4_u8, "\\PC{0,12}"), 1..6),
    ) {
        let mut lines: Vec<String> = offer.lines().map(str::to_owned).collect();
        for (at, other, kind, text) in edits {
            let (at, other) = (at.index(lines.len()), other.index(lines.len()));
            match kind {
                0 => { lines.remove(at); }
                1 => lines.swap(at, other),
                2 => { let line = lines[at].clone(); lines.insert(other, line); }
                _ => {
                    let line = &mut lines[at];
                    let cut = (0..=line.len()).filter(|index| line.is_char_boundary(*index)).nth(other % (line.chars().count() + 1)).unwrap_or(0);
                    line.replace_range(cut.., &text);
                }
            }
            if lines.is_empty() { break }
        }
        answer_all(&lines.join("\n"));
    }
}
