//! SRTP: hostile packets, round trips, and the life of two streams beside `webrtc-srtp`.

use anteroom_media_transport::demux::{self, PacketClass};
use anteroom_media_transport::srtp::{
    HeaderEncryption, InboundSrtp, MasterKey, OutboundSrtp, SRTP_MAX_OVERHEAD, SrtpConfig, SrtpProfile,
};
use anteroom_media_transport::{SrtpError, rtp};
use webrtc_srtp::context::Context;
use webrtc_srtp::option::{srtcp_replay_protection, srtp_replay_protection};
use webrtc_srtp::protection_profile::ProtectionProfile;

/// Encrypted media: the first byte picks profile, what is encrypted of headers, identifiers and direction. Nothing that we
/// did not protect is accepted.
pub fn srtp_unprotect(data: &[u8]) {
    let Some((&choice, packet)) = data.split_first() else {
        return;
    };
    let profile = SrtpProfile::ALL[usize::from(choice & 3)];
    let header = match choice >> 2 & 3 {
        0 | 3 => HeaderEncryption::None,
        1 => HeaderEncryption::Elements((1..=255).step_by(2).collect()),
        _ => HeaderEncryption::Cryptex,
    };
    let (key, salt) = (vec![7; profile.key_len()], vec![9; profile.salt_len()]);
    let keys: Vec<_> = match choice & 0x10 {
        0 => vec![MasterKey::new(&[], &key, &salt)],
        _ => [[0, 0], [1, 1]]
            .map(|mki| MasterKey::new(&mki, &key, &salt))
            .into(),
    };
    let config = SrtpConfig::with_master_keys(profile, keys).header_encryption(header);
    let inbound = || InboundSrtp::with_config(&config).expect("the right lengths");
    let mut bytes = packet.to_vec();
    let opened = match choice & 0x80 {
        0 => inbound().unprotect_rtp(&mut bytes),
        _ => inbound().unprotect_rtcp(&mut bytes),
    };
    // Four bytes of tag can be found, sixteen cannot.
    assert!(opened.is_err() || profile == SrtpProfile::Aes128CmHmacSha1_32);

    // The same packet, protected by the other side, comes back as it was.
    if rtp::Packet::parse(packet).is_err() || demux::classify(packet) != PacketClass::Rtp {
        return;
    }
    let mut outbound = OutboundSrtp::with_config(&config).expect("the right lengths");
    let mut protected = packet.to_vec();
    protected.resize(packet.len() + outbound.max_overhead(), 0);
    let Ok(length) = outbound.protect_rtp(&mut protected, packet.len()) else {
        return;
    };
    protected.truncate(length);
    let length = inbound()
        .unprotect_rtp(&mut protected)
        .expect("our own packet is authentic");
    // Sources alone come back with an empty extension.
    let grown = header == HeaderEncryption::Cryptex && packet[0] & 0x1f != 0 && packet[0] & 0x10 == 0;
    if !grown {
        assert_eq!(&protected[..length], packet);
    }
}

/// How many packets may be on the way, to arrive late, twice, broken or not at all.
const ON_THE_WAY: usize = 32;

/// Two senders and two receivers with the same keys: whatever is sent is the same from both, and whatever arrives gets the
/// same verdict from both. The first byte picks the profile; then each operation is a byte and what it needs.
pub fn srtp_differential(data: &[u8]) {
    let mut input = Input(data);
    let Some(choice) = input.byte() else {
        return;
    };
    let profile = SrtpProfile::ALL[usize::from(choice) % SrtpProfile::ALL.len()];
    let mut ends = Ends::new(profile);
    while let Some(operation) = input.byte() {
        match operation % 6 {
            0 => ends.send_rtp(&mut input),
            1 => ends.send_rtcp(&mut input),
            2 => {
                if let Some(packet) = ends.pick(&mut input) {
                    ends.deliver(&packet);
                }
            }
            3 => {
                if let Some(mut packet) = ends.pick(&mut input) {
                    let at = usize::from(input.number());
                    let change = input.byte().unwrap_or(1);
                    let at = at % packet.bytes.len();
                    packet.bytes[at] ^= change;
                    ends.deliver(&packet);
                }
            }
            4 => {
                if let Some(mut packet) = ends.pick(&mut input) {
                    let len = usize::from(input.number()) % (packet.bytes.len() + 1);
                    packet.bytes.truncate(len);
                    ends.deliver(&packet);
                }
            }
            _ => {
                let kind = match operation & 0x80 {
                    0 => Kind::Rtp,
                    _ => Kind::Rtcp,
                };
                let len = usize::from(input.byte().unwrap_or_default());
                let bytes = input.bytes(len).to_vec();
                ends.deliver(&Packet { kind, bytes });
            }
        }
    }
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Rtp,
    Rtcp,
}

#[derive(Debug, Clone)]
struct Packet {
    kind: Kind,
    bytes: Vec<u8>,
}

struct Ends {
    our_sender: OutboundSrtp,
    our_receiver: InboundSrtp,
    their_sender: Context,
    their_receiver: Context,
    /// The next sequence number of each of two streams.
    sequences: [u16; 2],
    on_the_way: Vec<Packet>,
}

impl Ends {
    fn new(profile: SrtpProfile) -> Self {
        let key: Vec<u8> = (1..).take(profile.key_len()).collect();
        let salt: Vec<u8> = (101..).take(profile.salt_len()).collect();
        let theirs = match profile {
            SrtpProfile::AeadAes128Gcm => ProtectionProfile::AeadAes128Gcm,
            SrtpProfile::AeadAes256Gcm => ProtectionProfile::AeadAes256Gcm,
            SrtpProfile::Aes128CmHmacSha1_80 => ProtectionProfile::Aes128CmHmacSha1_80,
            SrtpProfile::Aes128CmHmacSha1_32 => ProtectionProfile::Aes128CmHmacSha1_32,
        };
        let context = || {
            let (rtp, rtcp) = (srtp_replay_protection(128), srtcp_replay_protection(128));
            Context::new(&key, &salt, theirs, Some(rtp), Some(rtcp)).expect("the right lengths")
        };
        let mut ends = Self {
            our_sender: OutboundSrtp::new(profile, &key, &salt).expect("the right lengths"),
            our_receiver: InboundSrtp::new(profile, &key, &salt).expect("the right lengths"),
            their_sender: context(),
            their_receiver: context(),
            sequences: [0x7f00, 3],
            on_the_way: Vec::new(),
        };
        // Their SRTCP index starts at 1, for each source.
        let mut report = vec![0x80, 201, 0, 1, 0, 0, 0, 1];
        report.resize(8 + SRTP_MAX_OVERHEAD, 0);
        ends.our_sender
            .protect_rtcp(&mut report, 8)
            .expect("there is room");
        // Its replay windows start with the first packet that they see, authentic or not; ours with the first authentic.
        ends.send_rtp(&mut Input(&[]));
        ends.send_rtp(&mut Input(&[0x80]));
        ends.send_rtcp(&mut Input(&[]));
        for packet in std::mem::take(&mut ends.on_the_way) {
            ends.deliver(&packet);
        }
        ends
    }

    /// A packet with sources, marker, padding bit and extension as the input says, some steps behind the last one.
    fn send_rtp(&mut self, input: &mut Input<'_>) {
        let flags = input.byte().unwrap_or_default();
        let stream = usize::from(flags >> 7);
        let step = input.byte().unwrap_or_default();
        self.sequences[stream] = self.sequences[stream].wrapping_add(u16::from(step).max(1));
        let sources = flags & 3;
        let extension = flags & 4 != 0;
        let mut packet = vec![
            0x80 | sources | if extension { 0x10 } else { 0 },
            input.byte().unwrap_or_default(),
        ];
        packet.extend(self.sequences[stream].to_be_bytes());
        packet.extend([1, 2, 3, 4, 0xca, 0xfe, 0, flags >> 7]);
        packet.extend((0..4 * sources).map(|i| i ^ flags));
        if extension {
            packet.extend([0xbe, 0xde, 0, 1, 0x12, flags, step, 7]);
        }
        // The other implementation does not open packets without a payload.
        let len = 1 + usize::from(input.number()) % 1500;
        let payload = input.bytes(len);
        packet.extend(payload);
        packet.push(step);

        let ours = sealed(&packet, |buffer, len| self.our_sender.protect_rtp(buffer, len));
        let theirs = self.their_sender.encrypt_rtp(&packet).expect("a good packet");
        assert_eq!(ours, theirs);
        self.push(Kind::Rtp, ours);
    }

    /// Reports of one source only: ours has one index for all, theirs one for each.
    fn send_rtcp(&mut self, input: &mut Input<'_>) {
        let blocks = input.byte().unwrap_or_default() % 32;
        let mut packet = vec![0x80 | blocks, 201, 0, 1 + 6 * blocks, 0, 0, 0, 1];
        packet.extend((0..24 * usize::from(blocks)).map(|i| blocks ^ i.to_le_bytes()[0]));
        let ours = sealed(&packet, |buffer, len| self.our_sender.protect_rtcp(buffer, len));
        let theirs = self.their_sender.encrypt_rtcp(&packet).expect("a good report");
        assert_eq!(ours, theirs);
        self.push(Kind::Rtcp, ours);
    }

    fn push(&mut self, kind: Kind, bytes: Vec<u8>) {
        if self.on_the_way.len() == ON_THE_WAY {
            self.on_the_way.remove(0);
        }
        self.on_the_way.push(Packet { kind, bytes });
    }

    fn pick(&self, input: &mut Input<'_>) -> Option<Packet> {
        let choice = usize::from(input.byte()?);
        let newest_first = self.on_the_way.iter().rev();
        newest_first.cycle().nth(choice).cloned()
    }

    fn deliver(&mut self, packet: &Packet) {
        let mut ours = packet.bytes.clone();
        let opened = match packet.kind {
            Kind::Rtp => self.our_receiver.unprotect_rtp(&mut ours),
            Kind::Rtcp => self.our_receiver.unprotect_rtcp(&mut ours),
        };
        // The other implementation panics at some short packets, and believes SRTCP that says it is not encrypted, with
        // AES-GCM even unauthenticated. It panics at some extensions, too, of which authentication says nothing.
        let is_too_much = match packet.kind {
            Kind::Rtp => opened.is_err() && !has_whole_elements(&packet.bytes),
            Kind::Rtcp => false,
        };
        if is_too_much || matches!(opened, Err(SrtpError::Malformed | SrtpError::Unencrypted)) {
            return;
        }
        let theirs = match packet.kind {
            Kind::Rtp => self.their_receiver.decrypt_rtp(&packet.bytes).ok(),
            Kind::Rtcp => self.their_receiver.decrypt_rtcp(&packet.bytes).ok(),
        };
        match (opened, theirs) {
            (Ok(len), Some(theirs)) => assert_eq!(&ours[..len], &theirs[..]),
            (Err(_), None) => {}
            (opened, theirs) => panic!("ours {opened:?}, theirs {theirs:?}, {packet:?}"),
        }
    }
}

/// Whether no element of a packet's extension claims more bytes than the packet has. Elements end where the extension does,
/// or behind it.
fn has_whole_elements(packet: &[u8]) -> bool {
    let mut input = Input(packet);
    let flags = input.byte().unwrap_or_default();
    input.bytes(11 + 4 * usize::from(flags & 15));
    if flags & 0x10 == 0 {
        return true;
    }
    let (kind, words) = (input.number(), input.number());
    let begin = input.0.len();
    while matches!(kind, 0xbede | 0x1000) && begin - input.0.len() < 4 * usize::from(words) {
        let len = match (kind, input.byte()) {
            (_, Some(0)) => continue,
            (0xbede, Some(0xf0..)) => return true,
            (0xbede, Some(first)) => Some(1 + usize::from(first & 15)),
            (_, Some(_)) => input.byte().map(usize::from),
            (_, None) => None,
        };
        if len.is_none_or(|len| input.bytes(len).len() < len) {
            return false;
        }
    }
    true
}

fn sealed<E: std::fmt::Debug>(
    packet: &[u8],
    protect: impl FnOnce(&mut [u8], usize) -> Result<usize, E>,
) -> Vec<u8> {
    let mut buffer = packet.to_vec();
    buffer.resize(packet.len() + SRTP_MAX_OVERHEAD, 0xee);
    let len = protect(&mut buffer, packet.len()).expect("a good packet");
    buffer.truncate(len);
    buffer
}

/// What is left of the input.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn number(&mut self) -> u16 {
        u16::from_be_bytes([0; 2].map(|_: u8| self.byte().unwrap_or_default()))
    }

    /// At most `len`.
    fn bytes(&mut self, len: usize) -> &'a [u8] {
        let (bytes, rest) = self.0.split_at(len.min(self.0.len()));
        self.0 = rest;
        bytes
    }
}
