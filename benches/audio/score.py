"""Scores what was heard against the clean speech: PESQ (ITU-T P.862.2, wide band) and STOI, clip by clip."""

import json
import multiprocessing
import pathlib
import sys
import wave

import numpy
from pesq import PesqError, pesq
from pystoi import stoi
from scipy.signal import correlate, resample_poly

RATE = 16_000


def read(path):
    with wave.open(str(path)) as sound:
        assert sound.getframerate() == 48_000 and sound.getnchannels() == 1 and sound.getsampwidth() == 2, path
        samples = numpy.frombuffer(sound.readframes(sound.getnframes()), dtype="<i2")
    return resample_poly(samples.astype(numpy.float64) / 32768, 1, 3)


def align(clean, heard):
    """By how many samples what was heard lags, at most as far as it is longer."""
    return int(numpy.argmax(correlate(heard, clean, mode="valid")))


def score(job):
    clean, path, clips = job
    clean, heard = read(clean), read(path)
    scores = []
    for clip in clips:
        start, end = clip["start"] // 3, clip["end"] // 3
        reference = clean[start:end]
        part = heard[start : end + RATE]
        part = numpy.pad(part, (0, max(0, len(reference) + RATE - len(part))))
        lag = align(reference, part)
        part = part[lag : lag + len(reference)]
        try:
            mos = pesq(RATE, reference, part, "wb")
        except PesqError:
            mos = 1.0
        intelligibility = float(stoi(reference, part, RATE, extended=False))
        scores.append({"clip": clip["name"], "pesq": float(mos), "stoi": intelligibility, "lag_ms": lag / RATE * 1000})
    return path.stem, scores


def main():
    directory = pathlib.Path(sys.argv[1])
    clips = json.loads((directory / "clips.json").read_text())
    paths = sorted(path for pattern in sys.argv[2:] or ["*.*.*.wav"] for path in directory.glob(pattern))
    results = {}
    with multiprocessing.Pool() as pool:
        for name, scores in pool.imap_unordered(score, [(directory / "clean.wav", path, clips) for path in paths]):
            results[name] = scores
    json.dump(results, sys.stdout, indent=1, sort_keys=True)


if __name__ == "__main__":
    main()
