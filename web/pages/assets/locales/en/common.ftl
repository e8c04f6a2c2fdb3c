common-app = Anteroom
common-language = Language
common-cancel = Cancel
common-close = Close
common-save = Save
common-others =
    { $count ->
        [one] { $count } other
       *[other] { $count } others
    }

## Sign-in

common-sign-in = Sign in
common-sign-out = Sign out
common-sign-in-with = Sign in with { $name }
common-user-name = User name
common-password = Password
common-wrong-password = That user name and password do not match.
common-sign-in-failed = Signing in failed.

## What goes wrong

common-unreachable = The service cannot be reached. Check your connection and try again.
common-refused = The request was refused.
common-no-token = The back end gave no access token.
common-no-guest-tokens = This page has no back end that hands out guest tokens. An app that embeds it opens it with an access token: { $address }

## The front page

common-status-asking = Asking …
common-status-running = Running
common-status-not-ready = Not ready
common-status-unreachable = Not reachable
common-home-lead = Guests join Teams-style meetings from your own web page.
common-home-guest = Join as a guest
common-home-guest-text = The guest’s app: name, camera and microphone, the lobby, the call and its chat.
common-home-teams = The Teams side
common-home-teams-text = Sign in as an employee, start the meeting, let guests in from the lobby.
common-home-open = Open →
common-surfaces = What runs at { $address }
common-home-identity = Identity
common-home-identity-text = Users and access tokens, for the Azure Communication Services identity SDKs
common-home-chat = Chat
common-home-chat-text = The meeting’s thread, for the Azure Communication Services chat SDKs
common-home-calendar = Calendar
common-home-calendar-text = Sign-in and meetings of directory users, in the shape of Microsoft Graph
common-home-calls = Calls
common-home-calls-text = Signaling over WebSocket at /signaling, audio and video over UDP
common-home-operations = Operations
