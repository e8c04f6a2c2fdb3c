//! What `anteroom join --record` has written when it is killed.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

use anteroom::service::DevInfo;
use anteroom_codec::container::matroska::{self, Repaired};
use anteroom_codec::container::video::VideoFormat;
use anteroom_codec::container::{ReadLimits, ogg_opus};
use anteroom_codec::level::audio_level_dbov;
use anteroom_testkit::process::ProcessGuard;
use matroska_demuxer::{Frame, MatroskaFile};

use crate::common::program::{program, served};
use crate::common::{PATIENCE, Person, speech, start};

/// Seconds in the call before the program is killed, by its own count.
const SECONDS: usize = 5;

/// What may be missing: a second that was not taken from the call yet, one in the file's own memory, and the start of the
/// call, when the first count came before its second was full.
const LOST: usize = 3;

/// Samples at the beginning that are no sound of the call but the encoder's delay (RFC 7845 §4.2), and left out.
const PRE_SKIP: usize = 312;

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_program_leaves_a_recording_that_plays() {
    let directory = tempfile::tempdir().unwrap();
    let (service, dev) = start(&directory.path().join("data"), |_| {}).await;
    let alice = Person::alice(&dev).await;
    alice.meeting.play(speech(), true).await;

    for name in ["out.ogg", "out.webm"] {
        let path = directory.path().join(name);
        let recorder = Recorder::start(&dev, &path);
        tokio::task::spawn_blocking(move || {
            recorder.wait(SECONDS);
            recorder.kill();
        })
        .await
        .unwrap();
        match name {
            "out.ogg" => {
                let mut file = ogg_opus::Reader::new(BufReader::new(File::open(&path).unwrap())).unwrap();
                let sound = file.read_samples(ReadLimits::default()).unwrap();
                assert!(
                    sound.len() + PRE_SKIP >= (SECONDS - LOST) * 48_000,
                    "{}",
                    sound.len()
                );
                let loudest = sound.chunks(480).map(audio_level_dbov).min();
                assert!(
                    loudest.is_some_and(|level| level < 40),
                    "speech is in it: {loudest:?}"
                );
            }
            _ => {
                let mut file = File::options().read(true).write(true).open(&path).unwrap();
                let Repaired::Completed { duration, .. } = matroska::repair(&mut file).unwrap() else {
                    panic!("it was killed");
                };
                assert!(
                    duration >= Duration::from_secs((SECONDS - LOST) as u64),
                    "{duration:?}"
                );
            }
        }
    }
    service.shutdown().await;
}

#[test]
fn the_pictures_of_who_sends_some_are_recorded() {
    let directory = tempfile::tempdir().unwrap();
    let (_service, dev) = served(directory.path());
    let path = directory.path().join("out.webm");
    let recorder = Recorder::start(&dev, &path);
    recorder.wait(1);
    // Somebody with a camera comes and goes.
    let mut load = program();
    load.args(["load", "sfu", "--json", "--patience", "60", "--data"]);
    load.arg(directory.path());
    load.args(["--publishers", "1", "--subscribers", "1", "--processes", "1"]);
    load.args(["--video", "300k", "--seconds", "5"]);
    let load = ProcessGuard::spawn(&mut load)
        .unwrap()
        .output_within(4 * PATIENCE)
        .unwrap();
    assert_eq!(
        load.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&load.stderr)
    );
    recorder.wait(2);
    recorder.kill();

    let mut file = MatroskaFile::open(BufReader::new(File::open(&path).unwrap())).unwrap();
    let mut pictures = Vec::new();
    let mut frame = Frame::default();
    while file.next_frame(&mut frame).unwrap_or(false) {
        if frame.track == 2 {
            pictures.push(frame.clone());
        }
    }
    // Thirty a second for five seconds, on a machine that may be busy.
    assert!(pictures.len() >= 30, "{}", pictures.len());
    assert!(pictures.is_sorted_by_key(|picture| picture.timestamp));
    assert_eq!(pictures[0].is_keyframe, Some(true));
    assert_eq!(
        VideoFormat::Vp8.keyframe_size(&pictures[0].data).unwrap(),
        (640, 360)
    );
}

/// The program in a call, writing.
struct Recorder {
    guard: ProcessGuard,
    seconds: mpsc::Receiver<()>,
}

impl Recorder {
    fn start(dev: &DevInfo, path: &Path) -> Self {
        let bob = &dev.users[1];
        let mut command = program();
        command.args([
            "join",
            &dev.meeting.join_url,
            "--json",
            "--endpoint",
            &dev.endpoint,
        ]);
        command.args(["--as", &bob.upn, "--password", &bob.password, "--ca"]);
        command.arg(dev.ca_file.as_ref().expect("a private authority"));
        let mut guard = ProcessGuard::spawn(command.arg("--record").arg(path)).unwrap();
        let stdout = guard.child().stdout.take().unwrap();
        let (counted, seconds) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if line.contains("\"stats\"") {
                    let _ = counted.send(());
                }
            }
        });
        Self { guard, seconds }
    }

    /// Until it has said so many times more that a second in the call is over.
    fn wait(&self, seconds: usize) {
        for _ in 0..seconds {
            self.seconds.recv_timeout(PATIENCE).expect("a second in the call");
        }
    }

    /// SIGKILL: nothing in the program can tell.
    fn kill(mut self) {
        self.guard.kill().unwrap();
    }
}
