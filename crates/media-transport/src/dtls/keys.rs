use super::Side;
use crate::srtp::{InboundSrtp, OutboundSrtp, SrtpProfile};

/// Ready contexts for both directions.
#[derive(Debug)]
pub(crate) struct SrtpKeys {
    pub(crate) profile: SrtpProfile,
    pub(crate) inbound: InboundSrtp,
    pub(crate) outbound: OutboundSrtp,
}

impl SrtpKeys {
    /// Splits what `EXTRACTOR-dtls_srtp` gave (RFC 5764 §4.2): client key, server key, client salt, server salt. `None`
    /// when it is too short for the profile.
    pub(super) fn split(material: &[u8], profile: SrtpProfile, side: Side) -> Option<Self> {
        let (client_key, rest) = material.split_at_checked(profile.key_len())?;
        let (server_key, rest) = rest.split_at_checked(profile.key_len())?;
        let (client_salt, rest) = rest.split_at_checked(profile.salt_len())?;
        let server_salt = rest.get(..profile.salt_len())?;
        let ((our_key, our_salt), (their_key, their_salt)) = match side {
            Side::Active => ((client_key, client_salt), (server_key, server_salt)),
            Side::Passive => ((server_key, server_salt), (client_key, client_salt)),
        };
        Some(Self {
            profile,
            outbound: OutboundSrtp::new(profile, our_key, our_salt).ok()?,
            inbound: InboundSrtp::new(profile, their_key, their_salt).ok()?,
        })
    }

    /// How much of it a profile needs, in bytes.
    #[cfg_attr(
        not(any(test, feature = "webrtc-dtls")),
        expect(dead_code, reason = "dimpl knows it itself")
    )]
    pub(super) const fn material_len(profile: SrtpProfile) -> usize {
        2 * (profile.key_len() + profile.salt_len())
    }
}
