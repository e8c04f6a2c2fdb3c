#![doc = include_str!("../README.md")]

#[cfg(feature = "client")]
pub mod client;
pub mod error;
pub mod event;
pub mod html;
pub mod id;
pub mod service;
pub mod store;
pub mod thread;
pub mod wire;

pub use self::error::{ChatError, StoreError};
pub use self::event::Event;
pub use self::id::{ClientMessageId, MessageId, ParseIdError, SequenceId, ThreadId};
pub use self::service::{ChatService, MessageEdit, NewMessage, NewThread, Page, PageRequest, Sent};
pub use self::store::{Change, Changes, ChatStore, MemoryChatStore, MessageRange};
pub use self::thread::{
    ContentKind, Member, Message, MessageKind, ParticipantRef, SystemMessages, ThreadProperties,
};
