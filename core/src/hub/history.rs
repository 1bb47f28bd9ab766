//! What a hub keeps for those who come late.

/// How many of the newest items a [`hub`](super::hub) replays to a subscriber that comes late; none by default.
///
/// They lie in the hub once, however many subscribers read them, and as long as the hub lives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct History {
    pub(super) items: u64,
    /// A subscriber that comes after the end gets the end only.
    pub(super) ends_with_hub: bool,
}

impl History {
    /// Keeps the newest `items`; with [`usize::MAX`] all of them.
    #[must_use]
    pub fn of(items: usize) -> Self {
        Self {
            items: items as u64,
            ends_with_hub: false,
        }
    }

    /// Replays nothing to a subscriber that comes after the end of the hub.
    #[must_use]
    pub fn until_end(self) -> Self {
        Self {
            ends_with_hub: true,
            ..self
        }
    }
}
