teams-page-title = Teams side · Anteroom
teams-lead = The Teams side: for people of the organization.
teams-sign-in-again = Please sign in again.

## The calendar

teams-your-meetings = Your meetings
teams-my-meetings = My meetings
teams-no-meetings = There are no meetings in your calendar for the next days.
teams-now = Now
teams-today = Today
teams-tomorrow = Tomorrow
teams-no-subject = Meeting without a subject
teams-organizer = Organizer: { $name }
teams-cancelled = Cancelled
teams-join = Join
teams-join-of = Join { $subject }
teams-join-with-link = Or join with a meeting link
teams-more-about = More about { $subject }
teams-guest-link = Guest link
teams-copy-guest-link-of = Copy the guest link of { $subject }
teams-guest-link-copied = The link for guests was copied.
teams-copy-invitation = Copy the invitation
teams-invitation-copied = The invitation was copied.
teams-invitation-join = Join the meeting: { $link }
teams-invitation-id = Meeting ID: { $id }
teams-invitation-passcode = Passcode: { $passcode }

## New meetings

teams-meet-now = Meet now
teams-meeting-with = Meeting with { $name }
teams-new-meeting = New meeting
teams-schedule-title = Schedule a meeting
teams-schedule-confirm = Schedule
teams-scheduled = The meeting is in your calendar.
teams-options-not-set = The meeting is scheduled, but its options could not be set.
teams-subject = Subject
teams-start = Start
teams-end = End
teams-end-before-start = The end has to be after the start.
teams-attendees = Invite colleagues (user names, separated by commas)

## Deleting

teams-delete = Delete the meeting
teams-delete-occurrence = Delete this occurrence
teams-delete-text = “{ $subject }” disappears from all calendars. A call that is running ends for everybody.
teams-remove = Remove from the calendar
teams-remove-text = “{ $subject }” disappears from your calendar only.
