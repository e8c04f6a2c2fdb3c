//! Whether values are acceptable.

use std::collections::BTreeMap;

use super::{Member, Message, RetentionPolicy};
use crate::error::ChatError;
use crate::limits::Limits;

pub(super) fn own(caller: &Member, message: &Message) -> Result<(), ChatError> {
    if message.sender.as_ref() != Some(&caller.id) {
        return Err(ChatError::NotSender);
    }
    Ok(())
}

pub(super) fn topic(limits: &Limits, topic: &str) -> Result<(), ChatError> {
    if !(1..=limits.topic_chars).contains(&topic.chars().count()) {
        return Err(ChatError::BadRequest {
            target: "topic",
            message: "Topic must not be empty or too long.",
        });
    }
    Ok(())
}

pub(super) fn content(limits: &Limits, content: &str) -> Result<(), ChatError> {
    if content.is_empty() {
        return Err(ChatError::BadRequest {
            target: "content",
            message: "Content must not be empty.",
        });
    }
    if content.len() > limits.content_bytes {
        return Err(ChatError::TooLarge(content.len()));
    }
    Ok(())
}

pub(super) fn display_name(limits: &Limits, target: &'static str, name: &str) -> Result<(), ChatError> {
    if name.chars().count() > limits.display_name_chars || name.chars().any(char::is_control) {
        return Err(ChatError::BadRequest {
            target,
            message: "A display name is too long or holds control characters.",
        });
    }
    Ok(())
}

pub(super) fn metadata(limits: &Limits, metadata: &BTreeMap<String, String>) -> Result<(), ChatError> {
    let bytes: usize = metadata.iter().map(|(key, value)| key.len() + value.len()).sum();
    if bytes > limits.metadata_bytes {
        return Err(ChatError::BadRequest {
            target: "metadata",
            message: "Metadata must not exceed 1 KB.",
        });
    }
    Ok(())
}

pub(super) fn retention(policy: RetentionPolicy) -> Result<(), ChatError> {
    match policy {
        RetentionPolicy::ThreadCreationDate {
            delete_thread_after_days,
        } if !RetentionPolicy::DAYS.contains(&delete_thread_after_days) => Err(ChatError::BadRequest {
            target: "retentionPolicy",
            message: "A thread is kept for 30 to 90 days.",
        }),
        _ => Ok(()),
    }
}

pub(super) fn members(limits: &Limits, members: &[Member]) -> Result<(), ChatError> {
    if members.len() > limits.participants_per_call {
        return Err(ChatError::BadRequest {
            target: "participants",
            message: "Too many participants in one call.",
        });
    }
    for member in members {
        display_name(limits, "displayName", &member.display_name)?;
        metadata(limits, &member.metadata)?;
    }
    Ok(())
}

pub(super) fn room_for(limits: &Limits, present: usize, more: usize) -> Result<(), ChatError> {
    if present.saturating_add(more) > limits.participants {
        return Err(ChatError::BadRequest {
            target: "participants",
            message: "The thread has no room for so many participants.",
        });
    }
    Ok(())
}
