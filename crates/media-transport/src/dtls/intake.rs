//! What of a peer's datagrams `rtc-dtls` gets to see.
//!
//! The library keeps every handshake fragment it is given until the message in question is whole, and puts messages
//! together by calling itself once for each fragment. And a repeated message stops its retransmission timer: when both
//! sides' flights cross, nobody repeats anything any more. Therefore only what is new is handed over, and only so much.

use super::records::{CONTENT_ALERT, CONTENT_HANDSHAKE, Fragment, Record, fragments, records};

const CONTENT_CHANGE_CIPHER_SPEC: u8 = 20;
const CONTENT_APPLICATION_DATA: u8 = 23;
const ALERT_FATAL: u8 = 2;

/// What a connection may take in for its handshake, retransmissions included, in bytes. A flight with a certificate is
/// about a kilobyte.
const MAX_BYTES: usize = 64 * 1024;

/// The same in fragments, readable or not.
const MAX_FRAGMENTS: usize = 256;

/// How many messages a flight may have after the one that is waited for.
const MAX_AHEAD: u16 = 8;

/// What to do with a datagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// There is something new in it.
    HandOver,
    /// Only handshake messages that were here before: the peer may have missed our flight.
    Repeated,
    /// Of no use.
    Drop,
    /// A fatal alert during the handshake, with its description.
    Alert(u8),
}

/// How far a handshake is, as seen from its records.
#[derive(Debug, Default)]
pub(super) struct Intake {
    /// Number of the first message that is not whole.
    next: u16,
    /// The fragments that are here of that message and later ones; bounded by `fragments`.
    pieces: Vec<Piece>,
    bytes: usize,
    fragments: usize,
}

/// A fragment without its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Piece {
    message: u16,
    offset: u32,
    end: u32,
    total: u32,
}

impl Piece {
    fn of(fragment: &Fragment<'_>) -> Self {
        let length = u32::try_from(fragment.body.len()).unwrap_or(u32::MAX);
        Self {
            message: fragment.message,
            offset: fragment.offset,
            end: fragment.offset.saturating_add(length),
            total: fragment.total,
        }
    }
}

impl Intake {
    /// How many messages are here whole.
    pub(super) const fn messages(&self) -> u16 {
        self.next
    }

    /// Judges a datagram, and takes note of it when it is to be handed over.
    pub(super) fn judge(&mut self, datagram: &[u8], is_connected: bool) -> Verdict {
        let mut is_new = false;
        let mut is_handshake = false;
        let mut found: Vec<(Fragment<'_>, bool)> = Vec::new();
        let mut handshake_records = 0;
        for record in records(datagram) {
            let Ok(record) = record else { return Verdict::Drop };
            if record.body.is_empty() {
                return Verdict::Drop;
            }
            match (record.content, record.epoch) {
                (CONTENT_HANDSHAKE, 0) => {
                    is_handshake = true;
                    for fragment in fragments(&record) {
                        let Ok(fragment) = fragment else {
                            return Verdict::Drop;
                        };
                        if !self.is_plausible(&fragment) {
                            return Verdict::Drop;
                        }
                        let is_old = self.is_old(&fragment);
                        is_new |= !is_old;
                        found.push((fragment, is_old));
                    }
                }
                (CONTENT_ALERT, 0) => match alert(&record, is_connected) {
                    Some(verdict) => return verdict,
                    None => return Verdict::Drop,
                },
                (CONTENT_CHANGE_CIPHER_SPEC, 0) => is_new = true,
                (CONTENT_HANDSHAKE, 1) => {
                    handshake_records += 1;
                    is_new = true;
                }
                (CONTENT_ALERT | CONTENT_APPLICATION_DATA, 1) => is_new = true,
                _ => return Verdict::Drop,
            }
        }
        if !is_new {
            return if is_handshake {
                Verdict::Repeated
            } else {
                Verdict::Drop
            };
        }
        if is_handshake || handshake_records > 0 || !is_connected {
            let bytes = self.bytes + datagram.len();
            let fragments = self.fragments + found.len() + handshake_records;
            if bytes > MAX_BYTES || fragments > MAX_FRAGMENTS {
                return Verdict::Drop;
            }
            (self.bytes, self.fragments) = (bytes, fragments);
        }
        let new = found.iter().filter(|(_, is_old)| !is_old);
        self.pieces.extend(new.map(|(fragment, _)| Piece::of(fragment)));
        self.advance();
        Verdict::HandOver
    }

    /// The library takes an empty fragment for the end of its message.
    const fn is_plausible(&self, fragment: &Fragment<'_>) -> bool {
        fragment.message <= self.next.saturating_add(MAX_AHEAD)
            && (!fragment.body.is_empty() || fragment.total == 0)
    }

    fn is_old(&self, fragment: &Fragment<'_>) -> bool {
        fragment.message < self.next || self.pieces.contains(&Piece::of(fragment))
    }

    /// Goes on behind the messages that are whole.
    fn advance(&mut self) {
        while self.is_whole(self.next) && self.next < u16::MAX {
            self.next += 1;
        }
        self.pieces.retain(|piece| piece.message >= self.next);
    }

    /// Of several fragments at a place the first counts, as in the library.
    fn is_whole(&self, message: u16) -> bool {
        let mut at = 0;
        while let Some(piece) = self
            .pieces
            .iter()
            .find(|piece| piece.message == message && piece.offset == at)
        {
            if piece.end >= piece.total || piece.end == at {
                return piece.end == piece.total;
            }
            at = piece.end;
        }
        false
    }
}

/// What an alert in the clear means. It may be forged, as anything in a handshake; once that is done it means nothing.
fn alert(record: &Record<'_>, is_connected: bool) -> Option<Verdict> {
    match record.body {
        [ALERT_FATAL, description, ..] if !is_connected => Some(Verdict::Alert(*description)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::records::write;
    use super::*;

    fn whole(message: u16, body: &[u8]) -> Vec<u8> {
        write::fragment(11, body.len(), message, 0, body)
    }

    fn datagram(fragments: &[&[u8]]) -> Vec<u8> {
        write::record(CONTENT_HANDSHAKE, 0, 0, &fragments.concat())
    }

    #[test]
    fn what_was_here_before_is_told_from_what_is_new() {
        let mut intake = Intake::default();
        let (first, second, third) = (whole(0, b"a"), whole(1, b"bb"), whole(2, b""));
        let mut judge = |datagram: &[u8]| intake.judge(datagram, false);
        // The second message comes in two halves, the later one first, and the third before both.
        let (front, back) = (
            write::fragment(11, 2, 1, 0, b"b"),
            write::fragment(11, 2, 1, 1, b"b"),
        );
        assert_eq!(judge(&datagram(&[&third, &back])), Verdict::HandOver);
        assert_eq!(judge(&datagram(&[&third])), Verdict::Repeated);
        assert_eq!(judge(&datagram(&[&back])), Verdict::Repeated);
        assert_eq!(judge(&datagram(&[&first])), Verdict::HandOver);
        assert_eq!(judge(&datagram(&[&front, &first])), Verdict::HandOver);
        assert_eq!(
            judge(&datagram(&[&second, &third])),
            Verdict::Repeated,
            "fragmented otherwise"
        );
        let finished = write::record(CONTENT_HANDSHAKE, 1, 0, &[0; 40]);
        assert_eq!(judge(&finished), Verdict::HandOver);
        assert_eq!(
            judge(&[datagram(&[&second]), finished].concat()),
            Verdict::HandOver,
            "what is encrypted may be new"
        );
        assert_eq!((intake.next, intake.pieces.len()), (3, 0));
    }

    #[test]
    fn alerts_count_during_the_handshake_only_and_noise_never() {
        let mut intake = Intake::default();
        let alert = |level| write::record(CONTENT_ALERT, 0, 0, &[level, 40]);
        assert_eq!(intake.judge(&alert(2), false), Verdict::Alert(40));
        assert_eq!(intake.judge(&alert(2), true), Verdict::Drop);
        assert_eq!(intake.judge(&alert(1), false), Verdict::Drop);
        for noise in [
            write::record(CONTENT_APPLICATION_DATA, 0, 0, b"?"),
            write::record(CONTENT_HANDSHAKE, 2, 0, b"?"),
            write::record(CONTENT_HANDSHAKE, 0, 0, b""),
            write::record(99, 0, 0, b"?"),
            datagram(&[&write::fragment(1, 5, 0, 0, b"")]),
            datagram(&[&whole(MAX_AHEAD + 1, b"far ahead")]),
            vec![22; 12],
            vec![],
        ] {
            assert_eq!(intake.judge(&noise, false), Verdict::Drop, "{noise:?}");
        }
    }

    #[test]
    fn a_flood_of_fragments_ends_somewhere() {
        let mut intake = Intake::default();
        let mut taken = 0;
        for offset in 0..20_000 {
            let fragment = write::fragment(1, 40_000, 0, offset * 2, b"x");
            if intake.judge(&datagram(&[&fragment]), false) == Verdict::HandOver {
                taken += 1;
            }
        }
        assert_eq!(taken, MAX_FRAGMENTS);
        assert_eq!(intake.pieces.len(), MAX_FRAGMENTS);
        let mut intake = Intake::default();
        let mut bytes = 0;
        for sequence in 0..2_000_u16 {
            let [high, low] = sequence.to_be_bytes();
            let record = write::record(CONTENT_APPLICATION_DATA, 1, low, &[high; 1000]);
            if intake.judge(&record, false) == Verdict::HandOver {
                bytes += record.len();
            }
        }
        assert!((MAX_BYTES - 1100..=MAX_BYTES).contains(&bytes), "{bytes}");
        let record = write::record(CONTENT_APPLICATION_DATA, 1, 0, &[0; 1000]);
        assert_eq!(
            intake.judge(&record, true),
            Verdict::HandOver,
            "it is read and dropped"
        );
    }

    proptest! {
        #[test]
        fn the_library_is_given_no_more_than_its_share(
            datagrams in prop::collection::vec(
                (prop::collection::vec((0_u16..12, 0_usize..60, 0_usize..60), 0..6), 0_u16..3, 19_u8..24), 0..300,
            ),
        ) {
            let mut intake = Intake::default();
            let mut fragments = 0;
            for (pieces, epoch, content) in datagrams {
                let body: Vec<u8> = pieces
                    .iter()
                    .flat_map(|(message, offset, length)| {
                        write::fragment(11, offset + length, *message, *offset, &vec![0; *length])
                    })
                    .collect();
                let datagram = write::record(content, epoch, 0, &body);
                let before = intake.next;
                if intake.judge(&datagram, false) == Verdict::HandOver && content == CONTENT_HANDSHAKE {
                    fragments += pieces.len().max(1);
                }
                prop_assert!(intake.next >= before);
                prop_assert!(intake.pieces.iter().all(|piece| piece.message >= intake.next));
            }
            prop_assert!(fragments <= MAX_FRAGMENTS + 6, "{}", fragments);
        }
    }
}
