//! Operators that leave items out, or add some at an end.

use thalweg_operators::testing::Broken;

use super::{
    model::Model,
    operator::{Group, Operator, inputs, millis, plain, with, work},
};

pub(super) fn group() -> Group {
    let mut group = by_item();
    group.extend(by_number());
    group.extend(by_time());
    group
}

fn by_item() -> Group {
    vec![
        plain(|| {
            Operator::new("filter", |flow, _| flow.filter(|n| n % 2 == 0).boxed())
                .gives(|model| model.retain(|n| n % 2 == 0))
        }),
        plain(|| {
            Operator::new("filter_async", |flow, _| {
                let is_even = |n: &u32| {
                    let n = *n;
                    async move { work(n).await % 2 == 0 }
                };
                flow.filter_async(is_even).boxed()
            })
            .keeps_books("filter_async")
            .gives(|model| model.retain(|n| n % 2 == 0))
        }),
        plain(|| {
            Operator::new("take_while", |flow, _| flow.take_while(|n| *n < 7).boxed())
                .cuts()
                .gives(|model| {
                    model.cut(|items| {
                        *items = items.iter().copied().take_while(|n| *n < 7).collect();
                    });
                })
        }),
        plain(|| {
            Operator::new("take_while_inclusive", |flow, _| {
                flow.take_while_inclusive(|n| *n < 7).boxed()
            })
            .cuts()
            .gives(|model| {
                model.cut(|items| {
                    let end = items.iter().position(|n| *n >= 7);
                    items.truncate(end.map_or(usize::MAX, |index| index + 1));
                });
            })
        }),
        plain(|| {
            Operator::new("skip_while", |flow, _| flow.skip_while(|n| *n < 7).boxed()).gives(
                |model| {
                    model.cut(|items| {
                        *items = items.iter().copied().skip_while(|n| *n < 7).collect();
                    });
                },
            )
        }),
        plain(|| {
            Operator::new("find", |flow, _| flow.find(|n| n % 2 == 0).boxed())
                .cuts()
                .gives(|model| {
                    model.cut(|items| {
                        items.retain(|n| n % 2 == 0);
                        items.truncate(1);
                    });
                })
        }),
        with(1..8_usize, |capacity| {
            Operator::new(format!("distinct({capacity})"), move |flow, _| {
                flow.distinct(capacity).boxed()
            })
            .gives(move |model| {
                model.cut(|items| {
                    let mut seen = Vec::new();
                    items.retain(|n| {
                        let is_new = !seen.iter().rev().take(capacity).any(|known| known == n);
                        if is_new {
                            seen.push(*n);
                        }
                        is_new
                    });
                });
            })
        }),
        plain(|| {
            Operator::new("distinct_until_changed", |flow, _| {
                flow.distinct_until_changed().boxed()
            })
            .gives(|model| model.cut(Vec::dedup))
        }),
        plain(|| {
            Operator::new("default_if_empty", |flow, _| {
                flow.default_if_empty(7).boxed()
            })
            .gives(|model| {
                if !model.complete || model.items.is_empty() {
                    model.items.push(7);
                }
            })
        }),
        plain(|| {
            Operator::new("fail_if_empty", |flow, _| {
                flow.fail_if_empty(|| Broken).boxed()
            })
            .gives(|model| {
                if !model.complete || model.items.is_empty() {
                    model.may_fail();
                }
            })
        }),
    ]
}

fn by_number() -> Group {
    vec![
        with(0..8_u64, |count| {
            Operator::new(format!("take({count})"), move |flow, _| {
                flow.take(count).boxed()
            })
            .cuts()
            .gives(move |model| model.cut(|items| items.truncate(to_usize(count))))
        }),
        with(0..4_u64, |count| {
            Operator::new(format!("skip({count})"), move |flow, _| {
                flow.skip(count).boxed()
            })
            .gives(move |model| {
                model.cut(|items| drop(items.drain(..items.len().min(to_usize(count)))));
            })
        }),
        with(1..4_usize, |count| {
            Operator::new(format!("take_last({count})"), move |flow, _| {
                flow.take_last(count).boxed()
            })
            .keeps_books("take_last")
            .gives(move |model| {
                model.cut(|items| drop(items.drain(..items.len().saturating_sub(count))));
            })
        }),
        with(0..4_usize, |count| {
            Operator::new(format!("skip_last({count})"), move |flow, _| {
                flow.skip_last(count).boxed()
            })
            .keeps_books("skip_last")
            .gives(move |model| {
                model.cut(|items| items.truncate(items.len().saturating_sub(count)));
            })
        }),
        plain(|| {
            Operator::new("first", |flow, _| flow.first().boxed())
                .cuts()
                .gives(|model| model.cut(|items| items.truncate(1)))
        }),
        plain(|| {
            Operator::new("last", |flow, _| flow.last().boxed())
                .keeps_books("last")
                .gives(|model| {
                    model.cut(|items| drop(items.drain(..items.len().saturating_sub(1))));
                })
        }),
        plain(|| {
            Operator::new("single", |flow, _| {
                flow.single().map_err(|_| Broken).boxed()
            })
            .keeps_books("single")
            .cuts()
            .gives(|model| {
                if !model.complete || model.items.len() != 1 {
                    model.may_fail();
                }
            })
        }),
        with(0..6_u64, |index| {
            Operator::new(format!("element_at({index})"), move |flow, _| {
                flow.element_at(index).boxed()
            })
            .cuts()
            .gives(move |model| {
                model.cut(|items| {
                    *items = items.get(to_usize(index)).copied().into_iter().collect();
                });
            })
        }),
        plain(|| {
            Operator::new("ignore_items", |flow, _| flow.ignore_items().boxed())
                .gives(|model| model.items.clear())
        }),
    ]
}

fn by_time() -> Group {
    vec![
        with(inputs(), |input| {
            let other = input.clone();
            Operator::new(format!("take_until({input:?})"), move |flow, sources| {
                flow.take_until(sources.of(&input)).boxed()
            })
            .cuts()
            .gives(move |model| {
                model.some();
                model.fails_with(&other);
            })
        }),
        with(inputs(), |input| {
            let other = input.clone();
            Operator::new(format!("skip_until({input:?})"), move |flow, sources| {
                flow.skip_until(sources.of(&input)).boxed()
            })
            .gives(move |model| {
                model.some();
                model.fails_with(&other);
            })
        }),
        with(0..20_u64, |time| {
            Operator::new(format!("take_for({time})"), move |flow, _| {
                flow.take_for(millis(time)).boxed()
            })
            .cuts()
            .gives(Model::some)
        }),
        with(0..20_u64, |time| {
            Operator::new(format!("skip_for({time})"), move |flow, _| {
                flow.skip_for(millis(time)).boxed()
            })
            .gives(Model::some)
        }),
    ]
}

fn to_usize(count: u64) -> usize {
    usize::try_from(count).unwrap()
}
