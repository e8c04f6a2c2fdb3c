//! UUIDs with a meaning.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::IdError;

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident, $field:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Gives a UUID this meaning.
            #[must_use]
            pub const fn new(id: Uuid) -> Self {
                Self(id)
            }

            /// Draws a new one at random.
            #[must_use]
            pub fn random() -> Self {
                Self(Uuid::new_v4())
            }

            /// The bare UUID.
            #[must_use]
            pub const fn as_uuid(&self) -> Uuid {
                self.0
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0.hyphenated(), f)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            /// Accepts the 36-character form with hyphens, in either case.
            fn from_str(text: &str) -> Result<Self, IdError> {
                if text.len() != 36 {
                    return Err(IdError::new($field));
                }
                Uuid::try_parse(text).map(Self).map_err(|_| IdError::new($field))
            }
        }
    };
}

uuid_id!(
    /// An ACS resource: the immutable resource id, a UUID.
    ResourceId,
    "resource id"
);
uuid_id!(
    /// A tenant of the directory, a UUID (`tid`).
    TenantId,
    "tenant id"
);
uuid_id!(
    /// A user or application in a tenant's directory, a UUID (`oid`).
    ObjectId,
    "object id"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_lower_case_and_reads_either() {
        let text = "5C1D3A52-8F0E-4B57-9A11-2F6F7D3C9E10";
        let id: TenantId = text.parse().unwrap();
        assert_eq!(id.to_string(), text.to_lowercase());
        assert_eq!(id.to_string().parse(), Ok(id));
    }

    #[test]
    fn refuses_other_forms() {
        for text in [
            "",
            "contoso",
            "5c1d3a528f0e4b579a112f6f7d3c9e10",
            "{5c1d3a52-8f0e-4b57-9a11-2f6f7d3c9e10}",
        ] {
            assert!(text.parse::<ObjectId>().is_err(), "{text}");
        }
    }
}
