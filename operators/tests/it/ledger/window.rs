//! Operators that gather items. What they gather is taken apart again.

use proptest::option;
use thalweg_operators::transform::UNLIMITED;

use super::{
    model::Model,
    operator::{Group, Operator, after, inputs, millis, notifier, plain, times, with},
};

pub(super) fn group() -> Group {
    let mut group = buffers();
    group.extend(windows());
    group
}

fn buffers() -> Group {
    vec![
        with((1..5_usize, option::of(times())), |(max, within)| {
            Operator::new(format!("chunks({max}, {within:?})"), move |flow, _| {
                let chunks = flow.chunks().max(max);
                let chunks = match within {
                    Some(time) => chunks.within(millis(time)),
                    None => chunks,
                };
                chunks.flat_map_iter(|chunk| chunk).boxed()
            })
            .keeps_books("chunks")
        }),
        plain(|| {
            Operator::new("chunks with rules", |flow, _| {
                let size = |n: &u32| *n as usize;
                let chunks = flow.chunks().bytes(9, size).until(|n| n % 5 == 0);
                chunks.flat_map_iter(|chunk| chunk).boxed()
            })
            .keeps_books("chunks")
        }),
        with(1..5_usize, |size| {
            Operator::new(format!("buffer_count({size})"), move |flow, _| {
                flow.buffer_count(size)
                    .flat_map_iter(|buffer| buffer)
                    .boxed()
            })
            .keeps_books("buffer_count")
        }),
        with((1..5_usize, 1..5_usize), |(size, every)| {
            Operator::new(
                format!("buffer_count({size}).every({every})"),
                move |flow, _| {
                    let buffers = flow.buffer_count(size).every(every);
                    buffers.flat_map_iter(|buffer| buffer).boxed()
                },
            )
            .gives(move |model| {
                model.times(size.div_ceil(every));
                model.in_any_order();
                model.some();
            })
        }),
        with((1..6_u64, option::of(1..4_usize)), |(span, max)| {
            Operator::new(format!("buffer_time({span}, {max:?})"), move |flow, _| {
                let buffers = flow.buffer_time(millis(span));
                let buffers = match max {
                    Some(items) => buffers.max(items),
                    None => buffers,
                };
                buffers.flat_map_iter(|buffer| buffer).boxed()
            })
            .keeps_books("buffer_time")
        }),
        with(inputs(), |input| {
            let other = input.clone();
            Operator::new(format!("buffer_by({input:?})"), move |flow, sources| {
                let buffers = flow.buffer_by(sources.of(&input));
                buffers.flat_map_iter(|buffer| buffer).boxed()
            })
            .gives(move |model| model.fails_with(&other))
        }),
        with(inputs(), |input| {
            let other = input.clone();
            Operator::new(format!("buffer_toggle({input:?})"), move |flow, sources| {
                let buffers = flow.buffer_toggle(sources.of(&input), notifier(4));
                buffers.flat_map_iter(|buffer| buffer).boxed()
            })
            .gives(move |model| {
                model.times(other.count());
                model.in_any_order();
                model.some();
                model.fails_with(&other);
            })
        }),
        with(1..6_usize, |wait| {
            Operator::new(format!("buffer_when({wait})"), move |flow, _| {
                let buffers = flow.buffer_when(move || after(wait));
                buffers.flat_map_iter(|buffer| buffer).boxed()
            })
            .keeps_books("buffer_when")
        }),
        with((times(), option::of(1..4_usize)), |(gap, max)| {
            Operator::new(format!("session({gap}, {max:?})"), move |flow, _| {
                let sessions = flow.session(millis(gap));
                let sessions = match max {
                    Some(items) => sessions.max(items),
                    None => sessions,
                };
                sessions.flat_map_iter(|session| session).boxed()
            })
            .keeps_books("session")
        }),
    ]
}

fn windows() -> Group {
    vec![
        with((1..5_usize, 1..4_usize), |(size, capacity)| {
            Operator::new(
                format!("window_count({size}, {capacity})"),
                move |flow, _| {
                    let windows = flow.window_count(size).capacity(capacity);
                    windows.merge_map(UNLIMITED, |window| window).boxed()
                },
            )
            .keeps_books("window_count")
            .gives(Model::in_any_order)
        }),
        with((1..6_u64, 1..4_usize), |(span, capacity)| {
            Operator::new(
                format!("window_time({span}, {capacity})"),
                move |flow, _| {
                    let windows = flow.window_time(millis(span)).capacity(capacity);
                    windows.merge_map(UNLIMITED, |window| window).boxed()
                },
            )
            .keeps_books("window_time")
            .gives(Model::in_any_order)
        }),
        with(inputs(), |input| {
            let other = input.clone();
            Operator::new(format!("window_by({input:?})"), move |flow, sources| {
                let windows = flow.window_by(sources.of(&input));
                windows.merge_map(UNLIMITED, |window| window).boxed()
            })
            .gives(move |model| {
                model.in_any_order();
                model.fails_with(&other);
            })
        }),
        with(inputs(), |input| {
            let other = input.clone();
            Operator::new(format!("window_toggle({input:?})"), move |flow, sources| {
                let windows = flow.window_toggle(sources.of(&input), notifier(4));
                windows.merge_map(UNLIMITED, |window| window).boxed()
            })
            .gives(move |model| {
                model.times(other.count());
                model.in_any_order();
                model.some();
                model.fails_with(&other);
            })
        }),
        with(1..6_usize, |wait| {
            Operator::new(format!("window_when({wait})"), move |flow, _| {
                let windows = flow.window_when(move || after(wait));
                windows.merge_map(UNLIMITED, |window| window).boxed()
            })
            .keeps_books("window_when")
            .gives(Model::in_any_order)
        }),
    ]
}
