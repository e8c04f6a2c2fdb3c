use std::fmt;

/// An SRTP protection profile (RFC 5764 §4.1.2, RFC 7714 §14.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SrtpProfile {
    /// `SRTP_AEAD_AES_128_GCM`, the cheapest: 16-byte tags.
    AeadAes128Gcm,
    /// `SRTP_AEAD_AES_256_GCM`: 16-byte tags, about 8 % dearer than its 128-bit sister.
    AeadAes256Gcm,
    /// `SRTP_AES128_CM_HMAC_SHA1_80`: 10-byte tags, what every WebRTC endpoint must speak (RFC 8827 §6.5).
    Aes128CmHmacSha1_80,
    /// `SRTP_AES128_CM_HMAC_SHA1_32`: 4-byte tags on RTP, 10-byte tags on RTCP. One forgery in 2³² passes, so it is for
    /// audio over narrow links between parties who agreed on it by other means; DTLS never offers it here.
    Aes128CmHmacSha1_32,
}

impl SrtpProfile {
    /// Every profile.
    pub const ALL: [Self; 4] = [
        Self::AeadAes128Gcm,
        Self::AeadAes256Gcm,
        Self::Aes128CmHmacSha1_80,
        Self::Aes128CmHmacSha1_32,
    ];

    /// What DTLS negotiates, the best first.
    pub const PREFERENCE: [Self; 3] = [
        Self::AeadAes128Gcm,
        Self::AeadAes256Gcm,
        Self::Aes128CmHmacSha1_80,
    ];

    /// Length of the master key in bytes.
    #[must_use]
    pub const fn key_len(self) -> usize {
        match self {
            Self::AeadAes128Gcm | Self::Aes128CmHmacSha1_80 | Self::Aes128CmHmacSha1_32 => 16,
            Self::AeadAes256Gcm => 32,
        }
    }

    /// Length of the master salt in bytes.
    #[must_use]
    pub const fn salt_len(self) -> usize {
        match self {
            Self::AeadAes128Gcm | Self::AeadAes256Gcm => 12,
            Self::Aes128CmHmacSha1_80 | Self::Aes128CmHmacSha1_32 => 14,
        }
    }

    /// Length of the authentication tag of RTP packets, in bytes.
    #[must_use]
    pub const fn tag_len(self) -> usize {
        match self {
            Self::AeadAes128Gcm | Self::AeadAes256Gcm => 16,
            Self::Aes128CmHmacSha1_80 => 10,
            Self::Aes128CmHmacSha1_32 => 4,
        }
    }

    /// Length of the authentication tag of RTCP packets, in bytes (RFC 5764 §4.1.2 keeps it at 80 bits for the short
    /// profile).
    #[must_use]
    pub const fn rtcp_tag_len(self) -> usize {
        match self {
            Self::AeadAes128Gcm | Self::AeadAes256Gcm => 16,
            Self::Aes128CmHmacSha1_80 | Self::Aes128CmHmacSha1_32 => 10,
        }
    }

    /// Whether encryption and authentication are one operation (RFC 7714): such packets have the tag before a master key
    /// identifier, others behind it.
    pub(super) const fn is_aead(self) -> bool {
        matches!(self, Self::AeadAes128Gcm | Self::AeadAes256Gcm)
    }

    /// The two-byte identifier in the `use_srtp` extension.
    #[must_use]
    pub const fn wire_id(self) -> u16 {
        match self {
            Self::Aes128CmHmacSha1_80 => 0x0001,
            Self::Aes128CmHmacSha1_32 => 0x0002,
            Self::AeadAes128Gcm => 0x0007,
            Self::AeadAes256Gcm => 0x0008,
        }
    }

    /// The profile with this identifier, when it is one of ours.
    #[must_use]
    pub const fn from_wire_id(id: u16) -> Option<Self> {
        match id {
            0x0001 => Some(Self::Aes128CmHmacSha1_80),
            0x0002 => Some(Self::Aes128CmHmacSha1_32),
            0x0007 => Some(Self::AeadAes128Gcm),
            0x0008 => Some(Self::AeadAes256Gcm),
            _ => None,
        }
    }
}

impl fmt::Display for SrtpProfile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AeadAes128Gcm => "AEAD_AES_128_GCM",
            Self::AeadAes256Gcm => "AEAD_AES_256_GCM",
            Self::Aes128CmHmacSha1_80 => "AES128_CM_HMAC_SHA1_80",
            Self::Aes128CmHmacSha1_32 => "AES128_CM_HMAC_SHA1_32",
        })
    }
}
