//! What the rules say about a person.

use anteroom_identity::token::Scope;
use anteroom_teams_link::admission::{self, AdmissionInput, Decision, EndReason, LobbyReason, Relation};
use anteroom_teams_link::link::{Cloud, LinkKind};
use anteroom_teams_link::policy::{ChatUser, MeetingKind, may_chat};
use anteroom_teams_link::{CapabilitySet, Role};

use super::participant::{CallRole, Participant, Person, PersonKind};
use super::{Meeting, Now, Policy, Rules};

/// What becomes of somebody who comes or waits.
#[derive(Debug, Clone, Copy)]
pub(super) enum Verdict {
    /// Stays outside.
    Deny(EndReason),
    /// Waits.
    Lobby(LobbyReason),
    /// Comes in.
    Admit {
        role: CallRole,
        capabilities: CapabilitySet,
    },
}

impl From<Decision> for Verdict {
    fn from(decision: Decision) -> Self {
        match decision {
            Decision::Deny(refusal) => {
                tracing::debug!(%refusal, "the rules refuse a participant");
                Self::Deny(refusal.reason)
            }
            Decision::Lobby(reason) => Self::Lobby(reason),
            Decision::Admit { role, capabilities } => Self::Admit {
                role: CallRole::Meeting(role),
                capabilities,
            },
        }
    }
}

impl Meeting {
    /// The decision about somebody who comes or waits.
    pub(super) fn decide(&self, person: &Person, now: Now) -> Verdict {
        match &self.policy {
            Policy::Meeting(rules) => {
                let call = self.call.as_ref();
                match self.in_this_call(
                    person,
                    admission::decide(&self.admission_input(rules, person)).into(),
                ) {
                    // Whoever was removed has to ask again, and may have been let in by hand since.
                    Verdict::Admit { .. }
                        if call.is_some_and(|call| {
                            call.was_removed(&person.id) && !call.was_admitted(&person.id)
                        }) =>
                    {
                        Verdict::Lobby(LobbyReason::WaitForAdmit)
                    }
                    Verdict::Lobby(LobbyReason::WaitForAdmit)
                        if call.is_some_and(|call| call.was_admitted(&person.id)) =>
                    {
                        self.decide_admitted(person, now)
                    }
                    // The scope `voip.join` is for calls that run.
                    Verdict::Admit { .. } if self.call.is_none() && !may_start(person) => {
                        Verdict::Lobby(LobbyReason::WaitForStart)
                    }
                    verdict => verdict,
                }
            }
            Policy::Room(rules) => self.unless_full(rules.verdict(person, now)),
            Policy::Group(rules) => self.unless_full(rules.verdict(person, self.call.is_some())),
        }
    }

    fn unless_full(&self, verdict: Verdict) -> Verdict {
        let full = self.present_count() >= self.limits.participants;
        match verdict {
            Verdict::Admit { .. } if full => Verdict::Deny(EndReason::meeting_full()),
            verdict => verdict,
        }
    }

    /// The decision about somebody who is let in by hand.
    pub(super) fn decide_admitted(&self, person: &Person, now: Now) -> Verdict {
        match &self.policy {
            Policy::Meeting(rules) => {
                let verdict = admission::decide_admitted(&self.admission_input(rules, person)).into();
                self.in_this_call(person, verdict)
            }
            Policy::Room(_) | Policy::Group(_) => self.decide(person, now),
        }
    }

    /// What the call that runs adds to a verdict: a role given in it, and its green room.
    fn in_this_call(&self, person: &Person, verdict: Verdict) -> Verdict {
        let Verdict::Admit { role, capabilities } = verdict else {
            return verdict;
        };
        let role = self.given_role(&person.id).unwrap_or(role);
        if role == CallRole::Meeting(Role::Attendee) && self.has_green_room() && !self.started() {
            return Verdict::Lobby(LobbyReason::WaitForStart);
        }
        Verdict::Admit { role, capabilities }
    }

    /// Whether somebody may use the chat while in the call.
    pub(super) fn chat_is_on(&self, participant: &Participant) -> bool {
        let Policy::Meeting(rules) = &self.policy else {
            return false;
        };
        let user = if self.is_colleague(participant) {
            ChatUser::Member
        } else {
            ChatUser::Anonymous
        };
        // The chat of a channel meeting is the channel's.
        let of_channel = rules.options.kind == MeetingKind::Channel && user == ChatUser::Anonymous;
        !of_channel && may_chat(&rules.organizer, &rules.options, user)
    }

    /// Whether somebody is of the organization whose meeting this is.
    pub(super) fn is_colleague(&self, participant: &Participant) -> bool {
        self.facts.host.is_some_and(|host| participant.is_of(host.tenant))
    }

    /// Whether a guest says of itself that it is a program.
    fn is_bot(&self, person: &Person) -> bool {
        matches!(&self.policy, Policy::Meeting(rules)
            if rules.tenant.external_bot_names.recognise(&person.display_name, &person.client))
    }

    fn admission_input<'a>(&self, rules: &'a Rules, person: &Person) -> AdmissionInput<'a> {
        AdmissionInput {
            // Links into other clouds and to other kinds never lead to a meeting of this service.
            cloud: Cloud::Public,
            kind: LinkKind::Own,
            tenant: &rules.tenant,
            organizer: &rules.organizer,
            options: &rules.options,
            started: self.started(),
            participant_count: self.present_count(),
            limit: self.limits.participants,
            participant: self.admission_participant(person),
        }
    }

    pub(super) fn admission_participant(&self, person: &Person) -> admission::Participant {
        match person.kind {
            PersonKind::Guest { resource, .. } => admission::Participant::Guest {
                resource,
                is_bot: self.is_bot(person),
            },
            PersonKind::Organization { tenant, object } => {
                let host = self.facts.host;
                let same_tenant = host.is_some_and(|host| host.tenant == tenant);
                admission::Participant::Organization {
                    oid: object,
                    is_organizer: same_tenant && host.is_some_and(|host| host.organizer == object),
                    // Others are named in the invitation, which the options hold.
                    is_co_organizer: self.given_role(&person.id)
                        == Some(CallRole::Meeting(Role::CoOrganizer)),
                    relation: if same_tenant {
                        Relation::Member
                    } else {
                        Relation::Stranger
                    },
                }
            }
        }
    }
}

/// Whether somebody's token allows to start a call.
const fn may_start(person: &Person) -> bool {
    match person.kind {
        PersonKind::Guest { scopes, .. } => scopes.contains(Scope::Voip),
        PersonKind::Organization { .. } => true,
    }
}
