## Before the call

call-join-title = Join a meeting
call-join-meeting = Join the meeting
call-join-room = Join the room
call-join-meeting-lead = You join as a guest. Someone in the meeting may have to let you in.
call-join-room-lead = You join a room you are invited to.
call-join = Join now
call-name = Your name
call-name-placeholder = How others will see you
call-name-missing = Please enter your name.
call-link = Meeting link
call-link-empty = Please paste the link from your invitation.
call-link-long = This text is too long to be a meeting link.
call-link-malformed = This is not a complete link. Copy it from the invitation again, from https:// to its end.
call-link-scheme = A meeting link begins with https://.
call-link-government = This meeting is in a government cloud and cannot be joined from here.
call-link-other-page = This link leads to another page of Teams, not to a meeting.
call-link-not-meeting = This link leads to a page here, not to a meeting.
call-link-unknown-host = This does not look like a link to a meeting.
call-preview = Camera and microphone
call-preview-asking = Your browser asks for camera and microphone …
call-preview-none = No picture
call-preview-off = Your camera is off
call-level = Microphone level
call-camera = Camera
call-microphone = Microphone
call-speaker = Speaker
call-speaker-system = Speaker of the system
call-speaker-named = Speaker: { $name }
call-speaker-test = Test sound
call-speaker-playing = Playing …
call-speaker-failed = No sound. Try again
call-microphone-denied = The microphone is blocked. Allow it in the address bar to be heard.
call-microphone-missing = No microphone found. You can still listen, and join the chat.
call-microphone-busy = The microphone is used by another program.
call-microphone-failed = The microphone could not be started.
call-microphone-unsupported = This browser gives microphones to secure (https) pages only.
call-camera-denied = The camera is blocked. Allow it in the address bar to be seen.
call-camera-missing = No camera found. You can join without one.
call-camera-busy = The camera is used by another program.
call-camera-failed = The camera could not be started.
call-camera-unsupported = This browser gives cameras to secure (https) pages only.
call-devices-denied = Camera and microphone are blocked. You can join without them, and others will not see or hear you.
call-devices-again = Try again
call-allow-how = How to allow them
call-allow-chromium = Click the icon left of the address, switch on camera and microphone, and come back here. If they stay blocked, check the privacy settings of your computer.
call-allow-firefox = Click the crossed-out icon left of the address, remove the block, and press “Try again”. If it stays, check the privacy settings of your computer.
call-allow-safari = Open Safari’s menu, “Settings for this website”, allow camera and microphone, and load the page again.
call-allow-other = Open the settings of this page in your browser, allow camera and microphone, and press “Try again”.

## Network check

call-network = Connection
call-network-lead = See whether calls work from where you are.
call-network-check = Check
call-network-again = Check again
call-network-checking = Checking your connection …
call-network-step-service = Reaching the service
call-network-step-signaling = Opening a session
call-network-step-media = Trying audio and video
call-network-good = Good connection
call-network-fair = Usable connection
call-network-poor = Poor connection
call-network-failed = No usable connection
call-network-fine = Audio and video should work well.
call-network-slow = Answers take a little long. You may notice short delays.
call-network-far = Answers take very long. Expect delays; try another network, or turn video off.
call-network-tcp = Your network lets media through over TCP only. Audio and video may stutter.
call-network-no-media = Audio and video do not get through. A firewall may block them; try another network.
call-network-no-session = The service answers, but calls do not get through. A proxy may block WebSockets; try another network.
call-network-unreachable = The service cannot be reached. Check your internet connection.
call-network-rtt = Round trip { $ms } ms
call-network-over = over { $protocol }
call-network-signaling-only = audio and video were not tried

## Waiting

call-joining = Joining …
call-joining-text = Connecting to the meeting.
call-lobby = You’re in the lobby
call-lobby-start = You’re in the lobby. The meeting has not started yet; you get in as soon as it does.
call-lobby-admit = You’re in the lobby. Someone in the meeting has to let you in.
call-lobby-reconnecting = The connection dropped. Reconnecting …

## In the call

call-meeting = Meeting
call-title-waiting = ({ $count } waiting) { $subject } · Anteroom
call-entered = You are in the meeting.
call-controls = Call controls
call-mute = Mute
call-unmute = Unmute
call-muted = muted
call-muted-speaking = You’re muted. Press { $keys } to unmute.
call-talking = You’re unmuted while you hold the space bar.
call-camera-start = Start video
call-camera-stop = Stop video
call-cameras = Choose a camera
call-microphones = Choose microphone and speaker
call-share = Share
call-share-screen = Share a screen
call-share-stop = Stop sharing
call-share-stop-screen = Stop sharing the screen
call-share-failed = The screen could not be shared.
call-sharing = You’re sharing your screen.
call-people = People
call-people-and-chat = People and chat
call-people-button = People, { $count } waiting in the lobby
call-chat-button =
    { $count ->
        [one] Chat, { $count } unread message
       *[other] Chat, { $count } unread messages
    }
call-leave = Leave
call-leave-meeting = Leave the meeting
call-end = End
call-end-meeting = End the meeting for everyone
call-end-question = End the meeting for everyone?
call-end-consequence = All participants are disconnected, and guests lose the chat.
call-end-confirm = End meeting
call-guest-link = Guest link
call-guest-link-copied = The link for guests was copied.
call-copy-failed = It could not be copied.
call-reconnecting = Connection lost. Reconnecting …
call-unlock = Click to hear the others
call-reacted = { $name }: { $reaction }
call-somebody = Somebody
call-you = You

## Pictures

call-pictures = Participants’ pictures
call-alone = Nobody else is here yet.
call-own-camera = Your camera
call-own-picture-move = Your picture. Drag it to another corner, or use the arrow keys.
call-screen-of = { $name }’s screen
call-tile-camera = { $name }’s camera
call-tile-hand = hand raised, number { $place }
call-tile-reconnecting = Reconnecting …
call-pin = Pin { $name }
call-pin-short = Pin
call-unpin = Unpin { $name }
call-unpin-short = Unpin
call-page = { $page } of { $pages }
call-page-before = Previous page
call-page-after = Next page
call-view = View
call-layout-auto = Automatic layout
call-layout-grid = Grid
call-layout-speaker = Speaker
call-self-show = Show my picture
call-full-screen = Full screen
call-full-screen-failed = Full screen is not possible here.
call-picture-in-picture = Picture in picture
call-picture-in-picture-failed = Picture in picture is not possible at the moment.

## Chat

call-chat = Chat
call-chat-empty = No messages yet. What is said here is gone for guests once they leave.
call-chat-messages = Messages
call-chat-message = Message
call-chat-placeholder = Type a message
call-chat-unavailable = Chat is not available
call-chat-send = Send
call-chat-too-long = This message is too long.
call-chat-new = New
call-chat-latest = Latest messages
call-chat-unread =
    { $count ->
        [one] { $count } new message
       *[other] { $count } new messages
    }
call-chat-edited = Edited
call-chat-deleted = This message was deleted.
call-chat-typing =
    { $count ->
        [one] { $names } is typing …
       *[other] { $names } are typing …
    }
call-chat-typing-many = Several people are typing …
call-chat-seen = Seen by { $names }
call-chat-more = { $count } more
call-chat-from = Message from { $name }: { $text }

## Quality and details

call-quality = Connection: { $quality }
call-quality-unknown = not known
call-quality-good = good
call-quality-fair = fair
call-quality-poor = poor
call-details = Connection details
call-details-measuring = Measuring …
call-details-none = There is no media connection at the moment.
call-details-copy = Copy
call-details-copied = The details were copied.
call-details-state = State
call-details-transport = Transport
call-details-up = Sent
call-details-down = Received
call-details-available = Available to send
call-details-streams = Streams
call-details-track = Stream
call-details-bitrate = Bitrate
call-details-picture = Picture
call-details-loss = Loss
call-details-jitter = Jitter
call-details-rtt = Round trip
call-details-codec = Codec
call-details-in = received
call-details-out = sent
call-details-audio = audio
call-details-video = video
call-details-limited-cpu = (limited by this computer)
call-details-limited-bandwidth = (limited by the network)
call-details-kbit = { $rate } kbit/s
call-details-mbit = { $rate } Mbit/s
call-details-ms = { $ms } ms

## Settings and keys

call-settings = Settings
call-settings-devices = Devices
call-settings-look = Appearance
call-theme = Appearance
call-theme-system = System
call-theme-light = Light
call-theme-dark = Dark
call-shortcuts = Keyboard shortcuts
call-key-mute = Mute or unmute
call-key-camera = Camera on or off
call-key-share = Share a screen, or stop
call-key-hand = Raise or lower your hand
call-key-space = Space
call-key-talk = Unmuted while held down
call-key-list = This list
