//! A page in the browser: what a person would do with it, and see of it.

use std::path::Path;
use std::time::Duration;

use base64::{Engine, prelude::BASE64_STANDARD};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::BrowserError;
use crate::connection::Connection;

/// How long anything may take on a machine that is busy with other things.
const PATIENCE: Duration = Duration::from_mins(1);

/// A tab with a page.
#[derive(Debug)]
pub struct Page<'a> {
    connection: &'a mut Connection,
    session: String,
}

impl<'a> Page<'a> {
    pub(crate) fn new(connection: &'a mut Connection, session: String) -> Self {
        Self {
            connection,
            session,
        }
    }

    pub(crate) async fn prepare(&mut self) -> Result<(), BrowserError> {
        self.call("Page.enable", json!({})).await?;
        self.call("Runtime.enable", json!({})).await?;
        Ok(())
    }

    /// Goes to `url`, and waits until it is loaded.
    ///
    /// # Errors
    ///
    /// [`BrowserError`] if it cannot be loaded.
    pub async fn go(&mut self, url: &str) -> Result<(), BrowserError> {
        let went = self.call("Page.navigate", json!({ "url": url })).await?;
        if let Some(error) = went["errorText"].as_str() {
            return Err(BrowserError::Refused {
                command: format!("to open {url}"),
                message: error.to_owned(),
            });
        }
        self.connection
            .event(&self.session, "Page.loadEventFired")
            .await
    }

    /// Evaluates an expression in the page, and waits for its promise if it is one.
    ///
    /// # Errors
    ///
    /// [`BrowserError::Script`] if it throws, or is not a `T`.
    pub async fn evaluate<T: DeserializeOwned>(&mut self, script: &str) -> Result<T, BrowserError> {
        let params = json!({ "expression": script, "awaitPromise": true, "returnByValue": true });
        let mut answer = self.call("Runtime.evaluate", params).await?;
        let failed = |message: String| BrowserError::Script {
            script: script.to_owned(),
            message,
        };
        if let Some(details) = answer.get("exceptionDetails") {
            return Err(failed(details["exception"]["description"].to_string()));
        }
        serde_json::from_value(answer["result"]["value"].take())
            .map_err(|error| failed(error.to_string()))
    }

    /// Waits until an expression is true in the page.
    ///
    /// # Errors
    ///
    /// [`BrowserError::TimedOut`] after a minute, with what the page shows.
    pub async fn until(&mut self, condition: &str) -> Result<(), BrowserError> {
        let script = format!(
            "new Promise(done => {{ \
               const look = () => ({condition}) ? done(true) : setTimeout(look, 20); look(); }})"
        );
        if let Ok(result) = timeout(PATIENCE, self.evaluate::<bool>(&script)).await {
            return result.map(drop);
        }
        Err(BrowserError::TimedOut {
            condition: condition.to_owned(),
            page: self.evaluate("document.body.innerText").await?,
        })
    }

    /// Presses a key, such as `Tab`, `Enter`, ` ` or `p`, wherever the focus is.
    ///
    /// # Errors
    ///
    /// [`BrowserError`] if the browser is gone.
    pub async fn press(&mut self, key: &str) -> Result<(), BrowserError> {
        let text = match key {
            "Enter" => "\r",
            key if key.chars().count() == 1 => key,
            _ => "",
        };
        let code = match key {
            "Tab" => 9,
            "Enter" => 13,
            "Escape" => 27,
            _ => key.to_uppercase().bytes().next().unwrap_or_default(),
        };
        for kind in ["keyDown", "keyUp"] {
            let mut params = json!({ "type": kind, "key": key, "windowsVirtualKeyCode": code });
            if kind == "keyDown" && !text.is_empty() {
                params["text"] = text.into();
            }
            self.call("Input.dispatchKeyEvent", params).await?;
        }
        Ok(())
    }

    /// Sets the size of the window, in CSS pixels.
    ///
    /// # Errors
    ///
    /// [`BrowserError`] if the browser is gone.
    pub async fn resize(&mut self, width: u32, height: u32) -> Result<(), BrowserError> {
        let params = json!({
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false,
        });
        self.call("Emulation.setDeviceMetricsOverride", params)
            .await
            .map(drop)
    }

    /// Prefers dark colours, or light ones.
    ///
    /// # Errors
    ///
    /// [`BrowserError`] if the browser is gone.
    pub async fn prefer_dark(&mut self, dark: bool) -> Result<(), BrowserError> {
        let value = if dark { "dark" } else { "light" };
        let params = json!({ "features": [{ "name": "prefers-color-scheme", "value": value }] });
        self.call("Emulation.setEmulatedMedia", params)
            .await
            .map(drop)
    }

    /// Writes what is to be seen to a file, as PNG.
    ///
    /// # Errors
    ///
    /// [`BrowserError::Screenshot`] if the file cannot be written.
    pub async fn screenshot(&mut self, path: impl AsRef<Path>) -> Result<(), BrowserError> {
        let shot = self
            .call("Page.captureScreenshot", json!({ "format": "png" }))
            .await?;
        let png = BASE64_STANDARD
            .decode(shot["data"].as_str().unwrap_or_default())
            .map_err(|_| BrowserError::Gone)?;
        std::fs::write(path, png).map_err(BrowserError::Screenshot)
    }

    /// Takes what pages complained about since the last time: exceptions, and errors on the console.
    pub fn complaints(&mut self) -> Vec<String> {
        self.connection.take_complaints()
    }

    async fn call(&mut self, method: &str, params: Value) -> Result<Value, BrowserError> {
        self.connection
            .call(Some(&self.session), method, params)
            .await
    }
}
