"""The chats of meetings."""

import pytest
from kiota_abstractions.base_request_configuration import RequestConfiguration
from msgraph.generated.chats.item.messages.messages_request_builder import MessagesRequestBuilder
from msgraph.generated.models.body_type import BodyType
from msgraph.generated.models.chat_message import ChatMessage
from msgraph.generated.models.chat_message_type import ChatMessageType
from msgraph.generated.models.chat_type import ChatType
from msgraph.generated.models.item_body import ItemBody
from msgraph.generated.models.meeting_chat_mode import MeetingChatMode
from msgraph.generated.models.meeting_participant_info import MeetingParticipantInfo
from msgraph.generated.models.meeting_participants import MeetingParticipants
from msgraph.generated.models.online_meeting import OnlineMeeting

from sdk import refused


def says(text, kind=BodyType.Text):
    return ChatMessage(body=ItemBody(content=text, content_type=kind))


@pytest.fixture
def invitation():
    attendees = [MeetingParticipantInfo(upn="bob@contoso.example")]
    return OnlineMeeting(subject="Loans", participants=MeetingParticipants(attendees=attendees))


async def test_read_and_write(alice, bob, app, invitation):
    made = await alice.me.online_meetings.post(invitation)
    thread = made.chat_info.thread_id
    chat = bob.chats.by_chat_id(thread)
    head = await chat.get()
    assert head.chat_type == ChatType.Meeting and head.online_meeting_info.join_web_url == made.join_web_url
    await chat.messages.post(says("one"))
    await chat.messages.post(says("<b>two</b><script>alert(1)</script>", BodyType.Html))
    third = await chat.messages.post(says("three"))
    parameters = MessagesRequestBuilder.MessagesRequestBuilderGetQueryParameters(top=2)
    options = RequestConfiguration(query_parameters=parameters)
    for client in (alice, app):
        messages = client.chats.by_chat_id(thread).messages
        page = await messages.get(request_configuration=options)
        assert [one.body.content for one in page.value] == ["three", "<b>two</b>"]
        rest = await messages.with_url(page.odata_next_link).get()
        assert [one.body.content for one in rest.value] == ["one"]
        one = await messages.by_chat_message_id(third.id).get()
        assert one.message_type == ChatMessageType.Message and one.from_.user.display_name
        members = await client.chats.by_chat_id(thread).members.get()
        assert [member.roles for member in members.value] == [["owner"], []]
        member = await client.chats.by_chat_id(thread).members.by_conversation_member_id(members.value[1].id).get()
        assert member.email == "bob@contoso.example"
    assert thread in [one.id for one in (await bob.chats.get()).value]
    # An application cannot post.
    with refused(403, "Forbidden"):
        await app.chats.by_chat_id(thread).messages.post(says("x"))
    with refused(400, "BadRequest"):
        await chat.messages.post(ChatMessage())


async def test_not_a_member(alice, bob):
    made = await alice.me.online_meetings.post(OnlineMeeting(subject="Own"))
    chat = bob.chats.by_chat_id(made.chat_info.thread_id)
    for request in (chat.get, chat.messages.get, chat.members.get):
        with refused(404, "NotFound"):
            await request()


async def test_a_closed_chat(alice):
    made = await alice.me.online_meetings.post(OnlineMeeting(allow_meeting_chat=MeetingChatMode.Disabled))
    with refused(403, "Forbidden"):
        await alice.chats.by_chat_id(made.chat_info.thread_id).messages.post(says("x"))
