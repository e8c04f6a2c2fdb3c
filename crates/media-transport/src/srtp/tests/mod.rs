//! Published vectors, comparison with an independent implementation, and what contexts promise.

mod batch;
mod contexts;
mod differential;
mod header_encryption;
mod master_keys;
mod vectors;

use webrtc_srtp::context::Context;
use webrtc_srtp::option::{srtcp_replay_protection, srtp_replay_protection};
use webrtc_srtp::protection_profile::ProtectionProfile;

use super::*;
use crate::error::SrtpError;

const PROFILES: [SrtpProfile; 4] = SrtpProfile::ALL;

fn hex(text: &str) -> Vec<u8> {
    let digits: String = text.split_whitespace().collect();
    (0..digits.len() / 2)
        .map(|i| u8::from_str_radix(&digits[2 * i..2 * i + 2], 16).unwrap())
        .collect()
}

fn keys(profile: SrtpProfile) -> (Vec<u8>, Vec<u8>) {
    let byte = |i: usize| u8::try_from(i * 37 % 251).unwrap();
    (
        (1..=profile.key_len()).map(byte).collect(),
        (50..50 + profile.salt_len()).map(byte).collect(),
    )
}

fn pair(profile: SrtpProfile) -> (OutboundSrtp, InboundSrtp) {
    let (key, salt) = keys(profile);
    (
        OutboundSrtp::new(profile, &key, &salt).unwrap(),
        InboundSrtp::new(profile, &key, &salt).unwrap(),
    )
}

fn oracle(profile: SrtpProfile) -> Context {
    let (key, salt) = keys(profile);
    let profile = match profile {
        SrtpProfile::AeadAes128Gcm => ProtectionProfile::AeadAes128Gcm,
        SrtpProfile::AeadAes256Gcm => ProtectionProfile::AeadAes256Gcm,
        SrtpProfile::Aes128CmHmacSha1_80 => ProtectionProfile::Aes128CmHmacSha1_80,
        SrtpProfile::Aes128CmHmacSha1_32 => ProtectionProfile::Aes128CmHmacSha1_32,
    };
    Context::new(
        &key,
        &salt,
        profile,
        Some(srtp_replay_protection(128)),
        Some(srtcp_replay_protection(128)),
    )
    .unwrap()
}

fn rtp(ssrc: u32, sequence: u16, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x80, 111];
    packet.extend(sequence.to_be_bytes());
    packet.extend([0xde, 0xad, 0xbe, 0xef]);
    packet.extend(ssrc.to_be_bytes());
    packet.extend(payload);
    packet
}

fn receiver_report(ssrc: u32, blocks: u8) -> Vec<u8> {
    let mut packet = vec![0x80 | blocks, 201, 0, 1 + 6 * blocks];
    packet.extend(ssrc.to_be_bytes());
    packet.extend((0..24 * blocks).map(|i| i ^ 0x5a));
    packet
}

fn protect(sender: &mut OutboundSrtp, packet: &[u8]) -> Vec<u8> {
    let mut buffer = packet.to_vec();
    buffer.resize(packet.len() + SRTP_MAX_OVERHEAD, 0xee);
    let len = sender.protect_rtp(&mut buffer, packet.len()).unwrap();
    buffer.truncate(len);
    buffer
}

fn unprotect(receiver: &mut InboundSrtp, packet: &[u8]) -> Result<Vec<u8>, SrtpError> {
    let mut buffer = packet.to_vec();
    let len = receiver.unprotect_rtp(&mut buffer)?;
    buffer.truncate(len);
    Ok(buffer)
}

fn protect_rtcp(sender: &mut OutboundSrtp, packet: &[u8]) -> Vec<u8> {
    let mut buffer = packet.to_vec();
    buffer.resize(packet.len() + SRTP_MAX_OVERHEAD, 0xee);
    let len = sender.protect_rtcp(&mut buffer, packet.len()).unwrap();
    buffer.truncate(len);
    buffer
}

fn unprotect_rtcp(receiver: &mut InboundSrtp, packet: &[u8]) -> Result<Vec<u8>, SrtpError> {
    let mut buffer = packet.to_vec();
    let len = receiver.unprotect_rtcp(&mut buffer)?;
    buffer.truncate(len);
    Ok(buffer)
}
