use super::{ONE_BYTE_PROFILE, TWO_BYTE_PROFILE};

/// The elements of a header extension block, in wire order (RFC 8285).
///
/// Iterates over `(id, value)`: ids 1..=14 with 1 to 16 bytes in the one-byte form, ids 1..=255 with 0 to 255 bytes in
/// the two-byte form.
#[derive(Debug, Clone, Copy)]
pub struct Extensions<'a> {
    form: Form,
    rest: &'a [u8],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    OneByte,
    TwoByte,
}

impl<'a> Extensions<'a> {
    pub(super) const fn none() -> Self {
        Self {
            form: Form::OneByte,
            rest: &[],
        }
    }

    #[inline]
    pub(super) const fn new(profile: u16, block: &'a [u8]) -> Self {
        if profile == ONE_BYTE_PROFILE {
            Self {
                form: Form::OneByte,
                rest: block,
            }
        } else if profile & 0xfff0 == TWO_BYTE_PROFILE {
            Self {
                form: Form::TwoByte,
                rest: block,
            }
        } else {
            Self::none()
        }
    }
}

impl<'a> Iterator for Extensions<'a> {
    type Item = (u8, &'a [u8]);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (&head, rest) = self.rest.split_first()?;
            let (id, length, rest) = match self.form {
                Form::OneByte => {
                    let id = head >> 4;
                    if id == 15 {
                        // Reserved: the rest of the block is to be ignored (RFC 8285 §4.2).
                        self.rest = &[];
                        return None;
                    }
                    (id, usize::from(head & 0x0f) + 1, rest)
                }
                Form::TwoByte if head == 0 => (0, 0, rest),
                Form::TwoByte => {
                    let (&length, rest) = rest.split_first()?;
                    (head, usize::from(length), rest)
                }
            };
            if id == 0 {
                // Padding is the one zero byte.
                self.rest = rest;
                continue;
            }
            let Some((value, rest)) = rest.split_at_checked(length) else {
                self.rest = &[];
                return None;
            };
            self.rest = rest;
            return Some((id, value));
        }
    }
}
