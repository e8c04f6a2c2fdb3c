//! Recordings: what two people say is in files, each by itself and both together, also when the service is killed.

use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anteroom::client::Event;
use anteroom_codec::container::{ReadLimits, ogg_opus};
use anteroom_codec::opus::{Channels, Decoder};
use anteroom_codec::similarity::similarity;
use anteroom_testkit::process::ProcessGuard;
use matroska_demuxer::{Frame, MatroskaFile};
use serde_json::Value;
use tokio::time::{Instant, sleep_until};

use crate::common::program::{finish, program, served};
use crate::common::{PATIENCE, Person, http, speech, start};

/// The manifests below a data directory.
fn manifests(data: &Path) -> Vec<(PathBuf, Value)> {
    let below = |path: &Path| fs::read_dir(path).into_iter().flatten().flatten();
    let all = below(&data.join("recordings")).flat_map(|meeting| below(&meeting.path()));
    all.filter_map(|recording| {
        let text = fs::read(recording.path().join("recording.json")).ok()?;
        Some((recording.path(), serde_json::from_slice(&text).unwrap()))
    })
    .collect()
}

/// Waits for the one recording there is, until this holds for its manifest.
async fn recording(data: &Path, holds: impl Fn(&Value) -> bool) -> (PathBuf, Value) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let mut found = manifests(data);
        assert!(found.len() < 2, "{found:?}");
        if let Some((path, manifest)) = found.pop()
            && holds(&manifest)
        {
            return (path, manifest);
        }
        assert!(Instant::now() < deadline, "{:?}", manifests(data));
        sleep_until(Instant::now() + Duration::from_millis(50)).await;
    }
}

fn ended(manifest: &Value) -> bool {
    !manifest["endReason"].is_null()
}

/// The tracks of everybody: name and file.
fn tracks(manifest: &Value) -> Vec<(String, Value)> {
    let participants = manifest["participants"].as_array().unwrap();
    participants
        .iter()
        .flat_map(|participant| {
            let name = participant["displayName"].as_str().unwrap().to_owned();
            let tracks = participant["tracks"].as_array().unwrap().clone();
            tracks.into_iter().map(move |track| (name.clone(), track))
        })
        .collect()
}

fn mixed(recording: &Path) -> Vec<i16> {
    let file = BufReader::new(File::open(recording.join("mixed.ogg")).unwrap());
    let mut reader = ogg_opus::Reader::new(file).unwrap();
    reader.read_samples(ReadLimits::default()).unwrap()
}

/// The sound of a file with one track, silence where it has none.
fn sound(path: &Path) -> Vec<i16> {
    let mut file = MatroskaFile::open(BufReader::new(File::open(path).unwrap())).unwrap();
    assert_eq!(file.tracks()[0].codec_id(), "A_OPUS");
    let mut decoder = Decoder::new(Channels::Mono).unwrap();
    let (mut samples, mut frame, mut pcm) = (Vec::new(), Frame::default(), vec![0; 5760]);
    // A file that was cut off ends where it does.
    while file.next_frame(&mut frame).unwrap_or(false) {
        let at = usize::try_from(frame.timestamp).unwrap() * 48;
        samples.resize(samples.len().max(at), 0);
        let length = decoder.decode(&frame.data, &mut pcm).unwrap();
        samples.extend_from_slice(&pcm[..length]);
    }
    samples
}

async fn says(speaker: &mut Person, clip: &Arc<[i16]>) {
    speaker.meeting.play(Arc::clone(clip), false).await;
    speaker.until(|event| matches!(event, Event::Played)).await;
}

async fn hears_that_it_is_recorded(person: &mut Person, expected: bool) {
    person
        .until(|event| matches!(event, Event::Recording { recording, .. } if *recording == expected))
        .await;
}

/// Until each hears the other, media is not connected.
async fn hear_each_other(one: &mut Person, other: &mut Person) {
    let ids = [one.id.clone(), other.id.clone()];
    for (listener, speaker) in [one, other].into_iter().zip(ids.iter().rev()) {
        listener
            .until(|event| matches!(event, Event::Subscribed { participant_id } if participant_id == speaker))
            .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_is_recorded_alone_and_together() {
    let directory = tempfile::tempdir().unwrap();
    let (service, dev) = start(directory.path(), |_| {}).await;
    let mut alice = Person::alice(&dev).await;
    let mut bob = Person::bob(&dev).await;
    hear_each_other(&mut alice, &mut bob).await;
    alice.meeting.set_recording(true).await;
    hears_that_it_is_recorded(&mut bob, true).await;
    let clip = speech();
    says(&mut alice, &clip).await;
    says(&mut bob, &clip).await;
    let text = http(&dev)
        .get(format!("{}/metrics", dev.endpoint.trim_end_matches('/')))
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(text.lines().any(|line| line == "anteroom_recordings 1"), "{text}");
    alice.meeting.set_recording(false).await;
    hears_that_it_is_recorded(&mut bob, false).await;
    let (path, manifest) = recording(directory.path(), ended).await;
    assert_eq!(manifest["endReason"], "stopped");
    assert_eq!(manifest["packetsDropped"], 0);

    let tracks = tracks(&manifest);
    assert_eq!(tracks.len(), 2, "{manifest:#}");
    for (name, track) in &tracks {
        assert_eq!(
            (&track["source"], &track["codec"]),
            (&"microphone".into(), &"opus".into())
        );
        let heard = sound(&path.join(track["file"].as_str().unwrap()));
        let likeness = similarity(&clip, &heard);
        assert!(likeness.is_same_speech(), "{name}: {likeness:?}");
    }
    // Both say the same, one after the other.
    let heard = mixed(&path);
    let (first, rest) = heard.split_at(heard.len().min(clip.len() + 24_000));
    for (which, heard) in [("first", first), ("second", rest)] {
        let likeness = similarity(&clip, heard);
        assert!(likeness.is_same_speech(), "{which}: {likeness:?}");
        assert!(likeness.level_difference_db.abs() < 3.0, "{likeness:?}");
    }

    // Another one, which the end of the service ends.
    fs::remove_dir_all(&path).unwrap();
    alice.meeting.set_recording(true).await;
    hears_that_it_is_recorded(&mut bob, true).await;
    says(&mut alice, &clip[..96_000].into()).await;
    // Who has said nothing has no file.
    recording(directory.path(), |manifest| tracks_of(manifest) == 1).await;
    service.shutdown().await;
    let (_, manifest) = recording(directory.path(), ended).await;
    assert_eq!(manifest["endReason"], "serviceStopped");
}

fn tracks_of(manifest: &Value) -> usize {
    tracks(manifest).len()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_written_where_recording_is_off_or_cannot_be() {
    for is_enabled in [false, true] {
        let directory = tempfile::tempdir().unwrap();
        let blocked = directory.path().join("a file");
        fs::write(&blocked, b"").unwrap();
        let (service, dev) = start(directory.path(), |config| {
            config.recording.enabled = is_enabled;
            // No directory can be made below a file.
            config.recording.directory = Some(blocked.join("recordings"));
        })
        .await;
        let mut alice = Person::alice(&dev).await;
        alice.meeting.set_recording(true).await;
        hears_that_it_is_recorded(&mut alice, true).await;
        if is_enabled {
            hears_that_it_is_recorded(&mut alice, false).await;
        }
        service.shutdown().await;
        assert!(manifests(directory.path()).is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_not_agreed_is_not_recorded_until_it_does() {
    let directory = tempfile::tempdir().unwrap();
    let settings = directory.path().join("contoso.toml");
    let consent = "[CsTeamsMeetingPolicy.Global]\nExplicitRecordingConsent = \"Enabled\"\n";
    fs::write(&settings, consent).unwrap();
    let data = directory.path().join("data");
    let (mut service, dev) = served(&data);
    apply(&data, &settings);
    let mut alice = Person::alice(&dev).await;
    let mut bob = Person::bob(&dev).await;
    hear_each_other(&mut alice, &mut bob).await;
    let clip = speech();
    bob.meeting.play(Arc::clone(&clip), true).await;
    alice.meeting.play(Arc::clone(&clip), true).await;
    alice.meeting.set_recording(true).await;
    hears_that_it_is_recorded(&mut bob, true).await;
    let (path, _) = recording(&data, |manifest| tracks_of(manifest) == 1).await;
    // Alice agreed by beginning it; Bob speaks all the time.
    sleep_until(Instant::now() + Duration::from_secs(3)).await;
    let (_, manifest) = recording(&data, |_| true).await;
    let only: Vec<_> = tracks(&manifest).into_iter().map(|(name, _)| name).collect();
    let participants = manifest["participants"].as_array().unwrap().len();
    assert_eq!((only.len(), participants), (1, 2), "{manifest:#}");
    bob.meeting.grant_consent().await;
    recording(&data, |manifest| tracks_of(manifest) == 2).await;
    assert!(path.join("mixed.ogg").exists());
    service.kill().unwrap();
}

/// Takes over a tenant's settings.
fn apply(data: &Path, settings: &Path) {
    let mut command = program();
    command.args(["tenant", "apply"]).arg(settings);
    command.args(["--tenant", "contoso"]).arg("--data").arg(data);
    let output = finish(&mut command);
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_service_leaves_what_was_said_up_to_then() {
    let directory = tempfile::tempdir().unwrap();
    let (mut service, dev) = served(directory.path());
    let mut alice = Person::alice(&dev).await;
    let mut bob = Person::bob(&dev).await;
    hear_each_other(&mut alice, &mut bob).await;
    alice.meeting.set_recording(true).await;
    hears_that_it_is_recorded(&mut bob, true).await;
    let clip = speech();
    let began = Instant::now();
    says(&mut alice, &clip).await;
    // Said a second ago is in the files; the clip ends with half a second of silence.
    sleep_until(Instant::now() + Duration::from_millis(1500)).await;
    kill(&mut service);
    let recorded = began.elapsed();

    let (path, manifest) = recording(directory.path(), |_| true).await;
    assert!(!ended(&manifest));
    let files: Vec<PathBuf> = tracks(&manifest)
        .iter()
        .map(|(_, track)| path.join(track["file"].as_str().unwrap()))
        .collect();
    assert_eq!(files.len(), 1, "who has said nothing has no file: {manifest:#}");
    let heard = mixed(&path);
    assert!(similarity(&clip, &heard).is_same_speech());
    let missing = recorded.saturating_sub(Duration::from_millis(heard.len() as u64 / 48));
    assert!(
        missing < Duration::from_secs(2),
        "{missing:?} of {recorded:?} are missing"
    );
    let alike = |path: &PathBuf| similarity(&clip, &sound(path)).is_same_speech();
    assert!(files.iter().all(alike));

    // The next start completes them.
    let (mut service, _) = served(directory.path());
    let (_, manifest) = recording(directory.path(), ended).await;
    assert_eq!(manifest["endReason"], "serviceKilled");
    assert!(files.iter().all(alike));
    kill(&mut service);
}

fn kill(service: &mut ProcessGuard) {
    service.kill().unwrap();
}
