//! One open connection, over which requests go one after another or, with HTTP/2, side by side.

use std::future::{Future, poll_fn};
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;

use bytes::Bytes;
use http_body_util::Empty;
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;
use tokio_util::either::Either;

pub(super) type Io = TokioIo<Either<TcpStream, TlsStream<TcpStream>>>;
pub(super) type NoBody = Empty<Bytes>;

/// An open connection to `origin`.
pub(super) struct Connection {
    /// Scheme, host and port, as the pool keys them.
    pub origin: Arc<str>,
    pub remote: SocketAddr,
    pub kind: Kind,
}

pub(super) enum Kind {
    Http1(Box<Http1>),
    /// A handle on a connection that a task of its own drives.
    Http2(http2::SendRequest<NoBody>),
}

/// HTTP/1.1 is driven by whoever holds it: that saves a task, and a wake per step of each request.
pub(super) struct Http1 {
    pub sender: http1::SendRequest<NoBody>,
    /// `None` once it has ended.
    pub driver: Option<http1::Connection<Io, NoBody>>,
}

impl Connection {
    pub(super) fn is_http2(&self) -> bool {
        matches!(self.kind, Kind::Http2(_))
    }

    /// Sends `request` and waits for the head of its response.
    pub(super) async fn send(
        &mut self,
        request: Request<NoBody>,
    ) -> Result<Response<Incoming>, hyper::Error> {
        match &mut self.kind {
            Kind::Http1(http1) => {
                let Http1 { sender, driver } = &mut **http1;
                drive(driver, async {
                    sender.ready().await?;
                    sender.send_request(request).await
                })
                .await
            }
            Kind::Http2(sender) => {
                sender.ready().await?;
                sender.send_request(request).await
            }
        }
    }

    /// Runs `work` on a body of this connection while the connection goes on.
    pub(super) async fn run<F: Future>(&mut self, work: F) -> F::Output {
        match &mut self.kind {
            Kind::Http1(http1) => drive(&mut http1.driver, work).await,
            Kind::Http2(_) => work.await,
        }
    }

    /// Tells whether another request may be sent: the last one is done and the peer is still there.
    pub(super) async fn is_reusable(&mut self) -> bool {
        match &mut self.kind {
            Kind::Http1(http1) => {
                poll_fn(|cx| {
                    if let Some(driver) = &mut http1.driver
                        && Pin::new(driver).poll(cx).is_ready()
                    {
                        http1.driver = None;
                    }
                    Poll::Ready(())
                })
                .await;
                http1.driver.is_some() && http1.sender.is_ready()
            }
            Kind::Http2(sender) => !sender.is_closed(),
        }
    }
}

/// Polls `work` and the connection that it depends on in one task.
async fn drive<F: Future>(
    driver: &mut Option<http1::Connection<Io, NoBody>>,
    work: F,
) -> F::Output {
    let mut work = pin!(work);
    poll_fn(|cx| {
        if let Poll::Ready(output) = work.as_mut().poll(cx) {
            return Poll::Ready(output);
        }
        // How the connection ended is told to `work` too, so its result may go.
        if let Some(connection) = driver
            && Pin::new(connection).poll(cx).is_ready()
        {
            *driver = None;
        }
        work.as_mut().poll(cx)
    })
    .await
}
