use super::feedback::{FullIntraRequest, Nack, PictureLossIndication, Remb};
use super::report::{ReceiverReport, SenderReport};
use super::sdes::{Goodbye, SourceDescription};
use super::transport_cc::TransportFeedback;
use super::xr::ExtendedReport;
use super::{FMT_APPLICATION, FMT_FIR, FMT_NACK, FMT_PLI, FMT_TRANSPORT_CC, REMB_NAME};
use crate::error::ParseError;

/// The packet type field; unknown values are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PacketType(pub u8);

impl PacketType {
    /// SR, RFC 3550 §6.4.1.
    pub const SENDER_REPORT: Self = Self(200);
    /// RR, RFC 3550 §6.4.2.
    pub const RECEIVER_REPORT: Self = Self(201);
    /// SDES, RFC 3550 §6.5.
    pub const SOURCE_DESCRIPTION: Self = Self(202);
    /// BYE, RFC 3550 §6.6.
    pub const GOODBYE: Self = Self(203);
    /// APP, RFC 3550 §6.7.
    pub const APPLICATION: Self = Self(204);
    /// RTPFB, RFC 4585 §6.2.
    pub const TRANSPORT_FEEDBACK: Self = Self(205);
    /// PSFB, RFC 4585 §6.3.
    pub const PAYLOAD_FEEDBACK: Self = Self(206);
    /// XR, RFC 3611.
    pub const EXTENDED_REPORT: Self = Self(207);
}

/// One packet of a compound, borrowed.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Packet<'a> {
    /// What a sender says about itself and about what it receives.
    SenderReport(SenderReport<'a>),
    /// What a receiver says about what it receives.
    ReceiverReport(ReceiverReport<'a>),
    /// Names of sources.
    SourceDescription(SourceDescription<'a>),
    /// Sources that have ended.
    Goodbye(Goodbye<'a>),
    /// Packets asked for again.
    Nack(Nack<'a>),
    /// A keyframe asked for.
    PictureLossIndication(PictureLossIndication),
    /// A keyframe asked for, with a command number.
    FullIntraRequest(FullIntraRequest<'a>),
    /// The receiver's estimate of the bandwidth.
    Remb(Remb<'a>),
    /// Arrival times of packets.
    TransportFeedback(TransportFeedback<'a>),
    /// Times by which receivers measure the round trip, too.
    ExtendedReport(ExtendedReport<'a>),
    /// A packet or feedback type this crate does not read.
    Unknown(Unknown<'a>),
}

/// A packet that is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unknown<'a> {
    /// Its type.
    pub packet_type: PacketType,
    /// The five bits behind the version: a count or a feedback message type.
    pub count: u8,
    /// What follows the four-byte header, padding excluded.
    pub body: &'a [u8],
}

/// Iterates over the packets of a datagram.
///
/// Every packet's length must fit (RFC 3550 appendix A.2). After an error there is nothing more. A lone feedback packet is
/// fine (reduced-size RTCP, RFC 5506).
///
/// RFC 3550 §6.4.1 allows padding in the last packet only, in whole words. libwebrtc pads each transport-wide feedback by
/// single bytes, wherever it stands, so that is taken.
#[derive(Debug, Clone)]
pub struct Compound<'a> {
    rest: &'a [u8],
}

impl<'a> Compound<'a> {
    /// Starts at the first packet.
    #[must_use]
    #[inline]
    pub const fn new(datagram: &'a [u8]) -> Self {
        Self { rest: datagram }
    }

    #[inline]
    fn read(&mut self) -> Result<Packet<'a>, ParseError> {
        let ([first, packet_type, a, b], rest) = self
            .rest
            .split_first_chunk()
            .ok_or(ParseError::truncated("RTCP header"))?;
        let (first, packet_type) = (*first, PacketType(*packet_type));
        if first >> 6 != 2 {
            return Err(ParseError::invalid("RTCP version"));
        }
        let words = u16::from_be_bytes([*a, *b]);
        let (mut body, rest) = rest
            .split_at_checked(usize::from(words) * 4)
            .ok_or(ParseError::truncated("RTCP packet"))?;
        self.rest = rest;
        if first & 0x20 != 0 {
            let padding = usize::from(*body.last().ok_or(ParseError::truncated("RTCP padding"))?);
            if padding == 0 || padding > body.len() {
                return Err(ParseError::invalid("RTCP padding"));
            }
            body = body.get(..body.len() - padding).unwrap_or_default();
        }
        Packet::read(packet_type, first & 0x1f, body)
    }
}

impl<'a> Iterator for Compound<'a> {
    type Item = Result<Packet<'a>, ParseError>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let packet = self.read();
        if packet.is_err() {
            self.rest = &[];
        }
        Some(packet)
    }
}

impl<'a> Packet<'a> {
    #[inline]
    fn read(packet_type: PacketType, count: u8, body: &'a [u8]) -> Result<Self, ParseError> {
        Ok(match (packet_type, count) {
            (PacketType::SENDER_REPORT, _) => Self::SenderReport(SenderReport::read(count, body)?),
            (PacketType::RECEIVER_REPORT, _) => Self::ReceiverReport(ReceiverReport::read(count, body)?),
            (PacketType::SOURCE_DESCRIPTION, _) => {
                Self::SourceDescription(SourceDescription::read(count, body)?)
            }
            (PacketType::GOODBYE, _) => Self::Goodbye(Goodbye::read(count, body)?),
            (PacketType::TRANSPORT_FEEDBACK, FMT_NACK) => Self::Nack(Nack::read(body)?),
            (PacketType::TRANSPORT_FEEDBACK, FMT_TRANSPORT_CC) => {
                Self::TransportFeedback(TransportFeedback::read(body)?)
            }
            (PacketType::PAYLOAD_FEEDBACK, FMT_PLI) => {
                Self::PictureLossIndication(PictureLossIndication::read(body)?)
            }
            (PacketType::PAYLOAD_FEEDBACK, FMT_FIR) => Self::FullIntraRequest(FullIntraRequest::read(body)?),
            (PacketType::PAYLOAD_FEEDBACK, FMT_APPLICATION) if body.get(8..12) == Some(REMB_NAME) => {
                Self::Remb(Remb::read(body)?)
            }
            (PacketType::EXTENDED_REPORT, _) => Self::ExtendedReport(ExtendedReport::read(body)?),
            _ => Self::Unknown(Unknown {
                packet_type,
                count,
                body,
            }),
        })
    }
}
