use crate::error::ParseError;
use crate::wire::Reader;

/// Where in a frame and in which layer a packet is (RFC 9626 §3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct FrameMarking {
    /// S: the first packet of a frame.
    pub start_of_frame: bool,
    /// E: the last packet of a frame.
    pub end_of_frame: bool,
    /// I: the frame can be decoded without earlier ones.
    pub is_independent: bool,
    /// D: nothing refers to the frame.
    pub is_discardable: bool,
    /// B: the layer refers to the base layer only.
    pub base_layer_sync: bool,
    /// TID, 0..=7.
    pub temporal_id: u8,
    /// LID: spatial and quality layer, as the codec numbers them; `None` in the short form.
    pub layer_id: Option<u8>,
    /// TL0PICIDX: the number of the base layer's frame this one belongs to; `None` when it is not said.
    pub tl0_pic_idx: Option<u8>,
}

impl FrameMarking {
    /// Reads the extension: one byte for streams without layers, two or three with.
    ///
    /// # Errors
    /// [`ParseError`] for another length.
    pub fn read(value: &[u8]) -> Result<Self, ParseError> {
        const FIELD: &str = "frame marking";
        let mut reader = Reader::new(value);
        let bits = reader.u8(FIELD)?;
        let flag = |bit: u8| bits >> bit & 1 == 1;
        let mut marking = Self {
            start_of_frame: flag(7),
            end_of_frame: flag(6),
            is_independent: flag(5),
            is_discardable: flag(4),
            ..Self::default()
        };
        if !reader.is_empty() {
            marking.base_layer_sync = flag(3);
            marking.temporal_id = bits & 0x07;
            marking.layer_id = Some(reader.u8(FIELD)?);
        }
        if !reader.is_empty() {
            marking.tl0_pic_idx = Some(reader.u8(FIELD)?);
        }
        reader.end(FIELD)?;
        Ok(marking)
    }
}
