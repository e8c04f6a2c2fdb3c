//! One packet to many receivers.

use std::array;

use anteroom_sha1_multibuffer::{HmacSha1, Job, MAX_LANES, Tag, tags};

use super::OutboundSrtp;
use super::outbound::Encrypted;
use crate::error::SrtpError;

/// One receiver's copy of a packet.
#[derive(Debug)]
pub struct BatchPacket<'a> {
    /// The receiver's context.
    pub srtp: &'a mut OutboundSrtp,
    /// The RTP packet, its header rewritten for this receiver, and room behind it for
    /// [`max_overhead`](OutboundSrtp::max_overhead) bytes.
    pub buffer: &'a mut [u8],
    /// Length of the RTP packet in bytes.
    pub len: usize,
}

/// Protects many receivers' copies in place, as [`OutboundSrtp::protect_rtp`] would one by one.
///
/// `each` is told once for every packet, in no particular order, its position and its new length or why it was refused; a
/// refused one does not concern the others. Profiles with HMAC-SHA1 gain: up to [`MAX_LANES`] packets are hashed at
/// once, best when they are equally long and that many. Nothing is allocated.
///
/// ```
/// use anteroom_media_transport::srtp::{BatchPacket, OutboundSrtp, SRTP_MAX_OVERHEAD, SrtpProfile, protect_batch};
///
/// let mut receivers: Vec<_> = (0..16)
///     .map(|i| OutboundSrtp::new(SrtpProfile::Aes128CmHmacSha1_80, &[i; 16], &[9; 14]))
///     .collect::<Result<_, _>>()?;
/// let mut buffers = vec![[0; 1200 + SRTP_MAX_OVERHEAD]; receivers.len()];
/// let packets = receivers.iter_mut().zip(&mut buffers).map(|(srtp, buffer)| {
///     buffer[0] = 0x80; // header and payload are written here
///     BatchPacket { srtp, buffer, len: 1200 }
/// });
/// protect_batch(packets, |_receiver, length| assert_eq!(length, Ok(1210)));
/// # Ok::<(), anteroom_media_transport::SrtpError>(())
/// ```
pub fn protect_batch<'a>(
    packets: impl IntoIterator<Item = BatchPacket<'a>>,
    mut each: impl FnMut(usize, Result<usize, SrtpError>),
) {
    let mut waiting: [Option<Waiting<'a>>; MAX_LANES] = [const { None }; MAX_LANES];
    let mut count = 0;
    for (position, packet) in packets.into_iter().enumerate() {
        let BatchPacket { srtp, buffer, len } = packet;
        match srtp.encrypt_rtp(buffer, len) {
            Err(error) => each(position, Err(error)),
            Ok(Encrypted {
                signed: None, total, ..
            }) => each(position, Ok(total)),
            Ok(encrypted) => {
                if let Some(place) = waiting.get_mut(count) {
                    *place = Some(Waiting {
                        position,
                        srtp,
                        buffer,
                        encrypted,
                    });
                    count += 1;
                }
                if count == MAX_LANES {
                    sign(&mut waiting, count, &mut each);
                    count = 0;
                }
            }
        }
    }
    sign(&mut waiting, count, &mut each);
}

/// An encrypted packet without its tag.
struct Waiting<'a> {
    position: usize,
    srtp: &'a OutboundSrtp,
    buffer: &'a mut [u8],
    encrypted: Encrypted,
}

impl Waiting<'_> {
    fn job(&self) -> Option<(&HmacSha1, &[u8])> {
        Some((self.srtp.rtp_mac()?, self.buffer.get(..self.encrypted.signed?)?))
    }
}

/// Makes the tags of the first `count` and forgets them.
fn sign(
    waiting: &mut [Option<Waiting<'_>>; MAX_LANES],
    count: usize,
    each: &mut impl FnMut(usize, Result<usize, SrtpError>),
) {
    let mut computed = [Tag::default(); MAX_LANES];
    // Any key does for places that are not filled: they are cut off below.
    let Some((spare, _)) = waiting.iter().flatten().find_map(Waiting::job) else {
        return;
    };
    let jobs: [_; MAX_LANES] = array::from_fn(|lane| {
        let job = waiting.get(lane).and_then(Option::as_ref).and_then(Waiting::job);
        let (key, message) = job.unwrap_or((spare, &[]));
        Job { key, message }
    });
    tags(jobs.get(..count).unwrap_or(&jobs), &mut computed);
    for (place, tag) in waiting.iter_mut().zip(&computed).take(count) {
        if let Some(packet) = place.take() {
            let signed = packet.srtp.sign_rtp(packet.buffer, packet.encrypted, tag);
            each(packet.position, signed.map(|()| packet.encrypted.total));
        }
    }
}
