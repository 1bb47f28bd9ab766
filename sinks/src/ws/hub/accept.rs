//! How clients come in: from a connection to a place in a shard.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    select,
    task::JoinSet,
    time::{sleep, timeout},
};
use tokio_tungstenite::tungstenite::http::{StatusCode, request::Parts};

use super::{
    admission::{Admission, Refusal, Request},
    bell::Arrival,
    client::Connection,
    http::{self, Wish},
    limits::{NoSeat, Seat},
    protocol::{Since, check_name},
    shared::{Phase, Shared},
    stats::add,
};

/// The system has so long to recover when it cannot accept, which is when it is out of file descriptors.
const RECOVER: Duration = Duration::from_millis(100);

/// Clients that may be about to come in at once; more wait to be accepted.
const MAX_HANDSHAKES: usize = 1024;

/// A client that is refused has so long to read why.
const REFUSING: Duration = Duration::from_secs(1);

/// Bytes that the system keeps for a client beyond those that are on their way to it.
const UNSENT: u32 = 16 * 1024;

/// Accepts clients until the hub closes.
pub(super) async fn run(listener: TcpListener, shared: Arc<Shared>) {
    let mut handshakes = JoinSet::new();
    let closing = shared.reach(Phase::Closing);
    let mut closing = std::pin::pin!(closing);
    loop {
        select! {
            () = &mut closing => return,
            Some(_) = handshakes.join_next() => {}
            accepted = listener.accept(), if handshakes.len() < MAX_HANDSHAKES => {
                if let Ok((stream, peer)) = accepted {
                    handshakes.spawn(receive(stream, peer, shared.clone()));
                } else {
                    add(&shared.counters.refused, 1);
                    sleep(RECOVER).await;
                }
            }
        }
    }
}

/// Receives one client, in the time that it has for that.
async fn receive(stream: TcpStream, peer: SocketAddr, shared: Arc<Shared>) {
    let seat = shared.census.sit(Some(peer.ip()));
    // An event is sent when it happens, not when a packet is full. What a socket cannot be told it does without.
    let _ = stream.set_nodelay(true);
    #[cfg(target_os = "linux")]
    let _ = socket2::SockRef::from(&stream).set_tcp_notsent_lowat(UNSENT);
    let within = shared.options.handshake;
    #[cfg(feature = "wss")]
    if let Some(tls) = &shared.options.tls {
        let acceptor = thalweg_tls::tokio_rustls::TlsAcceptor::from(tls.clone());
        let encrypted = async {
            let stream = acceptor.accept(stream).await.ok()?;
            shake_hands(stream, Connection::other, peer, seat, &shared).await
        };
        let came = timeout(within, encrypted).await;
        return count(came.ok().flatten(), &shared);
    }
    let came = timeout(
        within,
        shake_hands(stream, Connection::Tcp, peer, seat, &shared),
    )
    .await;
    count(came.ok().flatten(), &shared);
}

fn count(came: Option<()>, shared: &Shared) {
    if came.is_none() {
        add(&shared.counters.refused, 1);
    }
}

/// Reads a request and hands its client over to a shard, or tells it why not; `None` if the connection ends before.
async fn shake_hands<S>(
    mut stream: S,
    into_connection: impl FnOnce(S) -> Connection,
    peer: SocketAddr,
    seat: Result<Seat, NoSeat>,
    shared: &Arc<Shared>,
) -> Option<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (answer, seat) = match read_head(&mut stream, shared.options.max_head).await? {
        Ok((parts, rest)) => match taken(seat) {
            Ok(seat) => (
                decide(parts, Some(peer), shared)
                    .await
                    .map(|entry| (entry, rest)),
                Some(seat),
            ),
            Err(refusal) => (Err(refusal), None),
        },
        Err(refusal) => (Err(refusal), None),
    };
    match (answer, seat) {
        (Ok((entry, rest)), Some(seat)) => {
            let greeting = entry.greeting(shared);
            shared.arrive(entry.into_arrival(into_connection(stream), seat, greeting, rest));
            Some(())
        }
        (answer, _) => {
            let refusal = answer.err()?;
            add(&shared.counters.refused, 1);
            // A client that does not read it is refused all the same.
            let _ = timeout(REFUSING, tell(&mut stream, &refusal)).await;
            Some(())
        }
    }
}

/// Sends a refusal, and waits until it has come: a connection that is closed with unread bytes takes it back.
async fn tell(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), refusal: &Refusal) -> Option<()> {
    stream.write_all(&http::refuse(refusal)).await.ok()?;
    stream.shutdown().await.ok()?;
    let mut rest = [0; 1024];
    while stream.read(&mut rest).await.ok()? > 0 {}
    Some(())
}

/// Reads up to the end of the head; `None` if the connection ends before.
pub(super) async fn read_head(
    stream: &mut (impl AsyncRead + Unpin),
    max: usize,
) -> Option<Result<(Parts, Bytes), Refusal>> {
    let mut bytes = Vec::with_capacity(1024);
    loop {
        let room = max.saturating_sub(bytes.len());
        if room == 0 {
            return Some(Err(http::too_large()));
        }
        let read = stream.take(room as u64).read_buf(&mut bytes).await.ok()?;
        match http::parse(&bytes) {
            Ok(Some((parts, size))) => {
                return Some(Ok((parts, Bytes::copy_from_slice(&bytes[size..]))));
            }
            Ok(None) if read == 0 => return None,
            Ok(None) => {}
            Err(refusal) => return Some(Err(refusal)),
        }
    }
}

pub(super) fn taken(seat: Result<Seat, NoSeat>) -> Result<Seat, Refusal> {
    seat.map_err(|no| match no {
        NoSeat::Full => Refusal {
            retry_after: Some(Duration::from_secs(5)),
            ..Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "the server is full")
        },
        NoSeat::FullForAddress => Refusal::too_many(
            "too many connections from your address",
            Duration::from_secs(5),
        ),
    })
}

/// A client that comes in.
pub(super) struct Entry {
    pub(super) wish: Wish,
    admission: Admission,
    topics: Vec<String>,
    since: Since,
    /// Who may read the answer.
    pub(super) origin: Option<String>,
}

impl Entry {
    fn greeting(&self, shared: &Shared) -> Bytes {
        http::welcome(&self.wish, self.origin.as_deref(), shared.options.retry)
    }

    pub(super) fn into_arrival(
        self,
        connection: Connection,
        seat: Seat,
        greeting: Bytes,
        rest: Bytes,
    ) -> Arrival {
        Arrival {
            connection,
            form: self.wish.form(),
            admission: Arc::new(self.admission),
            seat,
            greeting,
            rest,
            topics: self.topics,
            since: self.since,
        }
    }
}

/// Finds out what a client wants and whether it may have it.
pub(super) async fn decide(
    parts: Parts,
    peer: Option<SocketAddr>,
    shared: &Shared,
) -> Result<Entry, Refusal> {
    let options = &shared.options;
    if shared.phase() != Phase::Open {
        return Err(Refusal::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "the server is closing",
        ));
    }
    let wish = Wish::of(&parts, options.form)?;
    let request = Request { parts, peer };
    let origin = allowed_origin(&request, options.origins.as_deref())?;
    let mut topics = Vec::new();
    let mut since = Since::default();
    for (name, value) in request.query_pairs() {
        match &*name {
            "topic" => {
                check_name(&value).map_err(|error| Refusal::new(StatusCode::BAD_REQUEST, error))?;
                topics.push(value.into_owned());
            }
            "after" => since.after = Some(value.into_owned()),
            "last" => {
                let last = value.parse().map_err(|_| {
                    Refusal::new(StatusCode::BAD_REQUEST, "last is not a number of events")
                })?;
                since.last = Some(last);
            }
            _ => {}
        }
    }
    if topics.is_empty() {
        topics.clone_from(&options.default_topics);
    }
    // What a browser says by itself when it reconnects is newer than the address.
    if let Some(last) = request.header("last-event-id") {
        since.after = Some(last.to_owned());
    }
    let admission = match &options.admit {
        Some(admit) => admit(request).await?,
        None => Admission::new(),
    };
    Ok(Entry {
        wish,
        admission,
        topics,
        since,
        origin,
    })
}

/// Gives the origin that may read the answer, if a browser says where it comes from.
fn allowed_origin(
    request: &Request,
    allowed: Option<&[String]>,
) -> Result<Option<String>, Refusal> {
    let Some(allowed) = allowed else {
        return Ok(Some("*".to_owned()));
    };
    let Some(origin) = request.header("origin") else {
        return Ok(None);
    };
    if allowed.iter().any(|one| one.eq_ignore_ascii_case(origin)) {
        return Ok(Some(origin.to_owned()));
    }
    Err(Refusal::forbidden(format!(
        "{origin} may not connect to this server"
    )))
}
