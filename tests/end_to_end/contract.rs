//! The rules that every source keeps, checked by hand: sources have no input that could be watched.

use std::{
    convert::Infallible, fmt::Debug, ops::ControlFlow, pin::pin, task::Poll, time::Duration,
};

use thalweg::{Cx, Drained, Flow, Observable, Overflow, sources};
use tokio::{io::AsyncReadExt, net::TcpListener};

/// Polls once, and collects what came.
async fn poll_once<O: Observable + Unpin>(
    flow: &mut Flow<O>,
    budget: u32,
    stopping: bool,
) -> (Vec<O::Item>, Poll<Result<Drained, O::Error>>) {
    let mut items = Vec::new();
    let mut flow = pin!(flow);
    let polled = std::future::poll_fn(|task| {
        let mut cx = Cx::new(task).with_budget(budget).with_stop(stopping);
        Poll::Ready(flow.as_mut().poll_drain(&mut cx, |item| {
            items.push(item);
            ControlFlow::Continue(())
        }))
    })
    .await;
    (items, polled)
}

/// Checks that a source that could go on completes at once when it is asked to stop, and stays so.
async fn assert_stops<O>(mut flow: Flow<O>)
where
    O: Observable<Item: Debug, Error: Debug> + Unpin + Debug + Send,
{
    let _ = poll_once(&mut flow, 1, false).await;
    for stopping in [true, true, false] {
        let (items, polled) = poll_once(&mut flow, 8, stopping).await;
        assert!(
            matches!(polled, Poll::Ready(Ok(Drained::Completed))),
            "{flow:?}: {polled:?}"
        );
        assert!(items.is_empty(), "{flow:?} emitted {items:?}");
    }
    assert_eq!(
        flow.plan().stages().len(),
        1,
        "{flow:?} does not describe itself"
    );
}

#[tokio::test]
async fn every_source_stops_when_it_is_asked_to_and_stays_ended() {
    let hour = Duration::from_hours(1);
    assert_stops(sources::interval(hour)).await;
    assert_stops(sources::interval_now(hour)).await;
    assert_stops(sources::timer(hour)).await;
    assert_stops(sources::from_iter(0..)).await;
    assert_stops(sources::lines("Cargo.toml")).await;

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    assert_stops(sources::tcp_lines(address)).await;
    assert_stops(sources::tcp_connections(listener)).await;

    let (_theirs, ours) = tokio::io::duplex(8);
    assert_stops(sources::read_lines(ours, "a pipe")).await;

    let (_sender, flow) = sources::channel::<u32>(8, Overflow::Wait);
    assert_stops(flow).await;
}

#[tokio::test]
async fn nothing_comes_without_a_budget() {
    let mut ticks = sources::interval_now(Duration::from_secs(1));
    assert_eq!(
        poll_once(&mut ticks, 0, false).await,
        (vec![], Poll::Ready(Ok(Drained::Exhausted)))
    );
    let mut timer = sources::timer(Duration::ZERO);
    assert_eq!(
        poll_once(&mut timer, 0, false).await,
        (vec![], Poll::Ready(Ok(Drained::Exhausted)))
    );
    assert_eq!(poll_once(&mut timer, 8, false).await.0, [()]);

    let mut lines = sources::read_lines(&b"1\n2\n3\n"[..], "numbers");
    assert!(poll_once(&mut lines, 0, false).await.0.is_empty());
    assert_eq!(poll_once(&mut lines, 2, false).await.0, ["1", "2"]);
    assert_eq!(poll_once(&mut lines, 2, false).await.0, ["3"]);
}

#[tokio::test]
async fn a_source_lets_go_of_its_socket_at_its_end_though_the_flow_is_kept() {
    let (mut theirs, ours) = tokio::io::duplex(64);
    let mut flow = sources::read_lines(ours, "a pipe");
    poll_once(&mut flow, 8, true)
        .await
        .1
        .map(Result::unwrap)
        .is_ready();
    assert_eq!(
        theirs.read(&mut [0; 8]).await.unwrap(),
        0,
        "the pipe is closed"
    );
    assert_eq!(flow.next().await.unwrap(), None);
}

#[tokio::test]
async fn errors_of_sources_that_cannot_fail_are_infallible() {
    let count: Result<u64, Infallible> = sources::interval_now(Duration::from_secs(1))
        .take(1)
        .count()
        .await;
    assert_eq!(count, Ok(1));
}
