//! Operators that look at the clock.

use proptest::option;
use thalweg_operators::testing::{Broken, numbers};

use super::{
    model::Model,
    operator::{Group, Operator, inputs, millis, notifier, times, with},
};

pub(super) fn group() -> Group {
    let mut group = lossy();
    group.extend(lossless());
    group.extend(limits());
    group
}

/// A wait of a notifier, in frames.
fn waits() -> std::ops::Range<u32> {
    0..6
}

/// Operators that leave items out, depending on when they come.
fn lossy() -> Group {
    vec![
        with((times(), option::of(0..9_u64)), |(quiet, most)| {
            Operator::new(format!("debounce({quiet}, {most:?})"), move |flow, _| {
                let flow = flow.debounce(millis(quiet));
                match most {
                    Some(time) => flow.max_wait(millis(time)).boxed(),
                    None => flow.boxed(),
                }
            })
            .keeps_books("debounce")
            .gives(Model::some)
        }),
        with(waits(), |wait| {
            Operator::new(format!("debounce_by({wait})"), move |flow, _| {
                flow.debounce_by(notifier(wait)).boxed()
            })
            .keeps_books("debounce_by")
            .gives(Model::some)
        }),
        with((times(), 0..3_u8), |(window, edges)| {
            Operator::new(format!("throttle({window}, {edges})"), move |flow, _| {
                let flow = flow.throttle(millis(window));
                match edges {
                    0 => flow.leading(),
                    1 => flow.trailing(),
                    _ => flow.both(),
                }
                .boxed()
            })
            .keeps_books("throttle")
            .gives(Model::some)
        }),
        with((waits(), 0..3_u8), |(wait, edges)| {
            Operator::new(format!("throttle_by({wait}, {edges})"), move |flow, _| {
                let flow = flow.throttle_by(notifier(wait));
                match edges {
                    0 => flow.leading(),
                    1 => flow.trailing(),
                    _ => flow.both(),
                }
                .boxed()
            })
            .keeps_books("throttle_by")
            .gives(Model::some)
        }),
        with(times(), |window| {
            Operator::new(format!("audit({window})"), move |flow, _| {
                flow.audit(millis(window)).boxed()
            })
            .keeps_books("audit")
            .gives(Model::some)
        }),
        with(waits(), |wait| {
            Operator::new(format!("audit_by({wait})"), move |flow, _| {
                flow.audit_by(notifier(wait)).boxed()
            })
            .keeps_books("audit_by")
            .gives(Model::some)
        }),
        with(times(), |period| {
            Operator::new(format!("sample({period})"), move |flow, _| {
                flow.sample(millis(period)).boxed()
            })
            .keeps_books("sample")
            .gives(Model::some)
        }),
        with(inputs(), |input| {
            let other = input.clone();
            Operator::new(format!("sample_by({input:?})"), move |flow, sources| {
                flow.sample_by(sources.of(&input)).boxed()
            })
            .gives(move |model| {
                model.some();
                model.fails_with(&other);
            })
        }),
    ]
}

/// Operators that hand on all items, later.
fn lossless() -> Group {
    vec![
        with((times(), 1..4_usize), |(time, capacity)| {
            Operator::new(format!("delay({time}, {capacity})"), move |flow, _| {
                flow.delay(millis(time)).capacity(capacity).boxed()
            })
            .keeps_books("delay")
        }),
        with((waits(), 1..4_usize), |(wait, capacity)| {
            Operator::new(format!("delay_by({wait}, {capacity})"), move |flow, _| {
                flow.delay_by(notifier(wait)).capacity(capacity).boxed()
            })
            .keeps_books("delay_by")
            .gives(Model::in_any_order)
        }),
        with(times(), |time| {
            Operator::new(format!("delay_subscription({time})"), move |flow, _| {
                flow.delay_subscription(millis(time)).boxed()
            })
        }),
        with(1..4_u32, |burst| {
            Operator::new(format!("pace({burst})"), move |flow, _| {
                flow.pace(1, millis(2)).burst(burst).boxed()
            })
            .keeps_books("pace")
        }),
        with(1..5_u32, |burst| {
            Operator::new(format!("pace({burst}) by weight"), move |flow, _| {
                flow.pace(1, millis(2))
                    .burst(burst)
                    .weigh(|n| n % 4)
                    .boxed()
            })
            .keeps_books("pace")
        }),
        with(1..6_u64, |idle| {
            Operator::new(format!("keep_alive({idle})"), move |flow, _| {
                let is_item = |n: &u32| *n != u32::MAX;
                flow.keep_alive(millis(idle), || u32::MAX)
                    .filter(is_item)
                    .boxed()
            })
        }),
    ]
}

/// Operators that end a flow that is too slow.
fn limits() -> Group {
    vec![
        with(0..12_u64, |limit| {
            Operator::new(format!("timeout_first({limit})"), move |flow, _| {
                flow.timeout_first(millis(limit))
                    .map_err(|_| Broken)
                    .boxed()
            })
            .cuts()
            .gives(Model::may_fail)
        }),
        with(0..12_u64, |limit| {
            Operator::new(format!("timeout_each({limit})"), move |flow, _| {
                flow.timeout_each(millis(limit)).map_err(|_| Broken).boxed()
            })
            .cuts()
            .gives(Model::may_fail)
        }),
        with(0..20_u64, |limit| {
            Operator::new(format!("deadline({limit})"), move |flow, _| {
                flow.deadline(millis(limit)).map_err(|_| Broken).boxed()
            })
            .cuts()
            .gives(Model::may_fail)
        }),
        with(0..12_u64, |limit| {
            Operator::new(format!("timeout_or_else({limit})"), move |flow, _| {
                flow.timeout_or_else(millis(limit), || numbers("-|"))
                    .boxed()
            })
            .cuts()
            .gives(Model::some)
        }),
    ]
}
