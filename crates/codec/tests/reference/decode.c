/* Decodes what tests/reference.rs feeds it, straight through libopus, and prints samples and range for comparison.
 *
 * Input, little endian: one byte of channels; then records of one byte (0 decode, 1 decode the redundancy, 2 conceal),
 * four bytes of samples per channel there is room for, four bytes of packet length, the packet.
 * Output: for each record four bytes of result, four bytes of final range, four of the pitch, the samples. */
#include <opus.h>
#include <stdio.h>
#include <stdlib.h>

static unsigned long number(void) {
    unsigned long value = 0;
    for (int at = 0; at < 4; at++) value |= (unsigned long)(getchar() & 255) << (8 * at);
    return value;
}

static void put(unsigned long value, int bytes) {
    for (int at = 0; at < bytes; at++) putchar((int)(value >> (8 * at)) & 255);
}

int main(void) {
    static unsigned char packet[65536];
    static opus_int16 pcm[5760 * 2];
    int kind, error, channels = getchar();
    OpusDecoder *decoder = opus_decoder_create(48000, channels, &error);
    if (error != OPUS_OK) return 1;
    while ((kind = getchar()) != EOF) {
        unsigned long room = number(), length = number();
        if (room > 5760 || length > sizeof packet || fread(packet, 1, length, stdin) != length) return 2;
        int made = opus_decode(decoder, kind == 2 ? NULL : packet, kind == 2 ? 0 : (opus_int32)length, pcm, (int)room, kind == 1);
        opus_uint32 range = 0;
        opus_int32 pitch = 0;
        opus_decoder_ctl(decoder, OPUS_GET_FINAL_RANGE(&range));
        opus_decoder_ctl(decoder, OPUS_GET_PITCH(&pitch));
        put((unsigned long)made, 4);
        put(range, 4);
        put((unsigned long)pitch, 4);
        for (int at = 0; at < made * channels; at++) put((unsigned long)(unsigned short)pcm[at], 2);
    }
    opus_decoder_destroy(decoder);
    return 0;
}
