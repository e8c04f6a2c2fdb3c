/** Frames to RTP payloads, for a stack that leaves that to others. */

/** Bytes of a payload that fit everywhere. */
const ROOM = 1100;

/** @returns {Buffer[]} of one frame */
export const PAYLOADS = {
  OPUS: (frame) => [frame],

  /** RFC 7741, 4.2, the descriptor of one byte; S in the first packet. */
  VP8: (frame) =>
    pieces(frame).map((piece, number) => Buffer.concat([Buffer.of(number === 0 ? 0x10 : 0), piece])),

  /** RFC 6184: single NAL units, and FU-A where they are too large. */
  H264: (frame) =>
    units(frame).flatMap((unit) => {
      if (unit.length <= ROOM) return [unit];
      const parts = pieces(unit.subarray(1));
      return parts.map((part, number) => {
        const edge = (number === 0 ? 0x80 : 0) | (number === parts.length - 1 ? 0x40 : 0);
        return Buffer.concat([Buffer.of((unit[0] & 0xe0) | 28, edge | (unit[0] & 0x1f)), part]);
      });
    }),
};

function pieces(bytes) {
  const parts = [];
  for (let at = 0; at < bytes.length; at += ROOM) parts.push(bytes.subarray(at, at + ROOM));
  return parts;
}

/** NAL units between start codes (ITU-T H.264, annex B). */
function units(frame) {
  const CODE = Buffer.of(0, 0, 1);
  const found = [];
  for (let start = frame.indexOf(CODE); start !== -1; ) {
    const next = frame.indexOf(CODE, start + 3);
    let end = next === -1 ? frame.length : next;
    while (frame[end - 1] === 0) end -= 1;
    found.push(frame.subarray(start + 3, end));
    start = next;
  }
  return found;
}
