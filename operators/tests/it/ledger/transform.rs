//! Operators that make other items.

use thalweg_operators::testing::Broken;

use super::{
    model::Model,
    operator::{Group, Operator, all, plain, with, work, working},
};

pub(super) fn group() -> Group {
    let mut group = vec![
        plain(|| {
            Operator::new("map", |flow, _| flow.map(|n| n + 1).boxed())
                .gives(|model| model.items.iter_mut().for_each(|n| *n += 1))
        }),
        plain(|| {
            Operator::new("filter_map", |flow, _| {
                flow.filter_map(|n| (n % 2 == 0).then_some(n)).boxed()
            })
            .gives(|model| model.retain(|n| n % 2 == 0))
        }),
        plain(|| Operator::new("inspect", |flow, _| flow.inspect(|_| ()).boxed())),
        plain(|| {
            Operator::new("enumerate", |flow, _| {
                flow.enumerate().map(|(_, n)| n).boxed()
            })
        }),
        plain(|| {
            Operator::new("timestamp", |flow, _| {
                flow.timestamp().map(|n| n.item).boxed()
            })
        }),
        plain(|| Operator::new("elapsed", |flow, _| flow.elapsed().map(|n| n.item).boxed())),
        plain(|| Operator::new("scan", |flow, _| flow.scan((), |(), n| n).boxed())),
        plain(|| {
            Operator::new("scan_with_initial", |flow, _| {
                flow.scan_with_initial(7, |newest, n| *newest = n).boxed()
            })
            .gives(|model| model.items.insert(0, 7))
        }),
        plain(|| {
            Operator::new("stateful", |flow, _| {
                flow.stateful(7, |_, n| n, Some).boxed()
            })
            .gives(|model| model.items.push(7))
        }),
        plain(|| {
            Operator::new("pairwise", |flow, _| {
                flow.pairwise().map(|(n, _)| n).boxed()
            })
            .keeps_books("pairwise")
            .gives(|model| model.cut(|items| items.truncate(items.len().saturating_sub(1))))
        }),
        plain(|| {
            Operator::new("intersperse", |flow, _| flow.intersperse(7).boxed())
                .keeps_books("intersperse")
                .gives(|model| {
                    model.items = model.items.iter().flat_map(|n| [7, *n]).skip(1).collect();
                })
        }),
        plain(|| {
            Operator::new("to_vec", |flow, _| {
                flow.to_vec().flat_map_iter(|items| items).boxed()
            })
            .keeps_books("to_vec")
        }),
        plain(|| {
            Operator::new("materialize", |flow, _| {
                let notifications = flow.materialize().with_error::<Broken>();
                notifications.dematerialize().boxed()
            })
        }),
        plain(|| {
            Operator::new("flat_map_iter", |flow, _| {
                flow.flat_map_iter(|n| [n, n]).boxed()
            })
            .gives(|model| model.times(2))
        }),
    ];
    group.extend(of_flows());
    group
}

/// Operators that make a flow of an item.
fn of_flows() -> Group {
    vec![
        plain(|| {
            Operator::new("map_async", |flow, _| flow.map_async(work).boxed())
                .keeps_books("map_async")
        }),
        plain(|| Operator::new("concat_map", |flow, _| flow.concat_map(working).boxed())),
        plain(|| {
            Operator::new("concat_all", |flow, _| {
                flow.map(working).concat_all().boxed()
            })
        }),
        with(1..4_usize, |limit| {
            Operator::new(format!("merge_map({limit})"), move |flow, _| {
                flow.merge_map(limit, working).boxed()
            })
            .keeps_books("merge_map")
            .gives(Model::in_any_order)
        }),
        with(1..4_usize, |limit| {
            Operator::new(format!("merge_all({limit})"), move |flow, _| {
                flow.map(working).merge_all(limit).boxed()
            })
            .keeps_books("merge_all")
            .gives(Model::in_any_order)
        }),
        with(1..4_usize, |limit| {
            Operator::new(format!("merge_scan({limit})"), move |flow, _| {
                flow.merge_scan(0, limit, |_, n| working(n)).boxed()
            })
            .keeps_books("merge_scan")
            .gives(Model::in_any_order)
        }),
        plain(|| {
            Operator::new("switch_map", |flow, _| flow.switch_map(working).boxed())
                .keeps_books("switch_map")
                .gives(Model::some)
        }),
        plain(|| {
            Operator::new("switch_all", |flow, _| {
                flow.map(working).switch_all().boxed()
            })
            .keeps_books("switch_all")
            .gives(Model::some)
        }),
        plain(|| {
            Operator::new("switch_scan", |flow, _| {
                flow.switch_scan(0, |_, n| working(n)).boxed()
            })
            .keeps_books("switch_scan")
            .gives(Model::some)
        }),
        plain(|| {
            Operator::new("exhaust_map", |flow, _| flow.exhaust_map(working).boxed())
                .keeps_books("exhaust_map")
                .gives(Model::some)
        }),
        plain(|| {
            Operator::new("exhaust_all", |flow, _| {
                flow.map(working).exhaust_all().boxed()
            })
            .keeps_books("exhaust_all")
            .gives(Model::some)
        }),
        with(1..4_usize, |limit| {
            Operator::new(format!("expand({limit})"), move |flow, _| {
                flow.expand(limit, |n| all(n.checked_sub(5)).map_async(work))
                    .map_err(|_| Broken)
                    .boxed()
            })
            .gives(|model| {
                let lineage = |n| std::iter::successors(Some(n), |n: &u32| n.checked_sub(5));
                model.items = model.items.iter().copied().flat_map(lineage).collect();
                model.in_any_order();
            })
        }),
    ]
}
