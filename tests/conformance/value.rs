//! Items and errors as the case files know them.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use serde_json::Value as Json;
use thalweg::{BoxFlow, operators::terminal::RunError, prelude::*};

use crate::world::World;

/// The flow that every operator is put on and gives back here.
pub(crate) type Stream = BoxFlow<'static, Value, Failure>;

/// An item.
#[derive(Clone)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    List(Vec<Value>),
    Object(BTreeMap<String, Value>),
    Next(Box<Value>),
    Error(Failure),
    Complete,
    Inner(Inner),
}

/// The place of a stream that can be opened once.
pub(crate) type Slot = Arc<Mutex<Option<Stream>>>;

/// A stream as an item.
#[derive(Clone)]
pub(crate) enum Inner {
    /// One that is built when it is opened, each time anew.
    Recipe(Arc<World>, Arc<Json>),
    /// One that is there, as windows and groups are; it can be opened once. A group has a key.
    Live { key: Option<Box<Value>>, flow: Slot },
}

impl Inner {
    /// Subscribes.
    pub(crate) fn open(&self) -> Stream {
        match self {
            Self::Recipe(world, stream) => world.open(stream),
            Self::Live { flow, .. } => {
                let mut flow = flow.lock().unwrap_or_else(PoisonError::into_inner);
                flow.take().expect("a window or a group is opened once")
            }
        }
    }
}

/// An error of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// One that a case names.
    Named(String),
    /// One of the operators' own, by its kind.
    Own(&'static str),
}

const KINDS: [&str; 7] = [
    "empty",
    "sequence",
    "not_found",
    "out_of_range",
    "timeout",
    "overflow",
    "panic",
];

impl Failure {
    /// Reads an error; without one it is `"error"`.
    pub(crate) fn read(json: &Json) -> Self {
        match json {
            Json::Null => Self::Named("error".to_owned()),
            Json::String(name) => Self::Named(name.clone()),
            other => {
                let kind = other["$err"].as_str();
                let known = KINDS.iter().find(|known| Some(**known) == kind);
                Self::Own(known.unwrap_or_else(|| panic!("unknown error {other}")))
            }
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(name) => f.write_str(name),
            Self::Own(kind) => write!(f, "({kind})"),
        }
    }
}

impl From<Failure> for Value {
    fn from(failure: Failure) -> Self {
        Self::Error(failure)
    }
}

impl From<RunError<Self, Infallible>> for Failure {
    fn from(error: RunError<Self, Infallible>) -> Self {
        match error {
            RunError::Flow(failure) => failure,
            other => Self::Named(other.to_string()),
        }
    }
}

impl From<Fault<Failure>> for Failure {
    fn from(fault: Fault<Failure>) -> Self {
        match fault {
            Fault::Upstream(failure) => failure,
            fault if fault.is_timeout() => Self::Own("timeout"),
            fault if fault.is_overflow() => Self::Own("overflow"),
            fault if fault.is_panic() => Self::Own("panic"),
            fault => Self::Named(fault.to_string()),
        }
    }
}

impl Value {
    /// Reads a value.
    pub(crate) fn read(world: &Arc<World>, json: &Json) -> Self {
        match json {
            Json::Null => Self::Null,
            Json::Bool(value) => Self::Bool(*value),
            Json::Number(number) => Self::Number(number.as_f64().unwrap_or(f64::NAN)),
            Json::String(text) => Self::Text(text.clone()),
            Json::Array(values) => {
                Self::List(values.iter().map(|v| Self::read(world, v)).collect())
            }
            Json::Object(members) => {
                let mut only = members.iter();
                if let (Some((name, member)), None) = (only.next(), only.next()) {
                    match name.as_str() {
                        "$stream" => {
                            return Self::Inner(Inner::Recipe(
                                Arc::clone(world),
                                Arc::new(member.clone()),
                            ));
                        }
                        "$next" => return Self::Next(Box::new(Self::read(world, member))),
                        "$error" => return Self::Error(Failure::read(member)),
                        "$complete" => return Self::Complete,
                        _ => {}
                    }
                }
                let read =
                    |(name, member): (&String, &Json)| (name.clone(), Self::read(world, member));
                Self::Object(members.iter().map(read).collect())
            }
        }
    }

    /// Makes an item of a window.
    pub(crate) fn window(flow: Stream) -> Self {
        Self::Inner(Inner::Live {
            key: None,
            flow: Arc::new(Mutex::new(Some(flow))),
        })
    }

    /// Makes an item of a group, which nobody drops: in ours that would close it.
    pub(crate) fn group(world: &World, key: Value, flow: Stream) -> Self {
        let flow = Arc::new(Mutex::new(Some(flow)));
        world.keep(Arc::clone(&flow));
        Self::Inner(Inner::Live {
            key: Some(Box::new(key)),
            flow,
        })
    }

    /// Makes a number of a count, an index or a time in frames.
    pub(crate) fn count(count: u64) -> Self {
        // Counts of test cases are small.
        Self::Number(f64::from(u32::try_from(count).unwrap_or(u32::MAX)))
    }

    /// The item as a number: text is read as decimal, nothing is none.
    pub(crate) fn number(&self) -> f64 {
        match self {
            Self::Number(number) => *number,
            Self::Text(text) => text.parse().unwrap_or(f64::NAN),
            Self::Bool(value) => f64::from(u8::from(*value)),
            _ => f64::NAN,
        }
    }

    /// The item as text, as a combiner joins it.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            other => other.to_string(),
        }
    }

    /// Gives a member of an object; what has none has nothing.
    pub(crate) fn member(&self, name: &str) -> Self {
        match self {
            Self::Object(members) => members.get(name).cloned().unwrap_or(Self::Null),
            _ => Self::Null,
        }
    }

    /// Reads the item as one that may have failed.
    pub(crate) fn result(self) -> Result<Self, Failure> {
        match self {
            Self::Next(value) => Ok(*value),
            Self::Error(failure) => Err(failure),
            other => panic!("{other} is no result"),
        }
    }

    /// Opens the stream that the item is.
    pub(crate) fn open(self) -> Stream {
        match self {
            Self::Inner(inner) => inner.open(),
            other => panic!("{other} is no stream"),
        }
    }

    pub(crate) fn is_true(&self) -> bool {
        matches!(self, Self::Bool(true))
    }

    /// Tells equality as the cases mean it: without conversion.
    pub(crate) fn equals(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Inner(_), _) | (_, Self::Inner(_)) => false,
            _ => self.key() == other.key(),
        }
    }

    /// Gives what equal values, and only those, have in common.
    pub(crate) fn key(&self) -> String {
        match self {
            Self::Text(text) => format!("{text:?}"),
            Self::List(values) => {
                let keys: Vec<_> = values.iter().map(Self::key).collect();
                format!("[{}]", keys.join(", "))
            }
            other => other.to_string(),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) => f.write_str(text),
            Self::List(values) => {
                f.write_str("[")?;
                for (index, value) in values.iter().enumerate() {
                    let comma = if index > 0 { "," } else { "" };
                    write!(f, "{comma}{value}")?;
                }
                f.write_str("]")
            }
            Self::Object(members) => {
                f.write_str("{")?;
                for (name, member) in members {
                    write!(f, "{name}:{member},")?;
                }
                f.write_str("}")
            }
            Self::Next(value) => write!(f, "next({value})"),
            Self::Error(failure) => write!(f, "error({failure})"),
            Self::Complete => f.write_str("complete"),
            Self::Inner(_) => f.write_str("stream"),
        }
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
