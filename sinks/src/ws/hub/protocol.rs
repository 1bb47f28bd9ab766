//! What clients ask for: the messages by which they subscribe. No I/O.

use serde::Deserialize;

use super::{decoder::Message, wire::Form};

/// Bytes that the name of a topic may have, if a client says it.
const MAX_NAME: usize = 256;

/// From where on a client wants to have the events of its topics.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Since {
    /// All after this id.
    pub(super) after: Option<String>,
    /// So many of those that there are, if there is no id, or it is not known.
    pub(super) last: Option<usize>,
}

/// What a client asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Request {
    Subscribe { topics: Vec<String>, since: Since },
    Unsubscribe(Vec<String>),
}

/// The same as it stands in a message.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fields {
    subscribe: Option<Names>,
    unsubscribe: Option<Names>,
    after: Option<String>,
    last: Option<usize>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Names {
    One(String),
    Many(Vec<String>),
}

impl Names {
    fn into_vec(self) -> Vec<String> {
        match self {
            Self::One(name) => vec![name],
            Self::Many(names) => names,
        }
    }
}

const HELP: &str = r#"send {"subscribe":"topic"}, {"subscribe":["topic","topic"],"after":"id","last":100} or {"unsubscribe":"topic"}"#;

/// Understands a message of data.
///
/// # Errors
///
/// What is wrong with it, in words for the client.
pub(super) fn parse(message: &Message, form: Form) -> Result<Request, String> {
    let fields: Fields = match message {
        Message::Text(text) => {
            serde_json::from_str(text).map_err(|error| format!("not understood: {error}; {HELP}"))
        }
        #[cfg(feature = "msgpack")]
        Message::Binary(bytes) if form == Form::MessagePack => rmp_serde::from_slice(bytes)
            .map_err(|error| format!("not understood: {error}; {HELP}, as MessagePack")),
        _ => Err(format!(
            "not understood: a binary message in a form of text ({form:?}); {HELP}"
        )),
    }?;
    let (names, request) = match fields {
        Fields {
            subscribe: Some(names),
            unsubscribe: None,
            after,
            last,
        } => (names, Some(Since { after, last })),
        Fields {
            subscribe: None,
            unsubscribe: Some(names),
            after: None,
            last: None,
        } => (names, None),
        _ => {
            return Err(format!(
                "not understood: neither to subscribe nor to unsubscribe; {HELP}"
            ));
        }
    };
    let topics = names.into_vec();
    for topic in &topics {
        check_name(topic)?;
    }
    Ok(match request {
        Some(since) => Request::Subscribe { topics, since },
        None => Request::Unsubscribe(topics),
    })
}

/// Refuses names that no topic should have.
///
/// # Errors
///
/// What is wrong with it, in words for the client.
pub(super) fn check_name(topic: &str) -> Result<(), String> {
    if topic.is_empty() || topic.len() > MAX_NAME || topic.contains(char::is_control) {
        return Err(format!(
            "no such topic: a name has 1 to {MAX_NAME} bytes and no control characters"
        ));
    }
    Ok(())
}
