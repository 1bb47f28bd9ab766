//! A small web site on this machine, to try the crawler on and to test it against.

mod server;
mod site;

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use url::Url;

use site::Site;

/// "The river": a generated site of linked pages, served on a free port of `127.0.0.1`.
///
/// The same number of pages makes the same site every time (but for the port). Beside its pages it
/// has a `robots.txt` that disallows `/private/`, a `sitemap.xml`, a redirect (`/old-course`), a
/// dead link (`/dried-up`), a plain text file (`/chart.txt`) and `/ferry`, which answers its first
/// request with 503 and all others with a page.
///
/// It is served by a task of the runtime it was started on, until the value is dropped.
///
/// # Examples
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use crawler::demo::Demo;
///
/// let demo = Demo::start()?;
/// assert_eq!(demo.url().host_str(), Some("127.0.0.1"));
/// assert!(demo.requests().is_empty());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Demo {
    url: Url,
    shared: Arc<Shared>,
    server: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    site: Site,
    log: Mutex<Log>,
}

/// What was asked for so far.
#[derive(Debug, Default)]
struct Log {
    requests: Vec<String>,
    hits: HashMap<String, usize>,
}

impl Demo {
    /// Serves the site with its usual 60 pages.
    ///
    /// # Errors
    ///
    /// If no port can be bound, or outside of a tokio runtime.
    pub fn start() -> io::Result<Self> {
        Self::builder().start()
    }

    /// Describes a site of another size.
    pub fn builder() -> DemoBuilder {
        DemoBuilder { pages: 60 }
    }

    /// The home page, `http://127.0.0.1:<port>/`. Everything else is reachable from there.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The URLs of all pages that links lead to and that robots may read, the home page first.
    ///
    /// Without the redirect, the dead link, the text file and `/ferry`.
    #[must_use]
    pub fn pages(&self) -> Vec<Url> {
        self.shared.site.pages()
    }

    /// The path and query of every request so far, in the order of arrival.
    #[must_use]
    pub fn requests(&self) -> Vec<String> {
        self.shared.with_log(|log| log.requests.clone())
    }

    /// How many requests there were for this path and query.
    #[must_use]
    pub fn hits(&self, path: &str) -> usize {
        self.shared
            .with_log(|log| log.hits.get(path).copied().unwrap_or_default())
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// A [`Demo`] that is yet to be started.
#[derive(Debug, Clone, Copy)]
#[must_use = "a site is served once it is started"]
pub struct DemoBuilder {
    pages: usize,
}

impl DemoBuilder {
    /// Sets the number of linked pages, the home page among them; at least 1.
    pub fn pages(mut self, pages: usize) -> Self {
        self.pages = pages.max(1);
        self
    }

    /// Serves the site.
    ///
    /// # Errors
    ///
    /// If no port can be bound, or outside of a tokio runtime.
    pub fn start(self) -> io::Result<Demo> {
        let runtime = Handle::try_current().map_err(io::Error::other)?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let url =
            Url::parse(&format!("http://{}/", listener.local_addr()?)).map_err(io::Error::other)?;
        let listener = {
            let _entered = runtime.enter();
            tokio::net::TcpListener::from_std(listener)?
        };
        let shared = Arc::new(Shared {
            site: Site::new(url.clone(), self.pages),
            log: Mutex::default(),
        });
        let server = runtime.spawn(server::serve(listener, shared.clone()));
        Ok(Demo {
            url,
            shared,
            server,
        })
    }
}

impl Shared {
    fn with_log<R>(&self, look: impl FnOnce(&mut Log) -> R) -> R {
        look(&mut self.log.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
