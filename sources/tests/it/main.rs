//! The tests of the sources, one file each, in one binary: over loopback, with real processes.

mod contract;
mod layout;
#[path = "../../../tests/peers/mod.rs"]
mod peers;

mod adapt {
    automod::dir!("tests/it/adapt");
}
mod create {
    automod::dir!("tests/it/create");
}
mod fs {
    automod::dir!("tests/it/fs");
}
mod net {
    automod::dir!("tests/it/net");
}
#[cfg(unix)]
mod process {
    automod::dir!("tests/it/process");
}
mod time {
    automod::dir!("tests/it/time");
}
