//! What ends a chunk besides number and time.

use std::fmt;

/// Looks at the items of a chunk, for [`Chunks`](super::Chunks): says which of them end it.
///
/// Made by [`bytes`](crate::Flow::bytes), [`until`](crate::Flow::until) and [`overlap`](crate::Flow::overlap), each around
/// those before.
pub trait ChunkRule<T> {
    /// Whether chunks may begin with items of the one before.
    const REPEATS: bool = false;

    /// Tells whether the item would be too much for the chunk. Asked first, once for each item.
    fn exceeds(&mut self, item: &T) -> bool;

    /// Adds the item to the chunk; tells whether that is its last.
    fn fills(&mut self, item: &T) -> bool;

    /// Gives the items of a chunk with which the next begins.
    fn repeats(&self, chunk: &[T]) -> Vec<T>;

    /// Begins a chunk with some items.
    fn begin(&mut self, repeated: &[T]);
}

/// The [`ChunkRule`] of chunks that no item ends.
#[derive(Clone, Copy, Debug)]
pub struct NoRule(pub(super) ());

impl<T> ChunkRule<T> for NoRule {
    #[inline]
    fn exceeds(&mut self, _: &T) -> bool {
        false
    }

    #[inline]
    fn fills(&mut self, _: &T) -> bool {
        false
    }

    fn repeats(&self, _: &[T]) -> Vec<T> {
        Vec::new()
    }

    fn begin(&mut self, _: &[T]) {}
}

/// The [`ChunkRule`] of [`bytes`](crate::Flow::bytes).
#[derive(Clone)]
pub struct Bytes<R, S> {
    rule: R,
    limit: usize,
    size: S,
    held: usize,
    /// The size of the item that was looked at last.
    next: usize,
}

impl<R, S> Bytes<R, S> {
    pub(super) fn new(rule: R, limit: usize, size: S) -> Self {
        Self {
            rule,
            limit,
            size,
            held: 0,
            next: 0,
        }
    }
}

impl<T, R: ChunkRule<T>, S: FnMut(&T) -> usize> ChunkRule<T> for Bytes<R, S> {
    const REPEATS: bool = R::REPEATS;

    #[inline]
    fn exceeds(&mut self, item: &T) -> bool {
        self.next = (self.size)(item);
        let exceeds = self.next > self.limit.saturating_sub(self.held);
        // Every rule is asked, as it may measure the item.
        self.rule.exceeds(item) | exceeds
    }

    #[inline]
    fn fills(&mut self, item: &T) -> bool {
        self.held = self.held.saturating_add(self.next);
        let full = self.held >= self.limit;
        self.rule.fills(item) || full
    }

    fn repeats(&self, chunk: &[T]) -> Vec<T> {
        self.rule.repeats(chunk)
    }

    fn begin(&mut self, repeated: &[T]) {
        self.rule.begin(repeated);
        let sizes = repeated.iter().map(&mut self.size);
        self.held = sizes.fold(0, usize::saturating_add);
    }
}

impl<R: fmt::Debug, S> fmt::Debug for Bytes<R, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bytes")
            .field("limit", &self.limit)
            .field("held", &self.held)
            .field("rule", &self.rule)
            .finish_non_exhaustive()
    }
}

/// The [`ChunkRule`] of [`until`](crate::Flow::until).
#[derive(Clone)]
pub struct Until<R, P> {
    rule: R,
    is_last: P,
}

impl<R, P> Until<R, P> {
    pub(super) fn new(rule: R, is_last: P) -> Self {
        Self { rule, is_last }
    }
}

impl<T, R: ChunkRule<T>, P: FnMut(&T) -> bool> ChunkRule<T> for Until<R, P> {
    const REPEATS: bool = R::REPEATS;

    #[inline]
    fn exceeds(&mut self, item: &T) -> bool {
        self.rule.exceeds(item)
    }

    #[inline]
    fn fills(&mut self, item: &T) -> bool {
        self.rule.fills(item) | (self.is_last)(item)
    }

    fn repeats(&self, chunk: &[T]) -> Vec<T> {
        self.rule.repeats(chunk)
    }

    fn begin(&mut self, repeated: &[T]) {
        self.rule.begin(repeated);
    }
}

impl<R: fmt::Debug, P> fmt::Debug for Until<R, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Until")
            .field("rule", &self.rule)
            .finish_non_exhaustive()
    }
}

/// The [`ChunkRule`] of [`overlap`](crate::Flow::overlap).
#[derive(Clone, Copy, Debug)]
pub struct Overlap<R> {
    rule: R,
    items: usize,
}

impl<R> Overlap<R> {
    pub(super) fn new(rule: R, items: usize) -> Self {
        Self { rule, items }
    }
}

impl<T: Clone, R: ChunkRule<T>> ChunkRule<T> for Overlap<R> {
    const REPEATS: bool = true;

    #[inline]
    fn exceeds(&mut self, item: &T) -> bool {
        self.rule.exceeds(item)
    }

    #[inline]
    fn fills(&mut self, item: &T) -> bool {
        self.rule.fills(item)
    }

    fn repeats(&self, chunk: &[T]) -> Vec<T> {
        chunk[chunk.len().saturating_sub(self.items)..].to_vec()
    }

    fn begin(&mut self, repeated: &[T]) {
        self.rule.begin(repeated);
    }
}
