//! Connects to one of several addresses, whichever answers first.

use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::net::TcpStream;
use tokio::time::sleep;

/// How long an address is tried alone before the next is tried beside it, as RFC 8305 (happy eyeballs) has it.
const HEAD_START: Duration = Duration::from_millis(250);

/// Connects to the first of `addresses` that answers.
///
/// They are tried in their order, IPv6 and IPv4 in turns; the next one begins when the one before has failed or has had its
/// head start. The caller bounds the whole.
pub(super) async fn dial(addresses: &[SocketAddr]) -> io::Result<TcpStream> {
    if let [only] = addresses {
        return TcpStream::connect(only).await;
    }
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    let mut waiting = in_turns(addresses).into_iter();
    let mut attempts = FuturesUnordered::new();
    loop {
        attempts.extend(waiting.next().map(TcpStream::connect));
        let head_start = async {
            if waiting.len() == 0 {
                pending::<()>().await;
            } else {
                sleep(HEAD_START).await;
            }
        };
        tokio::select! {
            biased;
            outcome = attempts.next() => match outcome {
                Some(Ok(tcp)) => return Ok(tcp),
                Some(Err(error)) => last = error,
                None => return Err(last),
            },
            () = head_start => {}
        }
    }
}

/// The addresses with their families in turns, beginning with that of the first.
fn in_turns(addresses: &[SocketAddr]) -> Vec<SocketAddr> {
    let is_first_v6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (first, second): (Vec<_>, Vec<_>) = addresses
        .iter()
        .partition(|address| address.is_ipv6() == is_first_v6);
    let longest = first.len().max(second.len());
    (0..longest)
        .flat_map(|at| [first.get(at), second.get(at)])
        .flatten()
        .copied()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> SocketAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn families_take_turns() {
        let v6 = ["[2001:db8::1]:80", "[2001:db8::2]:80", "[2001:db8::3]:80"].map(address);
        let v4 = ["192.0.2.1:80", "192.0.2.2:80"].map(address);
        let system = [v6[0], v6[1], v6[2], v4[0], v4[1]];
        assert_eq!(in_turns(&system), [v6[0], v4[0], v6[1], v4[1], v6[2]]);
        assert_eq!(in_turns(&v4), v4);
    }

    #[tokio::test]
    async fn the_first_that_answers_is_taken() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let open = listener.local_addr().expect("an address");
        let closed = address("127.0.0.1:1");
        let tcp = dial(&[closed, open, closed]).await.expect("one is open");
        assert_eq!(tcp.peer_addr().expect("it is connected"), open);
        let error = dial(&[closed, closed]).await.expect_err("both are closed");
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
        let error = dial(&[]).await.expect_err("there is none");
        assert_eq!(error.kind(), io::ErrorKind::AddrNotAvailable);
    }
}
