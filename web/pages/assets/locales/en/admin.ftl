# The administrators' page. Names of settings, policies and tiers are not translated: they are those of the cmdlets.

admin-title = Administration
admin-lead = For administrators of the organization.
admin-sign-in-again = Please sign in again.
admin-not-an-administrator = You do not administer this organization.
admin-sign-out = Sign out
admin-skip = Skip to the content
admin-navigation = Sections
admin-unreachable = The service cannot be reached.
admin-refused = The service refused this.
admin-loading = Loading…
admin-other-tenant = You are looking after { $tenant }, which is not your own tenant.
admin-back-to-own = Back to your own tenant
admin-add = Add
admin-name = Name
admin-id = Id
admin-users = Users
admin-none = None
admin-show = Show

## Settings

admin-settings = Settings
admin-settings-lead = Under the names of the PowerShell cmdlets. They take effect at once, in running meetings, too.
admin-applied = The settings are in effect from now on.
admin-add-named = Add a policy, a label or a template
admin-named-explained = A policy begins with the values of Global. A sensitivity label or a meeting template fixes the most that a meeting may have; what it leaves open is for the organizer to choose.
admin-added = { $name } was added. It takes effect once it is applied.
admin-exists = There is a { $name } already.
admin-remove = Remove
admin-remove-named = Remove { $name }
admin-removed = { $name } was removed. That takes effect once it is applied.
admin-left-open = Left open
admin-grant-explained = To whom policies are granted. What is granted to a user goes before what is granted to a group; of several groups the one with the smallest rank counts.
admin-grant-add = Grant a policy
admin-grant-number = Grant { $number }
admin-grant-to = To
admin-grant-who = Name or id
admin-dry-run = Show what would change
admin-apply = Apply
admin-guests-of = Guests of { $meeting }
admin-nothing-changes = Nothing changes.
admin-would-change = This would change
admin-has-changed = This has changed
admin-for = For
admin-setting = Setting
admin-value = Value
admin-before = Before
admin-after = After

## Effective values

admin-effective = Effective values
admin-effective-lead = What holds for the meetings of one user, and where each value comes from.
admin-user = User
admin-for-meeting = For the meeting
admin-new-meeting = A new meeting
admin-changed-only = Only values that are not Microsoft’s default
admin-effective-shown = Effective values of { $user } are shown.
admin-policy = Policy
admin-policy-values = Values of the policies
admin-meeting-values = Options of the meeting
admin-option = Option
admin-from = Comes from
admin-own-value = Set in the meeting
admin-granted-user = { $policy }, granted to the user
admin-granted-group = { $policy }, granted to the group { $group }
admin-granted-global = { $policy }, since no other is granted
admin-source-policy = Policy { $name }
admin-source-label = Sensitivity label { $name }
admin-source-template = Meeting template { $name }
admin-source-start = New meetings under the policy { $name }
admin-source-default = Default
admin-source-meeting = The meeting’s own options

## Live meetings

admin-meetings = Live meetings
admin-meetings-lead = Meetings with somebody in the lobby or in the call.
admin-meetings-summary = { $count ->
    [0] No meeting is running
    [one] One meeting is running
   *[other] { $count } meetings are running
} · as of { $time }
admin-meetings-count = { $count ->
    [0] No meeting is running.
    [one] One meeting is running.
   *[other] { $count } meetings are running.
}
admin-participants = { $count ->
    [0] Nobody in the call
    [one] One participant
   *[other] { $count } participants
}{ $waiting ->
    [0] {""}
   *[other] , { $waiting } waiting
}
admin-waiting = In the lobby
admin-organized-by = Organized by { $name } ({ $upn })
admin-room = Room { $id }
admin-since = since { $time }
admin-not-begun = nobody is in yet
admin-locked = Locked
admin-recording = Recording
admin-transcription = Transcription
admin-sharing = sharing the screen
admin-reconnecting = reconnecting
admin-role-organizer = Organizer
admin-role-co-organizer = Co-organizer
admin-role-presenter = Presenter
admin-role-attendee = Attendee
admin-role-consumer = Consumer
admin-role-collaborator = Collaborator
admin-label-external = External
admin-label-unverified = Unverified
admin-end = End meeting
admin-end-question = End { $subject }?
admin-end-consequence = { $count ->
    [one] One person is removed.
   *[other] All { $count } people are removed.
} The meeting can be joined again afterwards.
admin-ended = { $subject } was ended.

## Explain a join

admin-explain = Explain a join
admin-explain-lead = Why a guest gets into a meeting, waits or stays outside.
admin-explain-do = Explain
admin-meeting-link = Meeting link
admin-guest = Guest
admin-guest-name = Name the guest gives
admin-guest-resource = ACS resource, by name or id
admin-first-resource = the first one
admin-started = The meeting
admin-started-now = as it is now
admin-started-yes = has begun
admin-started-no = has not begun
admin-guest-is-told = The guest is told: { $sentence } ({ $code })
admin-of-meeting = { $subject }, organized by { $organizer }, policy { $policy }
admin-passes = passes
admin-stops = stops
admin-level = Level
admin-changed-by = Can be changed by
admin-how = How
admin-capabilities = What the guest may do
admin-capability = Capability
admin-why = Why

## Protection

admin-audit = Protection check
admin-audit-lead = Compares the settings with a tier of protection.
admin-tier = Tier
admin-tier-met = Nothing found: the tier { $tier } is met.
admin-where = Where
admin-wanted = Wanted
admin-consequence = Who could do what
admin-fix = What closes it

## Tenants

admin-tenants = Tenants
admin-tenants-lead = All tenants of this service. Only its operators see them.
admin-this-tenant = This one
admin-look-after = Administer
admin-look-after-name = Administer { $tenant }

## Resources

admin-resources = Resources and keys
admin-resources-lead = ACS resources of this service. Whoever has an access key can make guests.
admin-new-resource = Name of a new resource
admin-resource-made = The resource { $name } was made.
admin-first = First resource
admin-created = made on { $date }
admin-rotations = keys regenerated: primary { $primary }, secondary { $secondary }
admin-reveal = Show keys
admin-hide = Hide keys
admin-primary-key = Primary key
admin-primary-connection-string = Primary connection string
admin-secondary-key = Secondary key
admin-secondary-connection-string = Secondary connection string
admin-copy = Copy: { $what }
admin-copied = Copied.
admin-regenerate = Regenerate
admin-regenerate-primary = Regenerate primary key…
admin-regenerate-secondary = Regenerate secondary key…
admin-regenerate-primary-question = Regenerate the primary key of { $name }?
admin-regenerate-secondary-question = Regenerate the secondary key of { $name }?
admin-regenerate-consequence = The old key is refused at once, and so are the tokens that were issued with it. Guests who are in a call with such a token are removed.
admin-regenerated = The key was regenerated.

## Errors

admin-errors = Error catalogue
admin-errors-lead = Every error this service answers: why it comes, what to do.
admin-search = Search by code, name or text
admin-errors-count = { $count ->
    [0] Nothing found.
    [one] One error.
   *[other] { $count } errors.
}
