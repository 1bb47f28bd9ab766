//! Operators that handle failures.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering::SeqCst},
};

use thalweg_operators::{Flow, IntoFlow, error::Backoff, testing::Broken};

use super::operator::{Group, Operator, all, inputs, millis, plain, times, with};

pub(super) fn group() -> Group {
    vec![
        plain(|| Operator::new("raise", |flow, _| flow.map(Ok::<_, Broken>).raise().boxed())),
        plain(|| {
            Operator::new("ok_items", |flow, _| {
                let results = flow.map(|n| if n % 3 == 0 { Err(n) } else { Ok(n) });
                results.ok_items(drop).boxed()
            })
            .gives(|model| model.retain(|n| n % 3 != 0))
        }),
        plain(|| Operator::new("finally", |flow, _| flow.finally(|_| ()).boxed())),
        plain(|| {
            Operator::new("isolate_panics", |flow, _| {
                flow.isolate_panics().map_err(|_| Broken).boxed()
            })
        }),
        plain(|| {
            Operator::new("catch", |flow, _| flow.catch(|_| all([7])).boxed())
                .cuts()
                .gives(|model| {
                    if std::mem::take(&mut model.may_fail) {
                        model.items.push(7);
                    }
                })
        }),
        with(inputs(), |input| {
            let other = input.clone();
            Operator::new(
                format!("on_error_resume_next({input:?})"),
                move |flow, sources| flow.on_error_resume_next(sources.of(&input), drop).boxed(),
            )
            .cuts()
            .gives(move |model| {
                model.may_fail = false;
                model.join(&other);
            })
        }),
        with((1..4_u64, times()), |(rounds, pause)| {
            Operator::new(format!("repeat({rounds}, {pause})"), move |flow, _| {
                flow.concat_map(move |n| {
                    let one = [n].flow().with_error();
                    one.repeat().times(rounds).pause(millis(pause))
                })
                .boxed()
            })
            .gives(move |model| model.times(usize::try_from(rounds).unwrap()))
        }),
        plain(|| {
            Operator::new("repeat_when", |flow, _| {
                flow.concat_map(|n| {
                    let one = [n].flow().with_error::<Broken>();
                    one.repeat_when(|completions| completions.take(1))
                })
                .boxed()
            })
            .gives(|model| model.times(2))
        }),
        with(times(), |wait| {
            Operator::new(format!("retry({wait})"), move |flow, _| {
                let backoff = Backoff::fixed(millis(wait));
                flow.concat_map(move |n| failing_once(n).retry(backoff.clone()))
                    .boxed()
            })
        }),
        plain(|| {
            Operator::new("retry_when", |flow, _| {
                flow.concat_map(|n| failing_once(n).retry_when(|errors| errors))
                    .boxed()
            })
        }),
    ]
}

/// A flow of one item, which fails before it when it is run first.
fn failing_once(
    n: u32,
) -> Flow<impl thalweg_core::Observable<Item = u32, Error = Broken> + Clone + Send> {
    let has_failed = Arc::new(AtomicBool::new(false));
    [n].flow()
        .with_error::<Broken>()
        .map(move |n| has_failed.swap(true, SeqCst).then_some(n).ok_or(Broken))
        .raise()
}
