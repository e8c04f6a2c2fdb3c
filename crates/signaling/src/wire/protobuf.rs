//! Messages as protobuf.

use prost::Message;

use super::DecodeError;

pub(super) fn decode<M: Message + Default>(bytes: &[u8]) -> Result<M, DecodeError> {
    M::decode(bytes).map_err(|_| DecodeError::Protobuf)
}

pub(super) fn encode<M: Message>(message: &M) -> Vec<u8> {
    message.encode_to_vec()
}
