//! Windows as text, for tests of the operators that cut a flow into windows.

use thalweg_core::Observable;
use thalweg_operators::{Flow, IntoFlow, testing::Broken, transform::UNLIMITED, window::Window};

/// Shows a vector as its letters.
pub(crate) fn text(letters: Vec<char>) -> String {
    if letters.is_empty() {
        "[]".to_owned()
    } else {
        letters.into_iter().collect()
    }
}

/// Runs all windows at once: a window is a capital letter when it opens, the same letter before each of its items, and
/// a small letter when it completes.
pub(crate) fn named<O>(flow: Flow<O>) -> Flow<impl Observable<Item = String, Error = Broken>>
where
    O: Observable<Item = Flow<Window<char, Broken>>, Error = Broken>,
{
    let mut names = 'A'..='Z';
    flow.merge_map(UNLIMITED, move |window| {
        let name = names.next().unwrap();
        let opens = [name.to_string()];
        let closes = [name.to_lowercase().to_string()];
        window
            .map(move |item| format!("{name}{item}"))
            .start_with(opens)
            .concat(closes.flow().with_error())
    })
}
