//! Errors of ACS Rooms.

super::catalogue! { Rooms;
    NOT_FOUND: 404 "NotFound", "room_not_found", "The server cannot find the requested resource.";
    cause: "The room was deleted, is of another resource, or never was.";
    remedy: "List the rooms of the resource.";

    ID_INVALID: 400 "BadRequest", "room_id_invalid", "Invalid room ID length.";
    cause: "A room id is 16 to 18 digits and begins with 99.";
    remedy: "Use the id that creating the room answered.";

    IDENTIFIER_INVALID: 400 "BadRequest", "room_identifier_invalid", "Invalid format for communication identifier.";
    cause: "A participant of the room to create is no ACS user (8:acs:...).";
    remedy: "Use ids of identities that were created with ACS Identity.";

    PARTICIPANTS_INVALID: 400 "BadRequest", "room_participants_invalid", "Invalid value for the Participants.";
    cause: "A participant to add, update or remove is no ACS user (8:acs:...), a role is none that there is, or there are too many. Nothing was changed.";
    remedy: "Correct the entry; roles are Presenter, Attendee, Consumer and Collaborator.";

    INVALID: 400 "BadRequest", "room_invalid", "The request could not be understood by the server due to malformed syntax.";
    cause: "The details name what is wrong: a range of time of more than 180 days, one that ends before it begins or in the past, or a field of the wrong form.";
    remedy: "Correct the fields that the targets of the details name. A lone validFrom more than 180 days ahead needs a validUntil.";

    REPEATABILITY_INVALID: 400 "BadRequest", "room_repeatability_invalid", "The repeatability headers are not valid.";
    cause: "Repeatability-Request-ID came without Repeatability-First-Sent, or one of them has a wrong form.";
    remedy: "Send both headers or none.";
}
