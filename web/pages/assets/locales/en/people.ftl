## The list of people

people-title = People
people-title-count = People · { $count }
people-search = Search for people
people-none-found = Nobody here has this name.
people-you = You
people-reconnecting = reconnecting …
people-external = External
people-unverified = Unverified
people-role-organizer = Organizer
people-role-co-organizer = Co-organizer
people-role-presenter = Presenter
people-role-attendee = Attendee
people-role-consumer = Consumer
people-role-collaborator = Collaborator
people-state-hand = hand raised, number { $place }
people-state-spotlight = in the spotlight
people-state-screen = sharing a screen
people-state-muted = muted
people-state-mic = microphone on
people-state-camera = camera on
people-state-camera-off = camera off
people-more-about = More about { $name }
people-mute = Mute
people-lower-hand = Lower hand
people-spotlight = Put in the spotlight
people-unspotlight = Take out of the spotlight
people-forbid-mic = Disable microphone
people-allow-mic = Allow microphone
people-forbid-camera = Disable camera
people-allow-camera = Allow camera
people-make-presenter = Make a presenter
people-make-attendee = Make an attendee
people-make-co-organizer = Make a co-organizer
people-remove = Remove from the meeting
people-remove-name = Remove { $name } from the meeting

## The lobby

people-lobby = Waiting in the lobby
people-lobby-count = In the lobby · { $count }
people-lobby-beyond =
    { $count ->
        [one] { $count } more is waiting
       *[other] { $count } more are waiting
    }
people-waits = wants to join
people-waits-minutes = waiting for { $minutes } min
people-admit = Admit
people-admit-name = Admit { $name }
people-admit-all = Admit all
people-reject = Reject
people-reject-name = Reject { $name }

## Said to screen readers

people-said-joined =
    { $count ->
        [one] { $people } has joined.
       *[other] { $people } have joined.
    }
people-said-left =
    { $count ->
        [one] { $people } has left.
       *[other] { $people } have left.
    }
people-said-hand =
    { $count ->
        [one] { $people } has raised a hand.
       *[other] { $people } have raised a hand.
    }
people-said-waiting =
    { $count ->
        [one] { $people } is waiting in the lobby.
       *[other] { $people } are waiting in the lobby.
    }

## Hand and reactions

people-raise = Raise
people-lower = Lower
people-raise-hand = Raise hand
people-lower-own-hand = Lower hand
people-why-not = { $what }: { $why }
people-react = React
people-reaction-like = Like
people-reaction-love = Love
people-reaction-applause = Applause
people-reaction-laugh = Laugh
people-reaction-surprised = Surprised

## The whole meeting

people-more = More
people-meeting-menu = More for this meeting
people-start-meeting = Start the meeting
people-lock = Lock the meeting
people-unlock = Unlock the meeting
people-mute-all = Mute everybody
people-forbid-mics = Disable attendees’ microphones
people-allow-mics = Allow attendees’ microphones
people-forbid-cameras = Disable attendees’ cameras
people-allow-cameras = Allow attendees’ cameras
people-clear-spotlight = Clear the spotlight
people-recording-on = Recording is on
people-recording-stopped = Recording has stopped
people-recording-tells = Tells everybody. The service itself records nothing.
people-transcription-on = Transcription is on
people-transcription-stopped = Transcription has stopped
people-transcription-tells = Tells everybody. The service itself transcribes nothing.
people-rename = Change my name
people-rename-title = Change your name
people-rename-label = Name others see
people-rename-confirm = Change

## What everybody has to know

people-recorded = This meeting is being recorded.
people-transcribed = This meeting is being transcribed.
people-recorded-and-transcribed = This meeting is being recorded and transcribed.
people-green-room = Attendees are waiting: the meeting has not started.
people-locked = The meeting is locked.
people-consent-missing = Nobody hears or sees you until you agree.
people-consent-open = Agree …
people-consent-title = Do you agree to being recorded?
people-consent-text = This meeting is being recorded or transcribed. Until you agree, you can watch and listen, but not speak, show your camera or share. Your answer holds for this call.
people-consent-later = Not now
people-consent-grant = I agree

## Options

people-meeting-options = Meeting options
people-options-saved = The meeting options were saved.
people-options-not-yours = Only the organizer can change the options of this meeting.
people-option-bypass = Who can bypass the lobby?
people-option-bypass-everyone = Everyone
people-option-bypass-federated = People in my organization and trusted organizations
people-option-bypass-organization = People in my organization and guests
people-option-bypass-no-guests = People in my organization
people-option-bypass-invited = People who were invited
people-option-only-organizers = Only organizers and co-organizers
people-option-everyone = Everyone
people-option-admitters = Who can admit from the lobby?
people-option-admitters-presenters = Organizers, co-organizers and presenters
people-option-presenters = Who can present?
people-option-presenters-organization = People in my organization
people-option-presenters-chosen = Specific people
people-option-chat = Meeting chat
people-option-chat-enabled = On
people-option-chat-limited = In-meeting only
people-option-chat-disabled = Off
people-option-mic = Allow microphone for attendees
people-option-camera = Allow camera for attendees
people-option-reactions = Allow reactions
people-option-names = Let people change their names
people-option-announce = Announce when people join or leave
people-option-encryption = End-to-end encryption (guests cannot join)

## Why something cannot be done

people-not-capable = Guests cannot do this.
people-policy-restricted = The organizer’s policy does not allow this.
people-meeting-restricted = This is turned off in this meeting.
people-role-restricted = Your role in this meeting does not allow this.
people-consent-first = Agree to the recording first.
people-not-available = This is not available here.
people-not-in-this-call = This is not available in this kind of call.
people-not-now = You cannot do this at the moment.

## What happened

people-notice-muted-by = { $name } muted you.
people-notice-muted = Somebody muted you.
people-notice-media-trouble = Audio or video could not be set up. Leave and join again if it does not come back.
people-refused-unknown = This could not be done. Please try again.
people-refused-rate-limited = That was too quick. Wait a moment.
people-refused-too-many = There are as many as possible already.
people-refused-not-allowed = You are not allowed to do this.
people-refused-unknown-participant = This person is no longer in the meeting.
people-refused-not-in-call = You have to be in the meeting for this.
people-refused-meeting-full = The meeting is full.
people-refused-too-large = The message is too long.
people-refused-bad-display-name = The name must have 1 to 256 characters that can be shown.
people-refused-busy = The service is busy. Try again.
people-refused-muted = You have been muted meanwhile; unmute again.

## The end

people-join-again = Join again
people-try-again = Try again
people-end-code = Code { $code }
people-end-over = The call is over
people-end-refused = You could not join
people-end-left = You left the meeting
people-end-ended = The meeting has ended
people-end-removed = You were removed from the meeting
people-end-lobby-denied = You were not let in
people-end-lobby-timeout = Nobody let you in
people-end-meeting-not-found = This meeting was not found
people-end-bad-locator = This is not a meeting link
people-end-bad-display-name = This name cannot be used
people-end-government-cloud = This meeting cannot be joined from here
people-end-anonymous-join-disabled = Guests cannot join this meeting
people-end-unauthenticated = Your access has expired
people-end-connection-lost = The connection was lost
people-end-service-stopping = The service is restarting
people-why-left = You left the meeting.
people-why-ended = The organizer ended the meeting for everyone.
people-why-connection-lost = The connection to the meeting was lost and could not be restored.
people-why-refused = The service refused the request to join.
people-why-removed = You were removed from the meeting.
people-why-lobby-denied = Your request to join was declined.
people-why-lobby-timeout = Nobody let you in from the lobby in time.
people-why-meeting-not-found = There is no such meeting, it has expired, or its passcode is wrong.
people-why-bad-locator = This is not a link to a meeting that can be joined.
people-why-bad-display-name = The name must have 1 to 256 characters that can be shown.
people-why-too-many-attempts = There were too many failed attempts to find a meeting; try again later.
people-why-protocol-violation = The app sent something that was not expected here.
people-why-anonymous-join-disabled = The organizer or the organization does not let guests join this meeting.
people-why-client-type-blocked = The organizer does not let guests join with this kind of app.
people-why-federation-required = The organization accepts guests of trusted apps only.
people-why-resource-not-allowed = The organization does not trust this app.
people-why-federation-disabled-for-organizer = The organizer does not accept guests of this app.
people-why-kind-not-supported = Guests cannot join this kind of meeting.
people-why-e2ee = Guests cannot join meetings with end-to-end encryption.
people-why-government-cloud = Meetings of the government cloud cannot be joined from here.
people-why-cloud-not-supported = Meetings of this cloud cannot be joined from here.
people-why-meeting-locked = The meeting is locked.
people-why-meeting-full = The meeting is full.
people-why-captcha-required = The meeting asks guests for a check that this app cannot show.
people-why-group-users-only = Only users of apps can join group calls.
people-why-group-not-started = The call has not started.
people-why-room-not-found = There is no such room.
people-why-room-not-invited = You are not invited to this room.
people-why-room-not-open = The room is not open yet.
people-why-room-over = The room cannot be joined any more.
people-why-room-closed = The room has closed.
people-why-unauthenticated = Your access has expired or is not valid here.
people-why-media-lost = The media connection was lost.
people-why-service-failure = Something went wrong on the server.
people-why-service-stopping = The service is being restarted.
