//! str0m, with its own packets and frames.

use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use str0m::change::{SdpAnswer, SdpPendingOffer};
use str0m::media::{Direction, Frequency, KeyframeRequestKind, MediaKind, MediaTime, Mid};
use str0m::net::{DatagramRecv, Protocol, Receive};
use str0m::{Candidate, Event, Input, Output, Rtc};

use crate::{Kind, Stack, Told, VideoCodec};

/// Least time between two requests for a keyframe.
const KEYFRAME_INTERVAL: Duration = Duration::from_millis(500);

pub(crate) struct Peer {
    rtc: Rtc,
    address: SocketAddr,
    publishes: bool,
    /// Of sound and of pictures.
    mids: Option<(Mid, Mid)>,
    pending: Option<SdpPendingOffer>,
    requested: Option<Instant>,
}

impl Peer {
    pub(crate) fn new(address: SocketAddr, codec: VideoCodec, publishes: bool) -> Result<Self> {
        str0m::crypto::from_feature_flags().install_process_default();
        let mut rtc = Rtc::builder()
            .clear_codecs()
            .enable_opus(true, false)
            .enable_vp8(codec == VideoCodec::Vp8)
            .enable_h264(codec == VideoCodec::H264)
            .build(Instant::now());
        rtc.add_local_candidate(Candidate::host(address, "udp")?);
        Ok(Self {
            rtc,
            address,
            publishes,
            mids: None,
            pending: None,
            requested: None,
        })
    }

    fn kind(&self, mid: Mid) -> Option<Kind> {
        let (audio, video) = self.mids?;
        match mid {
            mid if mid == audio => Some(Kind::Audio),
            mid if mid == video => Some(Kind::Video),
            _ => None,
        }
    }

    fn request_keyframe(&mut self, now: Instant) {
        let is_early = |at| now.saturating_duration_since(at) < KEYFRAME_INTERVAL;
        if self.requested.is_some_and(is_early) {
            return;
        }
        if let Some((_, video)) = self.mids
            && let Some(mut writer) = self.rtc.writer(video)
        {
            self.requested = Some(now);
            // Not before the first packet of it has come, which is as well.
            let _ = writer.request_keyframe(None, KeyframeRequestKind::Pli);
        }
    }
}

impl Stack for Peer {
    fn offer(&mut self) -> Result<String> {
        let direction = if self.publishes {
            Direction::SendOnly
        } else {
            Direction::RecvOnly
        };
        let mut change = self.rtc.sdp_api();
        let audio = change.add_media(MediaKind::Audio, direction, None, None, None);
        let video = change.add_media(MediaKind::Video, direction, None, None, None);
        let (offer, pending) = change.apply().context("an offer")?;
        self.mids = Some((audio, video));
        self.pending = Some(pending);
        Ok(offer.to_sdp_string())
    }

    fn restart(&mut self) -> Result<String> {
        let mut change = self.rtc.sdp_api();
        change.ice_restart(true);
        let (offer, pending) = change.apply().context("an offer")?;
        self.pending = Some(pending);
        Ok(offer.to_sdp_string())
    }

    fn answer(&mut self, sdp: &str) -> Result<()> {
        let pending = self.pending.take().context("an answer without an offer")?;
        let answer = SdpAnswer::from_sdp_string(sdp)?;
        Ok(self.rtc.sdp_api().accept_answer(pending, answer)?)
    }

    fn receive(&mut self, now: Instant, source: SocketAddr, datagram: &[u8]) -> Result<()> {
        let Ok(contents) = DatagramRecv::try_from(datagram) else {
            return Ok(());
        };
        let received = Receive {
            proto: Protocol::Udp,
            source,
            destination: self.address,
            contents,
        };
        Ok(self.rtc.handle_input(Input::Receive(now, received))?)
    }

    fn timeout(&mut self, now: Instant) -> Result<()> {
        Ok(self.rtc.handle_input(Input::Timeout(now))?)
    }

    fn send(&mut self, now: Instant, kind: Kind, number: u64, ticks: u32, frame: &[u8]) -> Result<()> {
        let (audio, video) = self.mids.context("nothing was offered")?;
        let (mid, frequency) = match kind {
            Kind::Audio => (audio, Frequency::FORTY_EIGHT_KHZ),
            Kind::Video => (video, Frequency::NINETY_KHZ),
        };
        let writer = self.rtc.writer(mid).context("nothing is sent there")?;
        let agreed = writer.payload_params().next().map(|params| params.pt());
        let payload_type = agreed.context("no codec was agreed on")?;
        let time = MediaTime::new(number * u64::from(ticks), frequency);
        Ok(writer.write(payload_type, now, time, frame)?)
    }

    fn drain(&mut self, now: Instant, socket: &UdpSocket, told: &mut Vec<Told>) -> Result<Instant> {
        loop {
            match self.rtc.poll_output()? {
                Output::Timeout(due) => return Ok(due),
                Output::Transmit(transmit) => {
                    socket.send_to(&transmit.contents, transmit.destination)?;
                }
                Output::Event(Event::Connected) => told.push(Told::Connected),
                Output::Event(Event::KeyframeRequest(_)) => told.push(Told::WantsKeyframe),
                Output::Event(Event::MediaData(frame)) => {
                    let Some(kind) = self.kind(frame.mid) else {
                        continue;
                    };
                    let packets = frame.seq_range.end().saturating_sub(**frame.seq_range.start()) + 1;
                    told.push(Told::Packets(kind, usize::try_from(packets)?));
                    if kind == Kind::Video && !frame.contiguous {
                        self.request_keyframe(now);
                    }
                    told.push(Told::Frame {
                        kind,
                        timestamp: frame.time.numer(),
                        data: frame.data.to_vec(),
                    });
                }
                Output::Event(_) => {}
            }
        }
    }
}
