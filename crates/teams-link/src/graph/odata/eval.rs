//! A condition on a JSON object.
//!
//! Text is compared without regard to case, as Graph's directory does. A property that is not there is `null`; `null`
//! equals `null` alone and is neither more nor less than anything.

use std::cmp::Ordering;

use serde_json::Value as Json;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::error::EvalError;
use super::expr::{CompareOp, Expr, Function, Literal, Operand, Path};

/// The property at a path; names are compared without regard to case. `null` when it is not there.
#[must_use]
pub fn lookup<'v>(object: &'v Json, path: &Path) -> &'v Json {
    path.names()
        .iter()
        .fold(object, |value, name| member(value, name))
}

impl Expr {
    /// Whether the condition holds for an object.
    ///
    /// # Errors
    /// The expression is none for this object: see [`EvalError`].
    pub fn matches(&self, object: &Json) -> Result<bool, EvalError> {
        self.holds(&Scope {
            object,
            variable: None,
        })
    }

    fn holds(&self, scope: &Scope<'_>) -> Result<bool, EvalError> {
        match self {
            Self::Or(parts) => any(parts.iter().map(|part| part.holds(scope))),
            Self::And(parts) => all(parts.iter().map(|part| part.holds(scope))),
            Self::Not(inner) => Ok(!inner.holds(scope)?),
            Self::Compare(left, op, right) => compare(&left.value(scope)?, *op, &right.value(scope)?),
            Self::In(operand, list) => {
                let value = operand.value(scope)?;
                any(list
                    .iter()
                    .map(|literal| compare(&value, CompareOp::Eq, &Value::of_literal(literal))))
            }
            Self::Value(operand) => match operand.value(scope)? {
                Value::Bool(value) => Ok(value),
                // A switch that is not set is off.
                Value::Null if matches!(operand, Operand::Path(_)) => Ok(false),
                _ => Err(EvalError::NotACondition),
            },
            Self::Lambda {
                all: every,
                path,
                variable,
                body,
            } => {
                let items = match scope.lookup(path) {
                    Json::Array(items) => items.as_slice(),
                    Json::Null => &[],
                    _ => return Err(EvalError::IncompatibleTypes),
                };
                let Some(body) = body else {
                    return Ok(!items.is_empty());
                };
                let holds = items.iter().map(|item| {
                    body.holds(&Scope {
                        object: scope.object,
                        variable: Some(Bound {
                            name: variable,
                            item,
                            outer: scope.variable.as_ref(),
                        }),
                    })
                });
                if *every { all(holds) } else { any(holds) }
            }
        }
    }
}

/// What names mean.
struct Scope<'a> {
    object: &'a Json,
    variable: Option<Bound<'a>>,
}

/// An item of a collection under the name of a lambda's variable.
struct Bound<'a> {
    name: &'a str,
    item: &'a Json,
    outer: Option<&'a Self>,
}

impl Scope<'_> {
    fn lookup(&self, path: &Path) -> &Json {
        let Some((first, rest)) = path.names().split_first() else {
            return &Json::Null;
        };
        let mut bound = self.variable.as_ref();
        while let Some(variable) = bound {
            if variable.name == first {
                return rest.iter().fold(variable.item, |value, name| member(value, name));
            }
            bound = variable.outer;
        }
        lookup(self.object, path)
    }
}

fn member<'v>(value: &'v Json, name: &str) -> &'v Json {
    let Json::Object(members) = value else {
        return &Json::Null;
    };
    members
        .get(name)
        .or_else(|| {
            let mut same = members.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name));
            same.next().map(|(_, value)| value)
        })
        .unwrap_or(&Json::Null)
}

enum Value {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    Time(OffsetDateTime),
}

impl Operand {
    fn value(&self, scope: &Scope<'_>) -> Result<Value, EvalError> {
        match self {
            Self::Literal(literal) => Ok(Value::of_literal(literal)),
            Self::Path(path) => Value::of_json(scope.lookup(path)),
            Self::Call(function, arguments) => {
                let mut texts = Vec::with_capacity(arguments.len());
                for argument in arguments {
                    match argument.value(scope)? {
                        Value::Text(text) => texts.push(text.to_lowercase()),
                        // A function of nothing is nothing, a condition on nothing does not hold.
                        Value::Null => return Ok(of_null(*function)),
                        _ => return Err(EvalError::IncompatibleTypes),
                    }
                }
                apply(*function, &texts)
            }
        }
    }
}

const fn of_null(function: Function) -> Value {
    match function {
        Function::StartsWith | Function::EndsWith | Function::Contains => Value::Bool(false),
        _ => Value::Null,
    }
}

fn apply(function: Function, texts: &[String]) -> Result<Value, EvalError> {
    Ok(match (function, texts) {
        (Function::StartsWith, [text, start]) => Value::Bool(text.starts_with(start.as_str())),
        (Function::EndsWith, [text, end]) => Value::Bool(text.ends_with(end.as_str())),
        (Function::Contains, [text, part]) => Value::Bool(text.contains(part.as_str())),
        (Function::Concat, [left, right]) => Value::Text(format!("{left}{right}")),
        (Function::ToLower | Function::ToUpper, [text]) => Value::Text(text.clone()),
        (Function::Trim, [text]) => Value::Text(text.trim().to_owned()),
        (Function::Length, [text]) => {
            Value::Number(u32::try_from(text.chars().count()).map_or(f64::MAX, f64::from))
        }
        // The parser counts arguments.
        _ => return Err(EvalError::IncompatibleTypes),
    })
}

impl Value {
    fn of_literal(literal: &Literal) -> Self {
        match literal {
            Literal::Null => Self::Null,
            Literal::Bool(value) => Self::Bool(*value),
            #[expect(clippy::cast_precision_loss, reason = "numbers of JSON are as exact")]
            Literal::Int(value) => Self::Number(*value as f64),
            Literal::Decimal(value) => Self::Number(*value),
            Literal::String(value) | Literal::Guid(value) => Self::Text(value.clone()),
            Literal::DateTime(value) => Self::Time(*value),
        }
    }

    fn of_json(json: &Json) -> Result<Self, EvalError> {
        Ok(match json {
            Json::Null => Self::Null,
            Json::Bool(value) => Self::Bool(*value),
            Json::Number(value) => Self::Number(value.as_f64().unwrap_or(f64::NAN)),
            Json::String(value) => Self::Text(value.clone()),
            Json::Array(_) | Json::Object(_) => return Err(EvalError::IncompatibleTypes),
        })
    }

    /// The time that a property says, when it is compared with one.
    fn as_time(&self) -> Option<OffsetDateTime> {
        match self {
            Self::Time(at) => Some(*at),
            Self::Text(text) => OffsetDateTime::parse(text, &Rfc3339).ok(),
            _ => None,
        }
    }
}

fn compare(left: &Value, op: CompareOp, right: &Value) -> Result<bool, EvalError> {
    let order = match (left, right) {
        (Value::Null, Value::Null) => Some(Ordering::Equal),
        (Value::Null, _) | (_, Value::Null) => None,
        (Value::Bool(left), Value::Bool(right)) => Some(left.cmp(right)),
        (Value::Number(left), Value::Number(right)) => left.partial_cmp(right),
        (Value::Text(left), Value::Text(right)) => Some(left.to_lowercase().cmp(&right.to_lowercase())),
        (Value::Time(_), _) | (_, Value::Time(_)) => {
            let (Some(left), Some(right)) = (left.as_time(), right.as_time()) else {
                return Err(EvalError::IncompatibleTypes);
            };
            Some(left.cmp(&right))
        }
        _ => return Err(EvalError::IncompatibleTypes),
    };
    let both_null = matches!((left, right), (Value::Null, Value::Null));
    Ok(match op {
        CompareOp::Eq => order == Some(Ordering::Equal),
        CompareOp::Ne => order != Some(Ordering::Equal),
        _ if both_null => false,
        CompareOp::Gt => order == Some(Ordering::Greater),
        CompareOp::Ge => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
        CompareOp::Lt => order == Some(Ordering::Less),
        CompareOp::Le => matches!(order, Some(Ordering::Less | Ordering::Equal)),
    })
}

fn any(mut parts: impl Iterator<Item = Result<bool, EvalError>>) -> Result<bool, EvalError> {
    parts.try_fold(false, |found, part| Ok(found || part?))
}

fn all(mut parts: impl Iterator<Item = Result<bool, EvalError>>) -> Result<bool, EvalError> {
    parts.try_fold(true, |found, part| Ok(found && part?))
}
