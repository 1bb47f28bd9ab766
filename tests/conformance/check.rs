//! Runs a case and says what differs.

use std::{
    collections::HashMap,
    fmt::Write as _,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use serde_json::Value as Json;
use tokio::{runtime::Builder, task::yield_now};

use crate::{
    call::Call,
    case::{Args, Case, ObserverSpec, Step},
    diagram::{Sign, Window, signs, window},
    observe::{Event, Observer, run},
    operators::multicast,
    value::{Failure, Value},
    world::World,
};

/// Frames after the last one of a case in which nothing more may happen.
const AFTERMATH: u64 = 200;

/// Runs a case; `Err` tells what differs from its expectation, in lines for people.
pub(crate) fn check(operator: &str, case: &Case) -> Result<(), String> {
    let runtime = Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .map_err(|error| format!("no runtime: {error}"))?;
    catch_unwind(AssertUnwindSafe(|| {
        runtime.block_on(observe(operator, case))
    }))
    .unwrap_or_else(|payload| {
        let text = payload
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned());
        let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
        Err(format!("panicked: {}", text.unwrap_or_default()))
    })
}

async fn observe(operator: &str, case: &Case) -> Result<(), String> {
    let world = World::new(&case.inputs);
    let under_test = Call::written(operator, &case.source, &case.args);
    let outputs = match multicast::outputs(&Call::read(&world, &under_test)) {
        Some(outputs) => (0..)
            .zip(outputs)
            .map(|(index, output)| {
                let name = format!("$output{index}");
                world.share(&name, output);
                Json::String(name)
            })
            .collect(),
        None => vec![under_test],
    };
    let specs = case.observers();
    let mut observers: Vec<_> = specs
        .iter()
        .map(|spec| {
            let mut stream = then(outputs[spec.output].clone(), &case.then);
            if let Some(observed) = &case.observe {
                let me = stream;
                let world_of_me = Arc::downgrade(&world);
                world.share(
                    "$self",
                    Arc::new(move || world_of_me.upgrade().expect("a case is running").open(&me)),
                );
                stream = observed.clone();
            }
            let stream = then(stream, &spec.then);
            let world = Arc::clone(&world);
            Observer::new(
                Arc::new(move || world.open(&stream)),
                window(spec.sub.as_deref()),
            )
        })
        .collect();
    run(&world, &mut observers, horizon(case)).await;
    // Tasks of operators whose consumer has gone let go of their inputs when they are next run.
    for _ in 0..10 {
        yield_now().await;
    }
    let windows = compare_windows(&world, &case.subscriptions);
    let seen: Vec<_> = observers.into_iter().map(Observer::into_seen).collect();
    let mut differences = String::new();
    for (spec, seen) in specs.iter().zip(&seen) {
        compare_events(&world, spec, seen, &mut differences);
    }
    world.close();
    for line in windows {
        differences.push_str(&line);
    }
    if differences.is_empty() {
        Ok(())
    } else {
        Err(differences)
    }
}

fn then(source: Json, steps: &[Step]) -> Json {
    steps.iter().fold(source, |source, step| {
        Call::written(&step.op, &source, &step.args)
    })
}

/// Gives the frame until which a case is observed: all its diagrams one after the other, and then some.
fn horizon(case: &Case) -> u64 {
    let inputs = case.inputs.iter().map(|input| input.diagram.marbles.len());
    let expected = case
        .observers()
        .iter()
        .map(|spec| spec.expected.as_ref().map_or(0, String::len));
    let length: usize = inputs.chain(expected).sum();
    u64::try_from(length).unwrap_or(u64::MAX) + AFTERMATH
}

fn compare_events(
    world: &Arc<World>,
    spec: &ObserverSpec,
    seen: &[(u64, Event)],
    differences: &mut String,
) {
    let expected = spec.expected.as_deref().unwrap_or_default();
    let wanted = events(
        world,
        expected,
        spec.expected_values.as_ref(),
        &spec.expected_error,
    );
    let (wanted, seen) = (text(&wanted), text(seen));
    if wanted != seen {
        // Writing to a String cannot fail.
        let _ = write!(differences, "  expected  {wanted}\n  actual    {seen}\n");
    }
}

/// Reads what is expected of a stream.
fn events(
    world: &Arc<World>,
    diagram: &str,
    values: Option<&Args>,
    error: &Json,
) -> Vec<(u64, Event)> {
    let event = |sign| match sign {
        Sign::Item(sign) => {
            let name = sign.to_string();
            let Some(values) = values else {
                return Event::Item(Value::Text(name));
            };
            let value = values
                .get(&name)
                .unwrap_or_else(|| panic!("{name} has no value"));
            match &value["$stream"] {
                Json::Object(inner) => {
                    let marbles = inner["marbles"].as_str().expect("a diagram");
                    let values = inner.get("values").and_then(Json::as_object);
                    let error = inner.get("error").unwrap_or(&Json::Null);
                    Event::Stream(events(world, marbles, values, error))
                }
                _ => Event::Item(Value::read(world, value)),
            }
        }
        Sign::Failed => Event::Failed(Failure::read(error)),
        _ => Event::Completed,
    };
    signs(diagram)
        .into_iter()
        .map(|(frame, sign)| (frame, event(sign)))
        .collect()
}

/// Writes events as a diagram with frames and whole values.
fn text(events: &[(u64, Event)]) -> String {
    let event = |(frame, event): &(u64, Event)| match event {
        Event::Item(value) => format!("{frame}:{}", value.key()),
        Event::Stream(inner) => format!("{frame}:[ {} ]", text(inner)),
        Event::Completed => format!("{frame}:|"),
        Event::Failed(failure) => format!("{frame}:#{failure}"),
    };
    events.iter().map(event).collect::<Vec<_>>().join("  ")
}

/// Compares all subscriptions of every input that the case speaks of.
fn compare_windows(world: &World, subscriptions: &[(String, Option<String>)]) -> Vec<String> {
    let mut wanted: HashMap<&str, Vec<Window>> = HashMap::new();
    let mut names = Vec::new();
    for (name, diagram) in subscriptions {
        if !names.contains(&name) {
            names.push(name);
        }
        let windows = wanted.entry(name).or_default();
        windows.extend(diagram.as_deref().map(|diagram| window(Some(diagram))));
    }
    names
        .into_iter()
        .filter_map(|name| {
            let (wanted, actual) = (&wanted[name.as_str()], &world.windows(name));
            (!agree(wanted, actual)).then(|| {
                format!(
                    "  {name} expected subscribed  {}\n  {name} actually subscribed  {}\n",
                    windows_text(wanted),
                    windows_text(actual)
                )
            })
        })
        .collect()
}

/// Tells whether the windows are the same, but for some that open and close in one frame and are not there.
///
/// Nothing can be seen through such a window. Who is pushed to subscribes to everything first; who pulls learns at the
/// first poll of one input that the others are not needed, and leaves them alone.
fn agree(wanted: &[Window], actual: &[Window]) -> bool {
    let mut actual = actual.iter().peekable();
    let all = wanted
        .iter()
        .all(|window| actual.next_if_eq(&window).is_some() || window.until == Some(window.from));
    all && actual.next().is_none()
}

fn windows_text(windows: &[Window]) -> String {
    let text = |window: &Window| match window.until {
        Some(until) => format!("{}..{until}", window.from),
        None => format!("{}..", window.from),
    };
    windows.iter().map(text).collect::<Vec<_>>().join("  ")
}
