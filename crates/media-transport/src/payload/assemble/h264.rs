//! Access units of H.264 in Annex B, from single units, aggregates and fragments (RFC 6184 §5.6 to §5.8).

use super::Finished;
use crate::error::ParseError;
use crate::payload::h264::{H264Payload, NalType};

/// Longer parameter sets than these, with what else stands in front of a picture, are nothing that an encoder sends.
const MAX_FRONT_LEN: usize = 16 * 1024;

/// What stands in front of each unit.
const START_CODE: [u8; 4] = [0, 0, 0, 1];

#[derive(Debug, Default)]
pub(super) struct AccessUnit {
    /// Units without a picture that came by themselves, start codes included: they belong to the next picture.
    front: Vec<u8>,
    /// Whether parameter sets are among them.
    front_has_sequence: bool,
    /// Whether an IDR picture may go by the parameter sets before: the latest one did. Where each has its own, one without
    /// them has lost them, and they may be other ones.
    goes_by_earlier: bool,
    /// The parameter sets that came last, start codes included.
    parameters: Vec<u8>,
    /// The parameter sets of the unit that is being built.
    own_parameters: Vec<u8>,
    has_sequence: bool,
    has_picture: bool,
    is_keyframe: bool,
    /// Within a fragmented unit, which began there in the data.
    fragment: Option<usize>,
}

impl AccessUnit {
    /// Whether a picture that a decoder can start with begins here: parameter sets, or the first slice of an IDR picture to
    /// parameters that are known.
    pub(super) fn starts_keyframe(&mut self, payload: &[u8]) -> bool {
        // `first_mb_in_slice` is 0, which is a single bit: no slice is missing in front of it.
        let is_first = |slice: &[u8]| slice.first().is_some_and(|bits| bits & 0x80 != 0);
        let mut has_sequence = false;
        let mut may_go_by_earlier = false;
        let mut look = |nal_type: NalType, content: &[u8]| match nal_type {
            NalType::SPS => has_sequence = true,
            NalType::PPS => may_go_by_earlier |= self.front_has_sequence,
            NalType::IDR => may_go_by_earlier |= is_first(content),
            _ => {}
        };
        match H264Payload::read(payload) {
            Ok(H264Payload::Single(unit)) => look(type_of(unit), unit.get(1..).unwrap_or_default()),
            Ok(H264Payload::Aggregate(units)) => {
                units.for_each(|unit| look(type_of(unit), unit.get(1..).unwrap_or_default()));
            }
            Ok(H264Payload::Fragment {
                nal_type,
                is_start: true,
                data,
                ..
            }) => look(nal_type, data),
            _ => {}
        }
        if has_sequence || may_go_by_earlier && self.front_has_sequence {
            return true;
        }
        // The next one is taken as it is, should there be no others.
        may_go_by_earlier && !self.parameters.is_empty() && std::mem::replace(&mut self.goes_by_earlier, true)
    }

    pub(super) fn begin(&mut self) {
        self.own_parameters.clear();
        self.has_sequence = false;
        self.has_picture = false;
        self.is_keyframe = false;
        self.fragment = None;
    }

    pub(super) fn append(&mut self, payload: &[u8], data: &mut Vec<u8>) -> Result<(), ParseError> {
        const FIELD: &str = "NAL unit";
        let read = H264Payload::read(payload)?;
        let is_fragment = matches!(read, H264Payload::Fragment { is_start: false, .. });
        if is_fragment != self.fragment.is_some() {
            return Err(ParseError::invalid(FIELD));
        }
        match read {
            H264Payload::Single(unit) => self.add(unit, data)?,
            H264Payload::Aggregate(units) => {
                let whole: usize = units.map(|unit| unit.len() + 2).sum();
                if whole + 1 != payload.len() || whole == 0 {
                    return Err(ParseError::truncated(FIELD));
                }
                for unit in units {
                    self.add(unit, data)?;
                }
            }
            H264Payload::Fragment {
                nal_type,
                is_start,
                is_end,
                data: part,
            } => {
                let indicator = payload.first().copied().unwrap_or_default();
                if is_start {
                    data.extend_from_slice(&START_CODE);
                    self.fragment = Some(data.len());
                    data.push(indicator & 0xe0 | nal_type.0);
                }
                data.extend_from_slice(part);
                if is_end && let Some(start) = self.fragment.take() {
                    let unit = data.get(start..).unwrap_or_default();
                    self.note(unit)?;
                }
            }
            H264Payload::Unknown(_) => return Err(ParseError::invalid(FIELD)),
        }
        Ok(())
    }

    pub(super) fn finish(&mut self, data: &mut Vec<u8>) -> Result<Finished, ParseError> {
        const FIELD: &str = "access unit";
        if self.fragment.is_some() {
            return Err(ParseError::truncated(FIELD));
        }
        if self.has_sequence {
            std::mem::swap(&mut self.parameters, &mut self.own_parameters);
        } else if !self.parameters.is_empty()
            && !self.parameters.ends_with(&self.own_parameters)
            && self.parameters.len() + self.own_parameters.len() <= MAX_FRONT_LEN
        {
            // Picture parameters by themselves belong to the sequence before.
            self.parameters.append(&mut self.own_parameters);
        }
        if !self.has_picture {
            if self.front.len() + data.len() > MAX_FRONT_LEN {
                self.forget_front();
                return Err(ParseError::invalid(FIELD));
            }
            self.front.append(data);
            self.front_has_sequence |= self.has_sequence;
            return Ok(Finished::Front);
        }
        data.splice(..0, self.front.drain(..));
        let has_own = self.has_sequence || self.front_has_sequence;
        if self.is_keyframe {
            self.goes_by_earlier = !has_own;
        }
        if self.is_keyframe && !has_own {
            // Files are read from any keyframe on.
            data.splice(..0, self.parameters.iter().copied());
        }
        self.forget_front();
        Ok(Finished::Picture {
            // Without parameters a decoder can begin nothing.
            is_keyframe: self.is_keyframe && !self.parameters.is_empty(),
            size: None,
        })
    }

    /// What came in front of a picture that is lost.
    pub(super) fn forget_front(&mut self) {
        self.front.clear();
        self.front_has_sequence = false;
    }

    fn add(&mut self, unit: &[u8], data: &mut Vec<u8>) -> Result<(), ParseError> {
        self.note(unit)?;
        data.extend_from_slice(&START_CODE);
        data.extend_from_slice(unit);
        Ok(())
    }

    fn note(&mut self, unit: &[u8]) -> Result<(), ParseError> {
        const FIELD: &str = "NAL unit";
        match type_of(unit) {
            NalType(0 | 24..) => return Err(ParseError::invalid(FIELD)),
            NalType(1..=4) => self.has_picture = true,
            NalType::IDR => (self.has_picture, self.is_keyframe) = (true, true),
            kind @ (NalType::SPS | NalType::PPS) => {
                self.has_sequence |= kind == NalType::SPS;
                if self.own_parameters.len() + unit.len() > MAX_FRONT_LEN {
                    return Err(ParseError::invalid(FIELD));
                }
                self.own_parameters.extend_from_slice(&START_CODE);
                self.own_parameters.extend_from_slice(unit);
            }
            _ => {}
        }
        Ok(())
    }
}

/// The type of a unit; 0, which is none, of an empty one.
fn type_of(unit: &[u8]) -> NalType {
    NalType(unit.first().copied().unwrap_or_default() & 0x1f)
}
