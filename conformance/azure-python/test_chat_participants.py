"""azure-communication-chat: participants, typing and read receipts."""

import datetime

import pytest
from azure.communication.chat import ChatParticipant, CommunicationUserIdentifier

from sdk import refused
from test_chat_messages import texts
from test_chat_threads import now, thread_of

BEGINNING = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


def ids(members):
    return [member.identifier.raw_id for member in members]


@pytest.mark.main
async def test_add_list_and_remove(sdk):
    ann, ben = await sdk.user(), await sdk.user()
    made = await thread_of(ann)
    thread = ann.thread(made.id)
    assert await thread.add_participants([ChatParticipant(identifier=ben.user, display_name="Ben")]) == []
    members = {member.identifier.raw_id: member for member in await thread.list_participants()}
    assert set(members) == {ann.id, ben.id}
    assert members[ben.id].display_name == "Ben"
    assert members[ben.id].share_history_time == BEGINNING, "all history, unless said otherwise"
    newest = (await thread.list_messages())[0]
    assert newest.type == "participantAdded"
    assert ids(newest.content.participants) == [ben.id]
    assert newest.content.initiator.raw_id == ann.id

    assert await thread.remove_participant(ben.user) is None
    assert ids(await thread.list_participants()) == [ann.id]
    newest = (await thread.list_messages())[0]
    assert newest.type == "participantRemoved"
    assert ids(newest.content.participants) == [ben.id]


async def test_adding_somebody_who_is_there_changes_nothing(sdk):
    ann, ben = await sdk.user(), await sdk.user()
    made = await thread_of(ann, ben)
    thread = ann.thread(made.id)
    before = len(await thread.list_messages())
    assert await thread.add_participants([ChatParticipant(identifier=ben.user, display_name="Guest")]) == []
    assert sorted(ids(await thread.list_participants())) == sorted([ann.id, ben.id])
    assert len(await thread.list_messages()) == before


async def test_leaving_by_oneself(sdk):
    ann, ben = await sdk.user(), await sdk.user()
    made = await thread_of(ann, ben)
    assert await ben.thread(made.id).remove_participant(ben.user) is None
    assert ids(await ann.thread(made.id).list_participants()) == [ann.id]


async def test_one_bad_participant_does_not_spoil_the_rest(sdk):
    ann, ben = await sdk.user(), await sdk.user()
    unknown = CommunicationUserIdentifier(ben.id.rpartition("_")[0] + "_00000000-0000-0000-0000-00000000dead")
    bad = ChatParticipant(identifier=unknown, display_name="Nobody")
    made = await ann.chat.create_chat_thread(
        "Partly", thread_participants=[ChatParticipant(identifier=ben.user), bad]
    )
    [(participant, error)] = made.errors
    assert participant is bad, "the target is the raw id by which the package finds the participant"
    assert (error.target, error.code) == (unknown.raw_id, "404")
    assert error.message
    thread = ann.thread(made.chat_thread.id)
    assert sorted(ids(await thread.list_participants())) == sorted([ann.id, ben.id])
    [(participant, error)] = await thread.add_participants([bad])
    assert (participant, error.code) == (bad, "404")


async def test_paging_of_participants(sdk):
    people = [await sdk.user() for _ in range(5)]
    made = await thread_of(*people)
    thread = people[0].thread(made.id)
    everybody = sorted(person.id for person in people)
    for size, shape in ((2, [2, 2, 1]), (1, [1] * 5), (50, [5])):
        pages = await thread.pages("list_participants", results_per_page=size)
        assert [len(page) for page in pages if page] == shape
        assert sorted(ids(member for page in pages for member in page)) == everybody
    assert len(await thread.list_participants(skip=3)) == 2
    assert await thread.list_participants(skip=5) == []
    pages = await thread.pages("list_participants", results_per_page=2, skip=1)
    assert [len(page) for page in pages if page] == [2, 2]


@pytest.mark.main
async def test_history_is_shared_from_a_time_on(sdk):
    ann, ben, cleo = await sdk.user(), await sdk.user(), await sdk.user()
    made = await thread_of(ann)
    thread = ann.thread(made.id)
    await thread.send_message("before")
    soon = now() + datetime.timedelta(seconds=5)
    await thread.add_participants(
        [
            ChatParticipant(identifier=ben.user, share_history_time=soon),
            ChatParticipant(identifier=cleo.user, share_history_time=BEGINNING),
        ]
    )
    assert texts(await ben.thread(made.id).list_messages()) == []
    assert texts(await cleo.thread(made.id).list_messages()) == ["before"]
    members = {member.identifier.raw_id: member for member in await thread.list_participants()}
    assert abs(members[ben.id].share_history_time - soon) <= datetime.timedelta(seconds=1)


async def test_two_hundred_and_fifty_and_no_more(sdk):
    ann = await sdk.user()
    identity = sdk.identity()
    made = await thread_of(ann)
    thread = ann.thread(made.id)
    users = [await identity.create_user() for _ in range(250)]
    several = [ChatParticipant(identifier=user) for user in users]
    with refused(400, "BadRequest"):
        await thread.add_participants(several[:201])
    assert await thread.add_participants(several[:200]) == []
    assert await thread.add_participants(several[200:249]) == []
    with refused(400, "BadRequest"):
        await thread.add_participants(several[249:])
    assert len(await thread.list_participants()) == 250
    # Receipts and typing go on where ACS stops at twenty.
    sent = await thread.send_message("to all of you")
    assert await thread.send_read_receipt(sent.id) is None
    assert await thread.send_typing_notification() is None


@pytest.mark.main
async def test_typing(sdk):
    ann = await sdk.user()
    thread = ann.thread((await thread_of(ann)).id)
    assert await thread.send_typing_notification() is None


@pytest.mark.needs(chat=(1, 1, 0))
async def test_typing_with_a_name(sdk):
    ann = await sdk.user()
    thread = ann.thread((await thread_of(ann)).id)
    assert await thread.send_typing_notification(sender_display_name="Ann") is None


@pytest.mark.main
async def test_read_receipts_are_one_for_each_reader(sdk):
    ann, ben = await sdk.user(), await sdk.user()
    made = await thread_of(ann, ben)
    first = await ann.thread(made.id).send_message("one")
    second = await ann.thread(made.id).send_message("two")
    for person, message in ((ben, first), (ben, second), (ann, second)):
        assert await person.thread(made.id).send_read_receipt(message.id) is None
    receipts = await ann.thread(made.id).list_read_receipts()
    assert sorted((receipt.sender.raw_id, receipt.chat_message_id) for receipt in receipts) == sorted(
        [(ann.id, second.id), (ben.id, second.id)]
    )
    for receipt in receipts:
        assert abs(receipt.read_on - now()) < datetime.timedelta(minutes=1)


async def test_reading_does_not_go_backwards(sdk):
    ann = await sdk.user()
    thread = ann.thread((await thread_of(ann)).id)
    first, second = await thread.send_message("one"), await thread.send_message("two")
    await thread.send_read_receipt(second.id)
    await thread.send_read_receipt(first.id)
    [receipt] = await thread.list_read_receipts()
    assert receipt.chat_message_id == second.id


async def test_paging_of_receipts(sdk):
    people = [await sdk.user() for _ in range(3)]
    made = await thread_of(*people)
    sent = await people[0].thread(made.id).send_message("read this")
    for person in people:
        await person.thread(made.id).send_read_receipt(sent.id)
    thread = people[0].thread(made.id)
    pages = await thread.pages("list_read_receipts", results_per_page=2)
    assert [len(page) for page in pages if page] == [2, 1]
    assert sorted(receipt.sender.raw_id for page in pages for receipt in page) == sorted(p.id for p in people)
    assert len(await thread.list_read_receipts(skip=2)) == 1


async def test_a_receipt_for_a_message_that_never_was(sdk):
    ann = await sdk.user()
    thread = ann.thread((await thread_of(ann)).id)
    with refused(404, "NotFound"):
        await thread.send_read_receipt("1")
    with refused(404, "NotFound"):
        await thread.send_read_receipt("nonsense")


async def test_deleting_an_identity_takes_its_data_along(sdk):
    ann, ben = await sdk.user(), await sdk.user()
    made = await thread_of(ann, ben)
    sent = await ben.thread(made.id).send_message("Ben was here")
    await ben.thread(made.id).send_read_receipt(sent.id)
    await sdk.identity().delete_user(ben.user)
    thread = ann.thread(made.id)
    assert ids(await thread.list_participants()) == [ann.id]
    assert "Ben was here" not in texts(
        message for message in await thread.list_messages() if message.content is not None
    )
    assert await thread.list_read_receipts() == []
