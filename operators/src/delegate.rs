//! Observables that are one part of theirs, under a name of their own.

/// Writes the methods of an [`Observable`](thalweg_core::Observable) that is one field of a `pin_project!` struct.
///
/// Inside of the `impl`, `delegate!(gate);` stands for
///
/// ```text
/// fn poll_drain<Emit>(self: Pin<&mut Self>, cx: &mut Cx<'_, '_>, emit: Emit) -> Poll<Result<Drained, Self::Error>>
/// where
///     Emit: FnMut(Self::Item) -> ControlFlow<()>,
/// {
///     self.project().gate.poll_drain(cx, emit)
/// }
///
/// fn describe(&self, plan: &mut Plan) {
///     self.gate.describe(plan);
/// }
/// ```
///
/// and `delegate!(flows.drain(|(), inner| inner));` for the same with `flows.drain(cx, |(), inner| inner, emit)`.
macro_rules! delegate {
    ($part:ident) => {
        $crate::delegate::delegate!($part.poll_drain());
    };
    ($part:ident.$drain:ident($($how:expr),*)) => {
        #[inline]
        fn poll_drain<Emit>(
            self: ::std::pin::Pin<&mut Self>,
            cx: &mut ::thalweg_core::Cx<'_, '_>,
            emit: Emit,
        ) -> ::std::task::Poll<Result<::thalweg_core::Drained, Self::Error>>
        where
            Emit: FnMut(Self::Item) -> ::std::ops::ControlFlow<()>,
        {
            self.project().$part.$drain(cx, $($how,)* emit)
        }

        fn describe(&self, plan: &mut ::thalweg_core::Plan) {
            self.$part.describe(plan);
        }
    };
}

pub(crate) use delegate;
