//! Rooms, the whole loop over real sockets: the back end makes one, native clients meet in it.

use std::time::Duration;

use anteroom::client::{Event, Role};
use anteroom_codec::similarity::similarity;
use anteroom_identity::signing::{ConnectionString, sign_request};
use anteroom_service::DevInfo;
use serde_json::{Value, json};
use time::OffsetDateTime;
use tokio::time::{Instant, sleep_until};

use crate::common::{Person, http, speech, start};

/// A signed request of the back end; the answer's status and body.
async fn back_end(dev: &DevInfo, method: &str, target: &str, body: &Value) -> (u16, Value) {
    let connection: ConnectionString = dev.connection_string.parse().unwrap();
    let url: url::Url = format!("{}{target}", dev.endpoint.trim_end_matches('/'))
        .parse()
        .unwrap();
    let host = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap());
    let body = body.to_string();
    let now = OffsetDateTime::now_utc();
    let signed = sign_request(
        method,
        target,
        &host,
        now,
        body.as_bytes(),
        &connection.access_key,
    );
    let request = http(dev)
        .request(method.parse().unwrap(), url)
        .header("x-ms-date", signed.date)
        .header("x-ms-content-sha256", signed.content_sha256)
        .header("authorization", signed.authorization)
        .header("content-type", "application/json")
        .body(body);
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    (status, response.json().await.unwrap_or(Value::Null))
}

/// A user with a token for calls: raw id and token.
async fn user(dev: &DevInfo) -> (String, String) {
    let body = json!({ "createTokenWithScopes": ["voip.join"] });
    let (status, made) = back_end(dev, "POST", "/identities?api-version=2023-10-01", &body).await;
    assert_eq!(status, 201);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (text(&made["identity"]["id"]), text(&made["accessToken"]["token"]))
}

async fn room(dev: &DevInfo, participants: Value) -> String {
    let body = json!({ "participants": participants });
    let (status, made) = back_end(dev, "POST", "/rooms?api-version=2025-03-13", &body).await;
    assert_eq!(status, 201);
    made["id"].as_str().unwrap().to_owned()
}

/// A room for two, and their tokens.
pub(crate) async fn room_of_two(dev: &DevInfo) -> (String, [String; 2]) {
    let (first, first_token) = user(dev).await;
    let (second, second_token) = user(dev).await;
    let id = room(
        dev,
        json!({ first: {"role": "Presenter"}, second: {"role": "Presenter"} }),
    )
    .await;
    (id, [first_token, second_token])
}

/// Lets one speak, and the other has to hear it.
pub(crate) async fn hears(listener: &mut Person, speaker: &mut Person) {
    let subscribed = |event: &Event| matches!(event, Event::Subscribed { participant_id } if *participant_id == speaker.id);
    listener.until(subscribed).await;
    let original = speech();
    let _ = listener.meeting.take_recording().await;
    speaker.meeting.play(original.clone(), false).await;
    speaker.until(|event| matches!(event, Event::Played)).await;
    // The jitter buffer holds less than half a second; the clip ends with as much silence.
    let mut heard = Vec::new();
    let deadline = Instant::now() + Duration::from_secs(5);
    while heard.len() < original.len() && Instant::now() < deadline {
        heard.extend(listener.meeting.take_recording().await);
        sleep_until(Instant::now() + Duration::from_millis(20)).await;
    }
    let likeness = similarity(&original, &heard);
    assert!(likeness.is_same_speech(), "{likeness:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_talk_in_a_room_and_a_consumer_only_listens() {
    let directory = tempfile::tempdir().unwrap();
    let (service, dev) = start(directory.path(), |_| {}).await;
    let (doctor_id, doctor_token) = user(&dev).await;
    let (patient_id, patient_token) = user(&dev).await;
    let (student_id, student_token) = user(&dev).await;
    let (_, stranger_token) = user(&dev).await;
    let id = room(
        &dev,
        json!({
            doctor_id: {"role": "Presenter"}, patient_id: {"role": "Attendee"}, &student_id: {"role": "Consumer"},
        }),
    )
    .await;

    let mut doctor = Person::in_room(&dev, &id, "Doctor", &doctor_token).await;
    doctor.connected().await;
    let mut patient = Person::in_room(&dev, &id, "Patient", &patient_token).await;
    patient.connected().await;
    let mut student = Person::in_room(&dev, &id, "Student", &student_token).await;
    student.connected().await;
    let mut stranger = Person::in_room(&dev, &id, "Stranger", &stranger_token).await;
    assert_eq!(
        stranger.end().await,
        (403, 990_051, "room_not_invited".to_owned(), true)
    );
    doctor
        .sees_roster(|roster| {
            let role = |name: &str| roster.iter().find(|p| p.display_name == name).map(|p| p.role);
            role("Doctor") == Some(Role::Presenter)
                && role("Patient") == Some(Role::Attendee)
                && role("Student") == Some(Role::Consumer)
                && roster.iter().all(|p| !p.external)
        })
        .await;

    // The student hears both, and nobody hears the student.
    hears(&mut student, &mut doctor).await;
    hears(&mut doctor, &mut patient).await;
    student.meeting.play(speech(), false).await;
    let refused = student
        .until(|event| matches!(event, Event::Refused { .. }))
        .await;
    assert!(matches!(refused, Event::Refused { key, .. } if key == "not_allowed"));
    let id_of_student = student.id.clone();
    let from_student = |event: &Event| matches!(event, Event::Subscribed { participant_id } if *participant_id == id_of_student);
    assert!(!doctor.has_seen(from_student) && !patient.has_seen(from_student));

    // Until the student may speak.
    let target = format!("/rooms/{id}/participants?api-version=2025-03-13");
    let body = json!({"participants": {student_id: {"role": "Attendee"}}});
    assert_eq!(back_end(&dev, "PATCH", &target, &body).await.0, 200);
    let promoted = |event: &Event| {
        matches!(
            event,
            Event::CapabilitiesChanged {
                role: Role::Attendee,
                ..
            }
        )
    };
    student.until(promoted).await;
    hears(&mut doctor, &mut student).await;

    patient.meeting.leave().await;
    assert_eq!(patient.end().await, (0, 0, "left".to_owned(), false));
    let target = format!("/rooms/{id}?api-version=2025-03-13");
    assert_eq!(back_end(&dev, "DELETE", &target, &Value::Null).await.0, 204);
    for person in [&mut doctor, &mut student] {
        assert_eq!(person.end().await, (0, 990_054, "room_closed".to_owned(), false));
    }
    service.shutdown().await;
}
