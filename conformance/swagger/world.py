"""Things that exist, for requests to be about: identities, threads, messages, rooms; and their makers."""

import requests

from signing import AccessKey, Bearer

IDENTITY, CHAT, ROOMS = "2023-10-01", "2025-03-15", "2025-03-13"
ASSIGNMENT = "/access/teamsExtension/tenants/{tenantId}/assignments/{objectId}"


class World:
    """Made anew for every operation, so that what one breaks another does not miss."""

    def __init__(self, service, api):
        self.endpoint = service.endpoint
        self.key = AccessKey(service.access_key)
        self.session = requests.Session()
        self.session.verify = service.dev["ca_file"]
        self.ann, token = self._identity()
        self.ben, _ = self._identity()
        self.cleo, _ = self._identity()
        self.user = Bearer(token)
        self.assignment = {"tenantId": service.dev["tenant_id"], "objectId": service.dev["users"][0]["object_id"]}
        self.threads = self.messages = self.rooms = []
        if api == "Chat":
            self.threads = [self._thread() for _ in range(3)]
            self.messages = [self._message(thread) for thread in self.threads]
        if api == "Rooms":
            self.rooms = [self._call("POST", "/rooms", ROOMS, self.key, {})["id"] for _ in range(3)]

    def auth(self, api):
        """Chat takes the user's token, everything else the access key."""
        return self.user if api == "Chat" else self.key

    def _identity(self):
        body = {"createTokenWithScopes": ["chat"]}
        made = self._call("POST", "/identities", IDENTITY, self.key, body)
        return made["identity"]["id"], made["accessToken"]["token"]

    def _thread(self):
        body = {"topic": "Fuzz", "participants": [{"communicationIdentifier": {"communicationUser": {"id": self.ben}}}]}
        return self._call("POST", "/chat/threads", CHAT, self.user, body)["chatThread"]["id"]

    def _message(self, thread):
        return self._call("POST", f"/chat/threads/{thread}/messages", CHAT, self.user, {"content": "hello"})["id"]

    def _assigned(self):
        path = ASSIGNMENT.format(**self.assignment)
        answer = self.session.put(
            self.endpoint + path, params={"api-version": "2025-06-30"}, json={"principalType": "user"}, auth=self.key, timeout=30
        )
        assert answer.status_code < 300, answer.text
        return self.assignment

    def _call(self, method, path, version, auth, body):
        response = self.session.request(
            method, self.endpoint + path, params={"api-version": version}, json=body, auth=auth, timeout=30
        )
        assert response.status_code == 201, response.text
        return response.json()

    def good(self, method, path):
        """A body and path parameters that must be answered with success."""
        ann, ben, cleo = ({"communicationUser": {"id": one}} for one in (self.ann, self.ben, self.cleo))
        thread, leaving = (self.threads or [None])[0], (self.threads or [None])[-1]
        message = (self.messages or [None])[0]
        room, closing = (self.rooms or [None])[0], (self.rooms or [None])[-1]
        return {
            "POST /identities": ({}, {"createTokenWithScopes": ["chat"], "expiresInMinutes": 60}),
            "POST /identities/{id}/:issueAccessToken": ({"id": self.cleo}, {"scopes": ["voip"]}),
            "POST /identities/{id}/:revokeAccessTokens": ({"id": self.cleo}, None),
            "DELETE /identities/{id}": ({"id": self.cleo}, None),
            f"PUT {ASSIGNMENT}": (self.assignment, {"principalType": "user"}),
            f"GET {ASSIGNMENT}": (self._assigned(), None),
            f"DELETE {ASSIGNMENT}": (self.assignment, None),
            "GET /chat/threads": ({}, None),
            "POST /chat/threads": ({}, {"topic": "Good", "participants": [{"communicationIdentifier": ben}]}),
            "GET /chat/threads/{chatThreadId}": ({"chatThreadId": thread}, None),
            "PATCH /chat/threads/{chatThreadId}": ({"chatThreadId": thread}, {"topic": "Better"}),
            "DELETE /chat/threads/{chatThreadId}": ({"chatThreadId": leaving}, None),
            "GET /chat/threads/{chatThreadId}/messages": ({"chatThreadId": thread}, None),
            "POST /chat/threads/{chatThreadId}/messages": ({"chatThreadId": thread}, {"content": "Good"}),
            "GET /chat/threads/{chatThreadId}/messages/{chatMessageId}": (
                {"chatThreadId": thread, "chatMessageId": message}, None,
            ),
            "PATCH /chat/threads/{chatThreadId}/messages/{chatMessageId}": (
                {"chatThreadId": thread, "chatMessageId": message}, {"content": "Better"},
            ),
            "DELETE /chat/threads/{chatThreadId}/messages/{chatMessageId}": (
                {"chatThreadId": thread, "chatMessageId": message}, None,
            ),
            "GET /chat/threads/{chatThreadId}/participants": ({"chatThreadId": thread}, None),
            "POST /chat/threads/{chatThreadId}/participants/:add": (
                {"chatThreadId": thread}, {"participants": [{"communicationIdentifier": cleo}]},
            ),
            "POST /chat/threads/{chatThreadId}/participants/:remove": ({"chatThreadId": thread}, ben),
            "POST /chat/threads/{chatThreadId}/typing": ({"chatThreadId": thread}, {"senderDisplayName": "Ann"}),
            "POST /chat/threads/{chatThreadId}/readReceipts": ({"chatThreadId": thread}, {"chatMessageId": message}),
            "GET /chat/threads/{chatThreadId}/readReceipts": ({"chatThreadId": thread}, None),
            "GET /rooms": ({}, None),
            "POST /rooms": ({}, {"participants": {self.ann: {"role": "Presenter"}}}),
            "GET /rooms/{roomId}": ({"roomId": room}, None),
            "PATCH /rooms/{roomId}": ({"roomId": room}, {"pstnDialOutEnabled": True}),
            "DELETE /rooms/{roomId}": ({"roomId": closing}, None),
            "GET /rooms/{roomId}/participants": ({"roomId": room}, None),
            "PATCH /rooms/{roomId}/participants": ({"roomId": room}, {"participants": {self.ben: {"role": "Attendee"}}}),
        }.get(f"{method} {path}")

    def ids(self, name):
        """Values for a path parameter that mean something."""
        return {
            "id": [self.cleo, self.ben, self.ann],
            "chatThreadId": self.threads,
            "chatMessageId": [*self.messages, "1"],
            "roomId": [*self.rooms, "99000000000000000"],
            "tenantId": [self.assignment["tenantId"]],
            "objectId": [self.assignment["objectId"], "00000000-0000-0000-0000-00000000dead"],
        }.get(name, [])

    def sensible(self, value, choose):
        """The same body with ids of people who exist, as often as `choose` says so."""
        if isinstance(value, list):
            return [self.sensible(item, choose) for item in value]
        if not isinstance(value, dict):
            return value
        if "communicationUser" in value and choose():
            return {"communicationUser": {"id": self.cleo}}
        if isinstance(value.get("participants"), dict) and choose():
            return {**value, "participants": {self.cleo: item for item in value["participants"].values()}}
        return {name: self.sensible(item, choose) for name, item in value.items()}
