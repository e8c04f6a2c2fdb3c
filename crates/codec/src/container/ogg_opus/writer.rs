use std::io::Write;

use ogg::{PacketWriteEndInfo, PacketWriter};

use super::header::{OpusHead, OpusTags};
use crate::{Error, SAMPLE_RATE_HZ, opus::packet};

/// Writes one Opus stream; pages hold at most a second of sound (RFC 7845 §3, "low latency"), and the sink is
/// flushed after each.
///
/// A file that is not ended by [`finish`](Self::finish), because the program was killed, plays to the end of its
/// last page: it lacks a second at most, and the exact length.
pub struct Writer<W: Write> {
    pages: PacketWriter<'static, W>,
    serial: u32,
    /// Samples in all packets handed in.
    position: u64,
    /// Samples in the page being filled, below one second.
    in_page: u64,
    /// The newest packet, its length in samples and the position after it: held back because the last packet of
    /// a stream is marked as such.
    held: Option<(Vec<u8>, u64, u64)>,
}

impl<W: Write> Writer<W> {
    /// Writes both headers. `serial` names the stream inside the file; any number will do.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn new(sink: W, serial: u32, head: &OpusHead, tags: &OpusTags) -> Result<Self, Error> {
        let mut pages = PacketWriter::new(sink);
        pages.write_packet(head.to_bytes(), serial, PacketWriteEndInfo::EndPage, 0)?;
        pages.write_packet(tags.to_bytes()?, serial, PacketWriteEndInfo::EndPage, 0)?;
        pages.inner_mut().flush()?;
        Ok(Self {
            pages,
            serial,
            position: 0,
            in_page: 0,
            held: None,
        })
    }

    /// Appends a packet.
    ///
    /// # Errors
    /// [`Error::Packet`] for a malformed one, [`Error::Io`].
    pub fn write_packet(&mut self, data: &[u8]) -> Result<(), Error> {
        let samples = packet::duration_samples(data)? as u64;
        self.flush_held(samples)?;
        self.position += samples;
        self.held = Some((data.to_vec(), samples, self.position));
        Ok(())
    }

    /// Samples in all packets written, pre-skip included.
    #[must_use]
    pub const fn position(&self) -> u64 {
        self.position
    }

    /// The sink; what is not flushed yet is not in it.
    #[must_use]
    pub fn sink(&self) -> &W {
        self.pages.inner()
    }

    /// Ends the stream and returns the sink.
    ///
    /// `final_position` is the length of the sound *with* the pre-skip, in samples at 48 kHz: less than the
    /// packets hold when the encoder had to be fed silence at the end. `None` keeps everything.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn finish(mut self, final_position: Option<u64>) -> Result<W, Error> {
        if let Some((data, _, position)) = self.held.take() {
            let end = final_position.map_or(position, |wanted| wanted.min(position));
            self.pages
                .write_packet(data, self.serial, PacketWriteEndInfo::EndStream, end)?;
        }
        self.pages.inner_mut().flush()?;
        Ok(self.pages.into_inner())
    }

    fn flush_held(&mut self, next: u64) -> Result<(), Error> {
        let Some((data, samples, position)) = self.held.take() else {
            return Ok(());
        };
        self.in_page += samples;
        if self.in_page + next <= u64::from(SAMPLE_RATE_HZ) {
            let end = PacketWriteEndInfo::NormalPacket;
            return Ok(self.pages.write_packet(data, self.serial, end, position)?);
        }
        self.in_page = 0;
        self.pages
            .write_packet(data, self.serial, PacketWriteEndInfo::EndPage, position)?;
        Ok(self.pages.inner_mut().flush()?)
    }
}

impl<W: Write> std::fmt::Debug for Writer<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writer")
            .field("position", &self.position)
            .finish_non_exhaustive()
    }
}
