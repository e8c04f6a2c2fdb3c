use std::io::{Read, Seek};

use super::{
    header::{OpusHead, OpusTags},
    pages::{Damage, Pages},
};
use crate::{
    Error, SAMPLE_RATE_HZ,
    container::ReadLimits,
    opus::{Channels, Decoder, MAX_PACKET_SAMPLES, packet},
};

/// Reads the Opus stream of a file, packet by packet or whole.
///
/// What breaks off is read up to there, and damage between pages is skipped (RFC 3533 §3). Streams that were put one
/// behind the other are told apart by [`next_stream`](Self::next_stream).
///
/// ```no_run
/// use anteroom_codec::container::{ReadLimits, ogg_opus::Reader};
/// let file = std::io::BufReader::new(std::fs::File::open("speech.opus")?);
/// let samples = Reader::new(file)?.read_samples(ReadLimits::default())?;
/// # Ok::<_, anteroom_codec::Error>(())
/// ```
pub struct Reader<R> {
    pub(super) pages: Pages<R>,
    pub(super) head: OpusHead,
    tags: OpusTags,
    /// Samples in the packets up to here from the start of the stream, pre-skip included, whether given or not.
    pub(super) position: u64,
    /// The granule position the stream starts from, known after the first page of sound (RFC 7845 §4.3).
    pub(super) start: Option<u64>,
    /// Samples in the packets of the page being read.
    pub(super) in_page: u64,
    /// Samples the decoder's output has too many before the sound wanted.
    pub(super) skip: u64,
    /// Where the first page of sound starts.
    pub(super) sound_at: u64,
}

/// One packet of sound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OggPacket {
    /// The Opus packet, well-formed.
    pub data: Vec<u8>,
    /// Samples per channel in it.
    pub samples: usize,
    /// Samples of it to drop from its end: not zero only on the last page of the stream (end trimming, RFC 7845
    /// §4.4).
    pub trim_end: usize,
    /// The granule position of its page, when it is the last packet that ends there.
    pub granule_position: Option<u64>,
    /// Pages before it are lost; how much sound that is, the next granule position tells.
    pub after_hole: bool,
}

impl<R: Read> Reader<R> {
    /// Reads both headers.
    ///
    /// # Errors
    /// [`Error::Ogg`] when the file does not start with an Opus stream of one or two channels, [`Error::Io`].
    pub fn new(source: R) -> Result<Self, Error> {
        let mut pages = Pages::new(source);
        let (head, tags) = headers(&mut pages)?;
        let sound_at = pages.position();
        Ok(Self {
            pages,
            head,
            tags,
            position: 0,
            start: None,
            in_page: 0,
            skip: u64::from(head.pre_skip),
            sound_at,
        })
    }

    /// The identification header.
    #[must_use]
    pub const fn head(&self) -> &OpusHead {
        &self.head
    }

    /// The comment header.
    #[must_use]
    pub const fn tags(&self) -> &OpusTags {
        &self.tags
    }

    /// Samples to drop from the start of what a fresh decoder makes of the packets to come: the pre-skip, or after
    /// [`seek`](Self::seek) what comes before the sample asked for.
    #[must_use]
    pub const fn skip(&self) -> u64 {
        self.skip
    }

    /// The next packet, or `None` at the end.
    ///
    /// # Errors
    /// [`Error::Packet`] for a malformed Opus packet (reading may go on), [`Error::Ogg`], [`Error::Io`].
    pub fn next_packet(&mut self) -> Result<Option<OggPacket>, Error> {
        let Some(packet) = self.pages.next(Damage::Skip)? else {
            return Ok(None);
        };
        let samples = packet::duration_samples(&packet.data);
        let counted = samples.as_ref().map_or(0, |samples| *samples as u64);
        self.position += counted;
        self.in_page += counted;
        if let Some(granule) = packet.granule {
            let in_page = std::mem::take(&mut self.in_page);
            // A stream that was cut out of a longer one starts late.
            let start = match self.start {
                Some(start) => start,
                // The last page's position may lie before the end of its packets instead, so it tells nothing.
                None if packet.is_last => 0,
                None => granule.saturating_sub(in_page),
            };
            self.start = Some(start);
            if granule > start.saturating_add(self.position) && !packet.is_last {
                // Pages were lost.
                self.position = granule - start;
            }
        }
        // The sound may end some packets before the last (RFC 7845 §4.4).
        let trim_end = packet.sound_end.map_or(0, |end| {
            let position = self.start.unwrap_or(0).saturating_add(self.position);
            position.saturating_sub(end)
        });
        let samples = samples?;
        Ok(Some(OggPacket {
            data: packet.data,
            samples,
            trim_end: usize::try_from(trim_end).map_or(samples, |trim| trim.min(samples)),
            granule_position: packet.granule,
            after_hole: packet.after_hole,
        }))
    }

    /// Goes on to the stream that was put behind this one (RFC 7845 §7.2); false when there is none, or none of Opus.
    /// Headers and everything else are those of the new stream then.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn next_stream(&mut self) -> Result<bool, Error> {
        while self.pages.next_stream()? {
            match headers(&mut self.pages) {
                Ok((head, tags)) => {
                    (self.head, self.tags) = (head, tags);
                    (self.position, self.in_page, self.start) = (0, 0, None);
                    self.skip = u64::from(head.pre_skip);
                    self.sound_at = self.pages.position();
                    return Ok(true);
                }
                Err(Error::Io(error)) => return Err(error.into()),
                Err(_) => {}
            }
        }
        Ok(false)
    }

    /// Decodes what is left as 48 kHz mono, without pre-skip and the trimmed end, with the header's gain applied;
    /// what streams behind this one hold follows without a gap.
    ///
    /// Malformed packets are concealed, as a player would; lost pages leave a gap that is not filled.
    ///
    /// # Errors
    /// [`Error::TooLong`] beyond `limits`, [`Error::Ogg`], [`Error::Io`].
    pub fn read_samples(&mut self, limits: ReadLimits) -> Result<Vec<i16>, Error> {
        let most = limits.samples(SAMPLE_RATE_HZ);
        let mut out = Vec::new();
        loop {
            self.read_stream(most, limits, &mut out)?;
            if !self.next_stream()? {
                return Ok(out);
            }
        }
    }

    fn read_stream(&mut self, most: u64, limits: ReadLimits, out: &mut Vec<i16>) -> Result<(), Error> {
        let mut decoder = Decoder::new(Channels::Mono)?;
        decoder.set_gain_q8(self.head.output_gain_q8)?;
        let mut pcm = [0; MAX_PACKET_SAMPLES];
        let mut usual = 960;
        loop {
            let (made, trim) = match self.next_packet() {
                Ok(None) => return Ok(()),
                Ok(Some(packet)) => {
                    usual = packet.samples;
                    let made = match decoder.decode(&packet.data, &mut pcm) {
                        Ok(made) => made,
                        Err(_) => decoder.conceal(packet.samples, &mut pcm)?,
                    };
                    (made, packet.trim_end)
                }
                Err(Error::Packet(_)) => (decoder.conceal(usual, &mut pcm)?, 0),
                Err(error) => return Err(error),
            };
            let from = usize::try_from(self.skip).map_or(made, |skip| skip.min(made));
            self.skip -= from as u64;
            out.extend(pcm.get(from..made.saturating_sub(trim)).unwrap_or_default());
            if out.len() as u64 > most {
                return Err(limits.too_long());
            }
        }
    }
}

impl<R: Read + Seek> Reader<R> {
    /// Goes to a sample of the stream being read, counted at 48 kHz from the first after the pre-skip: the next
    /// [`read_samples`](Self::read_samples) starts with it. Behind the end, nothing is left to read.
    ///
    /// The packets come from 80 ms earlier, which a decoder needs to settle (RFC 7845 §4.6), so the sound is what
    /// decoding from the start gives, less than -40 dB apart: the codec fills in noise of its own. When a file holds
    /// streams one behind the other under the same serial number, which RFC 3533 forbids, the place found may be one
    /// in a later one.
    ///
    /// # Errors
    /// [`Error::Ogg`] when the source does not hold what it did before, [`Error::Io`].
    pub fn seek(&mut self, sample: u64) -> Result<(), Error> {
        super::seek::seek(self, sample)
    }

    /// Samples of the stream being read, at 48 kHz, without pre-skip and the trimmed end: what the position of its
    /// last whole page says. Reading goes on where it was.
    ///
    /// # Errors
    /// As for [`seek`](Self::seek).
    pub fn length(&mut self) -> Result<u64, Error> {
        super::seek::length(self)
    }
}

fn headers<R: Read>(pages: &mut Pages<R>) -> Result<(OpusHead, OpusTags), Error> {
    const SHORT: Error = Error::Ogg("it ends before the headers");
    let head = pages.next(Damage::Refuse).map_err(short)?.ok_or(SHORT)?;
    if !head.is_first || !head.is_last_in_page {
        return Err(Error::Ogg("OpusHead is not alone on the first page"));
    }
    let head = OpusHead::parse(&head.data)?;
    let tags = pages.next(Damage::Refuse).map_err(short)?.ok_or(SHORT)?;
    if !tags.is_last_in_page {
        return Err(Error::Ogg("OpusTags shares its page with sound"));
    }
    Ok((head, OpusTags::parse(&tags.data)?))
}

/// A page that breaks off is, so early, a file that does.
fn short(error: Error) -> Error {
    match error {
        Error::Ogg("it ends inside a page") => Error::Ogg("it ends before the headers"),
        other => other,
    }
}

impl<R> std::fmt::Debug for Reader<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader")
            .field("head", &self.head)
            .field("position", &self.position)
            .finish_non_exhaustive()
    }
}
