"""Users and the signed-in user."""

import pytest
from kiota_abstractions.base_request_configuration import RequestConfiguration
from msgraph.generated.users.item.user_item_request_builder import UserItemRequestBuilder
from msgraph.generated.users.users_request_builder import UsersRequestBuilder

from sdk import refused

Query = UsersRequestBuilder.UsersRequestBuilderGetQueryParameters


def query(**options):
    return RequestConfiguration(query_parameters=Query(**options))


async def test_me(alice, service):
    me = await alice.me.get()
    assert me.user_principal_name == "alice@contoso.example"
    assert me.id == service.dev["users"][0]["object_id"]
    parameters = UserItemRequestBuilder.UserItemRequestBuilderGetQueryParameters(select=["displayName"])
    me = await alice.me.get(request_configuration=RequestConfiguration(query_parameters=parameters))
    assert me.display_name and me.mail is None


async def test_one_user(app, alice, service):
    bob = service.dev["users"][1]
    for client in (app, alice):
        for name in (bob["upn"], bob["object_id"]):
            assert (await client.users.by_user_id(name).get()).id == bob["object_id"]
    with refused(404, "Request_ResourceNotFound", "nobody@contoso.example"):
        await app.users.by_user_id("nobody@contoso.example").get()
    with refused(400, "BadRequest", "/me request is only valid with delegated authentication flow"):
        await app.me.get()


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("userPrincipalName eq 'bob@contoso.example'", ["bob"]),
        ("mail eq 'ALICE@contoso.example'", ["alice"]),
        ("startswith(displayName,'Bob')", ["bob"]),
        ("displayName eq 'O''Neill'", []),
        ("displayName eq 'x'' or 1 eq 1 or ''' ", []),
        ("endswith(mail,'contoso.example') and not startswith(mail,'bob')", ["alice"]),
    ],
)
async def test_filters(app, wanted, found):
    users = await app.users.get(request_configuration=query(filter=wanted))
    assert [user.user_principal_name.partition("@")[0] for user in users.value] == found


async def test_pages(app):
    options = query(top=1, orderby=["displayName desc"], count=True, select=["displayName"])
    options.headers.add("ConsistencyLevel", "eventual")
    first = await app.users.get(request_configuration=options)
    assert first.odata_count == 2 and len(first.value) == 1
    second = await app.users.with_url(first.odata_next_link).get()
    names = [user.display_name for user in (*first.value, *second.value)]
    assert names == sorted(names, reverse=True) and second.odata_next_link is None


async def test_search(app):
    def searched(text):
        options = query(search=text, count=True)
        options.headers.add("ConsistencyLevel", "eventual")
        return options

    for text, found in [
        ('"displayName:ali"', ["alice"]),
        ('"displayName:bob" OR "mail:alice"', ["alice", "bob"]),
        ('"displayName:bob" AND "mail:alice"', []),
        ('"displayName:\' or 1 eq 1 or x"', []),
    ]:
        users = await app.users.get(request_configuration=searched(text))
        assert [user.user_principal_name.partition("@")[0] for user in users.value] == found
        assert users.odata_count == len(found)
    with refused(400, "Request_UnsupportedQuery", "ConsistencyLevel"):
        await app.users.get(request_configuration=query(search='"displayName:ali"'))
    for wrong in ["displayName:ali", '"displayName:ali', '"a" ' * 100, "(" * 2000]:
        with refused(400, "BadRequest"):
            await app.users.get(request_configuration=searched(wrong))
    with refused(400, "Request_UnsupportedQuery"):
        await app.users.get(request_configuration=searched('"passwordHash:x"'))


async def test_count(app):
    options = RequestConfiguration()
    options.headers.add("ConsistencyLevel", "eventual")
    assert await app.users.count.get(request_configuration=options) == 2
    with refused(400, "Request_UnsupportedQuery"):
        await app.users.count.get()


@pytest.mark.parametrize(
    "options",
    [
        {"filter": "displayName eq 'x"},
        {"filter": "passwordHash ne null"},
        {"filter": "(" * 3000},
        {"select": ["passwordHash"]},
        {"orderby": ["secret"]},
        {"top": 0},
    ],
)
async def test_bad_queries(app, options):
    with refused(400, "BadRequest"):
        await app.users.get(request_configuration=query(**options))
