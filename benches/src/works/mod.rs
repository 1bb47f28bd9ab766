//! The works, one file each, with everyone who does them side by side.

mod chain;
mod chain_boxed;
mod chain_of_40;
mod chunks;
mod concat_map;
mod debounce;
mod debounced_streams;
mod ends;
mod group_by;
mod hand_over;
mod keyed_scan;
mod merge;
mod merge_mostly_idle;
mod share;
mod singles;
mod zip;

use crate::harness::Work;

/// Gives all works, in the order in which they are reported.
pub(crate) fn all() -> Vec<Work> {
    let mut works = vec![
        chain::work(),
        chain_boxed::work(),
        chain_of_40::work(),
        concat_map::work(),
        merge::work(),
        zip::work(),
        chunks::work(),
        debounce::work(),
        debounced_streams::work(),
        hand_over::work(),
        share::work(),
        group_by::work(),
        keyed_scan::work(),
    ];
    works.extend(merge_mostly_idle::works());
    works.extend(singles::works());
    works.extend(ends::works());
    works
}

/// Gathers items into a checksum that depends on their order and that no compiler turns into a formula or a vector.
///
/// From one sum to the next is one cycle, so that it does not hide what is to be measured.
#[inline]
fn mix(sum: u64, item: u64) -> u64 {
    (item ^ (item >> 3)).wrapping_sub(sum)
}

/// As [`mix`], for items that come in no certain order.
#[inline]
fn gather(sum: u64, item: u64) -> u64 {
    sum.wrapping_add(item.wrapping_mul(item) ^ (item >> 3))
}

/// Gathers the items of a vector, and frees it.
#[inline]
fn mix_all(sum: u64, items: Vec<u64>) -> u64 {
    items.into_iter().fold(sum, mix)
}
