#![doc = include_str!("../README.md")]

#[cfg(feature = "client")]
pub mod client;
pub mod error;
pub mod event;
pub mod html;
pub mod id;
pub mod limits;
pub mod service;
pub mod store;
pub mod thread;
pub mod trouter;
pub mod wire;

pub use self::error::{ChatError, StoreError};
pub use self::event::{Event, Notice};
pub use self::id::{ClientMessageId, MessageId, ParseIdError, SequenceId, ThreadId};
pub use self::limits::Limits;
pub use self::service::{ChatService, Created, MessageEdit, NewMessage, NewThread, Page, PageRequest, Sent};
pub use self::store::{
    Change, Changes, ChatStore, MembershipPlace, MemoryChatStore, MessageRange, ThreadRange,
};
pub use self::thread::{
    ContentKind, Member, Message, MessageKind, ParticipantRef, Receipt, RetentionPolicy, SystemMessages,
    ThreadProperties, ThreadUpdate,
};
