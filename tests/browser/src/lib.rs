//! A real browser for the tests of pages: headless Chromium, driven through its debugging protocol.
//!
//! ```no_run
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let Some(mut browser) = browser::launch().await? else { return Ok(()) };
//! let mut page = browser.open("http://127.0.0.1:3000/").await?;
//! page.until("document.querySelectorAll('#events li').length > 3").await?;
//! page.screenshot("page.png").await?;
//! # Ok(()) }
//! ```

mod connection;
mod error;
mod page;

use std::env;
use std::process::Stdio;

use serde_json::json;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use self::connection::Connection;
pub use self::error::BrowserError;
pub use self::page::Page;

/// What Chromium is called, by the packages of the systems that have it.
const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];

/// A browser that runs; it is killed when this is dropped.
#[derive(Debug)]
pub struct Browser {
    connection: Connection,
    // In this order: the process ends before its profile is removed.
    _process: Child,
    _profile: TempDir,
}

/// Starts a browser without a window; `None`, told on stderr, if this machine has none.
///
/// With `BROWSER_REQUIRED` in the environment a machine without one is an error, so that a gate cannot pass by default.
///
/// # Errors
///
/// [`BrowserError`] if it does not start.
pub async fn launch() -> Result<Option<Browser>, BrowserError> {
    let profile = tempfile::tempdir().map_err(BrowserError::Start)?;
    for name in NAMES {
        let process = Command::new(name)
            .args([
                "--headless=new",
                "--remote-debugging-port=0",
                // Tests may run as root, in containers, where it cannot make one.
                "--no-sandbox",
                "--disable-dev-shm-usage",
                "--disable-gpu",
                "--hide-scrollbars",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
            ])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg("about:blank")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn();
        match process {
            Ok(process) => return Browser::attach(process, profile).await.map(Some),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(BrowserError::Start(error)),
        }
    }
    if env::var_os("BROWSER_REQUIRED").is_some() {
        return Err(BrowserError::Missing);
    }
    eprintln!("skipped: {}", BrowserError::Missing);
    Ok(None)
}

impl Browser {
    /// Connects to a browser that has just been started, which tells its address on stderr.
    async fn attach(mut process: Child, profile: TempDir) -> Result<Self, BrowserError> {
        let stderr = process.stderr.take().ok_or(BrowserError::Gone)?;
        let mut lines = BufReader::new(stderr).lines();
        let mut said = String::new();
        let address = loop {
            match lines.next_line().await.map_err(BrowserError::Start)? {
                Some(line) => match line.strip_prefix("DevTools listening on ") {
                    Some(address) => break address.to_owned(),
                    None => said.extend([line.as_str(), "\n"]),
                },
                None => return Err(BrowserError::Quit(said)),
            }
        };
        // A pipe that nobody reads would stop it in the end.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok(Self {
            connection: Connection::open(&address).await?,
            _process: process,
            _profile: profile,
        })
    }

    /// Opens `url` in a tab of its own, and waits until it is loaded.
    ///
    /// # Errors
    ///
    /// [`BrowserError`] if the browser cannot get there.
    pub async fn open(&mut self, url: &str) -> Result<Page<'_>, BrowserError> {
        let target = self
            .connection
            .call(None, "Target.createTarget", json!({ "url": "about:blank" }))
            .await?;
        let attached = self
            .connection
            .call(
                None,
                "Target.attachToTarget",
                json!({ "targetId": target["targetId"], "flatten": true }),
            )
            .await?;
        let session = attached["sessionId"].as_str().ok_or(BrowserError::Gone)?;
        let mut page = Page::new(&mut self.connection, session.to_owned());
        page.prepare().await?;
        page.go(url).await?;
        Ok(page)
    }
}
