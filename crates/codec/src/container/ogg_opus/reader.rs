use std::io::Read;

use super::{
    header::{OpusHead, OpusTags},
    pages::Pages,
};
use crate::{
    Error, SAMPLE_RATE_HZ,
    container::ReadLimits,
    opus::{Channels, Decoder, MAX_PACKET_SAMPLES, packet},
};

/// Reads the first Opus stream of a file, packet by packet or whole.
///
/// ```no_run
/// use anteroom_codec::container::{ReadLimits, ogg_opus::Reader};
/// let file = std::io::BufReader::new(std::fs::File::open("speech.opus")?);
/// let samples = Reader::new(file)?.read_samples(ReadLimits::default())?;
/// # Ok::<_, anteroom_codec::Error>(())
/// ```
pub struct Reader<R> {
    pages: Pages<R>,
    head: OpusHead,
    tags: OpusTags,
    /// Samples in the packets given so far, pre-skip included.
    position: u64,
    /// The granule position the stream starts from, known after the first page of sound (RFC 7845 §4.3).
    start: Option<u64>,
    /// Samples in the packets of the page being read.
    in_page: u64,
}

/// One packet of sound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OggPacket {
    /// The Opus packet, well-formed.
    pub data: Vec<u8>,
    /// Samples per channel in it.
    pub samples: usize,
    /// Samples of it to drop from its end: not zero only at the end of the stream (end trimming, RFC 7845 §4.4).
    pub trim_end: usize,
    /// The granule position of its page, when it is the last packet that ends there.
    pub granule_position: Option<u64>,
}

impl<R: Read> Reader<R> {
    /// Reads both headers.
    ///
    /// # Errors
    /// [`Error::Ogg`] when the file does not start with an Opus stream of one or two channels, [`Error::Io`].
    pub fn new(source: R) -> Result<Self, Error> {
        let mut pages = Pages::new(source);
        let head = pages.next()?.ok_or(Error::Ogg("it ends before the headers"))?;
        if !head.first_in_stream() || !head.last_in_page() {
            return Err(Error::Ogg("OpusHead is not alone on the first page"));
        }
        let head = OpusHead::parse(&head.data)?;
        let tags = pages.next()?.ok_or(Error::Ogg("it ends before the headers"))?;
        if !tags.last_in_page() {
            return Err(Error::Ogg("OpusTags shares its page with sound"));
        }
        let tags = OpusTags::parse(&tags.data)?;
        Ok(Self {
            pages,
            head,
            tags,
            position: 0,
            start: None,
            in_page: 0,
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

    /// The next packet, or `None` at the end.
    ///
    /// # Errors
    /// [`Error::Packet`] for a malformed Opus packet (reading may go on), [`Error::Ogg`], [`Error::Io`].
    pub fn next_packet(&mut self) -> Result<Option<OggPacket>, Error> {
        let Some(packet) = self.pages.next()? else {
            return Ok(None);
        };
        let samples = packet::duration_samples(&packet.data)?;
        self.position += samples as u64;
        self.in_page += samples as u64;
        let (mut trim_end, mut granule_position) = (0, None);
        // A granule position of all ones says that no packet ends on the page.
        if packet.last_in_page() && packet.absgp_page() != u64::MAX {
            let granule = packet.absgp_page();
            granule_position = Some(granule);
            let in_page = std::mem::take(&mut self.in_page);
            // A stream that was cut out of a longer one starts late. The last page's position may lie before the
            // end of its packets instead, so it tells nothing of the start.
            let start = *self.start.get_or_insert_with(|| {
                if packet.last_in_stream() {
                    0
                } else {
                    granule.saturating_sub(in_page)
                }
            });
            if packet.last_in_stream() {
                let surplus = (start + self.position).saturating_sub(granule);
                trim_end = usize::try_from(surplus).map_or(samples, |surplus| surplus.min(samples));
            }
        }
        Ok(Some(OggPacket {
            data: packet.data,
            samples,
            trim_end,
            granule_position,
        }))
    }

    /// Decodes what is left as 48 kHz mono, without pre-skip and the trimmed end, with the header's gain applied.
    ///
    /// Malformed packets are concealed, as a player would.
    ///
    /// # Errors
    /// [`Error::TooLong`] beyond `limits`, [`Error::Ogg`], [`Error::Io`].
    pub fn read_samples(&mut self, limits: ReadLimits) -> Result<Vec<i16>, Error> {
        let most = limits.samples(SAMPLE_RATE_HZ);
        let mut decoder = Decoder::new(Channels::Mono)?;
        decoder.set_gain_q8(self.head.output_gain_q8)?;
        let mut skip = usize::from(self.head.pre_skip);
        let mut pcm = [0; MAX_PACKET_SAMPLES];
        let mut out = Vec::new();
        let mut usual = 960;
        loop {
            let (made, trim) = match self.next_packet() {
                Ok(None) => return Ok(out),
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
            let from = skip.min(made);
            skip -= from;
            out.extend(pcm.get(from..made.saturating_sub(trim)).unwrap_or_default());
            if out.len() as u64 > most {
                return Err(limits.too_long());
            }
        }
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
