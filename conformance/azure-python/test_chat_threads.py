"""azure-communication-chat: threads."""

import datetime
import uuid

import pytest
from azure.communication.chat import ChatParticipant

from sdk import refused

NOBODY = "19:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA@thread.v2"


def now():
    return datetime.datetime.now(datetime.timezone.utc)


async def thread_of(person, *others, topic="Mortgage"):
    made = await person.chat.create_chat_thread(
        topic, thread_participants=[ChatParticipant(identifier=other.user, display_name="Guest") for other in others]
    )
    assert not made.errors
    return made.chat_thread


@pytest.mark.main
async def test_create_get_and_list(sdk):
    ann, ben = await sdk.user(), await sdk.user()
    made = await thread_of(ann, ben)
    assert made.id.startswith("19:") and made.id.endswith("@thread.v2")
    assert made.topic == "Mortgage"
    assert made.created_by.raw_id == ann.id
    assert abs(made.created_on - now()) < datetime.timedelta(minutes=1)
    for person in (ann, ben):
        seen = await person.thread(made.id).get_properties()
        assert (seen.id, seen.topic, seen.created_on) == (made.id, "Mortgage", made.created_on)
        assert seen.created_by.raw_id == ann.id
        listed = await person.chat.list_chat_threads()
        assert [(item.id, item.topic, item.deleted_on) for item in listed] == [(made.id, "Mortgage", None)]


@pytest.mark.main
async def test_create_without_participants(sdk):
    ann = await sdk.user()
    made = await ann.chat.create_chat_thread("Alone")
    members = await ann.thread(made.chat_thread.id).list_participants()
    assert [member.identifier.raw_id for member in members] == [ann.id]


async def test_the_creator_is_there_once_even_when_listed(sdk):
    ann = await sdk.user()
    made = await thread_of(ann, ann)
    members = await ann.thread(made.id).list_participants()
    assert [member.identifier.raw_id for member in members] == [ann.id]


@pytest.mark.main
async def test_the_same_request_twice_makes_one_thread(sdk):
    ann, ben = await sdk.user(), await sdk.user()
    token = str(uuid.uuid4())
    first = await ann.chat.create_chat_thread("Once", idempotency_token=token)
    again = await ann.chat.create_chat_thread("Once", idempotency_token=token)
    assert again.chat_thread.id == first.chat_thread.id
    other = await ann.chat.create_chat_thread("Once", idempotency_token=str(uuid.uuid4()))
    assert other.chat_thread.id != first.chat_thread.id
    # The id belongs to the caller: somebody else's request is another one.
    foreign = await ben.chat.create_chat_thread("Once", idempotency_token=token)
    assert foreign.chat_thread.id != first.chat_thread.id
    assert len(await ann.chat.list_chat_threads()) == 2


async def test_paging_of_threads(sdk):
    ann = await sdk.user()
    made = [(await ann.chat.create_chat_thread(f"Thread {number}")).chat_thread.id for number in range(5)]
    for size, shape in ((2, [2, 2, 1]), (1, [1] * 5), (5, [5]), (100, [5])):
        pages = await ann.chat.pages("list_chat_threads", results_per_page=size)
        assert [len(page) for page in pages if page] == shape
        assert sorted(item.id for page in pages for item in page) == sorted(made)


async def test_threads_since(sdk):
    ann = await sdk.user()
    made = await thread_of(ann)
    hour = datetime.timedelta(hours=1)
    before = await ann.chat.list_chat_threads(start_time=now() - hour)
    assert [item.id for item in before] == [made.id]
    assert await ann.chat.list_chat_threads(start_time=now() + hour) == []


@pytest.mark.main
async def test_update_topic(sdk):
    ann, ben = await sdk.user(), await sdk.user()
    thread = await thread_of(ann, ben)
    assert await ann.thread(thread.id).update_topic("Ünïcode 🐎 100%") is None
    assert (await ben.thread(thread.id).get_properties()).topic == "Ünïcode 🐎 100%"
    newest = (await ann.thread(thread.id).list_messages())[0]
    assert (newest.type, newest.content.topic) == ("topicUpdated", "Ünïcode 🐎 100%")
    assert newest.content.initiator.raw_id == ann.id


async def test_a_topic_has_to_say_something(sdk):
    ann = await sdk.user()
    thread = ann.thread((await thread_of(ann)).id)
    with refused(400, "BadRequest"):
        await thread.update_topic("")
    with refused(400, "BadRequest"):
        await thread.update_topic("x" * 10_000)
    with refused(400, "BadRequest"):
        await ann.chat.create_chat_thread("x" * 10_000)


@pytest.mark.main
async def test_delete_twice(sdk):
    ann, ben = await sdk.user(), await sdk.user()
    thread = await thread_of(ann, ben)
    assert await ann.chat.delete_chat_thread(thread.id) is None
    assert await ann.chat.delete_chat_thread(thread.id) is None, "deleting is idempotent"
    for person in (ann, ben):
        with refused(404, "NotFound"):
            await person.thread(thread.id).get_properties()
        with refused(404, "NotFound"):
            await person.thread(thread.id).list_messages()
        with refused(404, "NotFound"):
            await person.thread(thread.id).send_message("too late")


@pytest.mark.main
async def test_an_outsider_is_kept_out(sdk):
    ann, eve = await sdk.user(), await sdk.user()
    made = await thread_of(ann)
    message = await ann.thread(made.id).send_message("between us")
    thread = eve.thread(made.id)
    for call in (
        lambda: thread.get_properties(),
        lambda: thread.list_messages(),
        lambda: thread.get_message(message.id),
        lambda: thread.send_message("hello"),
        lambda: thread.update_topic("mine"),
        lambda: thread.list_participants(),
        lambda: thread.send_typing_notification(),
        lambda: thread.send_read_receipt(message.id),
        lambda: thread.list_read_receipts(),
        lambda: thread.update_message(message.id, "mine"),
        lambda: thread.delete_message(message.id),
        lambda: thread.add_participants([ChatParticipant(identifier=eve.user)]),
        lambda: thread.remove_participant(ann.user),
        lambda: eve.chat.delete_chat_thread(made.id),
    ):
        with refused(403, "Forbidden"):
            await call()
    assert await eve.chat.list_chat_threads() == []


async def test_a_thread_that_never_was(sdk):
    ann = await sdk.user()
    with refused(404, "NotFound"):
        await ann.thread(NOBODY).get_properties()
    with refused(404, "NotFound"):
        await ann.thread(NOBODY).send_message("anybody?")


async def test_what_is_no_thread_id(sdk):
    ann = await sdk.user()
    for text in ("nonsense", "19:x", "19:..@thread.v2", "8:acs:x_y", "19:%2F@thread.v2"):
        with refused(404, "NotFound"):
            await ann.thread(text).get_properties()


async def test_no_token_no_chat(sdk):
    forged = (await sdk.user()).token[:-8] + "AAAAAAAA"
    with refused(401, "Unauthorized"):
        await sdk.chat(forged).list_chat_threads()


async def test_a_token_of_another_kind(sdk):
    ann = await sdk.user(scopes=("voip",))
    with refused(403, "Forbidden"):
        await ann.chat.list_chat_threads()
    with refused(403, "Forbidden"):
        await ann.chat.create_chat_thread("no")


@pytest.mark.needs(identity=(1, 4, 0))
async def test_what_the_lesser_scopes_allow(sdk):
    identity = sdk.identity()
    ann, ben, cleo = await sdk.user(), await sdk.user(), await sdk.user()
    made = await thread_of(ann, ben)
    for scope in ("chat.join", "chat.join.limited"):
        token = (await identity.get_token(ben.user, [scope])).token
        chat, thread = sdk.chat(token), sdk.chat(token).thread(made.id)
        sent = await thread.send_message(f"by {scope}")
        await thread.update_message(sent.id, "edited")
        await thread.send_read_receipt(sent.id)
        await thread.send_typing_notification()
        assert (await thread.get_properties()).id == made.id
        assert (await thread.get_message(sent.id)).content.message == "edited"
        assert await thread.list_messages() and await thread.list_read_receipts()
        assert [item.id for item in await chat.list_chat_threads()] == [made.id]
        await thread.delete_message(sent.id)
        with refused(403, "Forbidden"):
            await chat.create_chat_thread("no")
        with refused(403, "Forbidden"):
            await thread.update_topic("no")
        with refused(403, "Forbidden"):
            await chat.delete_chat_thread(made.id)
        guest = ChatParticipant(identifier=cleo.user)
        if scope == "chat.join":
            assert await thread.add_participants([guest]) == []
            assert await thread.remove_participant(cleo.user) is None
        else:
            with refused(403, "Forbidden"):
                await thread.add_participants([guest])
            with refused(403, "Forbidden"):
                await thread.remove_participant(ann.user)


@pytest.mark.parametrize("released", ["2021-03-07", "2021-09-07", "2023-11-07", "2024-03-07", "2025-03-15"])
async def test_every_released_version(sdk, released):
    ann = await sdk.user()
    chat = sdk.chat(ann.token, api_version=released)
    made = (await chat.create_chat_thread("Versions")).chat_thread
    sent = await chat.thread(made.id).send_message("hello")
    assert (await chat.thread(made.id).get_message(sent.id)).content.message == "hello"


async def test_a_version_that_never_was(sdk):
    ann = await sdk.user()
    with refused(400, "UnsupportedApiVersion"):
        await sdk.chat(ann.token, api_version="1999-12-31").list_chat_threads()
