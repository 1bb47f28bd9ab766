//! What a source is made of until its first poll, and what it has become from then on, until the end.

use std::{fmt, pin::Pin};

use pin_project_lite::pin_project;
use thalweg_core::{Plan, StageId, StageMut};

pin_project! {
    /// The `parts` of a source, of which the first poll makes what is `running`; at the end both are dropped.
    pub(super) struct Lazy<P, R> {
        parts: Option<P>,
        #[pin]
        running: Option<R>,
        id: StageId,
    }
}

impl<P, R> Lazy<P, R> {
    #[track_caller]
    pub(super) fn new(name: &'static str, parts: P) -> Self {
        Self {
            parts: Some(parts),
            running: None,
            id: StageId::here(name),
        }
    }

    pub(super) fn has_begun(&self) -> bool {
        self.parts.is_none()
    }

    /// Gives what runs, made of the parts if this is the first poll; nothing after the end.
    pub(super) fn run(self: Pin<&mut Self>, begin: impl FnOnce(P) -> R) -> Option<Pin<&mut R>> {
        let mut this = self.project();
        if let Some(parts) = this.parts.take() {
            this.running.set(Some(begin(parts)));
        }
        this.running.as_pin_mut()
    }

    pub(super) fn end(self: Pin<&mut Self>) {
        let mut this = self.project();
        *this.parts = None;
        this.running.set(None);
    }

    /// Gives a look at what runs, for sources that describe themselves.
    pub(super) fn running(&self) -> Option<&R> {
        self.running.as_ref()
    }

    pub(super) fn describe<'p>(&self, plan: &'p mut Plan) -> StageMut<'p> {
        plan.stage(self.id)
    }
}

impl<P: Clone, R> Clone for Lazy<P, R> {
    /// A clone starts anew.
    ///
    /// # Panics
    ///
    /// Panics if the source runs already: what its parts became cannot be cloned.
    #[track_caller]
    fn clone(&self) -> Self {
        assert!(
            self.running.is_none(),
            "{} runs: clone a flow before it is polled",
            self.id
        );
        Self {
            parts: self.parts.clone(),
            running: None,
            id: self.id,
        }
    }
}

impl<P, R> fmt::Debug for Lazy<P, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct(self.id.name())
            .field("begun", &self.has_begun())
            .field("ended", &(self.has_begun() && self.running.is_none()))
            .finish_non_exhaustive()
    }
}
