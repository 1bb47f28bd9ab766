//! The ends of a flow: files, folders and sockets, beside the loops that do the same by hand.
//!
//! What is read lies in the cache of the system, and what is written stays there: the disk is left out.

mod file_chunks;
mod file_lines;
mod file_records;
mod fixture;
mod folder_walk;
mod tail;
mod tcp_lines;

use crate::harness::Work;

/// Gives all of them.
pub(super) fn works() -> Vec<Work> {
    [
        file_lines::works(),
        file_chunks::works(),
        tail::works(),
        folder_walk::works(),
        tcp_lines::works(),
        file_records::works(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
