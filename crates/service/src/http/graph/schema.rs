//! The types of what is served: what `$select` may name, what a body may hold, what `$metadata` says.

/// A type and its properties.
#[derive(Debug)]
pub(super) struct EntityType {
    /// Its name in the namespace `microsoft.graph`.
    pub(super) name: &'static str,
    /// Whether it has an `id` and is found by it.
    pub(super) entity: bool,
    /// Names and EDM types; `Graph.x` stands for `microsoft.graph.x`.
    pub(super) properties: &'static [(&'static str, &'static str)],
    /// What leads to other entities: names and types.
    pub(super) navigation: &'static [(&'static str, &'static str)],
}

impl EntityType {
    /// Whether there is such a property, without regard to case.
    pub(super) fn has(&self, name: &str) -> bool {
        self.named(name).is_some()
    }

    /// The property's own spelling.
    pub(super) fn named(&self, name: &str) -> Option<&'static str> {
        self.properties
            .iter()
            .chain(self.navigation)
            .map(|(known, _)| *known)
            .find(|known| known.eq_ignore_ascii_case(name))
    }
}

const STRING: &str = "Edm.String";
const BOOL: &str = "Edm.Boolean";
const TIME: &str = "Edm.DateTimeOffset";
const INT: &str = "Edm.Int32";

/// `user`
pub(super) static USER: EntityType = EntityType {
    name: "user",
    entity: true,
    properties: &[
        ("id", STRING),
        ("accountEnabled", BOOL),
        ("businessPhones", "Collection(Edm.String)"),
        ("displayName", STRING),
        ("givenName", STRING),
        ("jobTitle", STRING),
        ("mail", STRING),
        ("mobilePhone", STRING),
        ("officeLocation", STRING),
        ("preferredLanguage", STRING),
        ("surname", STRING),
        ("userPrincipalName", STRING),
        ("userType", STRING),
    ],
    navigation: &[
        ("calendar", "Graph.calendar"),
        ("calendarView", "Collection(Graph.event)"),
        ("chats", "Collection(Graph.chat)"),
        ("events", "Collection(Graph.event)"),
        ("onlineMeetings", "Collection(Graph.onlineMeeting)"),
    ],
};

/// `onlineMeeting`
pub(super) static ONLINE_MEETING: EntityType = EntityType {
    name: "onlineMeeting",
    entity: true,
    properties: &[
        ("id", STRING),
        ("allowAttendeeToEnableCamera", BOOL),
        ("allowAttendeeToEnableMic", BOOL),
        ("allowBreakoutRooms", BOOL),
        ("allowCopyingAndSharingMeetingContent", BOOL),
        ("allowedLobbyAdmitters", "Graph.allowedLobbyAdmitterRoles"),
        ("allowedPresenters", "Graph.onlineMeetingPresenters"),
        ("allowLiveShare", "Graph.meetingLiveShareOptions"),
        ("allowMeetingChat", "Graph.meetingChatMode"),
        ("allowParticipantsToChangeName", BOOL),
        ("allowPowerPointSharing", BOOL),
        ("allowRecording", BOOL),
        ("allowTeamworkReactions", BOOL),
        ("allowTranscription", BOOL),
        ("allowWhiteboard", BOOL),
        ("anonymizeIdentityForRoles", "Collection(Graph.onlineMeetingRole)"),
        ("audioConferencing", "Graph.audioConferencing"),
        ("autoAdmittedUsers", STRING),
        ("chatInfo", "Graph.chatInfo"),
        ("creationDateTime", TIME),
        ("endDateTime", TIME),
        ("expiryDateTime", TIME),
        ("externalId", STRING),
        ("isEndToEndEncryptionEnabled", BOOL),
        ("isEntryExitAnnounced", BOOL),
        ("joinInformation", "Graph.itemBody"),
        ("joinMeetingIdSettings", "Graph.joinMeetingIdSettings"),
        ("joinWebUrl", STRING),
        ("lobbyBypassSettings", "Graph.lobbyBypassSettings"),
        ("meetingOptionsWebUrl", STRING),
        ("meetingTemplateId", STRING),
        ("participants", "Graph.meetingParticipants"),
        ("recordAutomatically", BOOL),
        (
            "sensitivityLabelAssignment",
            "Graph.onlineMeetingSensitivityLabelAssignment",
        ),
        (
            "shareMeetingChatHistoryDefault",
            "Graph.meetingChatHistoryDefaultMode",
        ),
        ("startDateTime", TIME),
        ("subject", STRING),
        ("videoTeleconferenceId", STRING),
        ("watermarkProtection", "Graph.watermarkProtectionValues"),
    ],
    navigation: &[("attendanceReports", "Collection(Graph.meetingAttendanceReport)")],
};

/// `meetingAttendanceReport`
pub(super) static ATTENDANCE_REPORT: EntityType = EntityType {
    name: "meetingAttendanceReport",
    entity: true,
    properties: &[
        ("id", STRING),
        ("meetingEndDateTime", TIME),
        ("meetingStartDateTime", TIME),
        ("totalParticipantCount", INT),
    ],
    navigation: &[("attendanceRecords", "Collection(Graph.attendanceRecord)")],
};

/// `attendanceRecord`
pub(super) static ATTENDANCE_RECORD: EntityType = EntityType {
    name: "attendanceRecord",
    entity: true,
    properties: &[
        ("id", STRING),
        ("attendanceIntervals", "Collection(Graph.attendanceInterval)"),
        ("emailAddress", STRING),
        ("identity", "Graph.identity"),
        ("role", STRING),
        ("totalAttendanceInSeconds", INT),
    ],
    navigation: &[],
};

/// `event`
pub(super) static EVENT: EntityType = EntityType {
    name: "event",
    entity: true,
    properties: &[
        ("id", STRING),
        ("allowNewTimeProposals", BOOL),
        ("attendees", "Collection(Graph.attendee)"),
        ("body", "Graph.itemBody"),
        ("bodyPreview", STRING),
        ("categories", "Collection(Edm.String)"),
        ("changeKey", STRING),
        ("createdDateTime", TIME),
        ("end", "Graph.dateTimeTimeZone"),
        ("hideAttendees", BOOL),
        ("iCalUId", STRING),
        ("importance", "Graph.importance"),
        ("isAllDay", BOOL),
        ("isCancelled", BOOL),
        ("isOnlineMeeting", BOOL),
        ("isOrganizer", BOOL),
        ("isReminderOn", BOOL),
        ("lastModifiedDateTime", TIME),
        ("location", "Graph.location"),
        ("onlineMeeting", "Graph.onlineMeetingInfo"),
        ("onlineMeetingProvider", "Graph.onlineMeetingProviderType"),
        ("occurrenceId", STRING),
        ("onlineMeetingUrl", STRING),
        ("organizer", "Graph.recipient"),
        ("originalStart", TIME),
        ("originalEndTimeZone", STRING),
        ("originalStartTimeZone", STRING),
        ("recurrence", "Graph.patternedRecurrence"),
        ("reminderMinutesBeforeStart", INT),
        ("responseRequested", BOOL),
        ("responseStatus", "Graph.responseStatus"),
        ("sensitivity", "Graph.sensitivity"),
        ("seriesMasterId", STRING),
        ("showAs", "Graph.freeBusyStatus"),
        ("start", "Graph.dateTimeTimeZone"),
        ("subject", STRING),
        ("transactionId", STRING),
        ("type", "Graph.eventType"),
        ("webLink", STRING),
    ],
    navigation: &[("instances", "Collection(Graph.event)")],
};

/// `calendar`
pub(super) static CALENDAR: EntityType = EntityType {
    name: "calendar",
    entity: true,
    properties: &[
        ("id", STRING),
        (
            "allowedOnlineMeetingProviders",
            "Collection(Graph.onlineMeetingProviderType)",
        ),
        ("canEdit", BOOL),
        ("defaultOnlineMeetingProvider", "Graph.onlineMeetingProviderType"),
        ("isDefaultCalendar", BOOL),
        ("name", STRING),
        ("owner", "Graph.emailAddress"),
    ],
    navigation: &[
        ("calendarView", "Collection(Graph.event)"),
        ("events", "Collection(Graph.event)"),
    ],
};

/// `chat`
pub(super) static CHAT: EntityType = EntityType {
    name: "chat",
    entity: true,
    properties: &[
        ("id", STRING),
        ("chatType", "Graph.chatType"),
        ("createdDateTime", TIME),
        ("lastUpdatedDateTime", TIME),
        ("onlineMeetingInfo", "Graph.teamworkOnlineMeetingInfo"),
        ("tenantId", STRING),
        ("topic", STRING),
        ("webUrl", STRING),
    ],
    navigation: &[
        ("lastMessagePreview", "Graph.chatMessageInfo"),
        ("members", "Collection(Graph.conversationMember)"),
        ("messages", "Collection(Graph.chatMessage)"),
    ],
};

/// `chatMessage`
pub(super) static CHAT_MESSAGE: EntityType = EntityType {
    name: "chatMessage",
    entity: true,
    properties: &[
        ("id", STRING),
        ("attachments", "Collection(Graph.chatMessageAttachment)"),
        ("body", "Graph.itemBody"),
        ("channelIdentity", "Graph.channelIdentity"),
        ("chatId", STRING),
        ("createdDateTime", TIME),
        ("deletedDateTime", TIME),
        ("etag", STRING),
        ("eventDetail", "Graph.eventMessageDetail"),
        ("from", "Graph.chatMessageFromIdentitySet"),
        ("importance", "Graph.chatMessageImportance"),
        ("lastEditedDateTime", TIME),
        ("lastModifiedDateTime", TIME),
        ("locale", STRING),
        ("mentions", "Collection(Graph.chatMessageMention)"),
        ("messageType", "Graph.chatMessageType"),
        ("policyViolation", "Graph.chatMessagePolicyViolation"),
        ("reactions", "Collection(Graph.chatMessageReaction)"),
        ("replyToId", STRING),
        ("subject", STRING),
        ("summary", STRING),
        ("webUrl", STRING),
    ],
    navigation: &[],
};

/// `conversationMember`
pub(super) static CONVERSATION_MEMBER: EntityType = EntityType {
    name: "conversationMember",
    entity: true,
    properties: &[
        ("id", STRING),
        ("displayName", STRING),
        ("roles", "Collection(Edm.String)"),
        ("visibleHistoryStartDateTime", TIME),
        ("userId", STRING),
        ("email", STRING),
        ("tenantId", STRING),
        ("azureCommunicationServicesId", STRING),
    ],
    navigation: &[],
};

/// Types that are found by an id.
pub(super) static ENTITIES: &[&EntityType] = &[
    &USER,
    &ONLINE_MEETING,
    &ATTENDANCE_REPORT,
    &ATTENDANCE_RECORD,
    &EVENT,
    &CALENDAR,
    &CHAT,
    &CHAT_MESSAGE,
    &CONVERSATION_MEMBER,
];

macro_rules! complex {
    ($($name:literal: $($property:literal $kind:expr),*;)*) => {
        /// Types that stand in others.
        pub(super) static COMPLEX: &[EntityType] = &[$(EntityType {
            name: $name,
            entity: false,
            properties: &[$(($property, $kind)),*],
            navigation: &[],
        }),*];
    };
}

complex! {
    "attendanceInterval": "durationInSeconds" INT, "joinDateTime" TIME, "leaveDateTime" TIME;
    "attendee": "emailAddress" "Graph.emailAddress", "proposedNewTime" "Graph.timeSlot", "status" "Graph.responseStatus", "type" STRING;
    "audioConferencing": "conferenceId" STRING, "dialinUrl" STRING, "tollFreeNumber" STRING, "tollNumber" STRING;
    "channelIdentity": "channelId" STRING, "teamId" STRING;
    "chatInfo": "messageId" STRING, "replyChainMessageId" STRING, "threadId" STRING;
    "chatMessageAttachment": "content" STRING, "contentType" STRING, "contentUrl" STRING, "id" STRING, "name" STRING;
    "chatMessageFromIdentitySet": "application" "Graph.identity", "device" "Graph.identity", "user" "Graph.teamworkUserIdentity";
    "chatMessageInfo": "body" "Graph.itemBody", "createdDateTime" TIME, "from" "Graph.chatMessageFromIdentitySet",
        "id" STRING, "isDeleted" BOOL, "messageType" "Graph.chatMessageType";
    "chatMessageMention": "id" INT, "mentionText" STRING;
    "chatMessagePolicyViolation": "justificationText" STRING;
    "chatMessageReaction": "createdDateTime" TIME, "reactionType" STRING;
    "dateTimeTimeZone": "dateTime" STRING, "timeZone" STRING;
    "emailAddress": "address" STRING, "name" STRING;
    "eventMessageDetail": "chatId" STRING, "initiator" "Graph.identitySet";
    "identity": "displayName" STRING, "id" STRING;
    "identitySet": "application" "Graph.identity", "device" "Graph.identity", "user" "Graph.identity";
    "itemBody": "content" STRING, "contentType" "Graph.bodyType";
    "joinMeetingIdSettings": "isPasscodeRequired" BOOL, "joinMeetingId" STRING, "passcode" STRING;
    "lobbyBypassSettings": "isDialInBypassEnabled" BOOL, "scope" "Graph.lobbyBypassScope";
    "location": "displayName" STRING, "locationUri" STRING;
    "meetingParticipantInfo": "identity" "Graph.identitySet", "role" "Graph.onlineMeetingRole", "upn" STRING;
    "meetingParticipants": "attendees" "Collection(Graph.meetingParticipantInfo)", "organizer" "Graph.meetingParticipantInfo";
    "onlineMeetingInfo": "conferenceId" STRING, "joinUrl" STRING, "quickDial" STRING, "tollFreeNumbers" "Collection(Edm.String)",
        "tollNumber" STRING;
    "onlineMeetingSensitivityLabelAssignment": "sensitivityLabelId" STRING;
    "patternedRecurrence": "pattern" "Graph.recurrencePattern", "range" "Graph.recurrenceRange";
    "recipient": "emailAddress" "Graph.emailAddress";
    "recurrencePattern": "dayOfMonth" INT, "daysOfWeek" "Collection(Graph.dayOfWeek)", "firstDayOfWeek" "Graph.dayOfWeek",
        "index" "Graph.weekIndex", "interval" INT, "month" INT, "type" "Graph.recurrencePatternType";
    "recurrenceRange": "endDate" "Edm.Date", "numberOfOccurrences" INT, "recurrenceTimeZone" STRING, "startDate" "Edm.Date",
        "type" "Graph.recurrenceRangeType";
    "responseStatus": "response" STRING, "time" TIME;
    "teamworkOnlineMeetingInfo": "calendarEventId" STRING, "joinWebUrl" STRING, "organizer" "Graph.teamworkUserIdentity";
    "teamworkUserIdentity": "displayName" STRING, "id" STRING, "userIdentityType" "Graph.teamworkUserIdentityType";
    "timeSlot": "end" "Graph.dateTimeTimeZone", "start" "Graph.dateTimeTimeZone";
    "watermarkProtectionValues": "isEnabledForContentSharing" BOOL, "isEnabledForVideo" BOOL;
}

/// Enumerations and their members, in the order of Graph's own; those after `unknownFutureValue` are given to clients
/// that ask for them only.
pub(super) static ENUMS: &[(&str, &[&str])] = &[
    (
        "allowedLobbyAdmitterRoles",
        &[
            "organizerAndCoOrganizersAndPresenters",
            "organizerAndCoOrganizers",
            "unknownFutureValue",
        ],
    ),
    ("bodyType", &["text", "html"]),
    (
        "chatMessageImportance",
        &["normal", "high", "urgent", "unknownFutureValue"],
    ),
    (
        "chatMessageType",
        &[
            "message",
            "chatEvent",
            "typing",
            "unknownFutureValue",
            "systemEventMessage",
        ],
    ),
    (
        "chatType",
        &["oneOnOne", "group", "meeting", "unknownFutureValue"],
    ),
    (
        "dayOfWeek",
        &[
            "sunday",
            "monday",
            "tuesday",
            "wednesday",
            "thursday",
            "friday",
            "saturday",
        ],
    ),
    (
        "eventType",
        &["singleInstance", "occurrence", "exception", "seriesMaster"],
    ),
    (
        "freeBusyStatus",
        &["unknown", "free", "tentative", "busy", "oof", "workingElsewhere"],
    ),
    ("importance", &["low", "normal", "high"]),
    (
        "lobbyBypassScope",
        &[
            "organizer",
            "organization",
            "organizationAndFederated",
            "everyone",
            "unknownFutureValue",
            "invited",
            "organizationExcludingGuests",
        ],
    ),
    (
        "meetingChatHistoryDefaultMode",
        &["none", "all", "unknownFutureValue"],
    ),
    (
        "meetingChatMode",
        &["enabled", "disabled", "limited", "unknownFutureValue"],
    ),
    (
        "meetingLiveShareOptions",
        &["enabled", "disabled", "unknownFutureValue"],
    ),
    (
        "onlineMeetingPresenters",
        &[
            "everyone",
            "organization",
            "roleIsPresenter",
            "organizer",
            "unknownFutureValue",
        ],
    ),
    (
        "onlineMeetingProviderType",
        &[
            "unknown",
            "skypeForBusiness",
            "skypeForConsumer",
            "teamsForBusiness",
        ],
    ),
    (
        "onlineMeetingRole",
        &[
            "attendee",
            "presenter",
            "unknownFutureValue",
            "producer",
            "coorganizer",
        ],
    ),
    (
        "recurrencePatternType",
        &[
            "daily",
            "weekly",
            "absoluteMonthly",
            "relativeMonthly",
            "absoluteYearly",
            "relativeYearly",
        ],
    ),
    ("recurrenceRangeType", &["endDate", "noEnd", "numbered"]),
    ("sensitivity", &["normal", "personal", "private", "confidential"]),
    (
        "teamworkUserIdentityType",
        &[
            "aadUser",
            "onPremiseAadUser",
            "anonymousGuest",
            "federatedUser",
            "personalMicrosoftAccountUser",
            "skypeUser",
            "phoneUser",
            "unknownFutureValue",
            "emailUser",
            "azureCommunicationServicesUser",
        ],
    ),
    ("weekIndex", &["first", "second", "third", "fourth", "last"]),
];

/// How a member of an enumeration is told: newer ones by name only to clients that asked for them.
pub(super) fn member(kind: &str, name: &str, unknown_members: bool) -> String {
    let newer = ENUMS
        .iter()
        .filter(|(known, _)| *known == kind)
        .any(|(_, members)| {
            let sentinel = members.iter().position(|member| *member == "unknownFutureValue");
            let place = members.iter().position(|member| *member == name);
            matches!((sentinel, place), (Some(sentinel), Some(place)) if place > sentinel)
        });
    if newer && !unknown_members {
        "unknownFutureValue".to_owned()
    } else {
        name.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn newer_members_are_told_on_request() {
        assert_eq!(member("lobbyBypassScope", "invited", false), "unknownFutureValue");
        assert_eq!(member("lobbyBypassScope", "invited", true), "invited");
        assert_eq!(member("lobbyBypassScope", "everyone", false), "everyone");
        assert_eq!(
            member("onlineMeetingRole", "coorganizer", false),
            "unknownFutureValue"
        );
        assert_eq!(member("weekIndex", "last", false), "last");
    }

    #[test]
    fn every_type_that_is_named_is_there() {
        let mut known: HashSet<&str> = ENUMS.iter().map(|(name, _)| *name).collect();
        known.extend(ENTITIES.iter().map(|kind| kind.name));
        known.extend(COMPLEX.iter().map(|kind| kind.name));
        let types = ENTITIES.iter().copied().chain(COMPLEX);
        for kind in types {
            for (property, edm) in kind.properties.iter().chain(kind.navigation) {
                let inner = edm
                    .strip_prefix("Collection(")
                    .and_then(|rest| rest.strip_suffix(')'))
                    .unwrap_or(edm);
                let there = match inner.strip_prefix("Graph.") {
                    Some(name) => known.contains(name),
                    None => inner.starts_with("Edm."),
                };
                assert!(there, "{}.{property}: {edm}", kind.name);
            }
        }
    }
}
