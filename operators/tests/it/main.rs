//! The tests of all operators, one file each, in one binary.

mod cancel;
mod interleavings;
mod layout;
mod ledger;
mod poll;
mod stop;
mod windows;

mod combine {
    automod::dir!("tests/it/combine");
}
mod concurrency {
    automod::dir!("tests/it/concurrency");
}
mod error {
    automod::dir!("tests/it/error");
}
mod filter {
    automod::dir!("tests/it/filter");
}
mod multicast {
    automod::dir!("tests/it/multicast");
}
mod pressure {
    automod::dir!("tests/it/pressure");
}
mod terminal {
    automod::dir!("tests/it/terminal");
}
mod time {
    automod::dir!("tests/it/time");
}
mod transform {
    automod::dir!("tests/it/transform");
}
mod window {
    automod::dir!("tests/it/window");
}
