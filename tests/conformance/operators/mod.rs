//! The operators by the names of the case files.

mod combine;
mod concurrency;
mod create;
mod error;
mod filter;
mod flatten;
mod gather;
pub(crate) mod multicast;
mod pressure;
mod sink;
mod time;
mod transform;
mod window;

use thalweg::{Flow, Observable, prelude::*};

use crate::{
    call::Call,
    value::{Failure, Stream},
};

/// Puts an operator on its source.
///
/// # Panics
///
/// Panics if nobody knows it: that is a failure of the case.
pub(crate) fn build(call: &Call) -> Stream {
    [
        create::build,
        transform::build,
        filter::build,
        flatten::build,
        combine::build,
        time::build,
        pressure::build,
        concurrency::build,
        window::build,
        multicast::build,
        error::build,
        gather::build,
        sink::build,
    ]
    .iter()
    .find_map(|group| group(call))
    .unwrap_or_else(|| panic!("unknown operator {}", call.op))
}

/// Erases the type of a flow that fails with a [`Fault`], and takes the layer off.
fn faultless<O>(flow: Flow<O>) -> Stream
where
    O: Observable<Item = crate::value::Value, Error = Fault<Failure>> + Send + 'static,
{
    flow.map_err(Failure::from).boxed()
}
