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
        'x' => cold("         --a----b--|"),
        _ => cold("           ----c--d----e--|"),
    });
    assert_marbles(flow.zip_all().map(text), "-------------{ac}--{bd}--|").await;
    let none = cold("---|").map(|_| cold("a|"));
    assert_marbles(none.zip_all().map(text), "---|").await;
}

#[tokio::test(start_paused = true)]
async fn an_error_of_the_outer_flow_drops_the_inner_ones_unheard() {
    let (inner, log) = probe(Script::Endless);
    let mut inner = Some(inner);
    let flow = cold("-a--#").map(move |_| inner.take().unwrap()).zip_all();
    let mut plan = flow.plan();
    assert_eq!(plan.bound(), None);
    assert_marbles(flow.map(|_| ' '), "----#").await;
    assert!(log.is_dropped());
    assert_eq!(log.polls(), 0);
    assert_eq!(counts(&mut plan).dropped_by(DropReason::Failed), 1);
}

#[tokio::test(start_paused = true)]
async fn an_error_of_an_inner_flow_is_the_end() {
    let flow = cold("(ab|)").map(|name| cold(if name == 'a' { "-1---|" } else { "-2-#" }));
    assert_marbles(flow.zip_all().map(text), "-{12}-#").await;
    let flow = cold("-a|").map(|_| cold("-1#")).zip_all();
    assert_marbles(flow.map(text), "---1#").await;
}

#[test]
fn what_is_gathered_is_counted_when_the_flow_is_dropped() {
    let outer = probe(Script::Idle(3)).0.map(|n| [n].flow().with_error::<Broken>());
    let mut flow = outer.zip_all();
    let mut plan = flow.plan();
    assert_eq!(poll(&mut flow, 8, false), (vec![], Poll::Pending));
    assert_eq!(counts(&mut plan).in_flight(), 3);
    drop(flow);
    assert_eq!(counts(&mut plan).dropped_by(DropReason::Cancelled), 3);
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| source.map(|n| [n, n + 1].flow().with_error()).zip_all()).check().await;
    Conform::new(|source| {
        let mut sources = Some(source);
        let outer = [0, 1].flow().with_error();
        let inner = move |_| match sources.take() {
            Some(source) => source.boxed(),
            None => probe(Script::Endless).0.boxed(),
        };
        outer.map(inner).zip_all()
    })
    .check()
    .await;
}
