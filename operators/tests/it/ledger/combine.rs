//! Operators of several flows. The chain is the first of them.

use proptest::collection::vec;
use thalweg_operators::combine;

use super::{
    model::{Input, Model},
    operator::{Group, Operator, all, beside, cut_beside, plain, with},
};

pub(super) fn group() -> Group {
    let mut group = all_items();
    group.extend(added_items());
    group.extend(rows());
    group.extend(some_items());
    group
}

/// It gives the items of both, in any order.
fn mixed(model: &mut Model, other: &Input) {
    model.join(other);
    model.in_any_order();
}

/// It gives as many rows as the shorter flow has items.
fn zipped(model: &mut Model, other: &Input) {
    model.fails_with(other);
    let rows = other.count();
    model.cut(|items| items.truncate(rows));
}

/// It gives every item at most as often as the other flow has one.
fn combined(model: &mut Model, other: &Input) {
    model.times(other.count() + 1);
    model.some();
    model.fails_with(other);
}

/// It gives some of the items of both.
fn one_of_both(model: &mut Model, other: &Input) {
    model.join(other);
    model.some();
}

/// It gives some items, as the other flow says.
fn some(model: &mut Model, other: &Input) {
    model.some();
    model.fails_with(other);
}

/// Operators that hand on all items of both flows.
fn all_items() -> Group {
    vec![
        beside("merge", |flow, other| flow.merge(other).boxed(), mixed),
        beside(
            "merge.delay_errors",
            |flow, other| flow.merge(other).delay_errors().boxed(),
            mixed,
        ),
        beside(
            "merge of many",
            |flow, other| combine::merge([flow, other]).delay_errors().boxed(),
            mixed,
        ),
        beside(
            "merge_weighted",
            |flow, other| combine::merge_weighted([(3, flow), (1, other)]).boxed(),
            mixed,
        ),
        beside(
            "merge_sorted",
            |flow, other| flow.merge_sorted(other).boxed(),
            mixed,
        ),
        beside(
            "merge_keyed",
            |flow, other| {
                let (set, merged) = combine::merge_keyed();
                set.insert(0, flow);
                set.insert(1, other);
                merged.map(|(_, n)| n).boxed()
            },
            mixed,
        ),
        beside(
            "interleave",
            |flow, other| flow.interleave(other, 2).boxed(),
            mixed,
        ),
        beside(
            "concat",
            |flow, other| flow.concat(other).boxed(),
            Model::join,
        ),
        beside(
            "concat of many",
            |flow, other| combine::concat([flow, other]).boxed(),
            Model::join,
        ),
    ]
}

/// Operators that add items, or make flows of items one again.
fn added_items() -> Group {
    vec![
        with(vec(0..10_u32, 0..4), |items| {
            let first = items.clone();
            Operator::new(format!("start_with({items:?})"), move |flow, _| {
                flow.start_with(items).boxed()
            })
            .gives(move |model| drop(model.items.splice(..0, first.iter().copied())))
        }),
        with(vec(0..10_u32, 0..4), |items| {
            let last = items.clone();
            Operator::new(format!("end_with({items:?})"), move |flow, _| {
                flow.end_with(items).boxed()
            })
            .gives(move |model| model.items.extend(&last))
        }),
        plain(|| {
            Operator::new("zip_all", |flow, _| {
                flow.map(|n| all([n]))
                    .zip_all()
                    .flat_map_iter(|row| row)
                    .boxed()
            })
        }),
        plain(|| {
            Operator::new("combine_latest_all", |flow, _| {
                let rows = flow.map(|n| all([n])).combine_latest_all();
                rows.flat_map_iter(|row| row).boxed()
            })
        }),
    ]
}

/// Operators that make rows, the first item of which is handed on.
fn rows() -> Group {
    vec![
        cut_beside(
            "zip",
            |flow, other| flow.zip(other).map(|(n, _)| n).boxed(),
            zipped,
        ),
        cut_beside(
            "zip of many",
            |flow, other| combine::zip([flow, other]).map(|row| row[0]).boxed(),
            zipped,
        ),
        cut_beside(
            "combine_latest",
            |flow, other| flow.combine_latest(other).map(|(n, _)| n).boxed(),
            combined,
        ),
        cut_beside(
            "combine_latest.settled",
            |flow, other| flow.combine_latest(other).settled().map(|(n, _)| n).boxed(),
            combined,
        ),
        cut_beside(
            "combine_latest of many",
            |flow, other| {
                combine::combine_latest([flow, other])
                    .map(|row| row[0])
                    .boxed()
            },
            combined,
        ),
        beside(
            "with_latest_from",
            |flow, other| flow.with_latest_from(other).map(|(n, _)| n).boxed(),
            some,
        ),
        cut_beside(
            "fork_join",
            |flow, other| combine::fork_join([flow, other]).map(|row| row[0]).boxed(),
            some,
        ),
        cut_beside(
            "sequence_equal",
            |flow, other| flow.sequence_equal(other).map(u32::from).boxed(),
            |model, other| {
                model.items = vec![0, 1];
                some(model, other);
            },
        ),
    ]
}

/// Operators that choose one of the flows.
fn some_items() -> Group {
    vec![
        cut_beside("race", |flow, other| flow.race(other).boxed(), one_of_both),
        cut_beside(
            "race of many",
            |flow, other| combine::race([flow, other]).boxed(),
            one_of_both,
        ),
        beside(
            "switch_if_empty",
            |flow, other| flow.switch_if_empty(other).boxed(),
            one_of_both,
        ),
    ]
}
