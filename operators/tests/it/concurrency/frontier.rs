use std::{collections::HashSet, time::Duration};

use proptest::prelude::*;
use thalweg_operators::{
    concurrency::{FrontierHandle, KeyLimits, Store, Work, frontier, frontier_in},
    testing::{Conform, assert_marbles},
};
use tokio::time::sleep;

/// Below a number are its double and the double plus one, up to a limit: a tree in which every number is met once.
async fn visit(work: Work<u32>, limit: u32) -> u32 {
    sleep(Duration::from_millis(8)).await;
    for below in [*work * 2, *work * 2 + 1] {
        if below < limit {
            work.add(below).unwrap();
        }
    }
    *work
}

#[tokio::test(start_paused = true)]
async fn it_ends_when_nothing_is_queued_and_nothing_is_open() {
    let flow = frontier([1], 100).par_map(2, |work| visit(work, 6));
    assert_marbles(flow, "--------1-------(23)----(45|)").await;
}

#[tokio::test(start_paused = true)]
async fn without_seeds_it_ends_at_once() {
    assert_marbles(frontier(Vec::<u8>::new(), 1).map(|work| *work), "|").await;
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_refuses_and_never_waits() {
    let flow = frontier([0], 2);
    let handle = flow.handle();
    let mut refused = Vec::new();
    let seen = flow
        .map(|work| {
            if *work == 0 {
                refused.extend((1..=4).filter_map(|n| work.add(n).err()));
            }
            *work
        })
        .collect::<Vec<_>>()
        .await
        .unwrap();
    assert_eq!((seen, refused, handle.refused()), (vec![0, 1, 2], vec![3, 4], 2));
}

#[tokio::test(start_paused = true)]
async fn a_stop_leaves_what_is_queued_and_refuses_more() {
    let flow = frontier(0..10, 100);
    let handle: FrontierHandle<i32> = flow.handle();
    let run = flow
        .par_map(2, |work| async move {
            sleep(Duration::from_millis(5)).await;
            assert_eq!(work.add(99), Err(99), "it was stopped");
            *work
        })
        .spawn_into(Discard);
    sleep(Duration::from_millis(1)).await;
    let plan = run.stop(Duration::from_secs(1)).await.unwrap();
    let counts = plan.find("frontier").unwrap().counts().unwrap();
    assert_eq!(counts.to_string(), "in 12, out 2, dropped 10 (cancelled), in flight 0");
    assert_eq!((handle.queued(), handle.open()), (8, 0));
}

struct Discard;

impl thalweg_core::Sink<i32> for Discard {
    type Error = std::convert::Infallible;

    async fn write(&mut self, batch: &mut Vec<i32>) -> Result<(), Self::Error> {
        batch.clear();
        Ok(())
    }
}

/// Holds back a class of numbers (their hundreds) while as many of it as are allowed are out.
struct Classes {
    queue: Vec<u32>,
    out: Vec<u32>,
    allowed: usize,
}

impl Store<u32> for Classes {
    type Mark = u32;

    fn push(&mut self, item: u32) -> Result<(), u32> {
        self.queue.push(item);
        Ok(())
    }

    fn pop(&mut self) -> Option<(u32, u32)> {
        let is_free = |class: u32| {
            self.out.iter().filter(|out| **out == class).count() < self.allowed
        };
        let next = self.queue.iter().position(|item| is_free(item / 100))?;
        let item = self.queue.remove(next);
        self.out.push(item / 100);
        Some((item, item / 100))
    }

    fn release(&mut self, class: u32) {
        let place = self.out.iter().position(|out| *out == class);
        self.out.remove(place.expect("each mark comes back once"));
    }

    fn len(&self) -> usize {
        self.queue.len()
    }

    fn capacity(&self) -> Option<usize> {
        None
    }
}

fn classes(allowed: usize) -> Classes {
    Classes {
        queue: Vec::new(),
        out: Vec::new(),
        allowed,
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_may_hold_back_until_something_is_done() {
    // Three of the first class take long; the second class is not kept waiting by them.
    let flow = frontier_in(classes(1), [101, 102, 103, 201, 202]);
    let handle = flow.handle();
    let mut most = 0;
    let done = flow
        .par_map_unordered(5, |work| async move {
            let time = if *work < 200 { 10 } else { 1 };
            sleep(Duration::from_millis(time)).await;
            work
        })
        .map(|work| {
            most = most.max(handle.open());
            *work
        })
        .collect::<Vec<_>>()
        .await
        .unwrap();
    assert_eq!((done, most), (vec![201, 202, 101, 102, 103], 2));
}

#[tokio::test(start_paused = true)]
async fn a_store_that_holds_back_for_ever_ends_the_flow() {
    let flow = frontier_in(classes(0), [1, 2]);
    let handle = flow.handle();
    assert_eq!(flow.map(|work| *work).collect::<Vec<_>>().await.unwrap(), [0; 0]);
    assert_eq!((handle.queued(), handle.open()), (2, 0));
}

#[tokio::test(start_paused = true)]
async fn a_panic_does_not_keep_it_open() {
    let flow = frontier([1, 2, 3], 10).par_map_unordered(3, |work| async move {
        assert!(*work != 2, "not two");
        *work
    });
    assert!(flow.count().await.unwrap_err().is_panic());
}

proptest! {
    /// Random graphs, walked in parallel: every node that can be reached is visited once, and the walk ends.
    #[test]
    fn every_reachable_node_is_visited_once(
        edges in proptest::collection::vec((0..20_usize, 0..20_usize), 0..60),
        at_once in 1..8_usize,
        times in proptest::collection::vec(0..4_u64, 20),
    ) {
        let mut reachable = HashSet::from([0]);
        while let Some((_, to)) = edges
            .iter()
            .find(|(from, to)| reachable.contains(from) && !reachable.contains(to))
        {
            reachable.insert(*to);
        }
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        let visited = runtime.block_on(async move {
            let mut seen = HashSet::from([0]);
            let mut visited = Vec::new();
            frontier([0], 1000)
                .par_map_by_key(|node| **node % 3, KeyLimits::new(at_once).per_key(2), move |node| {
                    let time = times[*node];
                    async move {
                        sleep(Duration::from_millis(time)).await;
                        node
                    }
                })
                .for_each(|node| {
                    for (_, to) in edges.iter().filter(|(from, _)| from == &*node) {
                        if seen.insert(*to) {
                            node.add(*to).unwrap();
                        }
                    }
                    visited.push(*node);
                })
                .await
                .unwrap();
            visited
        });
        prop_assert_eq!(visited.len(), reachable.len());
        prop_assert_eq!(visited.into_iter().collect::<HashSet<_>>(), reachable);
    }
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    // A source: what it does to the one it is checked with is what `concat` does.
    Conform::new(|source| {
        source.concat_map(|n| frontier([n], 10).map(|work| *work).with_error())
    })
    .check()
    .await;
}
