"""azure-communication-rooms: every operation, and how it is refused."""

import datetime

import pytest
from azure.communication.identity import CommunicationUserIdentifier
from azure.communication.rooms import ParticipantRole, RoomParticipant

from sdk import installed, key, refused

DAY = datetime.timedelta(days=1)
SLACK = datetime.timedelta(minutes=1)


def now():
    return datetime.datetime.now(datetime.timezone.utc)


def time(text_or_time):
    """rooms 1.0 hands on times, later ones the raw text, which callers parse with exactly this format."""
    if isinstance(text_or_time, datetime.datetime):
        return text_or_time
    return datetime.datetime.strptime(text_or_time, "%Y-%m-%dT%H:%M:%S.%f%z")


def invited(person, role=ParticipantRole.ATTENDEE):
    return RoomParticipant(communication_identifier=person.user, role=role)


def roles(participants):
    return [(one.communication_identifier.raw_id, one.role) for one in participants]


def well_formed(room):
    assert room.id.startswith("99") and room.id.isdigit() and 16 <= len(room.id) <= 18
    for moment in (room.created_at, room.valid_from, room.valid_until):
        assert time(moment).tzinfo is not None
    if installed("rooms") >= (1, 1, 0):
        assert isinstance(room.pstn_dial_out_enabled, bool)


@pytest.mark.main
async def test_create_with_nothing(sdk):
    room = await sdk.rooms().create_room()
    well_formed(room)
    assert abs(time(room.valid_from) - now()) < SLACK
    assert abs(time(room.valid_until) - now() - 180 * DAY) < SLACK


@pytest.mark.main
async def test_create_get_update_and_delete(sdk):
    rooms, ann = sdk.rooms(), await sdk.user()
    start, end = now() + DAY, now() + 3 * DAY
    room = await rooms.create_room(valid_from=start, valid_until=end, participants=[invited(ann)])
    well_formed(room)
    # To the microsecond: what the client said comes back.
    assert (time(room.valid_from), time(room.valid_until)) == (start, end)
    seen = await rooms.get_room(room.id)
    assert (seen.id, seen.created_at) == (room.id, room.created_at)
    assert (time(seen.valid_from), time(seen.valid_until)) == (start, end)
    later = end + DAY
    changed = await rooms.update_room(room_id=room.id, valid_from=start, valid_until=later)
    well_formed(changed)
    assert (time(changed.valid_from), time(changed.valid_until)) == (start, later)
    assert changed.created_at == room.created_at
    assert await rooms.delete_room(room.id) is None
    with refused(404, "NotFound", message="The server cannot find the requested resource."):
        await rooms.get_room(room.id)
    with refused(404, "NotFound"):
        await rooms.update_room(room_id=room.id, valid_from=start, valid_until=later)
    with refused(404, "NotFound"):
        await rooms.delete_room(room.id)
    with refused(404, "NotFound"):
        await rooms.list_participants(room.id)
    with refused(404, "NotFound"):
        await rooms.add_or_update_participants(room_id=room.id, participants=[invited(ann)])


@pytest.mark.needs(rooms=(1, 1, 0))
async def test_null_means_keep(sdk):
    """The package sends null for everything that is not to be changed."""
    rooms = sdk.rooms()
    start, end = now() + DAY, now() + 3 * DAY
    room = await rooms.create_room(valid_from=start, valid_until=end, pstn_dial_out_enabled=True)
    assert room.pstn_dial_out_enabled is True
    changed = await rooms.update_room(room_id=room.id, pstn_dial_out_enabled=False)
    assert changed.pstn_dial_out_enabled is False
    assert (time(changed.valid_from), time(changed.valid_until)) == (start, end)
    changed = await rooms.update_room(room_id=room.id, valid_until=end + DAY)
    assert changed.pstn_dial_out_enabled is False
    assert (time(changed.valid_from), time(changed.valid_until)) == (start, end + DAY)
    same = await rooms.update_room(room_id=room.id)
    assert (time(same.valid_from), time(same.valid_until)) == (start, end + DAY)


@pytest.mark.needs(rooms=(1, 1, 0))
async def test_six_digits_of_a_second(sdk):
    """Callers parse with `%f`, which takes one to six digits, not none."""
    whole = (now() + DAY).replace(microsecond=0)
    fine = whole + datetime.timedelta(microseconds=120_000)
    room = await sdk.rooms().create_room(valid_from=whole, valid_until=fine + DAY)
    assert time(room.valid_from) == whole
    assert time(room.valid_until) == fine + DAY


@pytest.mark.main
async def test_participants(sdk):
    rooms = sdk.rooms()
    ann, ben, cleo = await sdk.user(), await sdk.user(), await sdk.user()
    room = await rooms.create_room(participants=[invited(ann, ParticipantRole.PRESENTER), invited(ben)])
    listed = await rooms.list_participants(room.id)
    assert roles(listed) == [(ann.id, "Presenter"), (ben.id, "Attendee")]
    assert await rooms.add_or_update_participants(
        room_id=room.id, participants=[invited(cleo, ParticipantRole.CONSUMER), invited(ben, ParticipantRole.PRESENTER)]
    ) is None
    # Those who were there keep their place, new ones come last.
    assert roles(await rooms.list_participants(room.id)) == [
        (ann.id, "Presenter"), (ben.id, "Presenter"), (cleo.id, "Consumer"),
    ]
    assert await rooms.remove_participants(room_id=room.id, participants=[ann.user]) is None
    assert roles(await rooms.list_participants(room.id)) == [(ben.id, "Presenter"), (cleo.id, "Consumer")]
    assert await rooms.remove_participants(room_id=room.id, participants=[ann.user, invited(ben)]) is None
    assert roles(await rooms.list_participants(room.id)) == [(cleo.id, "Consumer")]


async def test_a_role_that_is_not_given_is_attendee(sdk):
    rooms, ann, ben = sdk.rooms(), await sdk.user(), await sdk.user()
    room = await rooms.create_room(participants=[invited(ann, None), invited(ben, ParticipantRole.PRESENTER)])
    assert roles(await rooms.list_participants(room.id)) == [(ann.id, "Attendee"), (ben.id, "Presenter")]
    await rooms.add_or_update_participants(room_id=room.id, participants=[invited(ben, None)])
    assert roles(await rooms.list_participants(room.id)) == [(ann.id, "Attendee"), (ben.id, "Attendee")]


@pytest.mark.needs(rooms=(1, 2, 0))
async def test_every_role(sdk):
    rooms, ann = sdk.rooms(), await sdk.user()
    room = await rooms.create_room()
    for role in ParticipantRole:
        await rooms.add_or_update_participants(room_id=room.id, participants=[invited(ann, role)])
        assert roles(await rooms.list_participants(room.id)) == [(ann.id, role.value)]
    assert {role.value for role in ParticipantRole} == {"Presenter", "Attendee", "Consumer", "Collaborator"}


async def test_a_role_nobody_has(sdk):
    rooms, ann, ben = sdk.rooms(), await sdk.user(), await sdk.user()
    with refused(400, "BadRequest"):
        await rooms.create_room(participants=[invited(ann, "Emperor")])
    room = await rooms.create_room(participants=[invited(ann)])
    with refused(400, "BadRequest"):
        await rooms.add_or_update_participants(room_id=room.id, participants=[invited(ben), invited(ann, "Emperor")])
    assert roles(await rooms.list_participants(room.id)) == [(ann.id, "Attendee")], "nothing changed"


async def test_only_acs_users(sdk):
    rooms, ann = sdk.rooms(), await sdk.user()
    wrong = RoomParticipant(communication_identifier=CommunicationUserIdentifier("wrong_mri"), role="Attendee")
    with refused(400, "BadRequest", message="Invalid format for communication identifier."):
        await rooms.create_room(participants=[invited(ann), wrong])
    room = await rooms.create_room(participants=[invited(ann)])
    with refused(400, "BadRequest", message="Invalid value for the Participants."):
        await rooms.add_or_update_participants(room_id=room.id, participants=[invited(ann, "Presenter"), wrong])
    with refused(400, "BadRequest", message="Invalid value for the Participants."):
        await rooms.remove_participants(room_id=room.id, participants=[ann.user, wrong])
    assert roles(await rooms.list_participants(room.id)) == [(ann.id, "Attendee")], "nothing changed"


@pytest.mark.parametrize(
    "start, end",
    [(None, -DAY), (2 * DAY, DAY), (None, 181 * DAY), (DAY, 182 * DAY), (200 * DAY, None)],
    ids=["ended", "backwards", "too long", "too long from a start", "starts behind the default end"],
)
@pytest.mark.main
async def test_times_that_make_no_sense(sdk, start, end):
    times = {"valid_from": start and now() + start, "valid_until": end and now() + end}
    with refused(400, "BadRequest") as caught:
        await sdk.rooms().create_room(**times)
    details = caught.body["details"]
    assert details and {detail["code"] for detail in details} == {"BadArgument"}
    assert details[0]["target"] == "ValidUntil"


async def test_an_update_that_makes_no_sense_changes_nothing(sdk):
    rooms = sdk.rooms()
    room = await rooms.create_room(valid_from=now() + DAY, valid_until=now() + 2 * DAY)
    with refused(400, "BadRequest") as caught:
        await rooms.update_room(room_id=room.id, valid_from=now() + DAY, valid_until=now() + 200 * DAY)
    assert caught.body["details"][0]["code"] == "BadArgument"
    assert time((await rooms.get_room(room.id)).valid_until) == time(room.valid_until)


@pytest.mark.parametrize("room_id", ["invalid_id", "123"])
async def test_what_is_no_room_id(sdk, room_id):
    rooms, ann = sdk.rooms(), await sdk.user()
    for call in (
        lambda: rooms.get_room(room_id),
        lambda: rooms.update_room(room_id=room_id, valid_from=now(), valid_until=now() + DAY),
        lambda: rooms.delete_room(room_id),
        lambda: rooms.list_participants(room_id),
        lambda: rooms.add_or_update_participants(room_id=room_id, participants=[invited(ann)]),
        lambda: rooms.remove_participants(room_id=room_id, participants=[ann.user]),
    ):
        with refused(400, "BadRequest", message="Invalid room ID length.") as caught:
            await call()
        assert caught.value.response.headers["x-ms-error-code"] == "BadRequest"


@pytest.mark.main
async def test_a_room_that_never_was(sdk):
    rooms = sdk.rooms()
    with refused(404, "NotFound", message="The server cannot find the requested resource.") as caught:
        await rooms.get_room("99000000000000000")
    assert caught.value.response.headers["x-ms-error-code"] == "NotFound"


@pytest.mark.main
async def test_paging_of_rooms(sdk):
    """Next pages are asked for with an api-version that no list names: `ApiVersion.V2025_03_13`."""
    rooms = sdk.rooms()
    made = [(await rooms.create_room()).id for _ in range(120)]
    pages = await rooms.pages("list_rooms")
    assert len(pages) > 1
    listed = [room.id for page in pages for room in page]
    assert listed[: len(made)] == made[::-1], "newest first"
    assert len(set(listed)) == len(listed)
    for room in made:
        await rooms.delete_room(room)


async def test_paging_of_participants(sdk):
    rooms, identity = sdk.rooms(), sdk.identity()
    users = [await identity.create_user() for _ in range(120)]
    room = await rooms.create_room(
        participants=[RoomParticipant(communication_identifier=user, role="Attendee") for user in users]
    )
    pages = await rooms.pages("list_participants", room.id)
    assert len(pages) > 1
    listed = [one.communication_identifier.raw_id for page in pages for one in page]
    assert listed == [user.raw_id for user in users]


async def test_an_endpoint_with_a_trailing_slash(sdk, service):
    # Unlike identity, this package takes the slash away before it signs.
    rooms = sdk.rooms(key(service.access_key), endpoint=service.endpoint + "/")
    well_formed(await rooms.create_room())


@pytest.mark.main
async def test_a_wrong_key_is_refused(sdk):
    with refused(401, "Denied", message="Denied by the resource provider."):
        await sdk.rooms(key("eHh4eA==")).create_room()


@pytest.mark.needs(rooms=(1, 2, 0))
@pytest.mark.parametrize("released", ["2023-06-14", "2024-04-15", "2025-03-13"])
async def test_every_released_version(sdk, released):
    well_formed(await sdk.rooms(api_version=released).create_room())


async def test_a_version_that_never_was(sdk):
    with refused(400, "UnsupportedApiVersion"):
        await sdk.rooms(api_version="1999-12-31").create_room()
