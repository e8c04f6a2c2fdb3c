//! What both agents do with a peer's connectivity check (RFC 8445 §7.3).

use super::{IceCredentials, Path};
use crate::outbox::{Outbox, Transmit};
use crate::session::DropReason;
use crate::stun::{Class, ErrorCode, Message, MessageBuilder};
use crate::tcp::plain;
use crate::wire::BufferFull;

/// Enough for any message we send: two user fragments of 256 bytes and every fixed attribute.
pub(super) const MAX_MESSAGE: usize = 700;

/// The role that the sender of a check claims.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Claim {
    Controlling,
    Controlled,
}

/// Which credentials of ours a request was made with.
///
/// The remote half of the user name is compared when the peer's fragment is known.
pub(super) fn authenticate(
    message: &Message<'_>,
    local: &IceCredentials,
    remote: Option<&IceCredentials>,
) -> Result<(), DropReason> {
    let (ours, theirs) = message.username().ok_or(DropReason::UnauthenticatedStun)?;
    if ours != local.ufrag
        || remote.is_some_and(|remote| remote.ufrag != theirs)
        || !message.verify_integrity(&local.pwd)
    {
        return Err(DropReason::UnauthenticatedStun);
    }
    Ok(())
}

/// Refuses an authentic request that we do not understand or whose sender claims our own role.
/// Returns whether it was refused (and answered).
pub(super) fn refuse(
    message: &Message<'_>,
    our_claim: Claim,
    path: Path,
    local: &IceCredentials,
    outbox: &mut Outbox,
) -> bool {
    let conflict = match our_claim {
        Claim::Controlling => message.ice_controlling().is_some(),
        Claim::Controlled => message.ice_controlled().is_some(),
    };
    let code = if !message.unknown_attributes().is_empty() {
        ErrorCode::UNKNOWN_ATTRIBUTE
    } else if conflict {
        ErrorCode::ROLE_CONFLICT
    } else {
        return false;
    };
    send(outbox, path, |buffer| {
        let mut builder = MessageBuilder::new(buffer, Class::Error, message.transaction_id())?;
        builder.error_code(code)?;
        if code == ErrorCode::UNKNOWN_ATTRIBUTE {
            builder.unknown_attributes(message.unknown_attributes())?;
        }
        builder.finish_with_integrity(&local.pwd)
    });
    true
}

/// Answers an authentic request from the address that received it.
pub(super) fn accept(message: &Message<'_>, path: Path, local: &IceCredentials, outbox: &mut Outbox) {
    send(outbox, path, |buffer| {
        let mut builder = MessageBuilder::new(buffer, Class::Success, message.transaction_id())?;
        builder.xor_mapped_address(plain(path.remote))?;
        builder.finish_with_integrity(&local.pwd)
    });
}

/// Builds a message and queues it.
pub(super) fn send(
    outbox: &mut Outbox,
    path: Path,
    build: impl for<'b> FnOnce(&'b mut [u8]) -> Result<&'b [u8], BufferFull>,
) {
    let mut buffer = [0; MAX_MESSAGE];
    // MAX_MESSAGE covers the longest credentials that `IceCredentials::validate` lets pass.
    if let Ok(datagram) = build(&mut buffer) {
        outbox.push(
            Transmit {
                source: path.local,
                destination: path.remote,
            },
            datagram,
        );
    }
}
