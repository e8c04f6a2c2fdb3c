"""Events with online meetings, and series that share one link."""

import datetime

from kiota_abstractions.base_request_configuration import RequestConfiguration
from msgraph.generated.models.attendee import Attendee
from msgraph.generated.models.date_time_time_zone import DateTimeTimeZone
from msgraph.generated.models.day_of_week import DayOfWeek
from msgraph.generated.models.email_address import EmailAddress
from msgraph.generated.models.event import Event
from msgraph.generated.models.event_type import EventType
from msgraph.generated.models.online_meeting_provider_type import OnlineMeetingProviderType
from msgraph.generated.models.patterned_recurrence import PatternedRecurrence
from msgraph.generated.models.recurrence_pattern import RecurrencePattern
from msgraph.generated.models.recurrence_pattern_type import RecurrencePatternType
from msgraph.generated.models.recurrence_range import RecurrenceRange
from msgraph.generated.models.recurrence_range_type import RecurrenceRangeType
from msgraph.generated.users.item.events.item.instances.instances_request_builder import InstancesRequestBuilder
from msgraph.generated.users.item.calendar_view.calendar_view_request_builder import CalendarViewRequestBuilder

from sdk import refused

WINDOW = CalendarViewRequestBuilder.CalendarViewRequestBuilderGetQueryParameters


def at(hour, zone="W. Europe Standard Time"):
    return DateTimeTimeZone(date_time=f"2026-10-19T{hour:02}:00:00", time_zone=zone)


def event(**options):
    return Event(
        subject="Weekly",
        start=at(10),
        end=at(11),
        is_online_meeting=True,
        online_meeting_provider=OnlineMeetingProviderType.TeamsForBusiness,
        attendees=[Attendee(email_address=EmailAddress(address="bob@contoso.example", name="Bob"))],
        **options,
    )


async def test_series(alice, bob):
    recurrence = PatternedRecurrence(
        pattern=RecurrencePattern(
            type=RecurrencePatternType.Weekly, interval=1, days_of_week=[DayOfWeek.Monday],
        ),
        range=RecurrenceRange(
            type=RecurrenceRangeType.Numbered, start_date=datetime.date(2026, 10, 19), number_of_occurrences=3,
        ),
    )
    made = await alice.me.events.post(event(recurrence=recurrence))
    assert made.type == EventType.SeriesMaster and made.online_meeting.join_url
    assert made.recurrence.range.number_of_occurrences == 3
    options = RequestConfiguration(
        query_parameters=WINDOW(
            start_date_time="2026-10-01T00:00:00Z", end_date_time="2026-12-01T00:00:00+01:00", orderby=["start/dateTime"],
        )
    )
    options.headers.add("Prefer", 'outlook.timezone="Europe/Berlin"')
    seen = (await alice.me.calendar_view.get(request_configuration=options)).value
    seen = [one for one in seen if one.series_master_id == made.id]
    assert [one.start.date_time[:16] for one in seen] == ["2026-10-19T10:00", "2026-10-26T10:00", "2026-11-02T10:00"]
    assert {one.online_meeting.join_url for one in seen} == {made.online_meeting.join_url}
    window = InstancesRequestBuilder.InstancesRequestBuilderGetQueryParameters(
        start_date_time="2026-10-26T00:00:00Z", end_date_time="2026-10-27T00:00:00Z",
    )
    instances = alice.me.events.by_event_id(made.id).instances
    instances = await instances.get(request_configuration=RequestConfiguration(query_parameters=window))
    assert [one.id for one in instances.value] == [seen[1].id]
    assert (await bob.me.events.by_event_id(made.id).get()).is_organizer is False
    assert (await bob.me.events.by_event_id(seen[1].id).get()).start.date_time.startswith("2026-10-26T09:00")
    with refused(403, "Forbidden"):
        await bob.me.events.by_event_id(made.id).patch(Event(subject="x"))
    await alice.me.events.by_event_id(made.id).delete()
    with refused(404, "ErrorItemNotFound"):
        await bob.me.events.by_event_id(made.id).get()


async def test_once(alice, app, service):
    events = app.users.by_user_id(service.dev["users"][0]["object_id"]).events
    made = await events.post(event())
    one = events.by_event_id(made.id)
    changed = await one.patch(Event(subject="Moved", start=at(12), end=at(13)))
    assert changed.subject == "Moved" and changed.online_meeting.join_url == made.online_meeting.join_url
    with refused(400, "ErrorInvalidRequest"):
        await one.patch(Event(is_online_meeting=False))
    with refused(400, "BadRequest", "start and end"):
        await one.patch(Event(start=at(15)))
    stale = RequestConfiguration()
    stale.headers.add("If-Match", 'W/"old"')
    with refused(412, "ErrorIrresolvableConflict"):
        await one.patch(Event(subject="x"), request_configuration=stale)
    assert made.id in [one.id for one in (await alice.me.calendar.events.get()).value]
    assert (await alice.me.calendar.get()).default_online_meeting_provider == OnlineMeetingProviderType.TeamsForBusiness
    assert made.id in [one.id for one in (await alice.me.events.get()).value]
    await one.delete()


async def test_the_demo_meeting_is_in_the_calendar(bob, service):
    links = [one.online_meeting.join_url for one in (await bob.me.events.get()).value if one.online_meeting]
    assert service.dev["meeting"]["join_url"] in links
