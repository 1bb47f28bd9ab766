//! A crowd: many clients at once, and the memory of the process that serves them.

use super::*;
use crate::child;
use futures_util::future::join_all;
use std::{fs, net::SocketAddr, path::Path};

/// Clients that come at once.
const CROWD: usize = 2000;

/// Serves, and publishes a large event to `large` whenever somebody subscribes to `more`, until it is killed.
#[tokio::test]
#[ignore = "is the process of another test"]
async fn serves_a_crowd() {
    let folder = child::folder();
    let builder = Hub::builder()
        .history(16, 1 << 20)
        .backlog(1024, 256 * 1024);
    let hub = builder.bind("127.0.0.1:0").await.unwrap();
    fs::write(folder.join("new"), hub.address().to_string()).unwrap();
    fs::rename(folder.join("new"), folder.join("address")).unwrap();
    let handle = hub.handle();
    loop {
        if handle.clients("more") > 0 {
            publish(&handle, "large", "x".repeat(16 * 1024)).await;
        }
        yield_now().await;
    }
}

/// Bytes of memory that a process has.
fn memory(process: u32) -> u64 {
    let status = fs::read_to_string(Path::new("/proc").join(process.to_string()).join("status"));
    let status = status.unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

/// Whether this process may have so many files, and so connections.
fn may_open(files: usize) -> bool {
    let limits = fs::read_to_string("/proc/self/limits").unwrap();
    let line = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"));
    let most = line
        .and_then(|line| line.split_whitespace().next())
        .unwrap();
    most.parse().is_ok_and(|most: usize| files <= most) || most == "unlimited"
}

async fn come(address: SocketAddr, topic: &str) -> Client {
    let stream = TcpStream::connect(address).await.unwrap();
    let url = format!("ws://{address}/?topic={topic}");
    let mut client = Client(client_async(url, stream).await.unwrap().0);
    assert_eq!(client.next().await.unwrap()["subscribed"], topic);
    client
}

#[tokio::test]
#[cfg(target_os = "linux")]
async fn a_crowd_may_come_at_once_and_vanish_and_come_back() {
    if !may_open(CROWD + 200) {
        eprintln!("skipped: a crowd needs more open files, see `ulimit -n`");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let process = child::spawn("ws::hub::crowd::serves_a_crowd", folder.path(), "");
    let address = timeout(Duration::from_mins(1), async {
        loop {
            let address = fs::read_to_string(folder.path().join("address"));
            match address.ok().and_then(|address| address.parse().ok()) {
                Some(address) => return address,
                None => yield_now().await,
            }
        }
    });
    let address: SocketAddr = address.await.unwrap();
    let process = process.id().unwrap();
    drop(come(address, "quiet").await);
    let before = memory(process);
    for _ in 0..3 {
        let crowd = join_all((0..CROWD).map(|_| come(address, "quiet"))).await;
        let each = memory(process).saturating_sub(before) / CROWD as u64;
        assert!(each < 16 * 1024, "{each} bytes for a client");
        for client in crowd {
            let stream = client.0.into_inner();
            // A reset, and no word.
            stream.set_zero_linger().unwrap();
        }
    }
    // Some that take nothing while there is much to send to those who do.
    let stalled = join_all((0..50).map(|_| come(address, "large"))).await;
    let mut quick = come(address, "large").await;
    let more = come(address, "more").await;
    for _ in 0..4000 {
        quick.next().await.unwrap();
    }
    let after = memory(process);
    assert!(
        after < before + (64 << 20),
        "{before} bytes before, {after} after"
    );
    drop((stalled, more));
}
