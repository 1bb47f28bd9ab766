//! Counters that come as datagrams, `name:number`, summed up and passed on as one datagram of JSON a second.
//! Run with: `cargo run --example udp_counters -- 127.0.0.1:7011 127.0.0.1:7012`, then in another terminal:
//! `echo -n visits:3 | nc -u -w0 127.0.0.1 7011`

use std::{collections::BTreeMap, env, error::Error, time::Duration};

use thalweg::{
    sinks::{encoding::Json, udp},
    sources::{Datagram, udp_datagrams},
};
use tokio::net::UdpSocket;

fn parse(datagram: &Datagram) -> Result<(String, u64), String> {
    let text = String::from_utf8_lossy(&datagram.bytes);
    let counter = text.trim_end().split_once(':');
    counter
        .and_then(|(name, number)| Some((name.to_owned(), number.parse().ok()?)))
        .ok_or_else(|| format!("{} sent {text:?}, which is no name:number", datagram.peer))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let (Some(from), Some(to)) = (arguments.next(), arguments.next()) else {
        return Err("usage: udp_counters FROM TO".into());
    };
    let socket = UdpSocket::bind(from).await?;
    println!("listening on {}", socket.local_addr()?);

    udp_datagrams(socket)
        .map(|datagram| parse(&datagram))
        .ok_items(|error| eprintln!("{error}"))
        .chunks()
        // A second that begins with its first counter; nothing is sent while none comes.
        .within(Duration::from_secs(1))
        .max(10_000)
        .map(|counters| {
            let mut sums = BTreeMap::<_, u64>::new();
            for (name, number) in counters {
                let sum = sums.entry(name).or_default();
                *sum = sum.saturating_add(number);
            }
            sums
        })
        .run_into(udp(to, Json))
        .await?;
    Ok(())
}
