//! What `anteroom join --record` writes: a WAV file, an Ogg Opus file, or WebM or Matroska with pictures.
//!
//! Each kind is whole but for its last second when the program is killed.

use std::ffi::OsStr;
use std::fs::File;
use std::io::BufWriter;
use std::path::Path;
use std::time::Duration;

use anteroom::client::Picture;
use anteroom_codec::container::matroska::{MatroskaWriter, Track, VideoCodec};
use anteroom_codec::container::ogg_opus::{self, OpusHead, OpusTags};
use anteroom_codec::container::video::VideoFormat;
use anteroom_codec::container::wav::WavWriter;
use anteroom_codec::opus::{Encoder, EncoderConfig, MAX_PACKET_BYTES};
use anteroom_codec::{Error, samples_to_duration};
use anyhow::{Context as _, bail};

/// How long the first picture is waited for before the head of the file is written without knowing its size.
const PATIENCE: Duration = Duration::from_secs(3);

/// Size written when no picture came in time. Players take the true one from the pictures.
const USUAL_SIZE: (u16, u16) = (1280, 720);

/// A recording being written.
pub(crate) struct Recording(Kind);

enum Kind {
    Wav(WavWriter<BufWriter<File>>),
    Ogg(Ogg),
    Matroska(Box<Matroska>),
}

impl Recording {
    /// Creates the file, or empties it; its name's ending says which kind it is.
    pub(crate) fn create(path: &Path) -> anyhow::Result<Self> {
        let ending = path.extension().and_then(OsStr::to_str).unwrap_or_default();
        let kind = match ending.to_ascii_lowercase().as_str() {
            "wav" => Kind::Wav(WavWriter::create(path)?),
            "ogg" | "opus" => Kind::Ogg(Ogg::create(path)?),
            "webm" | "mkv" => Kind::Matroska(Box::new(Matroska::create(path)?)),
            _ => bail!("a recording is a .wav, .ogg, .opus, .webm or .mkv file"),
        };
        Ok(Self(kind))
    }

    /// Whether pictures are of use.
    pub(crate) const fn wants_pictures(&self) -> bool {
        matches!(self.0, Kind::Matroska(_))
    }

    /// Adds what was heard and seen since the last call.
    pub(crate) fn write(&mut self, sound: &[i16], pictures: Vec<Picture>) -> anyhow::Result<()> {
        match &mut self.0 {
            Kind::Wav(file) => file.write(sound),
            Kind::Ogg(file) => file.write(sound),
            Kind::Matroska(file) => file.write(sound, pictures),
        }
        .context("cannot write the recording")
    }

    /// Completes the file.
    pub(crate) fn finish(self) -> anyhow::Result<()> {
        match self.0 {
            Kind::Wav(file) => file.finish(),
            Kind::Ogg(file) => file.finish(),
            Kind::Matroska(file) => file.finish(),
        }
        .context("cannot write the recording")
    }
}

/// Sound to packets of 20 ms.
struct Packets {
    encoder: Encoder,
    /// Less than a packet.
    rest: Vec<i16>,
    /// Samples encoded so far.
    position: u64,
}

impl Packets {
    fn new() -> Result<Self, Error> {
        Ok(Self {
            encoder: Encoder::new(EncoderConfig::default())?,
            rest: Vec::new(),
            position: 0,
        })
    }

    fn head(&self) -> OpusHead {
        OpusHead::for_encoder(&self.encoder)
    }

    /// Encodes all that fills packets; `take` gets each with the time at which it begins.
    fn encode(
        &mut self,
        sound: &[i16],
        mut take: impl FnMut(Duration, &[u8]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.rest.extend(sound);
        let mut packet = [0; MAX_PACKET_BYTES];
        let frames = self.rest.chunks_exact(self.encoder.config().frame_len());
        let rest = frames.remainder().to_vec();
        for frame in frames {
            let length = self.encoder.encode(frame, &mut packet)?;
            let time = samples_to_duration(self.position);
            self.position += frame.len() as u64;
            take(time, packet.get(..length).unwrap_or_default())?;
        }
        self.rest = rest;
        Ok(())
    }

    /// Pushes out what the encoder still holds; the exact end, with the pre-skip.
    fn finish(&mut self, take: impl FnMut(Duration, &[u8]) -> Result<(), Error>) -> Result<u64, Error> {
        let frame = self.encoder.config().frame_len();
        let lookahead = usize::from(self.encoder.lookahead());
        let end = self.position + (self.rest.len() + lookahead) as u64;
        let length = (self.rest.len() + lookahead).next_multiple_of(frame);
        let silence = vec![0; length.saturating_sub(self.rest.len())];
        self.encode(&silence, take)?;
        Ok(end)
    }
}

struct Ogg {
    packets: Packets,
    file: ogg_opus::Writer<BufWriter<File>>,
}

impl Ogg {
    fn create(path: &Path) -> Result<Self, Error> {
        let packets = Packets::new()?;
        let sink = BufWriter::new(File::create(path)?);
        let file = ogg_opus::Writer::new(sink, 1, &packets.head(), &OpusTags::default())?;
        Ok(Self { packets, file })
    }

    fn write(&mut self, sound: &[i16]) -> Result<(), Error> {
        self.packets
            .encode(sound, |_, packet| self.file.write_packet(packet))
    }

    fn finish(mut self) -> Result<(), Error> {
        let end = self.packets.finish(|_, packet| self.file.write_packet(packet))?;
        self.file.finish(Some(end))?;
        Ok(())
    }
}

/// One track of sound, one of pictures. There is one for all pictures, whoever they are of: each change from one
/// participant to another begins with a keyframe, and all are VP8, which is what this client asks for.
struct Matroska {
    packets: Packets,
    state: State,
}

enum State {
    /// The head waits for the first picture. The file is there and empty; sound and pictures wait with it.
    Waiting {
        sink: File,
        sound: Vec<(Duration, Vec<u8>)>,
    },
    Writing(MatroskaWriter<File>),
    /// Writing failed; what is in the file may be repaired.
    Broken,
}

const SOUND: usize = 0;
const PICTURES: usize = 1;

impl Matroska {
    fn create(path: &Path) -> Result<Self, Error> {
        Ok(Self {
            packets: Packets::new()?,
            state: State::Waiting {
                sink: File::create(path)?,
                sound: Vec::new(),
            },
        })
    }

    fn write(&mut self, sound: &[i16], pictures: Vec<Picture>) -> Result<(), Error> {
        let mut packets = Vec::new();
        self.packets.encode(sound, |time, packet| {
            packets.push((time, packet.to_vec()));
            Ok(())
        })?;
        self.store(packets, pictures, PATIENCE)
    }

    fn finish(mut self) -> Result<(), Error> {
        let mut packets = Vec::new();
        self.packets.finish(|time, packet| {
            packets.push((time, packet.to_vec()));
            Ok(())
        })?;
        self.store(packets, Vec::new(), Duration::ZERO)?;
        if let State::Writing(file) = self.state {
            file.finish_seekable()?;
        }
        Ok(())
    }

    fn store(
        &mut self,
        mut packets: Vec<(Duration, Vec<u8>)>,
        pictures: Vec<Picture>,
        patience: Duration,
    ) -> Result<(), Error> {
        let size = pictures.iter().find_map(|picture| {
            let is_keyframe = picture.is_keyframe.then_some(&picture.data);
            VideoFormat::Vp8.keyframe_size(is_keyframe?).ok()
        });
        let mut file = match std::mem::replace(&mut self.state, State::Broken) {
            State::Waiting { sink, mut sound } => {
                sound.append(&mut packets);
                if size.is_none() && samples_to_duration(self.packets.position) < patience {
                    // Without a keyframe there are no pictures worth keeping either.
                    self.state = State::Waiting { sink, sound };
                    return Ok(());
                }
                packets = sound;
                let (width, height) = size.unwrap_or(USUAL_SIZE);
                let tracks = [
                    Track::opus(self.packets.head()),
                    Track::video(VideoCodec::Vp8, width, height),
                ];
                MatroskaWriter::create(sink, &tracks)?
            }
            State::Writing(file) => file,
            State::Broken => return Err(Error::Setting("a file that could not be written before")),
        };
        // In the order of time, so that clusters hold what belongs together.
        let mut pictures = pictures.into_iter().peekable();
        for (time, packet) in packets {
            while let Some(picture) = pictures.next_if(|picture| picture.time <= time) {
                file.write(PICTURES, picture.time, picture.is_keyframe, &picture.data)?;
            }
            file.write(SOUND, time, true, &packet)?;
        }
        for picture in pictures {
            file.write(PICTURES, picture.time, picture.is_keyframe, &picture.data)?;
        }
        self.state = State::Writing(file);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use anteroom_codec::container::{ReadLimits, ivf, matroska};

    use super::*;

    fn second(of: usize) -> Vec<i16> {
        vec![i16::try_from(of).unwrap_or(0) * 100; 48_000]
    }

    fn pictures(from_second: usize) -> Vec<Picture> {
        let bytes = include_bytes!("../../../codec/tests/data/pattern-vp8.ivf");
        let mut reader = ivf::Reader::new(&bytes[..]).unwrap();
        std::iter::from_fn(|| reader.next_frame().unwrap())
            .map(|frame| Picture {
                time: frame.timestamp + Duration::from_secs(from_second as u64),
                is_keyframe: VideoFormat::Vp8.is_keyframe(&frame.data),
                data: frame.data,
            })
            .collect()
    }

    #[test]
    fn an_ogg_recording_is_as_long_as_the_sound_and_killed_lacks_a_second() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("out.OGG");
        let mut recording = Recording::create(&path).unwrap();
        let length = || {
            let mut reader = ogg_opus::Reader::new(BufReader::new(File::open(&path).unwrap())).unwrap();
            reader.read_samples(ReadLimits::default()).unwrap().len()
        };
        for of in 0..5 {
            recording.write(&second(of)[..47_777], Vec::new()).unwrap();
            assert!(length() + 48_000 + 960 + 312 >= (of + 1) * 47_777);
        }
        recording.finish().unwrap();
        assert_eq!(length(), 5 * 47_777);
    }

    #[test]
    fn a_webm_recording_takes_its_size_from_the_first_picture_or_goes_without() {
        let directory = tempfile::tempdir().unwrap();
        for (pictures_at, size) in [(Some(1), [64, 48]), (Some(4), [1280, 720]), (None, [1280, 720])] {
            let path = directory.path().join("out.webm");
            let mut recording = Recording::create(&path).unwrap();
            assert!(recording.wants_pictures());
            for of in 0..6 {
                let pictures = pictures_at.filter(|at| *at == of).map(pictures);
                recording
                    .write(&second(of), pictures.unwrap_or_default())
                    .unwrap();
            }
            // As a killed program leaves it.
            let killed = directory.path().join("killed.webm");
            std::fs::copy(&path, &killed).unwrap();
            recording.finish().unwrap();
            let bytes = std::fs::read(&path).unwrap();
            // Elements of two bytes each: width and height.
            let [width, height] = size.map(|side: u16| side.to_be_bytes());
            let tracks = &bytes[..400];
            let has = |id: u8, side: [u8; 2]| {
                let element = match side {
                    [0, low] => vec![id, 0x81, low],
                    [high, low] => vec![id, 0x82, high, low],
                };
                tracks.windows(element.len()).any(|window| window == element)
            };
            assert!(has(0xb0, width) && has(0xba, height), "{pictures_at:?}");
            let mut file = File::options().read(true).write(true).open(&killed).unwrap();
            match matroska::repair(&mut file).unwrap() {
                matroska::Repaired::Completed {
                    duration,
                    lost_bytes: 0,
                } => {
                    assert!(duration >= Duration::from_secs(5), "{duration:?}");
                }
                other => panic!("{other:?}"),
            }
            let mut file = File::options().read(true).write(true).open(&path).unwrap();
            assert_eq!(matroska::repair(&mut file).unwrap(), matroska::Repaired::Whole);
        }
    }

    #[test]
    fn a_short_webm_recording_is_written_at_its_end() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("out.mkv");
        let mut recording = Recording::create(&path).unwrap();
        recording.write(&second(1), Vec::new()).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().len(), 0);
        recording.finish().unwrap();
        assert!(std::fs::metadata(&path).unwrap().len() > 1000);
    }

    #[test]
    fn refuses_an_ending_it_does_not_know() {
        let directory = tempfile::tempdir().unwrap();
        for name in ["out.mp3", "out"] {
            let path = directory.path().join(name);
            assert!(Recording::create(&path).is_err());
            assert!(!path.exists());
        }
    }
}
