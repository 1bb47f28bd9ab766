//! Commands to the browser, one at a time, and what it tells meanwhile.

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::BrowserError;

#[derive(Debug)]
pub(crate) struct Connection {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    commands: u64,
    /// What pages complained about: exceptions and errors on the console.
    complaints: Vec<String>,
}

impl Connection {
    pub(crate) async fn open(address: &str) -> Result<Self, BrowserError> {
        let (socket, _) = connect_async(address).await?;
        Ok(Self {
            socket,
            commands: 0,
            complaints: Vec::new(),
        })
    }

    /// Sends a command, to a session or to the browser itself, and waits for its result.
    pub(crate) async fn call(
        &mut self,
        session: Option<&str>,
        method: &str,
        params: Value,
    ) -> Result<Value, BrowserError> {
        self.commands += 1;
        let id = self.commands;
        let mut command = json!({ "id": id, "method": method, "params": params });
        if let Some(session) = session {
            command["sessionId"] = session.into();
        }
        self.socket.send(Message::text(command.to_string())).await?;
        loop {
            let mut message = self.next().await?;
            if message["id"] == id {
                return match message.get("error") {
                    None => Ok(message["result"].take()),
                    Some(error) => Err(BrowserError::Refused {
                        command: method.to_owned(),
                        message: error["message"].to_string(),
                    }),
                };
            }
        }
    }

    /// Waits for an event of this name.
    pub(crate) async fn event(&mut self, session: &str, method: &str) -> Result<(), BrowserError> {
        loop {
            let message = self.next().await?;
            if message["method"] == method && message["sessionId"] == session {
                return Ok(());
            }
        }
    }

    pub(crate) fn take_complaints(&mut self) -> Vec<String> {
        std::mem::take(&mut self.complaints)
    }

    async fn next(&mut self) -> Result<Value, BrowserError> {
        loop {
            let message = self.socket.next().await.ok_or(BrowserError::Gone)??;
            let Ok(text) = message.to_text() else {
                continue;
            };
            let Ok(message) = serde_json::from_str::<Value>(text) else {
                continue;
            };
            self.complaints.extend(complaint(&message));
            return Ok(message);
        }
    }
}

fn complaint(message: &Value) -> Option<String> {
    let params = &message["params"];
    match message["method"].as_str()? {
        "Runtime.exceptionThrown" => {
            Some(params["exceptionDetails"]["exception"]["description"].to_string())
        }
        "Runtime.consoleAPICalled" if params["type"] == "error" => Some(params["args"].to_string()),
        _ => None,
    }
}
