/* How many packets of 20 ms a libopus of the system encodes in a second, with the settings of the bench `opus`:
 *
 *     cc -O2 encode.c -lopus -o encode && ffmpeg -i speech.wav -f s16le -ar 48000 -ac 1 - | ./encode 9
 *
 * `conformance/audio/debian.sh FOLDER bookworm libopus-dev libopus0` unpacks Debian's without installing it. */
#include <opus/opus.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { FRAME = 960, MOST = 48000 * 60, PASSES = 21 };

static opus_int16 sound[MOST];

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static int by_size(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

int main(int argc, char **argv) {
  size_t frames = fread(sound, sizeof *sound, MOST, stdin) / FRAME;
  double seconds[PASSES];
  unsigned char packet[1500];
  if (argc < 2 || frames == 0) return 2;
  for (int pass = 0; pass < PASSES; pass++) {
    int error;
    OpusEncoder *encoder = opus_encoder_create(48000, 1, OPUS_APPLICATION_VOIP, &error);
    if (error) return 1;
    opus_encoder_ctl(encoder, OPUS_SET_COMPLEXITY(atoi(argv[1])));
    opus_encoder_ctl(encoder, OPUS_SET_BITRATE(32000));
    opus_encoder_ctl(encoder, OPUS_SET_SIGNAL(OPUS_SIGNAL_VOICE));
    double start = now();
    for (size_t i = 0; i < frames; i++)
      if (opus_encode(encoder, sound + i * FRAME, FRAME, packet, sizeof packet) < 0) return 1;
    seconds[pass] = now() - start;
    opus_encoder_destroy(encoder);
  }
  qsort(seconds, PASSES, sizeof *seconds, by_size);
  printf("%s, complexity %s: %.0f packets/s\n", opus_get_version_string(), argv[1], frames / seconds[PASSES / 2]);
  return 0;
}
