//! Who may be put into a thread, and by whom.

use std::borrow::BorrowMut;

use anteroom_chat::{ChatError, Member, ThreadId};
use anteroom_identity::id::CommunicationIdentifier;

use super::ChatHub;
use crate::store::Connection;
use crate::store::sqlite::SqliteChatStore;

/// Somebody who could not become a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Who.
    pub id: CommunicationIdentifier,
    /// Why.
    pub why: Refusal,
}

/// Why somebody could not become a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// Of another ACS resource than the caller, or nobody who can chat: a telephone, an application.
    NotAllowed,
    /// There is no such user here, or not any more.
    Unknown,
}

impl ChatHub {
    /// Adds participants to the caller's thread. Gives who could not become a member.
    ///
    /// # Errors
    /// As [`add_participants`](anteroom_chat::ChatService::add_participants).
    pub async fn add(
        &self,
        caller: &CommunicationIdentifier,
        thread: &ThreadId,
        members: Vec<Member>,
    ) -> Result<Vec<Refused>, ChatError> {
        let (caller, thread, limits) = (caller.clone(), thread.clone(), self.limits);
        self.with(move |threads, now| {
            if members.len() > limits.participants_per_call {
                return Err(ChatError::BadRequest {
                    target: "participants",
                    message: "Too many participants in one request.",
                });
            }
            let (members, refused) = vet(threads.store(), &caller, members)?;
            threads.add_participants(&caller, &thread, members, now)?;
            Ok(refused)
        })
        .await
    }

    /// Removes a participant, the caller itself too. Removing somebody who is not there is no error.
    ///
    /// # Errors
    /// As [`remove_participant`](anteroom_chat::ChatService::remove_participant).
    pub async fn remove(
        &self,
        caller: &CommunicationIdentifier,
        thread: &ThreadId,
        id: &CommunicationIdentifier,
    ) -> Result<(), ChatError> {
        let (caller, thread, id) = (caller.clone(), thread.clone(), id.clone());
        self.with(move |threads, now| threads.remove_participant(&caller, &thread, &id, now))
            .await
    }

    /// Whether somebody is a member now. A call of the host's.
    ///
    /// # Errors
    /// [`ChatError::Store`].
    pub async fn is_member(
        &self,
        thread: &ThreadId,
        id: &CommunicationIdentifier,
    ) -> Result<bool, ChatError> {
        let (thread, id) = (thread.clone(), id.clone());
        let member = self.read(move |threads| threads.membership(&thread, &id)).await?;
        Ok(member.is_some_and(|member| member.left_at.is_none()))
    }

    /// The members of a thread, for a member, with the names it may see.
    ///
    /// # Errors
    /// As [`list_members`](anteroom_chat::ChatService::list_members).
    pub async fn members(
        &self,
        caller: &CommunicationIdentifier,
        thread: &ThreadId,
    ) -> Result<Vec<Member>, ChatError> {
        let (reader, of) = (caller.clone(), thread.clone());
        let mut members = self
            .read(move |threads| threads.list_members(&reader, &of))
            .await?;
        if let Some(hidden) = self.names().hidden_from(caller, thread) {
            for member in &mut members {
                hidden.mask_member(Some(caller), member);
            }
        }
        Ok(members)
    }
}

/// Parts those whom the caller may put into a thread from those whom it may not.
pub(super) fn vet<C: BorrowMut<Connection>>(
    store: &SqliteChatStore<C>,
    caller: &CommunicationIdentifier,
    members: Vec<Member>,
) -> Result<(Vec<Member>, Vec<Refused>), ChatError> {
    let (mut good, mut refused) = (Vec::with_capacity(members.len()), Vec::new());
    for member in members {
        let why = match (&member.id, caller) {
            (id, caller) if id == caller => None,
            (
                CommunicationIdentifier::CommunicationUser(user),
                CommunicationIdentifier::CommunicationUser(caller),
            ) if user.resource() != caller.resource() => Some(Refusal::NotAllowed),
            (
                CommunicationIdentifier::CommunicationUser(_)
                | CommunicationIdentifier::MicrosoftTeamsUser(_),
                _,
            ) => (!store.is_known(&member.id)?).then_some(Refusal::Unknown),
            _ => Some(Refusal::NotAllowed),
        };
        match why {
            None => good.push(member),
            Some(why) => refused.push(Refused { id: member.id, why }),
        }
    }
    Ok((good, refused))
}
