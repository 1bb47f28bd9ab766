use std::{
    future::poll_fn,
    num::NonZeroUsize,
    ops::ControlFlow,
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::{Context, Poll, Wake, Waker},
    time::Duration,
};

use proptest::prelude::*;
use thalweg_core::{Cx, Drained, DropReason, Fault, Observable, Overflow};
use thalweg_operators::{
    Flow, IntoFlow,
    multicast::{Group, MaxGroups},
    testing::{Broken, Conform, Event, Script, assert_marbles, captured, cold, probe, record},
};
use tokio::{
    runtime,
    task::yield_now,
    time::{Instant, timeout},
};

const FRAME: Duration = Duration::from_millis(1);

type Letters = Flow<Group<bool, char, Broken>>;

fn groups(number: usize) -> NonZeroUsize {
    NonZeroUsize::new(number).unwrap()
}

async fn let_tasks_run() {
    for _ in 0..3 {
        yield_now().await;
    }
}

/// Reads the flow of groups and every group to the end, all in this task.
async fn in_one_task<O, K, T, E>(flow: Flow<O>) -> Result<Vec<T>, Fault<E>>
where
    O: Observable<Item = Flow<Group<K, T, E>>, Error = Fault<E>> + Send + 'static,
    K: Clone + Send + 'static,
    T: Send + 'static,
    E: Clone + Send + Sync + 'static,
{
    let mut outer = pin!(flow);
    let mut inner = Vec::new();
    let mut items = Vec::new();
    poll_fn(move |task| {
        let mut again = true;
        let mut ended = false;
        while again {
            again = false;
            let drained = outer.as_mut().poll_drain(&mut Cx::new(task), |group| {
                inner.push(Box::pin(group));
                ControlFlow::Continue(())
            });
            match drained {
                Poll::Ready(Ok(Drained::Completed)) => ended = true,
                Poll::Ready(Ok(_)) => again = true,
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => {}
            }
            let mut failed = None;
            inner.retain_mut(|group| {
                let drained = group.as_mut().poll_drain(&mut Cx::new(task), |item| {
                    items.push(item);
                    ControlFlow::Continue(())
                });
                match drained {
                    Poll::Ready(Ok(Drained::Completed)) => return false,
                    Poll::Ready(Ok(_)) => again = true,
                    Poll::Ready(Err(error)) => failed = Some(error),
                    Poll::Pending => {}
                }
                true
            });
            if let Some(error) = failed {
                return Poll::Ready(Err(error));
            }
        }
        if ended && inner.is_empty() {
            Poll::Ready(Ok(std::mem::take(&mut items)))
        } else {
            Poll::Pending
        }
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn a_group_opens_with_the_first_item_of_its_key() {
    let opened = cold("-a-B-b-A-|").group_by(char::is_ascii_uppercase);
    let keys = opened.map(|group: Letters| if *group.key() { 'U' } else { 'l' });
    assert_marbles(keys, "-l-U-l-U-|").await;
}

#[tokio::test(start_paused = true)]
async fn items_reach_their_group_in_their_frame() {
    let mut opened = cold("-a-B-b-A-|").group_by(char::is_ascii_uppercase);
    let lower = opened.next().await.unwrap().unwrap();
    let upper = opened.next().await.unwrap().unwrap();
    // Read from here on, three frames after the start.
    assert_marbles(lower, "a-b---|").await;
    assert_eq!(upper.collect::<String>().await, Ok("BA".to_owned()));
    drop(opened);
}

#[tokio::test(start_paused = true)]
async fn every_item_comes_once_and_in_the_order_of_its_key() {
    let source = (0..10_000_u32)
        .flow()
        .group_by(|n| n % 97)
        .group_capacity(3);
    let mut plan = source.plan();
    let all = in_one_task(source).await.unwrap();
    assert_eq!(all.len(), 10_000);
    for key in 0..97 {
        let of_key: Vec<_> = all.iter().copied().filter(|n| n % 97 == key).collect();
        assert!(of_key.is_sorted_by(|a, b| a < b), "{key}");
    }
    plan.refresh();
    let counts = plan.stages()[0].counts().unwrap();
    assert_eq!(counts.to_string(), "in 10000, out 10000, in flight 0");
}

#[tokio::test(start_paused = true)]
async fn a_group_is_read_while_nobody_polls_the_flow_of_groups() {
    // More groups than the consumer takes: Reactor hangs here.
    let mut opened = (0..1000_u32)
        .flow()
        .group_by(|n| n % 10)
        .group_capacity(100);
    let first = opened.next().await.unwrap().unwrap();
    assert_eq!(first.collect::<Vec<_>>().await.unwrap().len(), 100);
    assert_eq!(opened.stalled(), None);
    let mut rest = Vec::new();
    while let Some(group) = opened.next().await.unwrap() {
        rest.push(group);
    }
    assert_eq!(rest.len(), 9);
    for group in rest {
        assert_eq!(group.count().await, Ok(100));
    }
}

#[tokio::test(start_paused = true)]
async fn a_group_that_nobody_reads_holds_back_all_and_tells_its_key() {
    let mut opened = (0..100_u32).flow().group_by(|n| n % 2).group_capacity(4);
    let mut even = opened.next().await.unwrap().unwrap();
    let odd = opened.next().await.unwrap().unwrap();
    for n in [0, 2, 4, 6, 8] {
        assert_eq!(even.next().await, Ok(Some(n)));
    }
    assert!(timeout(FRAME, even.next()).await.is_err());
    assert_eq!((opened.stalled(), even.stalled_key()), (Some(1), Some(1)));
    assert_eq!(format!("{opened:?}").matches("stalled: Some(1)").count(), 1);
    let (evens, odds) = tokio::join!(even.count(), odd.count());
    assert_eq!((evens, odds), (Ok(45), Ok(50)));
}

#[tokio::test(start_paused = true)]
async fn items_that_were_read_make_room_even_if_the_group_is_not_polled_again() {
    let mut opened = (0..7_u32).flow().group_by(|n| n / 6).group_capacity(3);
    let mut first = opened.next().await.unwrap().unwrap();
    let_tasks_run().await;
    for n in 0..3 {
        assert_eq!(first.next().await, Ok(Some(n)));
    }
    // Three more of the first key fit, and then the next key has its turn.
    let second = timeout(FRAME, opened.next()).await.unwrap().unwrap();
    assert_eq!(second.map(|group| *group.key()), Some(1));
}

#[tokio::test(start_paused = true)]
async fn a_full_group_may_drop_and_count_or_fail() {
    for (overflow, kept) in [
        (Overflow::DropIncoming, vec![1, 3]),
        (Overflow::DropOldest, vec![97, 99]),
    ] {
        let source = (0..100_u32).flow().group_by(|n| n % 2);
        let mut opened = source.group_capacity(2).when_full(overflow);
        let mut plan = opened.plan();
        let even = opened.next().await.unwrap().unwrap();
        let odd = opened.next().await.unwrap().unwrap();
        let evens = even.count().await.unwrap();
        assert_eq!(odd.collect::<Vec<_>>().await, Ok(kept));
        plan.refresh();
        let counts = plan.stages()[0].counts().unwrap();
        assert_eq!(
            (counts.received, counts.emitted, counts.in_flight()),
            (100, evens as u64 + 2, 0)
        );
        assert_eq!(counts.dropped_by(DropReason::Overflow), 98 - evens as u64);
    }
    let source = (0..100_u32).flow().group_by(|n| n % 2);
    let mut opened = source.group_capacity(2).when_full(Overflow::Fail);
    let even = opened.next().await.unwrap().unwrap();
    let fault = even.count().await.unwrap_err();
    assert!(
        fault.is_overflow() && fault.to_string().contains("group_by.rs"),
        "{fault}"
    );
    while let Ok(Some(_)) = opened.next().await {}
}

#[tokio::test(start_paused = true)]
async fn an_error_reaches_the_flow_and_every_group_after_their_items() {
    let mut opened = cold("-a-B-b-#").group_by(char::is_ascii_uppercase);
    let lower = opened.next().await.unwrap().unwrap();
    let upper = opened.next().await.unwrap().unwrap();
    let (mut lower, mut upper) = (lower, upper);
    assert_eq!(lower.next().await, Ok(Some('a')));
    assert_eq!(lower.next().await, Ok(Some('b')));
    assert_eq!(lower.next().await, Err(Fault::Upstream(Broken)));
    assert_eq!(upper.next().await, Ok(Some('B')));
    assert_eq!(upper.next().await, Err(Fault::Upstream(Broken)));
    assert!(opened.next().await.is_err());
    assert!(matches!(opened.next().await, Ok(None)));
}

#[tokio::test(start_paused = true)]
async fn a_dropped_group_is_counted_and_its_key_opens_again() {
    let mut opened = cold("-a-b-c-|").group_by(|_| ());
    let mut plan = opened.plan();
    drop(opened.next().await.unwrap().unwrap());
    let mut again = opened.next().await.unwrap().unwrap();
    assert_eq!(again.next().await, Ok(Some('b')));
    drop(opened);
    assert_eq!(again.collect::<String>().await, Ok("c".to_owned()));
    plan.refresh();
    let counts = plan.stages()[0].counts().unwrap();
    assert_eq!(
        counts.to_string(),
        "in 3, out 2, dropped 1 (cancelled), in flight 0"
    );
}

#[tokio::test(start_paused = true)]
async fn the_last_of_the_groups_drops_the_source() {
    let (source, log) = probe(Script::Idle(2));
    let mut opened = source.group_by(|n| *n);
    let first = opened.next().await.unwrap().unwrap();
    let second = opened.next().await.unwrap().unwrap();
    drop((opened, first));
    let_tasks_run().await;
    assert!(!log.is_dropped());
    drop(second);
    let_tasks_run().await;
    assert!(log.is_dropped());
}

#[tokio::test(start_paused = true)]
async fn groups_are_bounded_by_waiting_evicting_or_failing() {
    let source = || (0..40_u32).flow().group_by(|n| n / 4);
    let mut opened = source().max_groups(groups(2), MaxGroups::Wait);
    let first = opened.next().await.unwrap().unwrap();
    let _second = opened.next().await.unwrap().unwrap();
    assert!(timeout(FRAME, opened.next()).await.is_err());
    assert_eq!(opened.stalled(), Some(2));
    drop(first);
    assert_eq!(
        opened.next().await.unwrap().map(|group| *group.key()),
        Some(2)
    );

    let evicting = source().max_groups(groups(2), MaxGroups::EvictIdle);
    assert_eq!(in_one_task(evicting).await.map(|items| items.len()), Ok(40));

    let mut evicting = (0..3_u32)
        .flow()
        .group_by(|n| *n)
        .max_groups(groups(2), MaxGroups::EvictIdle);
    let mut first = evicting.next().await.unwrap().unwrap();
    let _second = evicting.next().await.unwrap().unwrap();
    assert!(timeout(FRAME, evicting.next()).await.is_err());
    assert_eq!(first.next().await, Ok(Some(0)));
    let third = evicting.next().await.unwrap().unwrap();
    assert_eq!((*third.key(), first.next().await), (2, Ok(None)));

    let failing = source().max_groups(groups(2), MaxGroups::Fail);
    assert!(in_one_task(failing).await.unwrap_err().is_overflow());
}

/// What every group got, with its frames since the flow was opened.
async fn by_group<O>(flow: Flow<O>) -> Vec<String>
where
    O: Observable<Item = Flow<Group<bool, char, Broken>>, Error = Fault<Broken>> + Unpin,
{
    let start = Instant::now();
    let mut flow = flow;
    let mut tasks = Vec::new();
    loop {
        let opened = flow.next().await;
        let Ok(Some(group)) = opened else { break };
        tasks.push(tokio::spawn(async move {
            let opened = start.elapsed().as_millis();
            let key = if *group.key() { 'U' } else { 'l' };
            let events = record(group).await.into_iter().map(|(at, event)| {
                let at = u128::from(at) + opened;
                match event {
                    Event::Item(item) => format!("{at}{item}"),
                    Event::Completed => format!("{at}|"),
                    Event::Failed(_) => format!("{at}#"),
                }
            });
            format!("{key} {}", events.collect::<Vec<_>>().join(" "))
        }));
    }
    let mut seen = Vec::new();
    for task in tasks {
        seen.push(task.await.unwrap());
    }
    seen
}

#[tokio::test(start_paused = true)]
async fn a_group_closes_after_so_many_items_and_its_key_opens_again() {
    let source = cold("-a-B-b-c-A-d-|").group_by(char::is_ascii_uppercase);
    let seen = by_group(source.group_items(2)).await;
    assert_eq!(
        seen,
        ["l 1a 5b 5|", "U 3B 9A 9|", "l 7c 11d 11|"],
        "closed with its last item, not with the next"
    );
    let source = cold("-a-b-#").group_by(char::is_ascii_uppercase);
    let seen = by_group(source.group_items(2)).await;
    assert_eq!(
        seen,
        ["l 1a 3b 3|"],
        "an error after its end is not its own"
    );

    let all = in_one_task((0..10_000_u32).flow().group_by(|n| n % 7).group_items(3)).await;
    let mut all = all.unwrap();
    all.sort_unstable();
    assert!(all.into_iter().eq(0..10_000));
}

#[tokio::test(start_paused = true)]
async fn groups_of_so_many_items_have_those_and_no_more() {
    let mut opened = (0..1000_u32).flow().group_by(|n| n % 3).group_items(10);
    let mut plan = opened.plan();
    let mut sizes = Vec::new();
    while let Some(group) = opened.next().await.unwrap() {
        sizes.push(group.count().await.unwrap());
    }
    assert_eq!(sizes.len(), 102);
    assert_eq!(sizes.iter().filter(|size| **size == 10).count(), 99);
    plan.refresh();
    let counts = plan.stages()[0].counts().unwrap();
    assert_eq!(counts.to_string(), "in 1000, out 1000, in flight 0");
}

#[tokio::test(start_paused = true)]
async fn a_group_that_closed_counts_until_it_is_read_to_its_end() {
    let source = (0..40_u32).flow().group_by(|_| ()).group_items(4);
    let mut opened = source.max_groups(groups(2), MaxGroups::Wait);
    let first = opened.next().await.unwrap().unwrap();
    let second = opened.next().await.unwrap().unwrap();
    assert!(timeout(FRAME, opened.next()).await.is_err());
    assert_eq!(first.collect::<Vec<_>>().await, Ok(vec![0, 1, 2, 3]));
    let third = opened.next().await.unwrap().unwrap();
    drop(second);
    assert_eq!(third.collect::<Vec<_>>().await, Ok(vec![8, 9, 10, 11]));
}

#[tokio::test(start_paused = true)]
async fn a_notifier_closes_its_group_by_an_item_or_its_completion() {
    for notifier in ["----x", "----|"] {
        let source = cold("-a-B-b-c-A-d-|").group_by(char::is_ascii_uppercase);
        let seen = by_group(source.close_by(move |_| cold(notifier))).await;
        // At 5 it is closed before the item that comes then.
        assert_eq!(
            seen,
            ["l 1a 5|", "U 3B 7|", "l 5b 7c 9|", "U 9A 13|", "l 11d 13|"]
        );
    }
    let source = cold("-a-B-b-c-A-d-|").group_by(char::is_ascii_uppercase);
    let only_upper = |upper: &bool| cold(if *upper { "--x" } else { "" });
    let seen = by_group(source.close_by(only_upper)).await;
    assert_eq!(seen, ["l 1a 5b 7c 11d 13|", "U 3B 5|", "U 9A 11|"]);
}

#[tokio::test(start_paused = true)]
async fn an_error_of_a_notifier_ends_the_flow_and_all_groups() {
    let source = cold("-a-B-b-c-A-d-|").group_by(char::is_ascii_uppercase);
    let seen = by_group(source.close_by(|_| cold("---#"))).await;
    assert_eq!(seen, ["l 1a 4#", "U 3B 4#"]);
}

#[tokio::test(start_paused = true)]
async fn the_notifier_of_a_group_is_dropped_with_it() {
    let (notifier, log) = probe(Script::Idle(0));
    let (source, _log) = probe(Script::Idle(3));
    let mut opened = source.group_by(|n| *n).close_by(move |_| notifier.clone());
    for _ in 0..3 {
        drop(opened.next().await.unwrap().unwrap());
    }
    let_tasks_run().await;
    assert!(log.polls() >= 3);
    drop(opened);
    let_tasks_run().await;
    assert!(log.is_dropped());
}

#[test]
#[should_panic(expected = "a group of 0 items lets nothing through")]
fn a_group_that_closes_after_none_is_refused() {
    let _ = cold("-a|").group_by(|_| ()).group_items(0);
}

#[tokio::test(start_paused = true)]
async fn keys_that_closed_are_forgotten() {
    let mut opened = (0..10_000_u32)
        .flow()
        .group_by(|n| *n)
        .max_groups(groups(64), MaxGroups::Wait);
    let mut seen = 0;
    while let Some(mut group) = opened.next().await.unwrap() {
        assert_eq!(group.next().await, Ok(Some(seen)));
        seen += 1;
    }
    assert_eq!(seen, 10_000);
}

#[tokio::test(start_paused = true)]
async fn one_that_is_not_polled_any_more_does_not_hang_the_others() {
    let (source, _log) = probe(Script::Stuttering(100));
    let mut opened = source.group_by(|n| n % 2);
    let mut even = opened.next().await.unwrap().unwrap();
    let mut odd = opened.next().await.unwrap().unwrap();
    assert_eq!(odd.next().await, Ok(Some(1)));
    // It waits once, and then its consumer looks elsewhere.
    poll_fn(|task| {
        let mut cx = Cx::new(task).with_budget(1);
        let _ = Pin::new(&mut odd).poll_drain(&mut cx, |_| ControlFlow::Continue(()));
        Poll::Ready(())
    })
    .await;
    let all = timeout(Duration::from_secs(10), async move {
        let mut seen = 0;
        while even.next().await.unwrap().is_some() {
            seen += 1;
        }
        seen
    });
    assert_eq!(tokio::spawn(all).await.unwrap(), Ok(50));
    drop((odd, opened));
}

#[tokio::test]
async fn a_stop_reaches_the_source_while_all_wait() {
    let (source, log) = probe(Script::Endless);
    let mut opened = source.group_by(|n| n % 2).group_capacity(2);
    let mut even = opened.next().await.unwrap().unwrap();
    let odd = opened.next().await.unwrap().unwrap();
    let_tasks_run().await;
    assert!(opened.stalled().is_some() && !log.saw_stop());
    poll_fn(|task| {
        let mut cx = Cx::new(task).with_budget(0).with_stop(true);
        let _ = Pin::new(&mut even).poll_drain(&mut cx, |_| ControlFlow::Continue(()));
        Poll::Ready(())
    })
    .await;
    let_tasks_run().await;
    assert!(log.saw_stop());
    let (evens, odds) = tokio::join!(even.count(), odd.count());
    assert_eq!(evens.unwrap() + odds.unwrap(), log.produced());
    assert!(matches!(opened.next().await, Ok(None)));
}

#[tokio::test(start_paused = true)]
async fn an_item_wakes_its_group_and_no_other() {
    struct Alarm(AtomicUsize);
    impl Wake for Alarm {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, SeqCst);
        }
    }
    let mut opened = cold("(abcdefgh)-----a---|").group_by(|letter| *letter);
    let mut waiting = Vec::new();
    while waiting.len() < 8 {
        waiting.push(opened.next().await.unwrap().unwrap());
    }
    let alarms: Vec<_> = waiting
        .iter()
        .map(|_| Arc::new(Alarm(AtomicUsize::new(0))))
        .collect();
    for _ in 0..2 {
        for (group, alarm) in waiting.iter_mut().zip(&alarms) {
            let waker = Waker::from(Arc::clone(alarm));
            let mut task = Context::from_waker(&waker);
            while Pin::new(&mut *group)
                .poll_drain(&mut Cx::new(&mut task), |_| ControlFlow::Continue(()))
                .is_ready()
            {}
        }
    }
    let woken = || {
        alarms
            .iter()
            .map(|alarm| alarm.0.swap(0, SeqCst))
            .sum::<usize>()
    };
    woken();
    tokio::time::sleep(FRAME * 16).await;
    assert_eq!(woken(), 1);
    tokio::time::sleep(FRAME * 30).await;
    assert_eq!(woken(), 7, "the end wakes those that were not woken yet");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn groups_in_tasks_of_their_own_get_all_items() {
    let mut opened = (0..20_000_u64)
        .flow()
        .group_by(|n| n % 16)
        .group_capacity(8);
    let mut tasks = Vec::new();
    while let Some(group) = opened.next().await.unwrap() {
        tasks.push(tokio::spawn(group.fold(0, |sum, n| sum + n)));
    }
    let mut sum = 0;
    for task in tasks {
        sum += task.await.unwrap().unwrap();
    }
    assert_eq!(sum, (0..20_000_u64).sum::<u64>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn groups_that_are_dropped_at_any_time_lose_nothing_uncounted() {
    let mut opened = (0..50_000_u64).flow().group_by(|n| n % 5).group_capacity(7);
    let mut plan = opened.plan();
    let mut tasks = Vec::new();
    while let Some(mut group) = opened.next().await.unwrap() {
        tasks.push(tokio::spawn(async move {
            let mut seen = 0;
            while seen < 11 && group.next().await.unwrap().is_some() {
                seen += 1;
            }
            seen
        }));
    }
    let mut seen = 0;
    for task in tasks {
        seen += task.await.unwrap();
    }
    plan.refresh();
    let counts = plan.stages()[0].counts().unwrap();
    assert_eq!((counts.received, counts.emitted), (50_000, seen));
    assert_eq!(
        counts.dropped_by(DropReason::Cancelled),
        50_000 - counts.emitted
    );
}

#[tokio::test]
async fn a_panic_of_the_key_function_is_an_error_after_the_items() {
    let source = (0..10_u32).flow().group_by(|n| {
        assert!(*n < 70, "never");
        n % 2
    });
    assert_eq!(in_one_task(source).await.map(|items| items.len()), Ok(10));
    let mut opened = cold("ab-c|").group_by(|letter| {
        assert!(*letter != 'c', "no c");
        *letter
    });
    let mut first = opened.next().await.unwrap().unwrap();
    let second = opened.next().await.unwrap().unwrap();
    assert!(opened.next().await.unwrap_err().is_panic());
    assert_eq!(
        second
            .collect::<String>()
            .await
            .unwrap_err()
            .to_string()
            .lines()
            .count(),
        1
    );
    assert_eq!(first.next().await, Ok(Some('a')));
    let fault = first.next().await.unwrap_err();
    assert!(
        fault.is_panic() && fault.to_string().contains("group_by at"),
        "{fault}"
    );
}

#[test]
#[should_panic(expected = "a group of 0 items lets nothing through")]
fn a_group_of_none_is_refused_at_the_call() {
    let _ = cold("-a|").group_by(|_| ()).group_capacity(0);
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    // The groups are dropped at once: every item opens a new one.
    Conform::new(|source| {
        let kept = captured();
        let grouped = source.group_by(move |n| kept.with(n % 3));
        grouped.map(|group| *group.key())
    })
    .any_sequence()
    .has_tasks()
    .check()
    .await;
    Conform::new(|source| {
        let kept = captured();
        let grouped = source.group_by(|_| ()).group_items(7);
        let grouped = grouped.close_by(move |()| kept.with(probe(Script::Idle(0)).0));
        grouped.concat_map(|group| group)
    })
    .has_tasks()
    .check()
    .await;
    Conform::new(|source| source.group_by(|_| ()).concat_map(|group| group))
        .has_tasks()
        .check()
        .await;
}

#[derive(Clone, Debug)]
enum Step {
    /// Polls the flow of groups, with a budget, until so many groups came.
    Open(u32, usize),
    /// Polls a group, with a budget, until so many items came.
    Read(usize, u32, usize),
    DropGroup(usize),
    DropFlow,
    /// Lets the task of the flow run.
    Run,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0..20_u32, 1..4_usize).prop_map(|(budget, groups)| Step::Open(budget, groups)),
        12 => (any::<usize>(), 0..40_u32, 1..9_usize).prop_map(|(who, budget, items)| Step::Read(who, budget, items)),
        2 => any::<usize>().prop_map(Step::DropGroup),
        1 => Just(Step::DropFlow),
        8 => Just(Step::Run),
    ];
    prop::collection::vec(step, 0..100)
}

proptest! {
    /// However they are polled, broken off and dropped: every key keeps its order, nothing comes twice, all is counted.
    #[test]
    fn items_come_once_in_the_order_of_their_key_and_are_all_counted(
        steps in steps(),
        keys in 1..8_u32,
        capacity in 1..6_usize,
        overflow in prop::sample::select(&[Overflow::Wait, Overflow::DropIncoming, Overflow::DropOldest][..]),
        max in prop::option::of((1..5_usize, prop::sample::select(&[MaxGroups::Wait, MaxGroups::EvictIdle][..]))),
        items in prop::option::of(1..6_u64),
    ) {
        let runtime = runtime::Builder::new_current_thread().build().unwrap();
        let _inside = runtime.enter();
        let mut flow = (0..500_u32).flow().group_by(move |n| n % keys).group_capacity(capacity).when_full(overflow);
        if let Some((max, when_reached)) = max {
            flow = flow.max_groups(groups(max), when_reached);
        }
        if let Some(items) = items {
            flow = flow.group_items(items);
        }
        let mut plan = flow.plan();
        let mut opened = Some(flow);
        let mut reading = Vec::new();
        let mut come = vec![false; 500];
        let mut emitted = 0;
        let mut task = Context::from_waker(Waker::noop());
        for step in steps {
            match step {
                Step::Open(budget, most) => {
                    let Some(flow) = &mut opened else { continue };
                    let before = reading.len();
                    let mut cx = Cx::new(&mut task).with_budget(budget);
                    let _ = Pin::new(flow).poll_drain(&mut cx, |group| {
                        reading.push((group, None, 0));
                        if reading.len() < before + most { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
                    });
                }
                Step::Read(who, budget, most) if !reading.is_empty() => {
                    let who = who % reading.len();
                    let (group, last, of_group) = &mut reading[who];
                    let key = *group.key();
                    let mut seen = 0;
                    let mut cx = Cx::new(&mut task).with_budget(budget);
                    let drained = Pin::new(group).poll_drain(&mut cx, |n| {
                        assert!(n % keys == key && *last < Some(n));
                        assert!(!std::mem::replace(&mut come[n as usize], true));
                        *last = Some(n);
                        seen += 1;
                        *of_group += 1;
                        assert!(items.is_none_or(|most| *of_group <= most));
                        if seen < most { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
                    });
                    emitted += seen as u64;
                    if drained == Poll::Ready(Ok(Drained::Completed)) {
                        drop(reading.swap_remove(who));
                    }
                }
                Step::DropGroup(who) if !reading.is_empty() => {
                    let who = who % reading.len();
                    drop(reading.swap_remove(who));
                }
                Step::Read(..) | Step::DropGroup(_) => {}
                Step::DropFlow => opened = None,
                Step::Run => runtime.block_on(let_tasks_run()),
            }
            plan.refresh();
            let counts = plan.stages()[0].counts().unwrap();
            assert_eq!(counts.emitted, emitted);
            // A key may have any number of groups that closed and were not read.
            let places = match (items, max) {
                (None, _) => Some(keys as usize),
                (Some(_), Some((max, _))) => Some(max),
                (Some(_), None) => None,
            };
            let most = places.map(|places| (places * capacity + 1) as u64);
            assert!(most.is_none_or(|most| counts.in_flight() <= most), "{counts}");
        }
        drop((opened, reading));
        runtime.block_on(let_tasks_run());
        plan.refresh();
        let counts = plan.stages()[0].counts().unwrap();
        assert_eq!((counts.emitted, counts.in_flight()), (emitted, 0));
        assert_eq!(counts.received, counts.emitted + counts.dropped());
    }
}
