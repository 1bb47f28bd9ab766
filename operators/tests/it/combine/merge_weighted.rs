use thalweg_operators::{
    Flow, IntoFlow,
    combine::merge_weighted,
    testing::{Broken, Conform, Marbles, Script, assert_marbles, cold, probe},
};

use crate::poll::poll;

fn count(seen: &[&str], name: &str) -> usize {
    seen.iter().filter(|one| **one == name).count()
}

#[tokio::test(start_paused = true)]
async fn items_come_as_they_come() {
    let flow = merge_weighted([(3, cold("-a---b--|")), (1, cold("--1-2--3---|"))]);
    assert_marbles(flow, "-a1-2b-3---|").await;
    assert_marbles(merge_weighted(Vec::<(u32, Flow<Marbles>)>::new()), "|").await;
    assert_marbles(merge_weighted([(1, cold("-a--#")), (2, cold("--b---c|"))]), "-ab-#").await;
}

#[tokio::test]
async fn those_that_always_have_items_come_by_weight() {
    for (weights, turns) in [([3, 1], [63, 21]), ([1, 1], [64, 64]), ([200, 50], [200, 50])] {
        let inputs = weights.into_iter().zip(["a", "b"]);
        let inputs = inputs.map(|(weight, name)| (weight, (0..).flow().map(move |_| name)));
        let round = turns[0] + turns[1];
        let flow = merge_weighted(inputs).take(10 * round);
        let seen: Vec<_> = flow.collect().await.unwrap();
        let round = usize::try_from(round).unwrap();
        let first: String = seen[..round].concat();
        assert_eq!(first, ["a", "b"].into_iter().zip(turns).map(|(name, turn)| {
            name.repeat(usize::try_from(turn).unwrap())
        }).collect::<String>());
        // A budget that ends in the midst of a turn takes nothing of it away.
        for round in seen.chunks(round) {
            assert_eq!(count(round, "a"), usize::try_from(turns[0]).unwrap());
        }
    }
}

#[test]
fn one_that_has_nothing_leaves_its_turn() {
    let idle = probe(Script::Idle(1)).0;
    let mut flow = merge_weighted([(9, idle.map(|_| 'a').boxed()), (1, probe(Script::Endless).0.map(|_| 'b').boxed())]);
    let seen = poll(&mut flow, 100, false).0;
    assert_eq!(seen.len(), 100);
    assert_eq!(seen.iter().filter(|name| **name == 'b').count(), 99);
}

#[tokio::test]
async fn an_error_drops_the_others() {
    let (endless, log) = probe(Script::Endless);
    let mut flow = merge_weighted([(1, probe(Script::Failing(0)).0), (5, endless)]);
    assert_eq!(flow.next().await, Err(Broken));
    assert!(log.is_dropped());
}

#[test]
#[should_panic(expected = "weight 0")]
fn a_weight_of_nothing_is_refused() {
    let _ = merge_weighted([(1, [1].flow()), (0, [2].flow())]);
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| merge_weighted([(2, source), (1, probe(Script::Items(30)).0)]))
        .interleaves()
        .check()
        .await;
}
