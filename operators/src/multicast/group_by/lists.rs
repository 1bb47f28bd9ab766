//! The items of all groups in one arena: what one list frees is used by the next, while it is still in the cache.

/// No node.
const NONE: usize = usize::MAX;

/// The nodes of any number of lists. Grows to the most items that there were at a time.
pub(super) struct Lists<T> {
    nodes: Vec<Node<T>>,
    /// The first of the nodes that are not used.
    free: usize,
}

struct Node<T> {
    item: Option<T>,
    next: usize,
}

/// A queue whose nodes are in [`Lists`].
#[derive(Clone, Copy)]
pub(super) struct List {
    first: usize,
    last: usize,
}

impl List {
    pub(super) const EMPTY: Self = Self {
        first: NONE,
        last: NONE,
    };

    pub(super) fn is_empty(self) -> bool {
        self.first == NONE
    }
}

impl<T> Lists<T> {
    pub(super) fn new() -> Self {
        Self {
            nodes: Vec::new(),
            free: NONE,
        }
    }

    #[inline]
    pub(super) fn push_back(&mut self, list: &mut List, item: T) {
        let node = Node {
            item: Some(item),
            next: NONE,
        };
        let at = self.free;
        let at = if at == NONE {
            self.nodes.push(node);
            self.nodes.len() - 1
        } else {
            self.free = std::mem::replace(&mut self.nodes[at], node).next;
            at
        };
        if list.is_empty() {
            list.first = at;
        } else {
            self.nodes[list.last].next = at;
        }
        list.last = at;
    }

    #[inline]
    pub(super) fn pop_front(&mut self, list: &mut List) -> Option<T> {
        let at = list.first;
        let node = self.nodes.get_mut(at)?;
        list.first = std::mem::replace(&mut node.next, self.free);
        self.free = at;
        node.item.take()
    }
}
