"""azure-communication-chat: messages."""

import datetime

import pytest
from azure.communication.chat import ChatMessageType

from sdk import refused
from test_chat_threads import now, thread_of


def texts(messages):
    return [message.content.message for message in messages if message.type in ("text", "html")]


@pytest.mark.main
async def test_send_get_and_list(sdk):
    ann, ben = await sdk.user(), await sdk.user()
    made = await thread_of(ann, ben)
    sent = await ann.thread(made.id).send_message("Grüße 🐎", sender_display_name="Ann")
    assert sent.id.isdigit()
    seen = await ben.thread(made.id).get_message(sent.id)
    assert (seen.id, seen.type, seen.content.message) == (sent.id, ChatMessageType.TEXT, "Grüße 🐎")
    assert (seen.sender.raw_id, seen.sender_display_name) == (ann.id, "Ann")
    assert (seen.version, seen.edited_on, seen.deleted_on) == (sent.id, None, None)
    assert isinstance(seen.sequence_id, str) and int(seen.sequence_id) == 3
    # The id is the time of arrival.
    assert abs(seen.created_on.timestamp() - int(sent.id) / 1000) < 2
    assert abs(seen.created_on - now()) < datetime.timedelta(minutes=1)
    assert texts(await ben.thread(made.id).list_messages()) == ["Grüße 🐎"]


@pytest.mark.main
async def test_a_new_thread_tells_how_it_came_to_be(sdk):
    ann, ben = await sdk.user(), await sdk.user()
    made = await thread_of(ann, ben, topic="History")
    newest_first = await ann.thread(made.id).list_messages()
    assert [(m.type, m.sequence_id) for m in newest_first] == [("topicUpdated", "2"), ("participantAdded", "1")]
    topic, added = newest_first
    assert topic.content.topic == "History"
    assert sorted(member.identifier.raw_id for member in added.content.participants) == sorted([ann.id, ben.id])
    for message in newest_first:
        assert message.sender is None
        assert message.content.initiator.raw_id == ann.id


async def test_a_sender_without_a_name_has_an_empty_one(sdk):
    ann = await sdk.user()
    thread = ann.thread((await thread_of(ann)).id)
    sent = await thread.send_message("nameless")
    assert (await thread.get_message(sent.id)).sender_display_name == ""


@pytest.mark.main
async def test_html_is_cleaned(sdk):
    ann = await sdk.user()
    thread = ann.thread((await thread_of(ann)).id)
    sent = await thread.send_message(
        '<b>bold</b><script>alert(1)</script><img src="x" onerror="alert(2)">', chat_message_type=ChatMessageType.HTML
    )
    seen = await thread.get_message(sent.id)
    assert seen.type == ChatMessageType.HTML
    assert "<b>bold</b>" in seen.content.message
    assert "script" not in seen.content.message and "onerror" not in seen.content.message
    plain = await thread.send_message("<b>not bold</b> & <script>")
    assert (await thread.get_message(plain.id)).content.message == "<b>not bold</b> & <script>"


@pytest.mark.needs(chat=(1, 2, 0))
async def test_metadata(sdk):
    ann = await sdk.user()
    thread = ann.thread((await thread_of(ann)).id)
    sent = await thread.send_message("tagged", metadata={"colour": "blue", "ünï": "🐎"})
    assert (await thread.get_message(sent.id)).metadata == {"colour": "blue", "ünï": "🐎"}
    await thread.update_message(sent.id, "tagged", metadata={"colour": "red"})
    assert (await thread.get_message(sent.id)).metadata["colour"] == "red"
    untagged = await thread.send_message("plain")
    assert not (await thread.get_message(untagged.id)).metadata


@pytest.mark.main
async def test_order_and_ids(sdk):
    ann = await sdk.user()
    thread = ann.thread((await thread_of(ann)).id)
    sent = [(await thread.send_message(f"{number}")).id for number in range(6)]
    assert sorted(set(sent), key=int) == sent, "unique and increasing"
    listed = [message for message in await thread.list_messages() if message.type == "text"]
    assert [message.id for message in listed] == sent[::-1]
    numbers = [int(message.sequence_id) for message in listed]
    assert numbers == list(range(numbers[0], numbers[0] - 6, -1))


@pytest.mark.main
async def test_paging(sdk):
    ann = await sdk.user()
    thread = ann.thread((await thread_of(ann)).id)
    said = [f"message {number}" for number in range(5)]
    for text in said:
        await thread.send_message(text)
    for size in (1, 2, 3, 7, 200):
        pages = await thread.pages("list_messages", results_per_page=size)
        assert all(len(page) == size for page in pages[:-2]), "full pages but for the last"
        assert all(len(page) <= size for page in pages)
        assert texts(message for page in pages for message in page) == said[::-1]


async def test_messages_since(sdk):
    ann = await sdk.user()
    thread = ann.thread((await thread_of(ann)).id)
    await thread.send_message("now")
    hour = datetime.timedelta(hours=1)
    assert texts(await thread.list_messages(start_time=now() - hour)) == ["now"]
    assert await thread.list_messages(start_time=now() + hour) == []
    # Paging keeps the first page's parameters in the link.
    for number in range(3):
        await thread.send_message(f"{number}")
    pages = await thread.pages("list_messages", results_per_page=1, start_time=now() - hour)
    assert texts(message for page in pages for message in page) == ["2", "1", "0", "now"]


@pytest.mark.parametrize("size", [0, -1, 201, 100_000])
async def test_a_page_size_that_makes_no_sense(sdk, size):
    """Either refused or brought into range, never a fault and never more than the largest page."""
    from azure.core.exceptions import HttpResponseError

    ann = await sdk.user()
    thread = ann.thread((await thread_of(ann)).id)
    try:
        pages = await thread.pages("list_messages", results_per_page=size)
    except HttpResponseError as error:
        assert error.status_code == 400
    else:
        assert all(len(page) <= 200 for page in pages)


@pytest.mark.main
async def test_edit(sdk):
    ann, ben = await sdk.user(), await sdk.user()
    made = await thread_of(ann, ben)
    thread = ann.thread(made.id)
    sent = await thread.send_message("frist")
    assert await thread.update_message(sent.id, "first") is None
    seen = await ben.thread(made.id).get_message(sent.id)
    assert (seen.id, seen.content.message) == (sent.id, "first")
    assert seen.edited_on is not None and seen.edited_on >= seen.created_on
    assert int(seen.version) > int(sent.id)
    with refused(403, "Forbidden"):
        await ben.thread(made.id).update_message(sent.id, "mine")
    with refused(403, "Forbidden"):
        await ben.thread(made.id).delete_message(sent.id)


@pytest.mark.main
async def test_delete(sdk):
    ann, ben = await sdk.user(), await sdk.user()
    made = await thread_of(ann, ben)
    thread = ann.thread(made.id)
    sent = await thread.send_message("secret")
    assert await thread.delete_message(sent.id) is None
    listed = next(message for message in await ben.thread(made.id).list_messages() if message.id == sent.id)
    assert listed.deleted_on is not None
    assert listed.content is None or not listed.content.message


async def test_a_message_that_never_was(sdk):
    ann = await sdk.user()
    thread = ann.thread((await thread_of(ann)).id)
    with refused(404, "NotFound"):
        await thread.get_message("1")
    with refused(404, "NotFound"):
        await thread.update_message("1", "text")
    with refused(404, "NotFound"):
        await thread.delete_message("1")
    with refused(404, "NotFound"):
        await thread.get_message("nonsense")


async def test_a_message_has_to_say_something(sdk):
    ann = await sdk.user()
    thread = ann.thread((await thread_of(ann)).id)
    with pytest.raises(ValueError):
        await thread.send_message("")  # the package's own refusal
    with refused(413, "RequestEntityTooLarge"):
        await thread.send_message("x" * 40_000)
    # The limit counts bytes in UTF-8: 10,000 horses are 40,000 of them.
    with refused(413, "RequestEntityTooLarge"):
        await thread.send_message("🐎" * 10_000)
    assert await thread.send_message("x" * 28_000)


async def test_somebody_who_was_removed(sdk):
    ann, ben = await sdk.user(), await sdk.user()
    made = await thread_of(ann, ben)
    sent = await ann.thread(made.id).send_message("while Ben is here")
    await ann.thread(made.id).remove_participant(ben.user)
    after = await ann.thread(made.id).send_message("when Ben is gone")
    thread = ben.thread(made.id)
    with refused(403, "Forbidden"):
        await thread.send_message("still here?")
    # What was said before stays readable, what was said after is not.
    assert (await thread.get_message(sent.id)).content.message == "while Ben is here"
    assert texts(await thread.list_messages()) == ["while Ben is here"]
    with refused(404, "NotFound"):
        await thread.get_message(after.id)
