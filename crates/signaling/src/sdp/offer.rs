//! The offer of a native client.

use sdp_types::{Attribute, MediaType};

use super::offer_answer::{bare_media, fingerprint_value, rtp_attributes, session, stream_attributes, write};
use super::{AUDIO_LEVEL_URI, Codec, Direction, Extension, MID_URI, Msid, SendStream};

/// Payload type of Opus in our offers, the one browsers use.
const OPUS_PAYLOAD_TYPE: u8 = 111;
/// Id of the header extension with the section's name in our offers.
const MID_ID: u8 = 1;
/// Id of the header extension with the audio level in our offers.
const AUDIO_LEVEL_ID: u8 = 2;

/// The offering end's transport.
#[derive(Clone, PartialEq, Eq)]
pub struct LocalTransport {
    /// Our ICE user fragment.
    pub ice_ufrag: String,
    /// Our ICE password.
    pub ice_pwd: String,
    /// SHA-256 of our DTLS certificate.
    pub fingerprint: [u8; 32],
}

impl std::fmt::Debug for LocalTransport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LocalTransport")
            .field("ice_ufrag", &self.ice_ufrag)
            .finish_non_exhaustive()
    }
}

/// Writes the offers of a client that sends and receives Opus.
///
/// Sections keep their place for the life of the connection: build each new offer with the earlier sections first, in the
/// same order, each used or [inactive](Self::inactive), and with the next version. Opus has payload type
/// [`OPUS_PAYLOAD_TYPE`](Self::OPUS_PAYLOAD_TYPE); the extensions are those of [`extensions`](Self::extensions). The
/// offer names no candidates, since an ICE-lite server learns our address from our checks.
#[derive(Debug, Clone)]
pub struct OfferBuilder {
    session_id: u64,
    version: u64,
    transport: LocalTransport,
    sections: Vec<(String, Use)>,
}

#[derive(Debug, Clone)]
enum Use {
    Send(SendStream),
    Receive,
    Inactive,
}

impl OfferBuilder {
    /// Payload type of Opus in these offers.
    pub const OPUS_PAYLOAD_TYPE: u8 = OPUS_PAYLOAD_TYPE;

    /// An offer without sections. `session_id` is below 2⁶³ and the same for the life of the connection, `version` one
    /// more with each offer.
    #[must_use]
    pub const fn new(session_id: u64, version: u64, transport: LocalTransport) -> Self {
        Self {
            session_id,
            version,
            transport,
            sections: Vec::new(),
        }
    }

    /// Adds a section that sends sound.
    #[must_use]
    pub fn audio_send(
        mut self,
        mid: impl Into<String>,
        ssrc: u32,
        cname: impl Into<String>,
        msid: Msid,
    ) -> Self {
        self.sections.push((
            mid.into(),
            Use::Send(SendStream {
                ssrc,
                cname: cname.into(),
                msid,
            }),
        ));
        self
    }

    /// Adds a section that receives sound.
    #[must_use]
    pub fn audio_receive(mut self, mid: impl Into<String>) -> Self {
        self.sections.push((mid.into(), Use::Receive));
        self
    }

    /// Adds a section that is not used now.
    #[must_use]
    pub fn inactive(mut self, mid: impl Into<String>) -> Self {
        self.sections.push((mid.into(), Use::Inactive));
        self
    }

    /// The header extensions in each section.
    #[must_use]
    pub fn extensions() -> Vec<Extension> {
        vec![
            Extension {
                id: MID_ID,
                uri: MID_URI.to_owned(),
            },
            Extension {
                id: AUDIO_LEVEL_ID,
                uri: AUDIO_LEVEL_URI.to_owned(),
            },
        ]
    }

    /// Writes the offer.
    #[must_use]
    pub fn build(&self) -> String {
        let mut session = session(self.session_id, self.version);
        let mids: Vec<&str> = self.sections.iter().map(|(mid, _)| mid.as_str()).collect();
        session.attributes.push(Attribute::with_value(
            "group",
            format!("BUNDLE {}", mids.join(" ")),
        ));
        session
            .attributes
            .push(Attribute::with_value("msid-semantic", "WMS *"));
        session.medias = self
            .sections
            .iter()
            .map(|(mid, section)| self.section(mid, section))
            .collect();
        write(&session)
    }

    fn section(&self, mid: &str, section: &Use) -> sdp_types::Media {
        let LocalTransport {
            ice_ufrag,
            ice_pwd,
            fingerprint,
        } = &self.transport;
        let direction = match section {
            Use::Send(_) => Direction::SendOnly,
            Use::Receive => Direction::RecvOnly,
            Use::Inactive => Direction::Inactive,
        };
        let mut media = bare_media(MediaType::Audio, 9, OPUS_PAYLOAD_TYPE.to_string());
        let attributes = &mut media.attributes;
        let mut set = |name: &str, value: &str| attributes.push(Attribute::with_value(name, value));
        set("mid", mid);
        set("ice-ufrag", ice_ufrag);
        set("ice-pwd", ice_pwd);
        set("fingerprint", &fingerprint_value(fingerprint));
        set("setup", "actpass");
        attributes.push(Attribute::new(direction.as_str()));
        attributes.push(Attribute::new("rtcp-mux"));
        attributes.push(Attribute::new("rtcp-rsize"));
        rtp_attributes(attributes, &[opus()], &Self::extensions());
        if let Use::Send(stream) = section {
            stream_attributes(attributes, stream);
        }
        media
    }
}

fn opus() -> Codec {
    Codec {
        payload_type: OPUS_PAYLOAD_TYPE,
        name: "opus".to_owned(),
        clock_rate: 48_000,
        channels: Some(2),
        fmtp: "minptime=10;useinbandfec=1".to_owned(),
        feedback: Vec::new(),
    }
}
