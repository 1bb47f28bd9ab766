//! The vector of a chunk in the making.

use super::ChunkRule;

/// Takes a chunk that is to be handed on, and begins the next.
pub(super) fn next_chunk<T>(
    chunk: &mut Vec<T>,
    repeated: &mut usize,
    rule: &mut impl ChunkRule<T>,
) -> Vec<T> {
    let full = std::mem::take(chunk);
    *chunk = rule.repeats(&full);
    *repeated = chunk.len();
    rule.begin(chunk);
    full
}

/// Tells whether the next item is the first that is new in a chunk, or finds its memory full.
///
/// A new chunk has no memory, so one comparison an item answers both; items without a size never need any, and a chunk
/// that repeats items has some.
#[inline]
pub(super) fn needs_room<T, R: ChunkRule<T>>(chunk: &Vec<T>, repeated: usize) -> bool {
    chunk.len() == chunk.capacity()
        || ((R::REPEATS || size_of::<T>() == 0) && chunk.len() == repeated)
}

/// Makes room and adds an item. By value: a chunk that is lent to nobody stays in registers.
#[cold]
pub(super) fn grown<T>(mut chunk: Vec<T>, item: T, room: usize) -> Vec<T> {
    if chunk.is_empty() {
        chunk = Vec::with_capacity(room);
    }
    chunk.push(item);
    chunk
}
