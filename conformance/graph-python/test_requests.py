"""What holds for every request: batches, tokens, metadata."""

import httpx
import pytest
from azure.core.exceptions import ClientAuthenticationError
from msgraph_core.requests.batch_request_builder import BatchRequestBuilder
from msgraph_core.requests.batch_request_content import BatchRequestContent

from sdk import LABEL, refused, Signed
from results import RECORDER


async def test_batch(alice):
    content = BatchRequestContent()
    content.add_request_information(alice.me.to_get_request_information())
    content.add_request_information(alice.users.by_user_id("nobody@contoso.example").to_get_request_information())
    answer = await BatchRequestBuilder(alice.request_adapter).post(content)
    me, nobody = content.requests
    # This version of the SDK cannot read bodies that are JSON, as Graph's are; ids, statuses and headers it can.
    assert answer.get_response_status_codes() == {me: 200, nobody: 404}
    assert answer.get_response_by_id(me).content_type.startswith("application/json")


async def test_a_token_that_is_none(sdk):
    with refused(401, "InvalidAuthenticationToken"):
        await sdk.client(Signed("nonsense")).me.get()


async def test_a_wrong_secret(sdk):
    with pytest.raises(ClientAuthenticationError):
        await sdk.app(secret="wrong").users.get()


async def test_metadata_is_true(service):
    """Whatever an entity has is in the schema."""
    import xml.etree.ElementTree as ElementTree

    async with httpx.AsyncClient(event_hooks={}) as http:
        answer = await http.get(f"{service.endpoint}/v1.0/$metadata")
    assert answer.status_code == 200
    RECORDER.add(LABEL, "GET", "/v1.0/$metadata", answer.status_code)
    space = {"edm": "http://docs.oasis-open.org/odata/ns/edm"}
    types = ElementTree.fromstring(answer.text).findall(".//edm:EntityType", space)
    names = {one.get("Name"): {part.get("Name") for part in one.findall("edm:Property", space)} for one in types}
    assert {"joinWebUrl", "lobbyBypassSettings"} <= names["onlineMeeting"]
    assert {"userPrincipalName", "mail"} <= names["user"]
