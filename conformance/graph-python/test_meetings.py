"""Online meetings: every operation, as a signed-in user and as an application."""

import datetime

import pytest
from kiota_abstractions.base_request_configuration import RequestConfiguration
from msgraph.generated.communications.online_meetings.online_meetings_request_builder import (
    OnlineMeetingsRequestBuilder as Communications,
)
from msgraph.generated.models.identity import Identity
from msgraph.generated.models.identity_set import IdentitySet
from msgraph.generated.models.join_meeting_id_settings import JoinMeetingIdSettings
from msgraph.generated.models.lobby_bypass_scope import LobbyBypassScope
from msgraph.generated.models.lobby_bypass_settings import LobbyBypassSettings
from msgraph.generated.models.meeting_chat_mode import MeetingChatMode
from msgraph.generated.models.meeting_participant_info import MeetingParticipantInfo
from msgraph.generated.models.meeting_participants import MeetingParticipants
from msgraph.generated.models.online_meeting import OnlineMeeting
from msgraph.generated.models.online_meeting_presenters import OnlineMeetingPresenters
from msgraph.generated.models.online_meeting_role import OnlineMeetingRole
from msgraph.generated.users.item.online_meetings.create_or_get.create_or_get_post_request_body import (
    CreateOrGetPostRequestBody,
)
from msgraph.generated.users.item.online_meetings.online_meetings_request_builder import OnlineMeetingsRequestBuilder

from sdk import refused

START = datetime.datetime(2026, 12, 1, 9, tzinfo=datetime.timezone.utc)
HALF_AN_HOUR = datetime.timedelta(minutes=30)


def known_members():
    """Asks for the names of newer members of enumerations."""
    options = RequestConfiguration()
    options.headers.add("Prefer", "include-unknown-enum-members")
    return options


def by(wanted, parameters=OnlineMeetingsRequestBuilder.OnlineMeetingsRequestBuilderGetQueryParameters):
    return RequestConfiguration(query_parameters=parameters(filter=wanted))


def meeting(**options):
    return OnlineMeeting(subject="Loans", start_date_time=START, end_date_time=START + HALF_AN_HOUR, **options)


@pytest.fixture(params=["delegated", "application"])
def meetings(request, service):
    """Alice's meetings, as herself and as an application that may act for her."""
    if request.param == "delegated":
        return request.getfixturevalue("alice").me.online_meetings
    app = request.getfixturevalue("app")
    return app.users.by_user_id(service.dev["users"][0]["object_id"]).online_meetings


async def test_create_find_update_delete(meetings, service):
    invited = MeetingParticipantInfo(
        identity=IdentitySet(user=Identity(id=service.dev["users"][1]["object_id"])),
        role=OnlineMeetingRole.Coorganizer,
    )
    made = await meetings.post(
        meeting(
            lobby_bypass_settings=LobbyBypassSettings(scope=LobbyBypassScope.Invited, is_dial_in_bypass_enabled=True),
            allowed_presenters=OnlineMeetingPresenters.Organization,
            allow_meeting_chat=MeetingChatMode.Limited,
            join_meeting_id_settings=JoinMeetingIdSettings(is_passcode_required=True),
            participants=MeetingParticipants(attendees=[invited]),
        ),
        request_configuration=known_members(),
    )
    assert made.id.startswith(("MSo", "MSp"))
    assert made.start_date_time == START and made.end_date_time == START + HALF_AN_HOUR
    assert made.lobby_bypass_settings.scope == LobbyBypassScope.Invited
    assert made.participants.attendees[0].role == OnlineMeetingRole.Coorganizer
    assert made.participants.organizer.upn == "alice@contoso.example"
    assert len(made.join_meeting_id_settings.passcode) == 8
    assert made.join_information.content.startswith("data:text/html,")
    assert made.audio_conferencing is None and made.video_teleconference_id.isdigit()

    one = meetings.by_online_meeting_id(made.id)
    assert (await one.get()).lobby_bypass_settings.scope == LobbyBypassScope.UnknownFutureValue
    digits = made.join_meeting_id_settings.join_meeting_id
    for wanted in (
        f"JoinWebUrl eq '{made.join_web_url}'",
        f"joinMeetingIdSettings/joinMeetingId eq '{digits}'",
    ):
        found = await meetings.get(request_configuration=by(wanted))
        assert [one.id for one in found.value] == [made.id]

    changed = await one.patch(
        OnlineMeeting(
            subject="Cars",
            allow_attendee_to_enable_mic=False,
            record_automatically=True,
            participants=MeetingParticipants(attendees=[MeetingParticipantInfo(upn="guest@elsewhere.example")]),
        )
    )
    assert changed.subject == "Cars" and changed.allow_attendee_to_enable_mic is False
    assert [attendee.upn for attendee in changed.participants.attendees] == ["guest@elsewhere.example"]
    assert changed.join_web_url == made.join_web_url
    with refused(400, "BadRequest", "start and end"):
        await one.patch(OnlineMeeting(start_date_time=START))
    with refused(400, "BadRequest", "joinWebUrl"):
        await one.patch(OnlineMeeting(join_web_url="https://example.com/"))

    link = await one.get_virtual_appointment_join_web_url.get()
    assert link.value == made.join_web_url
    assert (await one.attendance_reports.get()).value == []
    await one.delete()
    with refused(404, "NotFound"):
        await one.get()


async def test_create_or_get(meetings):
    body = CreateOrGetPostRequestBody(external_id="loan-7", subject="Loans", start_date_time=START, end_date_time=START)
    made = await meetings.create_or_get.post(body)
    again = await meetings.create_or_get.post(body)
    assert again.id == made.id and again.external_id == "loan-7"
    with refused(400, "BadRequest", "start and end"):
        body = CreateOrGetPostRequestBody(external_id="loan-8", end_date_time=START)
        await meetings.create_or_get.post(body)
    with refused(400, "BadRequest", "externalId"):
        await meetings.create_or_get.post(CreateOrGetPostRequestBody(subject="x"))


async def test_teleconference_id(app, alice):
    made = await alice.me.online_meetings.post(meeting())
    parameters = Communications.OnlineMeetingsRequestBuilderGetQueryParameters
    wanted = f"VideoTeleconferenceId eq '{made.video_teleconference_id}'"
    found = await app.communications.online_meetings.get(request_configuration=by(wanted, parameters))
    assert [one.id for one in found.value] == [made.id]
    # Not for signed-in users.
    with refused(403, "Forbidden"):
        await alice.communications.online_meetings.get(request_configuration=by(wanted, parameters))


async def test_somebody_elses(alice, bob, app, service):
    made = await alice.me.online_meetings.post(meeting())
    with refused(403, "Forbidden", "3003: "):
        await bob.me.online_meetings.by_online_meeting_id(made.id).get()
    with refused(403, "Forbidden", "3003: "):
        await bob.me.online_meetings.get(request_configuration=by(f"JoinWebUrl eq '{made.join_web_url}'"))
    of_bob = app.users.by_user_id(service.dev["users"][1]["object_id"]).online_meetings
    with refused(403, "Forbidden", "3003: "):
        await of_bob.get(request_configuration=by(f"JoinWebUrl eq '{made.join_web_url}'"))
    with refused(403, "Forbidden"):
        await bob.users.by_user_id("alice@contoso.example").online_meetings.post(meeting())
    with refused(404, "NotFound"):
        await bob.me.online_meetings.get(
            request_configuration=by("joinMeetingIdSettings/joinMeetingId eq '999999999999999'")
        )


async def test_attendance(service, alice):
    """Somebody was in the demo meeting, and left it."""
    guest = service.join_as_alice()
    guest.event("connected")
    assert guest.stop() == 0, guest.rest()
    link = service.dev["meeting"]["join_url"]
    found = await alice.me.online_meetings.get(request_configuration=by(f"JoinWebUrl eq '{link}'"))
    reports = alice.me.online_meetings.by_online_meeting_id(found.value[0].id).attendance_reports
    report = (await reports.get()).value[0]
    assert report.total_participant_count == 1 and report.meeting_start_date_time is not None
    one = reports.by_meeting_attendance_report_id(report.id)
    from msgraph.generated.users.item.online_meetings.item.attendance_reports.item import (
        meeting_attendance_report_item_request_builder as builder,
    )

    parameters = builder.MeetingAttendanceReportItemRequestBuilder
    options = RequestConfiguration(
        query_parameters=parameters.MeetingAttendanceReportItemRequestBuilderGetQueryParameters(
            expand=["attendanceRecords"]
        )
    )
    expanded = await one.get(request_configuration=options)
    records = (await one.attendance_records.get()).value
    for record in (*expanded.attendance_records, *records):
        assert record.role == "Organizer" and record.email_address == "alice@contoso.example"
        assert record.attendance_intervals[0].join_date_time is not None
        assert record.total_attendance_in_seconds >= 0
