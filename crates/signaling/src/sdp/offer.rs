//! The offer of a native client.

use sdp_types::{Attribute, MediaType};

use super::offer_answer::{bare_media, fingerprint_value, rtp_attributes, session, stream_attributes, write};
use super::{
    AUDIO_LEVEL_URI, Codec, Direction, Extension, MID_URI, MediaKind, Msid, SendStream,
    TRANSPORT_SEQUENCE_URI,
};

/// Payload type of Opus in our offers, the one browsers use.
const OPUS_PAYLOAD_TYPE: u8 = 111;
/// Payload type of VP8 in our offers, the one browsers use.
const VP8_PAYLOAD_TYPE: u8 = 96;
/// Id of the header extension with the section's name in our offers.
const MID_ID: u8 = 1;
/// Id of the header extension with the audio level in our offers.
const AUDIO_LEVEL_ID: u8 = 2;
/// Id of the header extension with the packet's number in the transport in our offers, the one browsers use.
const TRANSPORT_SEQUENCE_ID: u8 = 3;

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

/// Writes the offers of a client that sends and receives Opus and VP8.
///
/// Sections keep their place for the life of the connection: build each new offer with the earlier sections first, in the
/// same order, each used or [inactive](Self::inactive), and with the next version. Opus has payload type
/// [`OPUS_PAYLOAD_TYPE`](Self::OPUS_PAYLOAD_TYPE), VP8 [`VP8_PAYLOAD_TYPE`](Self::VP8_PAYLOAD_TYPE); the extensions of
/// sound are those of [`extensions`](Self::extensions), pictures have the section's name alone; with
/// [`transport_feedback`](Self::transport_feedback) both have one more. The offer names no candidates, since an ICE-lite
/// server learns our address from our checks.
#[derive(Debug, Clone)]
pub struct OfferBuilder {
    session_id: u64,
    version: u64,
    transport: LocalTransport,
    transport_feedback: bool,
    sections: Vec<(String, MediaKind, Use)>,
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

    /// Payload type of VP8 in these offers.
    pub const VP8_PAYLOAD_TYPE: u8 = VP8_PAYLOAD_TYPE;

    /// An offer without sections. `session_id` is below 2⁶³ and the same for the life of the connection, `version` one
    /// more with each offer.
    #[must_use]
    pub const fn new(session_id: u64, version: u64, transport: LocalTransport) -> Self {
        Self {
            session_id,
            version,
            transport,
            transport_feedback: false,
            sections: Vec::new(),
        }
    }

    /// Offers transport-wide congestion control in all sections: packets have numbers of their transport, and who
    /// receives them tells when each arrived (`transport-cc`).
    #[must_use]
    pub const fn transport_feedback(mut self) -> Self {
        self.transport_feedback = true;
        self
    }

    /// Adds a section that sends sound.
    #[must_use]
    pub fn audio_send(self, mid: impl Into<String>, ssrc: u32, cname: impl Into<String>, msid: Msid) -> Self {
        self.send(mid, MediaKind::Audio, ssrc, cname, msid)
    }

    /// Adds a section that sends pictures.
    #[must_use]
    pub fn video_send(self, mid: impl Into<String>, ssrc: u32, cname: impl Into<String>, msid: Msid) -> Self {
        self.send(mid, MediaKind::Video, ssrc, cname, msid)
    }

    fn send(
        mut self,
        mid: impl Into<String>,
        kind: MediaKind,
        ssrc: u32,
        cname: impl Into<String>,
        msid: Msid,
    ) -> Self {
        let stream = SendStream {
            ssrc,
            rtx_ssrc: None,
            cname: cname.into(),
            msid,
        };
        self.sections.push((mid.into(), kind, Use::Send(stream)));
        self
    }

    /// Adds a section that receives sound.
    #[must_use]
    pub fn audio_receive(mut self, mid: impl Into<String>) -> Self {
        self.sections.push((mid.into(), MediaKind::Audio, Use::Receive));
        self
    }

    /// Adds a section that receives pictures.
    #[must_use]
    pub fn video_receive(mut self, mid: impl Into<String>) -> Self {
        self.sections.push((mid.into(), MediaKind::Video, Use::Receive));
        self
    }

    /// Adds a section for sound that is not used now.
    #[must_use]
    pub fn inactive(mut self, mid: impl Into<String>) -> Self {
        self.sections.push((mid.into(), MediaKind::Audio, Use::Inactive));
        self
    }

    /// Adds a section for pictures that is not used now. A section keeps its kind for as long as the connection lasts.
    #[must_use]
    pub fn video_inactive(mut self, mid: impl Into<String>) -> Self {
        self.sections.push((mid.into(), MediaKind::Video, Use::Inactive));
        self
    }

    /// The header extensions in each section for sound, without [`transport_feedback`](Self::transport_feedback).
    #[must_use]
    pub fn extensions() -> Vec<Extension> {
        vec![
            Extension {
                id: MID_ID,
                uri: MID_URI.to_owned(),
                direction: Direction::SendRecv,
            },
            Extension {
                id: AUDIO_LEVEL_ID,
                uri: AUDIO_LEVEL_URI.to_owned(),
                direction: Direction::SendRecv,
            },
        ]
    }

    /// Writes the offer.
    #[must_use]
    pub fn build(&self) -> String {
        let mut session = session(self.session_id, self.version);
        let mids: Vec<&str> = self.sections.iter().map(|(mid, ..)| mid.as_str()).collect();
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
            .map(|(mid, kind, section)| self.section(mid, *kind, section))
            .collect();
        write(&session)
    }

    fn section(&self, mid: &str, kind: MediaKind, section: &Use) -> sdp_types::Media {
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
        let mut extensions = Self::extensions();
        let (kind, mut codec) = match kind {
            MediaKind::Video => {
                extensions.retain(|extension| extension.uri == MID_URI);
                (MediaType::Video, vp8())
            }
            _ => (MediaType::Audio, opus()),
        };
        if self.transport_feedback {
            extensions.push(Extension {
                id: TRANSPORT_SEQUENCE_ID,
                uri: TRANSPORT_SEQUENCE_URI.to_owned(),
                direction: Direction::SendRecv,
            });
            codec.feedback.push("transport-cc".to_owned());
        }
        let mut media = bare_media(kind, 9, codec.payload_type.to_string());
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
        rtp_attributes(attributes, &[codec], &extensions);
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

fn vp8() -> Codec {
    Codec {
        payload_type: VP8_PAYLOAD_TYPE,
        name: "VP8".to_owned(),
        clock_rate: 90_000,
        channels: None,
        fmtp: String::new(),
        feedback: ["nack", "nack pli", "ccm fir"].map(str::to_owned).to_vec(),
    }
}
