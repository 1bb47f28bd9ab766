//! Operators for consumers that are slow, and several at a time.

use std::convert::Infallible;

use thalweg_core::{Overflow, Sink};
use thalweg_operators::{
    combine::merge, concurrency::KeyLimits, testing::Broken, transform::UNLIMITED,
};

use super::{
    model::Model,
    operator::{Group, Operator, inputs, overflows, plain, with, work},
};

pub(super) fn group() -> Group {
    let mut group = queues();
    group.extend(at_once());
    group.extend(shared());
    group
}

fn queues() -> Group {
    vec![
        with((1..5_usize, overflows()), |(capacity, overflow)| {
            let buffer = Operator::new(
                format!("buffer({capacity}, {overflow:?})"),
                move |flow, _| flow.buffer(capacity, overflow).map_err(|_| Broken).boxed(),
            );
            match overflow {
                Overflow::Wait => buffer,
                Overflow::Fail => buffer.cuts().gives(Model::may_fail),
                _ => buffer.gives(Model::some),
            }
        }),
        plain(|| {
            Operator::new("keep_latest", |flow, _| flow.keep_latest().boxed())
                .keeps_books("keep_latest")
                .gives(Model::some)
        }),
        plain(|| {
            Operator::new("conflate", |flow, _| {
                flow.conflate(|n| n, |newest, n| *newest = n).boxed()
            })
            .keeps_books("conflate")
            .gives(Model::some)
        }),
        with(1..4_usize, |max| {
            Operator::new(format!("ready_chunks({max})"), move |flow, _| {
                flow.ready_chunks(max).flat_map_iter(|chunk| chunk).boxed()
            })
            .keeps_books("ready_chunks")
        }),
        with(inputs(), |input| {
            let other = input.clone();
            Operator::new(format!("pause_when({input:?})"), move |flow, sources| {
                let switch = sources.of(&input).map(|n| n % 2 == 0);
                flow.pause_when(switch).boxed()
            })
            .gives(move |model| model.fails_with(&other))
        }),
        with(1..5_usize, |capacity| {
            Operator::new(format!("spawned({capacity})"), move |flow, _| {
                flow.spawned(capacity).map_err(|_| Broken).boxed()
            })
        }),
    ]
}

fn at_once() -> Group {
    vec![
        with(1..4_usize, |limit| {
            Operator::new(format!("par_map({limit})"), move |flow, _| {
                flow.par_map(limit, work).map_err(|_| Broken).boxed()
            })
            .keeps_books("par_map")
        }),
        with(1..4_usize, |limit| {
            Operator::new(format!("par_map_unordered({limit})"), move |flow, _| {
                flow.par_map_unordered(limit, work)
                    .map_err(|_| Broken)
                    .boxed()
            })
            .keeps_books("par_map_unordered")
            .gives(Model::in_any_order)
        }),
        with(1..4_usize, |limit| {
            Operator::new(format!("par_map_by_key({limit})"), move |flow, _| {
                flow.par_map_by_key(|n| n % 3, KeyLimits::new(limit), work)
                    .map_err(|_| Broken)
                    .boxed()
            })
            .keeps_books("par_map_by_key")
            .gives(Model::in_any_order)
        }),
        with(1..4_usize, |limit| {
            Operator::new(format!("blocking_map({limit})"), move |flow, _| {
                flow.blocking_map(limit, |n| n).map_err(|_| Broken).boxed()
            })
            .keeps_books("blocking_map")
        }),
    ]
}

/// Operators of several consumers, of which there is one, or which are put together again.
fn shared() -> Group {
    vec![
        with(1..4_usize, |capacity| {
            Operator::new(format!("share({capacity})"), move |flow, _| {
                let shared = flow.share_once().capacity(capacity);
                shared.map_err(|_| Broken).boxed()
            })
        }),
        with(1..4_usize, |capacity| {
            Operator::new(format!("replay({capacity})"), move |flow, _| {
                flow.replay_once(capacity).map_err(|_| Broken).boxed()
            })
        }),
        plain(|| {
            Operator::new("latest", |flow, _| {
                flow.latest_once().map_err(|_| Broken).boxed()
            })
            .gives(Model::some)
        }),
        plain(|| {
            Operator::new("broadcast", |flow, _| merge(flow.broadcast(2)).boxed()).gives(|model| {
                model.times(2);
                model.in_any_order();
            })
        }),
        plain(|| {
            Operator::new("balance", |flow, _| merge(flow.balance(2)).boxed())
                .gives(Model::in_any_order)
        }),
        plain(|| {
            Operator::new("partition", |flow, _| {
                let (even, odd) = flow.partition(|n| n % 2 == 0);
                even.merge(odd).boxed()
            })
            .gives(Model::in_any_order)
        }),
        plain(|| {
            Operator::new("group_by", |flow, _| {
                let groups = flow.group_by(|n| n % 3);
                let items = groups.merge_map(UNLIMITED, |group| group);
                items.map_err(|_| Broken).boxed()
            })
            .gives(Model::in_any_order)
        }),
        plain(|| {
            Operator::new("observe_into", |flow, _| {
                flow.observe_into(Nowhere).map_err(|_| Broken).boxed()
            })
        }),
        plain(|| {
            Operator::new("dead_letter", |flow, _| {
                let results = flow.map(|n| if n % 3 == 0 { Err(n) } else { Ok(n) });
                results.dead_letter(Nowhere).map_err(|_| Broken).boxed()
            })
            .gives(|model| model.retain(|n| n % 3 != 0))
        }),
    ]
}

/// Takes an item at a time, at once.
struct Nowhere;

impl Sink<u32> for Nowhere {
    type Error = Infallible;

    async fn write(&mut self, batch: &mut Vec<u32>) -> Result<(), Infallible> {
        batch.pop();
        Ok(())
    }
}
