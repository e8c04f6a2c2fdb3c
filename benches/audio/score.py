"""Scores what was heard against the clean speech: PESQ (ITU-T P.862.2, wide band) and STOI, clip by clip."""

import argparse
import json
import multiprocessing
import pathlib
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
        except PesqError:  # nothing is heard at all
            mos = 1.0
        intelligibility = float(stoi(reference, part, RATE, extended=False))
        scores.append({"clip": clip["name"], "pesq": float(mos), "stoi": intelligibility, "lagMs": lag / RATE * 1000})
    return path, scores


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("calls", type=pathlib.Path, help="what `simulate` wrote, with what the peer made of it")
    arguments.add_argument("--every", type=int, default=1, help="of so many clips, score one")
    arguments.add_argument("--jobs", type=int, default=2, help="processes")
    arguments = arguments.parse_args()
    clips = json.loads((arguments.calls / "clips.json").read_text())[:: arguments.every]
    results = {"ours": {}, "peer": {}}
    jobs = [
        (arguments.calls / "clean.wav", path, clips) for who in results for path in sorted((arguments.calls / who).glob("*.wav"))
    ]
    with multiprocessing.Pool(arguments.jobs) as pool:
        for path, scores in pool.imap_unordered(score, jobs):
            results[path.parent.name][path.stem] = scores
    (arguments.calls / "scores.json").write_text(json.dumps(results, indent=1, sort_keys=True))


if __name__ == "__main__":
    main()
