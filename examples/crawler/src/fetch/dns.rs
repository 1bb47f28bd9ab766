//! From names to addresses, remembered for a while.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use tokio::time::Instant;

/// Names that are remembered; then those asked for first are forgotten.
const REMEMBERED: usize = 20_000;

/// How long a name without an address is remembered: it may be about to get one.
const NEGATIVE_TTL: Duration = Duration::from_secs(30);

/// Finds the addresses of names.
pub trait Resolve: Send + Sync {
    /// Finds all addresses of `name`, those to be tried first in front.
    ///
    /// # Errors
    ///
    /// What the system says if there is none.
    fn resolve(&self, name: &str) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;
}

/// The resolver of the system (`getaddrinfo`), on threads of the runtime.
///
/// It follows what the machine is configured to do: its hosts file, its name servers, its private zones. It tells no
/// lifetimes, so answers are remembered for a fixed time.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve(&self, name: &str) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>> {
        let name = name.to_owned();
        Box::pin(async move {
            let found = tokio::net::lookup_host((name, 0)).await?;
            Ok(found.map(|address: SocketAddr| address.ip()).collect())
        })
    }
}

/// The addresses of a name, or why there are none.
type Answer = Result<Arc<[IpAddr]>, NoAddress>;

/// An [`io::Error`] that can be told to several.
#[derive(Debug, Clone)]
struct NoAddress {
    kind: io::ErrorKind,
    text: Arc<str>,
}

impl From<io::Error> for NoAddress {
    fn from(error: io::Error) -> Self {
        Self {
            kind: error.kind(),
            text: error.to_string().into(),
        }
    }
}

/// Remembers what a resolver said. Those who ask for one name at a time wait for one answer.
pub(super) struct Dns {
    resolver: Arc<dyn Resolve>,
    ttl: Duration,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    by_name: HashMap<Arc<str>, Entry>,
    /// The first asked for first; may name what was asked for again since.
    order: VecDeque<(Instant, Arc<str>)>,
}

struct Entry {
    asked: Instant,
    answer: Shared<BoxFuture<'static, Answer>>,
}

impl Dns {
    pub(super) fn new(resolver: Arc<dyn Resolve>, ttl: Duration) -> Self {
        Self {
            resolver,
            ttl,
            known: Mutex::default(),
        }
    }

    /// Finds the addresses of `name`, at least one.
    ///
    /// Dropping the future does not stop the search: whoever asks next gets its answer.
    pub(super) async fn resolve(&self, name: &str) -> io::Result<Arc<[IpAddr]>> {
        let answer = self.answer(name, Instant::now());
        answer
            .await
            .map_err(|error| io::Error::new(error.kind, &*error.text))
    }

    fn answer(&self, name: &str, now: Instant) -> Shared<BoxFuture<'static, Answer>> {
        // Every change is complete before anything can panic, so a poisoned lock is a sound one.
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = known.by_name.get(name)
            && now.duration_since(entry.asked) < self.lifetime(entry)
        {
            return entry.answer.clone();
        }
        let search = tokio::spawn(self.resolver.resolve(name));
        let answer = async move {
            let found = search.await.map_err(io::Error::other)??;
            if found.is_empty() {
                let none = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
                return Err(none.into());
            }
            Ok(found.into())
        };
        let answer = answer.boxed().shared();
        known.insert(name.into(), now, answer.clone());
        answer
    }

    fn lifetime(&self, entry: &Entry) -> Duration {
        match entry.answer.peek() {
            Some(Err(_)) => self.ttl.min(NEGATIVE_TTL),
            _ => self.ttl,
        }
    }
}

impl Known {
    fn insert(
        &mut self,
        name: Arc<str>,
        asked: Instant,
        answer: Shared<BoxFuture<'static, Answer>>,
    ) {
        let entry = Entry { asked, answer };
        self.by_name.insert(name.clone(), entry);
        self.order.push_back((asked, name));
        while self.order.len() > REMEMBERED
            && let Some((asked, name)) = self.order.pop_front()
        {
            if self
                .by_name
                .get(&name)
                .is_some_and(|entry| entry.asked == asked)
            {
                self.by_name.remove(&name);
            }
        }
    }
}

impl fmt::Debug for Dns {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Dns")
            .field("ttl", &self.ttl)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

    use super::*;

    /// Knows `river.test`, takes a second, and counts how often it is asked.
    #[derive(Default)]
    struct Counted(AtomicUsize);

    impl Resolve for Counted {
        fn resolve(
            &self,
            name: &str,
        ) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>> {
            let asked = self.0.fetch_add(1, SeqCst);
            let last = u8::try_from(asked % 250).expect("below 250");
            let found = match name {
                "river.test" => Ok(vec![IpAddr::from([192, 0, 2, last])]),
                "dry.test" => Ok(Vec::new()),
                _ => Err(io::Error::new(io::ErrorKind::NotFound, "no such name")),
            };
            Box::pin(async {
                tokio::time::sleep(Duration::from_secs(1)).await;
                found
            })
        }
    }

    fn dns(ttl: Duration) -> (Dns, Arc<Counted>) {
        let resolver = Arc::new(Counted::default());
        (Dns::new(resolver.clone(), ttl), resolver)
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_holds_for_its_time() {
        let (dns, resolver) = dns(Duration::from_mins(1));
        let first = dns.resolve("river.test").await.expect("it is known");
        tokio::time::advance(Duration::from_secs(58)).await;
        let second = dns.resolve("river.test").await.expect("it is known");
        assert_eq!((&first, resolver.0.load(SeqCst)), (&second, 1));
        tokio::time::advance(Duration::from_secs(2)).await;
        let third = dns.resolve("river.test").await.expect("it is known");
        assert_eq!(resolver.0.load(SeqCst), 2);
        assert_ne!(first, third, "another address");
    }

    #[tokio::test(start_paused = true)]
    async fn that_there_is_none_is_remembered_too_but_not_for_long() {
        let (dns, resolver) = dns(Duration::from_mins(5));
        let error = dns.resolve("dry.test").await.expect_err("it has none");
        assert_eq!(error.to_string(), "the name has no address");
        for _ in 0..2 {
            let error = dns.resolve("lost.test").await.expect_err("it has none");
            assert_eq!(error.kind(), io::ErrorKind::NotFound);
        }
        assert_eq!(resolver.0.load(SeqCst), 2);
        tokio::time::advance(NEGATIVE_TTL).await;
        dns.resolve("lost.test").await.expect_err("it has none");
        assert_eq!(resolver.0.load(SeqCst), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn many_wait_for_one_answer_and_the_first_may_leave() {
        let (dns, resolver) = dns(Duration::from_mins(1));
        let hasty = tokio::time::timeout(Duration::from_millis(1), dns.resolve("river.test"));
        assert!(hasty.await.is_err());
        let both = tokio::join!(dns.resolve("river.test"), dns.resolve("river.test"));
        assert_eq!(both.0.expect("known"), both.1.expect("known"));
        assert_eq!(resolver.0.load(SeqCst), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_remembered_has_a_bound() {
        let (dns, _) = dns(Duration::from_mins(1));
        for number in 0..REMEMBERED + 10 {
            drop(dns.answer(&format!("{number}.test"), Instant::now()));
        }
        let known = dns.known.lock().expect("no test panics with it");
        assert_eq!(known.by_name.len(), REMEMBERED);
        assert!(!known.by_name.contains_key("9.test") && known.by_name.contains_key("10.test"));
    }
}
