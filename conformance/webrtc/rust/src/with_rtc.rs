//! rtc, webrtc-rs without I/O, with its packetizers and depacketizers.

use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use bytes::{Bytes, BytesMut};
use rtc::interceptor::Registry;
use rtc::media_stream::MediaStreamTrack;
use rtc::peer_connection::configuration::interceptor_registry::register_default_interceptors;
use rtc::peer_connection::configuration::media_engine::{
    MIME_TYPE_H264, MIME_TYPE_OPUS, MIME_TYPE_VP8, MediaEngine,
};
use rtc::peer_connection::configuration::{RTCConfigurationBuilder, RTCOfferOptions};
use rtc::peer_connection::event::RTCPeerConnectionEvent;
use rtc::peer_connection::message::{RTCMessage, TaggedRTCMessage};
use rtc::peer_connection::sdp::RTCSessionDescription;
use rtc::peer_connection::state::RTCPeerConnectionState;
use rtc::peer_connection::transport::{CandidateConfig, CandidateHostConfig, RTCIceCandidate};
use rtc::peer_connection::{RTCPeerConnection, RTCPeerConnectionBuilder};
use rtc::rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication;
use rtc::rtp::Packet;
use rtc::rtp::codec::h264::H264Packet;
use rtc::rtp::codec::opus::OpusPacket;
use rtc::rtp::codec::vp8::Vp8Packet;
use rtc::rtp::packetizer::{Depacketizer, Packetizer, new_packetizer};
use rtc::rtp::sequence::new_random_sequencer;
use rtc::rtp_transceiver::rtp_sender::{
    RTCPFeedback, RTCRtpCodec, RTCRtpCodecParameters, RTCRtpCodingParameters, RTCRtpEncodingParameters,
    RtpCodecKind,
};
use rtc::rtp_transceiver::{RTCRtpSenderId, RTCRtpTransceiverDirection, RTCRtpTransceiverInit};
use rtc::sansio::Protocol as _;
use rtc::shared::{TaggedBytesMut, TransportContext, TransportProtocol};

use crate::{Kind, Stack, Told, VideoCodec};

/// Longest packet, in bytes.
const MTU: usize = 1200;

/// When it wants to be woken when it has no time of its own.
const LONGEST: Duration = Duration::from_secs(1);

pub(crate) struct Peer {
    connection: RTCPeerConnection,
    address: SocketAddr,
    publishes: bool,
    /// Of sound and of pictures.
    codecs: [Codec; 2],
    senders: Vec<Sender>,
    receivers: Vec<Receiver>,
}

struct Codec {
    kind: Kind,
    parameters: RTCRtpCodecParameters,
}

struct Sender {
    kind: Kind,
    id: RTCRtpSenderId,
    packetizer: Box<dyn Packetizer>,
}

/// Puts frames together. The suite's packets come in their order.
struct Receiver {
    kind: Kind,
    payload_type: u8,
    video: VideoCodec,
    h264: H264Packet,
    timestamp: u32,
    frame: Vec<u8>,
}

impl Receiver {
    /// Takes a packet; the frame it ends.
    fn add(&mut self, packet: &Packet) -> Option<Vec<u8>> {
        // Padding alone.
        if packet.payload.is_empty() {
            return None;
        }
        if packet.header.timestamp != self.timestamp {
            self.timestamp = packet.header.timestamp;
            self.frame.clear();
        }
        let part = match (self.kind, self.video) {
            (Kind::Audio, _) => OpusPacket.depacketize(&packet.payload),
            // A new one for each packet: that of rtc 0.21.1 takes what an earlier descriptor had for part of one without
            // extension, which another publisher sends.
            (Kind::Video, VideoCodec::Vp8) => Vp8Packet::default().depacketize(&packet.payload),
            (Kind::Video, VideoCodec::H264) => self.h264.depacketize(&packet.payload),
        };
        match part {
            Ok(part) => self.frame.extend(part),
            Err(_) => self.frame.clear(),
        }
        let is_last = self.kind == Kind::Audio || packet.header.marker;
        (is_last && !self.frame.is_empty()).then(|| std::mem::take(&mut self.frame))
    }
}

impl Codec {
    fn new(kind: Kind, video: VideoCodec) -> Self {
        let (mime, clock_rate, channels, fmtp, payload_type) = match (kind, video) {
            (Kind::Audio, _) => (MIME_TYPE_OPUS, 48_000, 2, "minptime=10;useinbandfec=1", 111),
            (Kind::Video, VideoCodec::Vp8) => (MIME_TYPE_VP8, 90_000, 0, "", 96),
            (Kind::Video, VideoCodec::H264) => {
                let baseline = "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f";
                (MIME_TYPE_H264, 90_000, 0, baseline, 102)
            }
        };
        let feedback = |parameter: &str| RTCPFeedback {
            typ: "nack".to_owned(),
            parameter: parameter.to_owned(),
        };
        let rtcp_feedback = match kind {
            Kind::Audio => Vec::new(),
            Kind::Video => vec![feedback(""), feedback("pli")],
        };
        let rtp_codec = RTCRtpCodec {
            mime_type: mime.to_owned(),
            clock_rate,
            channels,
            sdp_fmtp_line: fmtp.to_owned(),
            rtcp_feedback,
        };
        let parameters = RTCRtpCodecParameters {
            rtp_codec,
            payload_type,
        };
        Self { kind, parameters }
    }
}

const fn theirs(kind: Kind) -> RtpCodecKind {
    match kind {
        Kind::Audio => RtpCodecKind::Audio,
        Kind::Video => RtpCodecKind::Video,
    }
}

impl Peer {
    pub(crate) fn new(address: SocketAddr, video: VideoCodec, publishes: bool) -> Result<Self> {
        let codecs = [Kind::Audio, Kind::Video].map(|kind| Codec::new(kind, video));
        let mut engine = MediaEngine::default();
        for Codec { kind, parameters } in &codecs {
            engine.register_codec(parameters.clone(), theirs(*kind))?;
        }
        let registry = register_default_interceptors(Registry::new(), &mut engine)?;
        let connection = RTCPeerConnectionBuilder::new()
            .with_configuration(RTCConfigurationBuilder::new().build())
            .with_media_engine(engine)
            .with_interceptor_registry(registry)
            .build(Instant::now())?;
        let receiver = |codec: &Codec| Receiver {
            kind: codec.kind,
            payload_type: codec.parameters.payload_type,
            video,
            h264: H264Packet::default(),
            timestamp: 0,
            frame: Vec::new(),
        };
        Ok(Self {
            connection,
            address,
            publishes,
            senders: Vec::new(),
            receivers: codecs.iter().map(receiver).collect(),
            codecs,
        })
    }

    fn add_sender(&mut self, index: usize) -> Result<()> {
        let Codec { kind, parameters } = self.codecs.get(index).context("a codec")?;
        let (kind, codec) = (*kind, parameters.rtp_codec.clone());
        let ssrc: u32 = rand::random();
        let payloader = codec.payloader()?;
        let packetizer = new_packetizer(
            Instant::now(),
            MTU,
            parameters.payload_type,
            ssrc,
            payloader,
            Box::new(new_random_sequencer()),
            codec.clock_rate,
        );
        let encoding = RTCRtpEncodingParameters {
            rtp_coding_parameters: RTCRtpCodingParameters {
                ssrc: Some(ssrc),
                ..RTCRtpCodingParameters::default()
            },
            active: true,
            codec,
            ..RTCRtpEncodingParameters::default()
        };
        let name = |what: &str| format!("{what}-{kind:?}").to_lowercase();
        let track = MediaStreamTrack::new(
            "stream".to_owned(),
            name("track"),
            name("label"),
            theirs(kind),
            vec![encoding],
        );
        let init = RTCRtpTransceiverInit {
            direction: RTCRtpTransceiverDirection::Sendonly,
            ..RTCRtpTransceiverInit::default()
        };
        let transceiver = self.connection.add_transceiver_from_track(track, Some(init))?;
        self.senders.push(Sender {
            kind,
            id: RTCRtpSenderId::from(transceiver),
            packetizer: Box::new(packetizer),
        });
        Ok(())
    }

    fn add_candidate(&mut self) -> Result<()> {
        let candidate = CandidateHostConfig {
            base_config: CandidateConfig {
                network: "udp".to_owned(),
                address: self.address.ip().to_string(),
                port: self.address.port(),
                component: 1,
                ..CandidateConfig::default()
            },
            ..CandidateHostConfig::default()
        }
        .new_candidate_host()?;
        let candidate = RTCIceCandidate::from(&candidate).to_json()?;
        Ok(self.connection.add_local_candidate(candidate)?)
    }

    fn describe(&mut self, options: Option<RTCOfferOptions>) -> Result<String> {
        let offer = self.connection.create_offer(options)?;
        self.connection.set_local_description(Instant::now(), offer)?;
        self.add_candidate()?;
        let description = self.connection.local_description();
        Ok(description.context("no description")?.sdp)
    }

    fn take(&mut self, message: RTCMessage, told: &mut Vec<Told>) {
        match message {
            RTCMessage::RtpPacket(_, packet) => {
                let payload_type = packet.header.payload_type;
                let of = |receiver: &&mut Receiver| receiver.payload_type == payload_type;
                if let Some(receiver) = self.receivers.iter_mut().find(of) {
                    told.push(Told::Packets(receiver.kind, 1));
                    if let Some(data) = receiver.add(&packet) {
                        told.push(Told::Frame {
                            kind: receiver.kind,
                            timestamp: receiver.timestamp.into(),
                            data,
                        });
                    }
                }
            }
            RTCMessage::RtcpPacket(_, packets) => {
                let is_request = packets
                    .iter()
                    .any(|packet| packet.as_any().is::<PictureLossIndication>());
                if is_request {
                    told.push(Told::WantsKeyframe);
                }
            }
            _ => {}
        }
    }
}

impl Stack for Peer {
    fn offer(&mut self) -> Result<String> {
        if self.publishes {
            for index in 0..self.codecs.len() {
                self.add_sender(index)?;
            }
        } else {
            for kind in [RtpCodecKind::Audio, RtpCodecKind::Video] {
                let init = RTCRtpTransceiverInit {
                    direction: RTCRtpTransceiverDirection::Recvonly,
                    ..RTCRtpTransceiverInit::default()
                };
                self.connection.add_transceiver_from_kind(kind, Some(init))?;
            }
        }
        self.describe(None)
    }

    fn restart(&mut self) -> Result<String> {
        self.describe(Some(RTCOfferOptions { ice_restart: true }))
    }

    fn answer(&mut self, sdp: &str) -> Result<()> {
        let answer = RTCSessionDescription::answer(sdp.to_owned())?;
        Ok(self.connection.set_remote_description(Instant::now(), answer)?)
    }

    fn receive(&mut self, now: Instant, source: SocketAddr, datagram: &[u8]) -> Result<()> {
        let received = TaggedBytesMut {
            now,
            transport: TransportContext {
                local_addr: self.address,
                peer_addr: source,
                ecn: None,
                transport_protocol: TransportProtocol::UDP,
            },
            message: BytesMut::from(datagram),
        };
        Ok(self.connection.handle_read(received)?)
    }

    fn timeout(&mut self, now: Instant) -> Result<()> {
        Ok(self.connection.handle_timeout(now)?)
    }

    fn send(&mut self, now: Instant, kind: Kind, _: u64, ticks: u32, frame: &[u8]) -> Result<()> {
        let sender = self.senders.iter_mut().find(|sender| sender.kind == kind);
        let Sender { id, packetizer, .. } = sender.context("nothing is sent there")?;
        let packets = packetizer.packetize(now, &Bytes::copy_from_slice(frame), ticks)?;
        let mut sender = self.connection.rtp_sender(*id).context("no sender")?;
        for packet in packets {
            sender.write_rtp(now, packet)?;
        }
        Ok(())
    }

    fn drain(&mut self, now: Instant, socket: &UdpSocket, told: &mut Vec<Told>) -> Result<Instant> {
        while let Some(transmit) = self.connection.poll_write() {
            socket.send_to(&transmit.message, transmit.transport.peer_addr)?;
        }
        while let Some(event) = self.connection.poll_event() {
            if let RTCPeerConnectionEvent::OnConnectionStateChangeEvent(RTCPeerConnectionState::Connected) =
                event
            {
                told.push(Told::Connected);
            }
        }
        while let Some(TaggedRTCMessage { message, .. }) = self.connection.poll_read() {
            self.take(message, told);
        }
        Ok(self.connection.poll_timeout().unwrap_or(now + LONGEST))
    }
}
