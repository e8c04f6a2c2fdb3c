//! An appointment, from booking to the end: who gets into the call when.
//!
//! ```sh
//! cargo run -p anteroom-rooms --example appointment
//! ```

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;

use anteroom_identity::id::{AcsUserId, ResourceId};
use anteroom_identity::token::{Scope, ScopeSet};
use anteroom_rooms::{
    Decision, MemoryRoomStore, NewRoom, ParticipantChange, Role, RoomChanges, RoomService, admit,
};
use time::macros::datetime;
use time::{Duration, OffsetDateTime};

fn main() -> Result<(), Box<dyn Error>> {
    let resource = ResourceId::random();
    let [doctor, patient, student] = [(); 3].map(|()| AcsUserId::random(resource));
    let booked = datetime!(2026-11-20 09:00 UTC);
    let starts = datetime!(2026-11-24 14:00 UTC);

    // The back end books: the doctor leads, the patient talks, the student listens.
    let mut rooms = RoomService::new(MemoryRoomStore::new());
    let invite = |user, role| ParticipantChange {
        user,
        role: Some(role),
    };
    let appointment = NewRoom {
        valid_from: Some(starts),
        valid_until: Some(starts + Duration::minutes(30)),
        participants: vec![
            invite(doctor, Role::Presenter),
            invite(patient, Role::Attendee),
            invite(student, Role::Consumer),
        ],
        ..NewRoom::default()
    };
    let id = rooms
        .create(resource, &appointment, None, || 42, booked)?
        .into_room()
        .id;
    println!("room {id}");

    let scopes = ScopeSet::from_iter([Scope::VoipJoin]);
    let knock = |rooms: &RoomService<_>, user: AcsUserId, now: OffsetDateTime| -> Result<_, Box<dyn Error>> {
        let (room, invited) = rooms.invited(id)?.ok_or("the room is gone")?;
        let entry = invited.iter().find(|participant| participant.user == user);
        Ok(admit(&room, entry, scopes, now))
    };
    let early = starts - Duration::minutes(5);
    println!(
        "patient, five minutes early: {:?}",
        knock(&rooms, patient, early)?
    );
    for (name, user) in [("doctor", doctor), ("patient", patient), ("student", student)] {
        let decision = knock(&rooms, user, starts)?;
        println!("{name}, in time: {decision:?}");
        if let Decision::Admit { role } = decision {
            println!("  may {:?}", role.capabilities());
        }
    }

    // It takes longer, and the student goes.
    let longer = RoomChanges {
        valid_until: Some(starts + Duration::hours(1)),
        ..RoomChanges::default()
    };
    rooms.update(resource, id, longer, starts + Duration::minutes(20))?;
    rooms.update_participants(
        resource,
        id,
        &[ParticipantChange {
            user: student,
            role: None,
        }],
    )?;
    let later = starts + Duration::minutes(40);
    println!(
        "patient, after forty minutes: {:?}",
        knock(&rooms, patient, later)?
    );
    println!(
        "student, after forty minutes: {:?}",
        knock(&rooms, student, later)?
    );
    Ok(())
}
