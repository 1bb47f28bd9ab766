//! The task of a running `group_by`: drains the source into the sorter until either has come to its end.

use std::{
    hash::Hash,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use thalweg_core::{Cx, Drained, Fault, Observable};

use crate::{
    Stage,
    boundary::{End, run_source},
};

use super::{shared::Shared, sorter::Sorter};

pub(super) async fn run<O, K, F>(
    stage: Stage<O, F>,
    shared: Arc<Shared<K, O::Item, O::Error>>,
    sorter: Sorter<K, O::Item, O::Error>,
) where
    O: Observable<Error: Clone>,
    K: Clone + Eq + Hash,
    F: FnMut(&O::Item) -> K,
{
    let mut task = Task {
        shared,
        sorter,
        end: None,
    };
    let end = run_source(stage, |stage, cx| task.poll(stage, cx)).await;
    // What was made before a panic is delivered.
    task.sorter.flush();
    if let Some(end) = end {
        task.sorter.end(&end);
    }
}

struct Task<K, T, E> {
    shared: Arc<Shared<K, T, E>>,
    sorter: Sorter<K, T, E>,
    /// The end of the source, while an item before it waits.
    end: End<E>,
}

impl<K, T, E> Task<K, T, E>
where
    K: Clone + Eq + Hash,
    E: Clone,
{
    fn poll<O, F>(
        &mut self,
        mut stage: Pin<&mut Stage<O, F>>,
        task: &mut Context<'_>,
    ) -> Poll<End<E>>
    where
        O: Observable<Item = T, Error = E>,
        F: FnMut(&T) -> K,
    {
        let sorter = &mut self.sorter;
        let mut budget = Cx::DEFAULT_BUDGET;
        loop {
            let stopping = self.shared.attend(task);
            sorter.go_on();
            if let Err(error) = sorter.close_due(task) {
                return Poll::Ready(Some(Err(Fault::Upstream(error))));
            }
            if sorter.is_abandoned() {
                return Poll::Ready(None);
            }
            if let Some(overflowed) = sorter.take_overflowed() {
                return Poll::Ready(Some(Err(Fault::Overflowed(overflowed))));
            }
            let mut cx = Cx::new(task).with_stop(stopping).with_budget(budget);
            let stalled = sorter.is_stalled();
            if stalled {
                if !stage.owes_stop(&cx) {
                    return Poll::Pending;
                }
                cx = cx.with_budget(0);
            } else if self.end.is_some() {
                return Poll::Ready(self.end.take());
            }
            let drained = stage.as_mut().drain(&mut cx, |key_of, item| {
                let key = key_of(&item);
                sorter.sort(key, item)
            });
            if !stalled {
                budget = cx.budget();
            }
            sorter.flush();
            match drained {
                Poll::Ready(Ok(Drained::Completed)) => self.end = Some(Ok(())),
                Poll::Ready(Err(error)) => self.end = Some(Err(Fault::Upstream(error))),
                Poll::Ready(Ok(Drained::Stopped)) => {}
                // There may be room by now.
                Poll::Ready(Ok(Drained::Exhausted)) | Poll::Pending if stalled => {}
                Poll::Ready(Ok(Drained::Exhausted)) => {
                    task.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Poll::Pending => {
                    // The notifiers of the groups that have just been opened.
                    return match sorter.close_due(task) {
                        Ok(()) => Poll::Pending,
                        Err(error) => Poll::Ready(Some(Err(Fault::Upstream(error)))),
                    };
                }
            }
        }
    }
}
