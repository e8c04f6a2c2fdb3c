//! Codecs, layers, retransmissions and header extensions: what is taken of them.

use super::*;

/// After what Chrome 140 offers: a camera in three layers, the largest switched off, and a section of each kind that
/// receives.
pub(super) const SIMULCAST: &str = include_str!("../data/chrome-simulcast-offer.sdp");
/// The same by Safari 26, which prefers H.264.
pub(super) const SAFARI: &str = include_str!("../data/safari-offer.sdp");
/// By OBS Studio's WHIP output with three layers.
pub(super) const OBS: &str = include_str!("../data/obs-whip-offer.sdp");

fn section(text: &str, index: usize) -> MediaSection {
    Description::parse(text).unwrap().sections[index].clone()
}

/// The lines of the answer to one section, the others inactive.
fn answered(text: &str, index: usize, decide: impl Fn(&MediaSection) -> Accept) -> Vec<String> {
    let offer = Description::parse(text).unwrap();
    let mut decisions = vec![SectionAnswer::Inactive; offer.sections.len()];
    decisions[index] = SectionAnswer::Accept(decide(&offer.sections[index]));
    let text = answer(&offer, &params(), &decisions).unwrap();
    // It can be read back.
    Description::parse(&text).unwrap();
    let part = text.split("\r\nm=").nth(index + 1).unwrap();
    part.lines().map(str::to_owned).collect()
}

fn with<'a>(lines: &'a [String], prefixes: &[&str]) -> Vec<&'a str> {
    let wanted = |line: &&str| prefixes.iter().any(|prefix| line.starts_with(prefix));
    lines.iter().map(String::as_str).filter(wanted).collect()
}

const LAYERS: [&str; 2] = ["a=rid:", "a=simulcast:"];

#[test]
fn all_layers_are_taken_with_one_that_is_paused() {
    let lines = answered(SIMULCAST, 1, |section| Accept::receive(section).unwrap());
    assert_eq!(
        with(&lines, &LAYERS),
        [
            "a=rid:q recv",
            "a=rid:h recv",
            "a=rid:f recv",
            "a=simulcast:recv q;h;f"
        ]
    );
    let lines = answered(OBS, 1, |section| Accept::receive(section).unwrap());
    assert_eq!(
        with(&lines, &LAYERS),
        [
            "a=rid:0 recv",
            "a=rid:1 recv",
            "a=rid:2 recv",
            "a=simulcast:recv 0;1;2"
        ]
    );
    assert_eq!(
        with(&lines, &["a=extmap:"]),
        [format!("a=extmap:1 {MID_URI}"), format!("a=extmap:2 {RID_URI}")]
    );
    // What is sent has one.
    let send = answered(SIMULCAST, 3, |section| Accept::send(section, stream(7)).unwrap());
    assert_eq!(with(&send, &LAYERS), [""; 0]);
}

#[test]
fn layers_that_cannot_be_told_apart_are_not_taken() {
    let text = SIMULCAST.replace(&format!("a=extmap:10 {RID_URI}\n"), "");
    assert_eq!(Accept::receive(&section(&text, 1)).unwrap().rids, []);
}

#[test]
fn an_answer_names_layers_of_its_offer_only() {
    let offer = Description::parse(SIMULCAST).unwrap();
    let mut accept = Accept::receive(&offer.sections[1]).unwrap();
    accept.rids[0].id = "x".to_owned();
    let mut decisions = vec![SectionAnswer::Inactive; 4];
    decisions[1] = SectionAnswer::Accept(accept);
    assert_eq!(
        answer(&offer, &params(), &decisions),
        Err(AnswerError::Section(1))
    );
}

#[test]
fn the_first_codec_is_the_one_everybody_has_unless_an_application_chose() {
    let names = |section: &MediaSection| -> Vec<String> {
        let codecs = select_codecs(section);
        let own = codecs.iter().filter(|codec| codec.repeats().is_none());
        own.map(|codec| format!("{} {}", codec.name, codec.payload_type))
            .collect()
    };
    assert_eq!(
        names(&section(SAFARI, 0)),
        ["VP8 106", "H264 98", "VP9 108", "VP9 127", "AV1 35"]
    );
    let mut chosen = section(SIMULCAST, 1);
    chosen
        .codecs
        .sort_by_key(|codec| (!codec.is("VP9"), codec.payload_type));
    assert_eq!(
        names(&chosen),
        ["VP9 98", "VP9 100", "AV1 45", "VP8 96", "H264 103", "H264 109"]
    );
    chosen.codecs.retain(|codec| codec.is("AV1") || codec.is("rtx"));
    assert_eq!(payload_types(&select_codecs(&chosen)), [45, 46]);
}

#[test]
fn profiles_that_are_none_are_not_taken() {
    for (fmtp, odd) in [
        ("98 profile-id=0", "98 profile-id=4"),
        ("98 profile-id=0", "98 profile-id=x"),
        ("45 level-idx=5;profile=0", "45 level-idx=5;profile=3"),
    ] {
        let text = SIMULCAST.replace(&format!("a=fmtp:{fmtp}"), &format!("a=fmtp:{odd}"));
        let payload_type: u8 = odd[..2].parse().unwrap();
        let taken = payload_types(&select_codecs(&section(&text, 1)));
        assert!(
            !taken.contains(&payload_type) && !taken.contains(&(payload_type + 1)),
            "{odd}"
        );
        assert!(payload_types(&select_codecs(&section(SIMULCAST, 1))).contains(&payload_type));
    }
}

#[test]
fn redundancy_is_taken_behind_opus_or_before_as_the_client_has_it() {
    let with = |formats: &str, fmtp: &str| {
        let text = SIMULCAST
            .replace("SAVPF 111 63 9", &format!("SAVPF {formats} 9"))
            .replace("a=fmtp:63 111/111", fmtp);
        payload_types(&select_codecs(&section(&text, 0)))
    };
    assert_eq!(with("111 63", "a=fmtp:63 111/111"), [111, 63]);
    assert_eq!(with("63 111", "a=fmtp:63 111/111"), [63, 111]);
    for odd in [
        "a=fmtp:63 111",
        "a=fmtp:63 111/9",
        "a=fmtp:63 9/9",
        "a=fmtp:63 /",
        "a=fmtp:63 400/400",
    ] {
        assert_eq!(with("111 63", odd), [111], "{odd}");
    }
    // Without Opus there is nothing to be redundant.
    assert_eq!(with("63", "a=fmtp:63 111/111"), [0_u8; 0]);
}

#[test]
fn a_part_of_the_codecs_keeps_what_belongs_to_it() {
    let mut video = select_codecs(&section(SIMULCAST, 1));
    retain_codecs(&mut video, |codec| codec.is("VP9"));
    assert_eq!(payload_types(&video), [98, 99, 100, 101]);
    retain_codecs(&mut video, |codec| codec.fmtp == "profile-id=2");
    assert_eq!(payload_types(&video), [100, 101]);
    retain_codecs(&mut video, |_| false);
    assert_eq!(video, []);
    let mut audio = select_codecs(&section(SIMULCAST, 0));
    retain_codecs(&mut audio, |codec| codec.is("opus"));
    assert_eq!(payload_types(&audio), [111, 63]);
}

#[test]
fn two_byte_headers_and_what_needs_them_where_they_may_be_mixed() {
    let taken = |text: &str| {
        let section = section(text, 1);
        let extensions = select_extensions(&section);
        let id = |uri| extensions.iter().find(|e| e.uri == uri).map(|e| e.id);
        (id(DEPENDENCY_DESCRIPTOR_URI), id(VIDEO_ORIENTATION_URI))
    };
    assert_eq!(taken(SIMULCAST), (Some(12), Some(3)));
    let long = SIMULCAST.replace("a=extmap:3 urn:3gpp", "a=extmap:200 urn:3gpp");
    assert_eq!(taken(&long), (Some(12), Some(200)));
    let reserved = SIMULCAST.replace("a=extmap:3 urn:3gpp", "a=extmap:15 urn:3gpp");
    assert_eq!(taken(&reserved), (Some(12), None));
    let never = |text: &str| text.replace("a=extmap-allow-mixed\n", "");
    assert_eq!(taken(&never(SIMULCAST)), (None, Some(3)));
    assert_eq!(taken(&never(&long)), (None, None));

    // One section alone may say so, and is answered alone.
    let one = never(SIMULCAST).replace("a=mid:1\n", "a=mid:1\na=extmap-allow-mixed\n");
    assert_eq!(taken(&one), (Some(12), Some(3)));
    let offer = Description::parse(&one).unwrap();
    assert!(!offer.extmap_allow_mixed && !offer.sections[0].extmap_allow_mixed);
    let answer = answer(&offer, &params(), &vec![SectionAnswer::Inactive; 4]).unwrap();
    let parts: Vec<bool> = answer
        .split("\r\nm=")
        .map(|part| part.contains("a=extmap-allow-mixed"))
        .collect();
    assert_eq!(parts, [false, false, true, false, false]);
}

#[test]
fn short_reports_are_answered_when_they_are_offered() {
    let rsize = |text: &str| {
        let lines = answered(text, 1, |section| Accept::receive(section).unwrap());
        lines.iter().filter(|line| *line == "a=rtcp-rsize").count()
    };
    assert_eq!((rsize(SIMULCAST), rsize(OBS)), (1, 0));
}

#[test]
fn sources_and_what_repeats_them() {
    let read = |lines: &str| {
        let section = section(&OBS.replace("a=rid:0 send\n", lines), 1);
        let repairs: Vec<(u32, u32)> = section.repairs.iter().map(|pair| (pair.of, pair.ssrc)).collect();
        (section.ssrcs, repairs)
    };
    // The form before `a=rid`: layers from small to large, whatever the order of the lines.
    let sim = "a=ssrc-group:SIM 10 20 30\na=ssrc-group:FID 10 11\na=ssrc-group:FID 20 21\na=ssrc-group:FID 30 31\n\
               a=ssrc:30 cname:x\na=ssrc:31 cname:x\na=ssrc:10 cname:x\na=ssrc:11 cname:x\na=ssrc:20 cname:x\na=ssrc:21 cname:x\n";
    assert_eq!(read(sim), (vec![10, 20, 30], vec![(10, 11), (20, 21), (30, 31)]));
    // Error correction is no media and repeats nothing.
    let fec = "a=ssrc-group:FEC-FR 1 2\na=ssrc:1 cname:x\na=ssrc:2 cname:x\n";
    assert_eq!(read(fec), (vec![1], vec![]));
    // What nothing is said of, what is said twice, and groups that are too short or too long.
    let odd = "a=ssrc-group:FID 1 9\na=ssrc-group:FID\na=ssrc-group:FID 1\na=ssrc-group:FID 3 4 5\na=ssrc-group:FID 1 2\n\
               a=ssrc-group:FID 1 6\na=ssrc-group:NEW what ever\na=ssrc:1 a:b\na=ssrc:2 a:b\na=ssrc:3 a:b\na=ssrc:6 a:b\n";
    assert_eq!(read(odd), (vec![1, 3], vec![(1, 2)]));
    let text = OBS.replace("a=rid:0 send\n", "a=ssrc-group:FID 1 x\n");
    assert_eq!(Description::parse(&text), Err(SdpError::Malformed("ssrc")));
    let many: Vec<String> = (1..=129).map(|ssrc: u32| ssrc.to_string()).collect();
    let text = OBS.replace(
        "a=rid:0 send\n",
        &format!("a=ssrc-group:SIM {}\n", many.join(" ")),
    );
    assert_eq!(Description::parse(&text), Err(SdpError::TooMany("sources")));
}
