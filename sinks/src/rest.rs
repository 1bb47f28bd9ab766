//! A batch that is taken item by item.

/// Takes items off a batch one by one; what is not taken is in the batch again when this is dropped, also by a
/// cancelled write.
pub(crate) struct Rest<'a, T> {
    batch: &'a mut Vec<T>,
    pub(crate) items: std::vec::IntoIter<T>,
}

impl<'a, T> Rest<'a, T> {
    pub(crate) fn of(batch: &'a mut Vec<T>) -> Self {
        let items = std::mem::take(batch).into_iter();
        Self { batch, items }
    }
}

impl<T> Drop for Rest<'_, T> {
    fn drop(&mut self) {
        // In the allocation that it came in.
        *self.batch = std::mem::take(&mut self.items).collect();
    }
}
