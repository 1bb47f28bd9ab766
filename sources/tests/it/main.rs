//! The tests of the sources that need neither files nor sockets, one file each, in one binary.

mod contract;
mod layout;

mod create {
    automod::dir!("tests/it/create");
}
mod time {
    automod::dir!("tests/it/time");
}
