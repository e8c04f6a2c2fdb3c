"""Single occurrences of a series, answers to invitations, cancelling."""

import datetime

import pytest
from kiota_abstractions.base_request_configuration import RequestConfiguration
from msgraph.generated.models.attendee import Attendee
from msgraph.generated.models.date_time_time_zone import DateTimeTimeZone
from msgraph.generated.models.email_address import EmailAddress
from msgraph.generated.models.event import Event
from msgraph.generated.models.event_type import EventType
from msgraph.generated.models.patterned_recurrence import PatternedRecurrence
from msgraph.generated.models.recurrence_pattern import RecurrencePattern
from msgraph.generated.models.recurrence_pattern_type import RecurrencePatternType
from msgraph.generated.models.recurrence_range import RecurrenceRange
from msgraph.generated.models.recurrence_range_type import RecurrenceRangeType
from msgraph.generated.models.response_type import ResponseType
from msgraph.generated.models.time_slot import TimeSlot
from msgraph.generated.users.item.calendar_view.calendar_view_request_builder import CalendarViewRequestBuilder
from msgraph.generated.users.item.events.item.accept.accept_post_request_body import AcceptPostRequestBody
from msgraph.generated.users.item.events.item.cancel.cancel_post_request_body import CancelPostRequestBody
from msgraph.generated.users.item.events.item.decline.decline_post_request_body import DeclinePostRequestBody
from msgraph.generated.users.item.events.item.tentatively_accept.tentatively_accept_post_request_body import (
    TentativelyAcceptPostRequestBody,
)

from sdk import refused

WINDOW = CalendarViewRequestBuilder.CalendarViewRequestBuilderGetQueryParameters


def at(day, hour):
    return DateTimeTimeZone(date_time=f"2027-03-{day:02}T{hour:02}:00:00", time_zone="UTC")


def pattern(**options):
    return RecurrencePattern(type=RecurrencePatternType.Daily, **options)


def daily(recurrence=None):
    number = RecurrenceRange(
        type=RecurrenceRangeType.Numbered, start_date=datetime.date(2027, 3, 1), number_of_occurrences=5,
    )
    return Event(
        subject="Standup",
        start=at(1, 9),
        end=at(1, 10),
        is_online_meeting=True,
        attendees=[Attendee(email_address=EmailAddress(address="bob@contoso.example"))],
        recurrence=PatternedRecurrence(pattern=recurrence or pattern(interval=1), range=number),
    )


async def view(client):
    options = WINDOW(start_date_time="2027-03-01T00:00:00Z", end_date_time="2027-04-01T00:00:00Z")
    events = (await client.me.calendar_view.get(RequestConfiguration(query_parameters=options))).value
    # The demo meeting goes on for a long time.
    return [event for event in events if "Standup" in event.subject or event.subject == "Late"]


async def test_one_of_a_series(alice, bob):
    made = await alice.me.events.post(daily())
    of_alice, of_bob = await view(alice), await view(bob)
    assert [one.id for one in of_alice] == [one.id for one in of_bob] and len(of_alice) == 5
    third = alice.me.events.by_event_id(of_alice[2].id)
    changed = await third.patch(Event(subject="Late", start=at(3, 15), end=at(3, 16)))
    assert changed.type == EventType.Exception and changed.original_start.day == 3
    assert changed.online_meeting.join_url == made.online_meeting.join_url
    assert (await view(bob))[2].start.date_time.startswith("2027-03-03T15")
    with refused(400, "ErrorOccurrenceCrossingBoundary"):
        await third.patch(Event(start=at(4, 9), end=at(4, 10)))
    with refused(403, "Forbidden"):
        await bob.me.events.by_event_id(of_alice[2].id).patch(Event(subject="x"))
    await alice.me.events.by_event_id(of_alice[1].id).delete()
    await alice.me.events.by_event_id(of_alice[3].id).cancel.post(CancelPostRequestBody(comment="Holiday"))
    assert [one.start.date_time[8:10] for one in await view(alice)] == ["01", "03", "05"]
    his = await view(bob)
    assert [(one.start.date_time[8:10], one.is_cancelled) for one in his] == [
        ("01", False), ("03", False), ("04", True), ("05", False),
    ]
    with refused(404, "ErrorItemNotFound"):
        await alice.me.events.by_event_id(of_alice[1].id).get()
    await alice.me.events.by_event_id(made.id).delete()
    assert await view(alice) == []


async def test_answers(alice, bob):
    made = await alice.me.events.post(daily())
    his, hers = bob.me.events.by_event_id(made.id), alice.me.events.by_event_id(made.id)
    assert (await his.get()).response_status.response == ResponseType.NotResponded
    await his.accept.post(AcceptPostRequestBody(comment="Yes", send_response=True))
    assert (await hers.get()).attendees[0].status.response == ResponseType.Accepted
    assert (await his.get()).response_status.response == ResponseType.Accepted
    days = [one.id for one in await view(bob)]
    slot = TimeSlot(start=at(2, 12), end=at(2, 13))
    body = TentativelyAcceptPostRequestBody(send_response=True, proposed_new_time=slot)
    await bob.me.events.by_event_id(days[1]).tentatively_accept.post(body)
    seen = (await alice.me.events.by_event_id(days[1]).get()).attendees[0]
    assert seen.status.response == ResponseType.TentativelyAccepted
    assert seen.proposed_new_time.start.date_time.startswith("2027-03-02T12")
    await bob.me.events.by_event_id(days[2]).decline.post(DeclinePostRequestBody(comment="No"))
    assert len(await view(bob)) == 4 and len(await view(alice)) == 5
    with refused(400, "ErrorInvalidRequest", "organizer"):
        await hers.accept.post(AcceptPostRequestBody())
    await hers.cancel.post(CancelPostRequestBody(comment="Over"))
    with refused(404, "ErrorItemNotFound"):
        await hers.get()
    assert (await his.get()).is_cancelled
    with refused(400, "ErrorInvalidRequest", "cancelled"):
        await his.accept.post(AcceptPostRequestBody())
    await his.delete()
    assert await view(bob) == []


@pytest.mark.parametrize("interval", [0, 100, 1_000_000])
async def test_recurrences_that_cannot_be(alice, interval):
    with refused(400, "ErrorInvalidRequest", "interval is 1 to 99"):
        await alice.me.events.post(daily(pattern(interval=interval)))
