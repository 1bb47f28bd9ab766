use std::time::Duration;

use thalweg_operators::{
    IntoFlow,
    combine::merge,
    testing::{Conform, Script, assert_marbles, cold, probe},
};
use tokio::time::sleep;

const FRAME: Duration = Duration::from_millis(1);

#[tokio::test(start_paused = true)]
async fn one_flow_gets_all() {
    assert_marbles(cold("-a-b-|").balance(1).remove(0), "-a-b-|").await;
    assert_marbles(merge(cold("-a-(bc)-#").balance(3)), "-a-(bc)-#").await;
    let mut flows = cold("-a-b-|").balance(2);
    drop(flows.remove(0));
    assert_marbles(flows.remove(0), "-a-b-|").await;
}

#[tokio::test(start_paused = true)]
async fn one_that_is_busy_gets_nothing_meanwhile() {
    let source = (0..12).flow().pace(1, FRAME);
    let work = |frames: u32| {
        move |n: i32| async move {
            sleep(FRAME * frames).await;
            n
        }
    };
    let mut flows = source.balance(2);
    let slow = flows.remove(0).map_async(work(5));
    let fast = flows.remove(0).map_async(work(1));
    let (slow, fast) = tokio::join!(slow.collect::<Vec<_>>(), fast.collect::<Vec<_>>());
    let (slow, fast) = (slow.unwrap(), fast.unwrap());
    assert!(slow.len() <= 4 && fast.len() >= 8, "{slow:?} {fast:?}");
    let mut all = [slow, fast].concat();
    all.sort_unstable();
    assert!(all.into_iter().eq(0..12));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn between_threads_each_item_goes_to_one() {
    let (source, log) = probe(Script::Stuttering(10_000));
    let mut flows = source.balance(4);
    let mut plan = flows[0].plan();
    drop(flows.pop());
    let tasks: Vec<_> = flows
        .into_iter()
        .map(|flow| tokio::spawn(flow.collect::<Vec<_>>()))
        .collect();
    let mut all = Vec::new();
    for task in tasks {
        let seen = task.await.unwrap().unwrap();
        assert!(seen.is_sorted());
        all.extend(seen);
    }
    all.sort_unstable();
    assert!(all.into_iter().eq(0..10_000));
    assert_eq!(log.polls_after_end(), 0);
    plan.refresh();
    let counts = plan.stages()[0].counts().unwrap();
    assert_eq!(counts.to_string(), "in 10000, out 10000, in flight 0");
}

#[tokio::test(start_paused = true)]
async fn nothing_is_taken_ahead() {
    let (source, log) = probe(Script::Endless);
    let mut flows = source.balance(2);
    for n in 0..5 {
        assert_eq!(flows[n % 2].next().await, Ok(Some(u32::try_from(n).unwrap())));
    }
    assert_eq!(log.produced(), 5);
}

#[test]
#[should_panic(expected = "a balance of 0 flows lets nothing through")]
fn of_none_is_refused_at_the_call() {
    let _ = cold("-a|").balance(0);
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| source.balance(1).remove(0))
        .check()
        .await;
    Conform::new(|source| merge(source.balance(3)))
        .interleaves()
        .check()
        .await;
}
