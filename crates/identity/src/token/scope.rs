//! What a user token allows.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// One scope of a user token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// `chat`: everything in chat.
    Chat,
    /// `chat.join`: chat without creating and deleting threads.
    ChatJoin,
    /// `chat.join.limited`: chat without managing participants either.
    ChatJoinLimited,
    /// `voip`: start and join calls.
    Voip,
    /// `voip.join`: join running calls.
    VoipJoin,
}

/// A text is no scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("unknown scope")]
pub struct ScopeError;

impl Scope {
    /// All scopes.
    pub const ALL: [Self; 5] = [
        Self::Chat,
        Self::ChatJoin,
        Self::ChatJoinLimited,
        Self::Voip,
        Self::VoipJoin,
    ];

    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::ChatJoin => "chat.join",
            Self::ChatJoinLimited => "chat.join.limited",
            Self::Voip => "voip",
            Self::VoipJoin => "voip.join",
        }
    }

    const fn bit(self) -> u8 {
        match self {
            Self::Chat => 1,
            Self::ChatJoin => 2,
            Self::ChatJoinLimited => 4,
            Self::Voip => 8,
            Self::VoipJoin => 16,
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Scope {
    type Err = ScopeError;

    fn from_str(text: &str) -> Result<Self, ScopeError> {
        Self::ALL
            .into_iter()
            .find(|scope| scope.as_str() == text)
            .ok_or(ScopeError)
    }
}

/// Several scopes. On the wire a comma separated list (`acsScope`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct ScopeSet(u8);

impl ScopeSet {
    /// No scope.
    #[must_use]
    pub const fn new() -> Self {
        Self(0)
    }

    /// Whether it holds no scope.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether it holds this scope.
    #[must_use]
    pub const fn contains(self, scope: Scope) -> bool {
        self.0 & scope.bit() != 0
    }

    /// Its scopes, in the order of [`Scope::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.into_iter().filter(move |scope| self.contains(*scope))
    }
}

impl FromIterator<Scope> for ScopeSet {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().fold(0, |bits, scope| bits | scope.bit()))
    }
}

impl fmt::Display for ScopeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, scope) in self.iter().enumerate() {
            if index > 0 {
                f.write_str(",")?;
            }
            f.write_str(scope.as_str())?;
        }
        Ok(())
    }
}

impl FromStr for ScopeSet {
    type Err = ScopeError;

    fn from_str(text: &str) -> Result<Self, ScopeError> {
        if text.is_empty() {
            return Ok(Self::new());
        }
        text.split(',').map(str::parse).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_set_round_trips() {
        for bits in 0..32u8 {
            let set: ScopeSet = Scope::ALL
                .into_iter()
                .filter(|scope| bits & scope.bit() != 0)
                .collect();
            assert_eq!(set.to_string().parse(), Ok(set));
        }
        assert_eq!("chat,calls".parse::<ScopeSet>(), Err(ScopeError));
    }
}
