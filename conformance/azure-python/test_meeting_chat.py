"""azure-communication-chat, unmodified, for a guest of a meeting.

The rule under test: a guest is a member of the meeting's chat exactly while it is in the call.
"""

import pytest
from azure.communication.chat import ChatClient, CommunicationTokenCredential
from azure.communication.identity import CommunicationIdentityClient
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError


@pytest.fixture
def identity(service):
    return CommunicationIdentityClient.from_connection_string(service.connection_string)


@pytest.fixture
def guest(identity):
    """A user with a token for calls and chat."""
    return identity.create_user_and_token(["chat", "voip"])


def thread_client(service, token):
    return ChatClient(service.dev["endpoint"], CommunicationTokenCredential(token)).get_chat_thread_client(
        service.thread_id
    )


def texts(thread):
    return [message.content.message for message in thread.list_messages() if message.type == "text"]


def refused(call):
    with pytest.raises(HttpResponseError) as error:
        call()
    return error.value.status_code


def test_guest_chats_while_in_the_call_only(service, alice, guest):
    user, token = guest
    thread = thread_client(service, token.token)

    assert refused(lambda: thread.send_message("before")) == 403
    assert refused(lambda: list(thread.list_messages())) == 403
    assert refused(thread.get_properties) == 403

    call = service.join("--name", "Dana (guest)", "--token", token.token)
    call.event("connected")

    assert thread.get_properties().id == service.thread_id
    sent = thread.send_message("hello from Python", sender_display_name="Dana (guest)")
    assert sent.id
    # What the SDK sends reaches those who are in the call through signaling.
    assert alice.event("chat", text="hello from Python")["from"]

    listed = [message for message in thread.list_messages() if message.type == "text"]
    assert [message.content.message for message in listed] == ["hello from Python"]
    assert listed[0].id == sent.id
    assert listed[0].sender.raw_id == user.properties["id"]
    assert listed[0].sender_display_name == "Dana (guest)"
    assert thread.get_message(sent.id).content.message == "hello from Python"

    assert call.stop() == 0
    assert refused(lambda: thread.send_message("after")) == 403
    assert refused(lambda: list(thread.list_messages())) == 403
    assert refused(thread.get_properties) == 403


def test_guest_sees_only_what_was_said_since_it_joined(service, alice, identity):
    _, first = identity.create_user_and_token(["chat", "voip"])
    one = service.join("--name", "First", "--token", first.token)
    one.event("connected")
    thread_client(service, first.token).send_message("before the second came")

    _, second = identity.create_user_and_token(["chat", "voip"])
    two = service.join("--name", "Second", "--token", second.token)
    two.event("connected")
    thread = thread_client(service, second.token)
    assert texts(thread) == []
    thread_client(service, first.token).send_message("after the second came")
    assert texts(thread) == ["after the second came"]

    assert two.stop() == 0
    assert one.stop() == 0


def test_paging(service, alice, guest):
    _, token = guest
    call = service.join("--name", "Pager", "--token", token.token)
    call.event("connected")
    thread = thread_client(service, token.token)
    said = [f"message {number}" for number in range(5)]
    for text in said:
        thread.send_message(text)
    pages = [
        [message.content.message for message in page if message.type == "text"]
        for page in thread.list_messages(results_per_page=2).by_page()
    ]
    assert all(len(page) <= 2 for page in pages)
    assert [text for page in pages for text in page] == said[::-1]
    assert call.stop() == 0


def test_a_token_without_the_scope_is_refused(service, alice, identity):
    user, token = identity.create_user_and_token(["chat", "voip"])
    call = service.join("--name", "Scoped", "--token", token.token)
    call.event("connected")
    voip = identity.get_token(user, ["voip"])
    assert refused(lambda: thread_client(service, voip.token).send_message("no")) == 403
    assert call.stop() == 0


def test_a_revoked_token_is_refused_at_once(service, identity, guest):
    user, token = guest
    identity.revoke_tokens(user)
    with pytest.raises(ClientAuthenticationError):
        thread_client(service, token.token).send_message("no")


def test_an_empty_message_is_refused(service, alice, guest):
    _, token = guest
    call = service.join("--name", "Quiet", "--token", token.token)
    call.event("connected")
    thread = thread_client(service, token.token)
    with pytest.raises((HttpResponseError, ValueError)):
        thread.send_message("")
    status = refused(lambda: thread.send_message("x" * 40_000))
    assert status == 413
    assert call.stop() == 0
