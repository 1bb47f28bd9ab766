//! Who is measured, and how each one's server is started.

use std::{io, process::Command};

use crate::{client::Dialect, servers};

/// What a contestant is to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Ours,
    /// Our hub in another form.
    OursToo,
    /// A loop without a library: what the work itself costs.
    Hand,
    /// A server on a library of Rust.
    Rust,
    /// A server of another language.
    Foreign,
}

/// A server that can be measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Contestant {
    pub(crate) name: &'static str,
    pub(crate) role: Role,
    start: Start,
    pub(crate) dialect: Dialect,
}

#[derive(Clone, Copy, Debug)]
enum Start {
    /// This program does, with `serve` and the name.
    Here(fn() -> io::Result<()>),
    /// Scripts in `benches/rivals`, with what `benches/ws_rivals` has installed.
    Node(&'static str),
    Python(&'static str),
}

/// Where the scripts stand, and where `benches/ws_rivals` installs what they need.
const SCRIPTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/rivals");
const INSTALLED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/ws_rivals");

/// The name of uWebSockets, which a goal is about.
pub(crate) const U_WEB_SOCKETS: &str = "uWebSockets";

/// Gives all contestants, ours first.
pub(crate) fn all() -> Vec<Contestant> {
    use Role::{Foreign, Hand, Ours, OursToo, Rust};
    use Start::{Here, Node, Python};

    let rival = |name, role, start| Contestant {
        name,
        role,
        start,
        dialect: Dialect {
            target: "/",
            greets: false,
            behind: 0,
            size: 0,
        },
    };
    let hub = |name, role, start, greets, behind| Contestant {
        dialect: Dialect {
            target: "/?topic=load",
            greets,
            behind,
            size: 0,
        },
        ..rival(name, role, start)
    };
    vec![
        // The brace that ends the envelope is behind the event.
        hub("thalweg hub", Ours, Here(servers::hub::run), true, 1),
        hub(
            "thalweg hub, plain",
            OursToo,
            Here(servers::hub::run_plain),
            false,
            0,
        ),
        rival("by hand", Hand, Here(servers::by_hand::run)),
        rival(
            "tokio-tungstenite, feed",
            Rust,
            Here(servers::tungstenite_feed::run),
        ),
        rival(
            "tokio-tungstenite, send",
            Rust,
            Here(servers::tungstenite_send::run),
        ),
        rival(
            "tokio-websockets, feed",
            Rust,
            Here(servers::tokio_websockets::run),
        ),
        rival(
            "fastwebsockets, buffered",
            Rust,
            Here(servers::fast_websockets::run),
        ),
        rival(U_WEB_SOCKETS, Foreign, Python("u_web_sockets.py")),
        rival("ws on node", Foreign, Node("ws.mjs")),
        rival(
            "websockets on Python",
            Foreign,
            Python("websockets_server.py"),
        ),
    ]
}

impl Contestant {
    /// Gives the command that starts its server.
    pub(crate) fn command(&self) -> io::Result<Command> {
        Ok(match self.start {
            Start::Here(_) => {
                let mut command = Command::new(std::env::current_exe()?);
                command.args(["serve", self.name]);
                command
            }
            Start::Node(script) => {
                let mut command = Command::new("node");
                command.arg(format!("{SCRIPTS}/{script}")).arg(INSTALLED);
                command
            }
            Start::Python(script) => {
                let mut command = Command::new(format!("{INSTALLED}/python/bin/python"));
                // Without -B it would leave what it compiled beside its scripts.
                command
                    .arg("-B")
                    .arg(format!("{SCRIPTS}/{script}"))
                    .env("LD_LIBRARY_PATH", format!("{INSTALLED}/lib"));
                command
            }
        })
    }

    /// Serves until the control channel ends, if this program is its server.
    pub(crate) fn serve(&self) -> Option<io::Result<()>> {
        match self.start {
            Start::Here(run) => Some(run()),
            Start::Node(_) | Start::Python(_) => None,
        }
    }
}
