"""Speech to measure with: synthetic voices of espeak-ng in six languages, and recordings of people from Debian's packages.

    python speech.py OUT [--cache FOLDER]

Each is 8 to 13 seconds at 48 kHz, one channel, 16 bits, with an active level of -26 dBFS (ITU-T P.56). OUT/README.md says
who speaks, and by what licence.
"""

import argparse
import hashlib
import pathlib
import subprocess
import tempfile
import wave

import av
import numpy as np
from scipy.signal import lfilter, resample_poly

RATE = 48000
LEVEL = -26.0  # dBFS
FLOOR = -75.0  # dBFS of the noise in synthetic pauses, which no microphone leaves out
DEBIAN = "bookworm"
ASTERISK = "usr/share/asterisk/sounds"
IVRVOICE = f"{ASTERISK}/ru_RU_f_IvrvoiceRU"
LIBRIVOX = "usr/share/pocketsphinx/test/data/librivox/sense_and_sensibility_01_austen_64kb"

# Voice, words a minute, pitch, and what is said; numbers are pauses in seconds.
SYNTHETIC = {
    "en-gb-m": ("en-gb+m3", 165, 45, ["Good morning, everybody.", 0.7, "Shall we begin with the budget?", 0.5,
                "I have put the figures for March on the second page,", 0.3, "and there is one surprise.", 0.8,
                "The printers cost more than the building."]),
    "en-us-f": ("en-us+f3", 175, 52, ["Hi, sorry I'm late.", 0.6, "My train stood outside the station for twenty minutes.",
                0.9, "Did you already talk about the new office?", 0.5, "Because I have two questions about the lease."]),
    "en-us-m": ("en-us+m7", 155, 35, ["Can everyone see my screen?", 1.0, "Okay.", 0.4,
                "So this is the plan for the next six weeks.", 0.6, "Please stop me whenever something is not clear."]),
    "en-gb-f": ("en-gb-x-rp+f2", 170, 55, ["Let me just check that I understood you.",
                0.6, "You want us to ship on Thursday,", 0.3, "without the second test?", 0.9,
                "I would rather wait until Monday."]),
    "de-m": ("de+m1", 160, 42, ["Guten Tag zusammen.", 0.7, "Ich habe das Protokoll vom letzten Mal verschickt.", 0.5,
             "Gibt es dazu noch Fragen?", 1.0, "Gut, dann fangen wir mit dem ersten Punkt an."]),
    "nl-f": ("nl+f2", 165, 52, ["Goedemiddag allemaal.", 0.6, "Kunnen jullie mij goed verstaan?", 0.9,
             "Ik wil graag beginnen met de planning voor de zomer,", 0.4, "want daar moeten we vandaag over beslissen."]),
    "sv-m": ("sv+m2", 160, 45, ["Hej, och välkomna till mötet.", 0.7, "Vi väntar på några till,", 0.4,
             "så vi tar det lugnt.", 0.9, "Har alla hunnit läsa förslaget som jag skickade i går?"]),
    "ru-f": ("ru+f4", 165, 50, ["Доброе утро, коллеги.", 0.7, "Сегодня у нас три вопроса.", 0.5,
             "Первый: когда мы получим новые серверы?", 0.9, "Второй и третий обсудим после перерыва."]),
    "fr-f": ("fr+f1", 165, 52, ["Bonjour à tous.", 0.6, "Est-ce que vous m'entendez bien ?", 0.9,
             "Je vous propose de commencer par le calendrier,", 0.4,
             "puis nous parlerons du contrat avec notre fournisseur."]),
}

ALLISON = "Allison Smith (theivrvoice.com), for Asterisk"
JUNE = "June Wallack (junewallack.com), for Asterisk"
CARLO = "Carlo Flora (carloflora.com), for Asterisk"
RUSSIAN = "a speaker of ivrvoice.ru, provided by Maxim Topal, for Asterisk"
AUSTEN = "a reader of LibriVox: Jane Austen, Sense and Sensibility, chapter 1"

# Package of Debian, files and their SHA-256, who speaks, licence.
HUMAN = {
    "human-en-f1": ("pocketsphinx-testdata", {
        f"{LIBRIVOX}-0870.wav": "b0557cf95c974d930577e58e46b7f068c432a6e3afcc286563d88922b2a5315c",
        f"{LIBRIVOX}-0880.wav": "fbec491ef00ee734a67f0ee318e98c51c157b479e1629ff4f4426861ecac0414",
    }, AUSTEN, "public domain"),
    "human-en-f2": ("pocketsphinx-testdata", {
        f"{LIBRIVOX}-0920.wav": "40882414ef4cc51f3ff7a63bad0c8c87e7f595ffeb8209fbf756c8ebc5c28a59",
        f"{LIBRIVOX}-0930.wav": "954adbf0b56ac8a148cbe77b39ca18d76b5f2a1e1f405565bd786ce3e68a68b7",
    }, AUSTEN, "public domain"),
    "human-en-f3": ("asterisk-core-sounds-en-g722", {
        f"{ASTERISK}/en_US_f_Allison/demo-congrats.g722": "10b6a51a7509ebcff379dd9f9c08e8abf8d1cc9a5c751b13ec7f0ffb91c6fac5",
    }, ALLISON, "CC BY-SA 3.0"),
    "human-fr-f": ("asterisk-core-sounds-fr-g722", {
        f"{ASTERISK}/fr_CA_f_June/demo-congrats.g722": "bcb974162b316a6c18538c11d35ad6e751ee859daf585891dca6b767edcea972",
    }, JUNE, "CC BY-SA 3.0"),
    "human-it-m": ("asterisk-core-sounds-it-g722", {
        f"{ASTERISK}/it_IT_m_Carlo/demo-congrats.g722": "c6012fc4140c45caabd780a2882fc89ba52bb98bece26b962889c473f6db95cd",
    }, CARLO, "CC BY 3.0"),
    "human-ru-f": ("asterisk-core-sounds-ru-g722", {
        f"{IVRVOICE}/demo-congrats.g722": "bb5c231a49e1b51cc2a599ddfa470b938498dad210c69eaf6840c2e6cbbda84d",
    }, RUSSIAN, "CC BY 3.0"),
}
LONGEST = (8, 12)  # seconds between which a longer recording is cut, where it is least loud
BETWEEN = 0.5  # seconds between two recordings that follow one another


def read(path):
    """Samples from -1 to 1, at 48 kHz."""
    form = {"format": "g722", "options": {"sample_rate": "16000"}} if path.suffix == ".g722" else {}
    with av.open(str(path), **form) as file:
        rate = file.streams.audio[0].rate
        samples = np.concatenate([frame.to_ndarray().reshape(-1) for frame in file.decode(audio=0)]) / 32768
    common = np.gcd(RATE, rate)
    return resample_poly(samples, RATE // common, rate // common)


def silence(seconds):
    return np.zeros(round(seconds * RATE))


def speak(voice, speed, pitch, parts):
    said = [silence(0.3)]
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "part.wav")
        for part in parts:
            if isinstance(part, str):
                command = ["espeak-ng", "-z", "-v", voice, "-s", str(speed), "-p", str(pitch), "-w", str(path), part]
                subprocess.run(command, check=True)
            said.append(read(path) if isinstance(part, str) else silence(part))
    samples = np.concatenate([*said, silence(0.4)])
    noise = np.random.RandomState(1).standard_normal(len(samples)) * 10 ** (FLOOR / 20)
    return at_level(samples) + noise


def record(root, files):
    parts = []
    for name, checksum in files.items():
        if hashlib.sha256((root / name).read_bytes()).hexdigest() != checksum:
            raise SystemExit(f"{name} is not what it was")
        parts += [read(root / name), silence(BETWEEN)]
    samples = np.concatenate(parts[:-1])
    first, last = (second * RATE for second in LONGEST)
    if len(samples) > last:
        window = RATE // 10
        power = np.convolve(samples[first:last] ** 2, np.ones(window), "valid")
        samples = samples[: first + int(np.argmin(power)) + window // 2]
    return at_level(samples)


def active_level(samples):
    """Of the parts in which somebody speaks, in dBFS: ITU-T P.56, method B."""
    decay = np.exp(-1 / (RATE * 0.03))
    envelope = np.abs(samples)
    for _ in range(2):
        envelope = lfilter([1 - decay], [1, -decay], envelope)
    hangover, margin = round(0.2 * RATE), 15.9
    total = np.sum(samples**2)
    before = None
    for threshold in 2.0 ** np.arange(-15, 0):
        loud = np.flatnonzero(envelope >= threshold)
        if not loud.size:
            break
        active = np.minimum(np.diff(loud, append=len(samples)), hangover).sum()
        level = 10 * np.log10(total / active)
        above = level - 20 * np.log10(threshold)
        if above <= margin:
            if before is None:
                return level
            share = (before[1] - margin) / (before[1] - above)
            return before[0] + share * (level - before[0])
        before = (level, above)
    raise ValueError("nobody speaks")


def at_level(samples):
    return samples * 10 ** ((LEVEL - active_level(samples)) / 20)


def write(path, samples):
    pcm = np.clip(np.rint(samples * 32768), -32768, 32767).astype("<i2").tobytes()
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", None))
        file.writeframes(pcm)
    checksum = hashlib.sha256(pcm).hexdigest()[:16]
    print(f"{path.name}: {len(samples) / RATE:.1f} s, {active_level(samples):.1f} dBFS, {checksum}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--cache", type=pathlib.Path, help="where Debian's packages are kept")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    cache = arguments.cache or arguments.out / "debian"
    packages = sorted({package for package, *_ in HUMAN.values()})
    if not all(next(cache.glob(f"debs/{package}_*"), None) for package in packages):
        subprocess.run([pathlib.Path(__file__).parent / "debian.sh", cache, DEBIAN, *packages], check=True)
    told = ["# Speech\n", "| file | voice | licence |", "|---|---|---|"]
    for name, voice in SYNTHETIC.items():
        write(arguments.out / f"{name}.wav", speak(*voice))
        told.append(f"| {name}.wav | espeak-ng, {voice[0]} | CC0 1.0 |")
    for name, (package, files, speaker, licence) in HUMAN.items():
        write(arguments.out / f"{name}.wav", record(cache / "root", files))
        parts = ", ".join(pathlib.PurePath(file).name for file in files)
        told.append(f"| {name}.wav | {speaker}; {parts} of {package}, cut and at another level | {licence} |")
    (arguments.out / "README.md").write_text("\n".join(told) + "\n")


if __name__ == "__main__":
    main()
