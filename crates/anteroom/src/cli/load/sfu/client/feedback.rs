//! What a subscriber tells of its transport, as browsers do: when each packet arrived (transport-wide congestion control).

use std::time::Instant;

use anteroom_media_transport::rtcp::CompoundWriter;
use anteroom_media_transport::rtcp::transport_cc::TwccRecorder;
use anteroom_media_transport::rtp::Packet;

/// Feedback on one transport.
pub(super) struct TransportFeedback {
    /// Header extension of a packet's number.
    id: u8,
    recorder: TwccRecorder,
    messages: u64,
}

impl TransportFeedback {
    /// Of packets with that header extension, by who reports as `ssrc`.
    pub(super) fn new(id: u8, ssrc: u32) -> Self {
        Self {
            id,
            recorder: TwccRecorder::new(ssrc),
            messages: 0,
        }
    }

    /// Notes a packet, whatever it has in it.
    pub(super) fn receive(&mut self, now: Instant, packet: &Packet<'_>) {
        if let Some(&[high, low]) = packet.extension(self.id) {
            self.recorder
                .receive(now, packet.ssrc(), u16::from_be_bytes([high, low]));
        }
    }

    /// When the next message is due.
    pub(super) const fn due(&self) -> Option<Instant> {
        self.recorder.poll_timeout()
    }

    /// Writes a message into `out`, which has room for one (RFC 5506: nothing else need be with it); its length.
    pub(super) fn write(&mut self, now: Instant, out: &mut [u8]) -> usize {
        let mut writer = CompoundWriter::new(out);
        if !matches!(self.recorder.write_feedback(now, &mut writer), Ok(true)) {
            return 0;
        }
        self.messages += 1;
        writer.len()
    }

    /// How many messages were written.
    pub(super) const fn messages(&self) -> u64 {
        self.messages
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use anteroom_media_transport::rtcp::{Compound, Packet as Rtcp};
    use anteroom_media_transport::rtp::PacketBuilder;

    use super::*;

    #[test]
    fn what_has_a_number_is_told_every_so_often() {
        let (start, mut out) = (Instant::now(), [0; 1100]);
        let mut feedback = TransportFeedback::new(3, 1);
        assert_eq!((feedback.due(), feedback.write(start, &mut out)), (None, 0));
        let (mut told, mut written) = (Vec::new(), Vec::new());
        for number in 0..100_u16 {
            let now = start + Duration::from_millis(10) * number.into();
            // Every tenth has no number.
            let value = number.to_be_bytes();
            let mut packet = PacketBuilder::new(96, number, 0, 9);
            if number % 10 != 9 {
                packet = packet.extension(3, &value);
            }
            let mut bytes = [0; 100];
            let length = packet.write(&[0; 20], &mut bytes).unwrap();
            feedback.receive(now, &Packet::parse(&bytes[..length]).unwrap());
            while feedback.due().is_some_and(|at| at <= now) {
                let length = feedback.write(now, &mut out);
                let Some(Ok(Rtcp::TransportFeedback(message))) = Compound::new(&out[..length]).next() else {
                    panic!("no feedback")
                };
                assert_eq!((message.sender_ssrc, message.media_ssrc), (1, 9));
                told.extend(message.arrivals().map(|(number, _)| number));
                written.push(now);
            }
        }
        assert_eq!(feedback.messages(), written.len() as u64);
        // One soon, then every 50 to 100 ms.
        assert!((10..=21).contains(&written.len()), "{}", written.len());
        let numbered = |number: &u16| number % 10 != 9;
        let last = told.last().copied().unwrap();
        assert!(last >= 89);
        assert_eq!(told, (0..=last).filter(numbered).collect::<Vec<_>>());
    }
}
