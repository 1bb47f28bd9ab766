//! The tests of the sinks, one file each, in one binary: over real files and sockets of this machine.

mod child;
mod double;
mod layout;
#[path = "../../../tests/peers/mod.rs"]
mod peers;

mod adapt {
    automod::dir!("tests/it/adapt");
}
mod combine {
    automod::dir!("tests/it/combine");
}
mod fs {
    automod::dir!("tests/it/fs");
}
mod net {
    automod::dir!("tests/it/net");
}
mod http {
    automod::dir!("tests/it/http");
}
mod ws {
    automod::dir!("tests/it/ws");
    mod hub;
}
