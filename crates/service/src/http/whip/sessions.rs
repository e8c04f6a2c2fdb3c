//! Which sessions run.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anteroom_identity::id::CommunicationIdentifier;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tokio::sync::{mpsc, oneshot};

use crate::http::errors::ApiError;

/// Random bytes in the id of a session.
const ID_BYTES: usize = 16;

/// What a running session is asked for.
#[derive(Debug)]
pub(crate) enum Command {
    /// The client has something to say about its transport.
    Patch(Patch, oneshot::Sender<Result<Patched, ApiError>>),
    /// Leave. Answered, or dropped, when that is done.
    Delete(oneshot::Sender<()>),
}

/// What a client says about its transport.
#[derive(Debug)]
pub(crate) struct Patch {
    pub(super) if_match: String,
    /// New user fragment and password of ICE.
    pub(super) credentials: Option<(String, String)>,
}

/// What came of it.
#[derive(Debug)]
pub(crate) enum Patched {
    Noted,
    Restarted { fragment: String, etag: String },
}

/// The running sessions; clones are the same.
#[derive(Debug, Clone, Default)]
pub(crate) struct MediaSessions(Arc<Mutex<HashMap<String, Known>>>);

#[derive(Debug)]
struct Known {
    owner: CommunicationIdentifier,
    commands: mpsc::Sender<Command>,
}

/// A session that can be found until this is dropped.
#[derive(Debug)]
pub(super) struct Listed {
    sessions: MediaSessions,
    pub(super) id: String,
}

impl MediaSessions {
    /// A session of this owner.
    pub(super) fn find(&self, id: &str, owner: &CommunicationIdentifier) -> Option<mpsc::Sender<Command>> {
        let sessions = self.lock();
        let known = sessions.get(id).filter(|known| known.owner == *owner)?;
        Some(known.commands.clone())
    }

    /// Makes a session known under a new id, which cannot be guessed.
    pub(super) fn list(&self, owner: CommunicationIdentifier, commands: mpsc::Sender<Command>) -> Listed {
        let mut bytes = [0; ID_BYTES];
        rand::Rng::fill_bytes(&mut rand::rng(), &mut bytes);
        let id = URL_SAFE_NO_PAD.encode(bytes);
        self.lock().insert(id.clone(), Known { owner, commands });
        Listed {
            sessions: self.clone(),
            id,
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Listed {
    fn drop(&mut self) {
        self.sessions.lock().remove(&self.id);
    }
}
