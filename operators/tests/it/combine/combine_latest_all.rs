use std::task::Poll;

use thalweg_core::{Counts, DropReason, Plan};
use thalweg_operators::{
    IntoFlow,
    testing::{Broken, Conform, Script, assert_marbles, cold, probe},
};

use crate::poll::poll;

fn text(row: Vec<char>) -> String {
    row.into_iter().collect()
}

fn counts(plan: &mut Plan) -> Counts {
    plan.refresh();
    plan.stages()[0].counts().unwrap()
}

#[tokio::test(start_paused = true)]
async fn the_inner_flows_begin_when_the_outer_one_has_completed() {
    let flow = cold("--x---y--|").map(|name| match name {
        'x' => cold("         --a---b--|"),
        _ => cold("           ----c-----d--|"),
    });
    let flow = flow.combine_latest_all().map(text);
    assert_marbles(flow, "-------------{ac}-{bc}---{bd}--|").await;
    let none = cold("---|").map(|_| cold("a|"));
    assert_marbles(none.combine_latest_all().map(text), "---|").await;
}

#[tokio::test(start_paused = true)]
async fn an_inner_flow_without_an_item_ends_all_at_once() {
    let flow = cold("(ab|)").map(|name| cold(if name == 'a' { "-1---|" } else { "--|" }));
    assert_marbles(flow.combine_latest_all().map(text), "--|").await;
}

#[tokio::test(start_paused = true)]
async fn an_error_of_either_is_the_end() {
    let flow = cold("(ab|)").map(|name| cold(if name == 'a' { "-1---|" } else { "-2-#" }));
    assert_marbles(flow.combine_latest_all().map(text), "-{12}-#").await;
    let flow = cold("-a--#").map(|_| cold("1|")).combine_latest_all();
    let mut plan = flow.plan();
    assert_marbles(flow.map(text), "----#").await;
    assert_eq!(counts(&mut plan).dropped_by(DropReason::Failed), 1);
}

#[test]
fn a_stop_reaches_the_outer_flow_and_then_the_inner_ones() {
    let (inner, log) = probe(Script::Endless);
    let mut inner = Some(inner);
    let outer = probe(Script::Idle(1)).0.map(move |_| inner.take().unwrap());
    let mut flow = outer.combine_latest_all();
    assert_eq!(poll(&mut flow, 8, false), (vec![], Poll::Pending));
    assert_eq!(log.polls(), 0);
    let (items, rest) = poll(&mut flow, 0, true);
    assert!(items.is_empty() && rest.is_ready());
    assert!(log.saw_stop());
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| source.map(|n| [n, n + 1].flow().with_error()).combine_latest_all())
        .check()
        .await;
    Conform::new(|source| {
        let mut sources = Some(source);
        let outer = [0, 1].flow().with_error::<Broken>();
        let inner = move |_| match sources.take() {
            Some(source) => source.boxed(),
            None => probe(Script::Items(30)).0.boxed(),
        };
        outer.map(inner).combine_latest_all()
    })
    .interleaves()
    .check()
    .await;
}
