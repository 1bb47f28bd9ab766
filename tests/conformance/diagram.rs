//! Diagrams as signs in frames.

/// What can happen in a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sign {
    Item(char),
    Completed,
    Failed,
    Subscribe,
    Unsubscribe,
}

/// Reads a diagram: a character is a frame, a group is in the frame of its `(` and takes as many as it has characters.
pub(crate) fn signs(diagram: &str) -> Vec<(u64, Sign)> {
    let mut signs = Vec::new();
    let mut group = None;
    for (frame, character) in (0..).zip(diagram.chars()) {
        let sign = match character {
            '-' => continue,
            '(' => {
                group = Some(frame);
                continue;
            }
            ')' => {
                group = None;
                continue;
            }
            '|' => Sign::Completed,
            '#' => Sign::Failed,
            '^' => Sign::Subscribe,
            '!' => Sign::Unsubscribe,
            item => Sign::Item(item),
        };
        signs.push((group.unwrap_or(frame), sign));
    }
    signs
}

/// Reads the diagram of a hot input: counts from its `^`, and leaves out what was before.
pub(crate) fn hot_signs(diagram: &str) -> Vec<(u64, Sign)> {
    let signs = signs(diagram);
    let origin = signs
        .iter()
        .find(|(_, sign)| *sign == Sign::Subscribe)
        .map_or(0, |(frame, _)| *frame);
    signs
        .into_iter()
        .filter(|(frame, sign)| *frame >= origin && *sign != Sign::Subscribe)
        .map(|(frame, sign)| (frame - origin, sign))
        .collect()
}

/// When somebody is subscribed: from a frame on, until another or for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) from: u64,
    pub(crate) until: Option<u64>,
}

/// Reads a subscription window; without a diagram it is from the start and for ever.
pub(crate) fn window(diagram: Option<&str>) -> Window {
    let signs = signs(diagram.unwrap_or("^"));
    let frame_of = |wanted| {
        let mut found = signs.iter().filter(|(_, sign)| *sign == wanted);
        found.next().map(|(frame, _)| *frame)
    };
    Window {
        from: frame_of(Sign::Subscribe).unwrap_or(0),
        until: frame_of(Sign::Unsubscribe),
    }
}
