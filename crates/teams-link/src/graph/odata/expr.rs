//! A filter, parsed.

use time::OffsetDateTime;

/// Names from the outside in: `joinMeetingIdSettings/joinMeetingId` has two.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Path(pub(super) Vec<String>);

impl Path {
    /// Its names; at least one.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.0
    }

    /// Whether this is that path, without regard to case: Graph's clients write `JoinWebUrl` for `joinWebUrl`.
    #[must_use]
    pub fn is(&self, names: &[&str]) -> bool {
        self.0.len() == names.len()
            && self
                .0
                .iter()
                .zip(names)
                .all(|(name, wanted)| name.eq_ignore_ascii_case(wanted))
    }
}

impl std::fmt::Display for Path {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.join("/"))
    }
}

/// A constant.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number with a fraction or an exponent; finite.
    Decimal(f64),
    /// In single quotes, which stand doubled inside.
    String(String),
    /// With an offset.
    DateTime(OffsetDateTime),
    /// Lower case.
    Guid(String),
}

/// `eq` and its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CompareOp {
    /// `eq`
    Eq,
    /// `ne`
    Ne,
    /// `gt`
    Gt,
    /// `ge`
    Ge,
    /// `lt`
    Lt,
    /// `le`
    Le,
}

/// A function of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Function {
    /// `startswith(text, start)`: a condition.
    StartsWith,
    /// `endswith(text, end)`: a condition.
    EndsWith,
    /// `contains(text, part)`: a condition.
    Contains,
    /// `tolower(text)`
    ToLower,
    /// `toupper(text)`
    ToUpper,
    /// `trim(text)`
    Trim,
    /// `length(text)`, in characters.
    Length,
    /// `concat(text, text)`
    Concat,
}

impl Function {
    /// Its name, lower case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::StartsWith => "startswith",
            Self::EndsWith => "endswith",
            Self::Contains => "contains",
            Self::ToLower => "tolower",
            Self::ToUpper => "toupper",
            Self::Trim => "trim",
            Self::Length => "length",
            Self::Concat => "concat",
        }
    }

    /// How many arguments it takes.
    #[must_use]
    pub const fn arity(self) -> usize {
        match self {
            Self::StartsWith | Self::EndsWith | Self::Contains | Self::Concat => 2,
            Self::ToLower | Self::ToUpper | Self::Trim | Self::Length => 1,
        }
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        [
            Self::StartsWith,
            Self::EndsWith,
            Self::Contains,
            Self::ToLower,
            Self::ToUpper,
            Self::Trim,
            Self::Length,
            Self::Concat,
        ]
        .into_iter()
        .find(|function| function.name().eq_ignore_ascii_case(name))
    }
}

/// Something that has a value.
#[derive(Debug, Clone, PartialEq)]
pub enum Operand {
    /// A constant.
    Literal(Literal),
    /// A property of the object.
    Path(Path),
    /// A function, with as many arguments as it takes.
    Call(Function, Vec<Self>),
}

/// A condition.
#[derive(Debug, Clone, PartialEq)]
pub enum Expr {
    /// At least one of two or more.
    Or(Vec<Self>),
    /// All of two or more.
    And(Vec<Self>),
    /// The opposite.
    Not(Box<Self>),
    /// A comparison.
    Compare(Operand, CompareOp, Operand),
    /// One of some constants.
    In(Operand, Vec<Literal>),
    /// A value that is true or false by itself.
    Value(Operand),
    /// `any` (or `all`) item of a collection; without a condition: there are items.
    Lambda {
        /// `all` instead of `any`.
        all: bool,
        /// The collection.
        path: Path,
        /// How the condition calls an item.
        variable: String,
        /// The condition.
        body: Option<Box<Self>>,
    },
}

impl Expr {
    /// The property and the text, if this is `property eq 'text'` (in either order) and nothing else.
    #[must_use]
    pub fn as_equality(&self) -> Option<(&Path, &Literal)> {
        match self {
            Self::Compare(Operand::Path(path), CompareOp::Eq, Operand::Literal(literal))
            | Self::Compare(Operand::Literal(literal), CompareOp::Eq, Operand::Path(path)) => {
                Some((path, literal))
            }
            _ => None,
        }
    }

    /// Every property that the condition looks at; those of a collection's items below the collection's own path.
    #[must_use]
    pub fn paths(&self) -> Vec<Path> {
        let mut found = Vec::new();
        self.collect(&mut Vec::new(), &mut found);
        found
    }

    fn collect<'e>(&'e self, bound: &mut Vec<(&'e str, &'e Path)>, found: &mut Vec<Path>) {
        match self {
            Self::Or(parts) | Self::And(parts) => {
                for part in parts {
                    part.collect(bound, found);
                }
            }
            Self::Not(inner) => inner.collect(bound, found),
            Self::Compare(left, _, right) => {
                left.collect(bound, found);
                right.collect(bound, found);
            }
            Self::In(operand, _) | Self::Value(operand) => operand.collect(bound, found),
            Self::Lambda {
                path, variable, body, ..
            } => {
                found.push(path.clone());
                if let Some(body) = body {
                    bound.push((variable, path));
                    body.collect(bound, found);
                    bound.pop();
                }
            }
        }
    }
}

impl Operand {
    fn collect(&self, bound: &[(&str, &Path)], found: &mut Vec<Path>) {
        match self {
            Self::Literal(_) => {}
            Self::Path(path) => found.push(resolve(path, bound)),
            Self::Call(_, arguments) => {
                for argument in arguments {
                    argument.collect(bound, found);
                }
            }
        }
    }
}

/// A path that starts with a variable, as a path below the variable's collection.
fn resolve(path: &Path, bound: &[(&str, &Path)]) -> Path {
    let Some((first, rest)) = path.0.split_first() else {
        return path.clone();
    };
    match bound.iter().rev().find(|(variable, _)| variable == first) {
        Some((_, collection)) => Path(collection.0.iter().chain(rest).cloned().collect()),
        None => path.clone(),
    }
}
