//! The functions that cases name.

use std::sync::Arc;

use serde_json::Value as Json;

use thalweg::sources;

use crate::{
    value::{Failure, Inner, Stream, Value},
    world::{FRAME, World},
};

/// A function of a value, and of how many there were before it.
pub(crate) type Function = Box<dyn FnMut(&Value) -> Result<Value, Failure> + Send>;

/// A function of what is gathered and the next value, or of two values that are compared.
pub(crate) type Function2 = Box<dyn FnMut(&Value, &Value) -> Result<Value, Failure> + Send>;

/// A function that makes a stream.
pub(crate) type Project = Box<dyn FnMut(&Value) -> Stream + Send>;

fn name_of(json: &Json) -> &str {
    let name = json.as_str().or_else(|| json["fn"].as_str());
    name.unwrap_or_else(|| panic!("{json} is no function"))
}

/// Reads a function of one value.
pub(crate) fn function(world: &Arc<World>, json: &Json) -> Function {
    let name = name_of(json).to_owned();
    let json = json.clone();
    let arg = Value::read(world, &json["arg"]);
    match name.as_str() {
        "fail" => {
            let failure = Failure::read(&json["error"]);
            return Box::new(move |_| Err(failure.clone()));
        }
        "fail_on" => {
            let failure = Failure::read(&json["error"]);
            let mut other = function(world, &json["else"]);
            return Box::new(move |value| {
                if value.equals(&arg) {
                    Err(failure.clone())
                } else {
                    other(value)
                }
            });
        }
        "panic_on" => {
            let mut other = function(world, &json["else"]);
            return Box::new(move |value| {
                assert!(!value.equals(&arg), "{value} is what it panics on");
                other(value)
            });
        }
        "fail_at_call" => {
            let failure = Failure::read(&json["error"]);
            let mut other = function(world, &json["else"]);
            let world = Arc::clone(world);
            return Box::new(move |value| {
                let call = Value::count(world.count_call(&json) + 1);
                if call.equals(&arg) {
                    Err(failure.clone())
                } else {
                    other(value)
                }
            });
        }
        _ => {}
    }
    let mut index = 0;
    Box::new(move |value| {
        let result = apply(&name, &json, &arg, value, index);
        index += 1;
        Ok(result)
    })
}

fn apply(name: &str, json: &Json, arg: &Value, value: &Value, index: u64) -> Value {
    let number = value.number();
    let index = Value::count(index).number();
    match name {
        "identity" => value.clone(),
        "const" => arg.clone(),
        "eq" => Value::Bool(value.equals(arg)),
        "ne" => Value::Bool(!value.equals(arg)),
        "lt" => Value::Bool(number < arg.number()),
        "gt" => Value::Bool(number > arg.number()),
        "is_even" => divides(2.0, number),
        "is_odd" => divides(2.0, number - 1.0),
        "divisible_by" => divides(arg.number(), number),
        "is_prime" => Value::Bool(is_prime(number)),
        "is_prime_indexed" => Value::Bool(is_prime(number + 10.0 * index)),
        "index_lt" => Value::Bool(index < arg.number()),
        "index_eq" => Value::Bool(index.total_cmp(&arg.number()).is_eq()),
        "index_is_even" => divides(2.0, index),
        "append" => Value::Text(value.text() + &arg.text()),
        "add" => Value::Number(number + arg.number()),
        "mul" => Value::Number(number * arg.number()),
        "div" => Value::Number(number / arg.number()),
        "mod" => Value::Number(number % arg.number()),
        "linear_indexed" => {
            let of = |name: &str| json["arg"][name].as_f64().unwrap_or(0.0);
            Value::Number(number + of("add") + index * of("index_mul"))
        }
        "to_string" => Value::Text(value.text()),
        "succ_to_string" => Value::Text(Value::Number(number + 1.0).text()),
        "field" => value.member(&arg.text()),
        "group_key" => match value {
            Value::Inner(Inner::Live { key: Some(key), .. }) => (**key).clone(),
            other => panic!("{other} is no group"),
        },
        "concat_list" => match value {
            Value::List(values) => Value::Text(values.iter().map(Value::text).collect()),
            other => panic!("{other} is no list"),
        },
        "lower_trim" => Value::Text(value.text().trim().to_lowercase()),
        "reverse" => Value::Text(value.text().chars().rev().collect()),
        unknown => panic!("unknown function {unknown}"),
    }
}

/// Reads a condition.
pub(crate) fn predicate(
    world: &Arc<World>,
    json: &Json,
) -> impl FnMut(&Value) -> bool + Send + use<> {
    let mut function = function(world, json);
    move |value| infallible(function(value)).is_true()
}

/// Gives the result of a function that the cases do not let fail here.
pub(crate) fn infallible(result: Result<Value, Failure>) -> Value {
    result.unwrap_or_else(|failure| panic!("a function failed where none may: {failure}"))
}

/// Reads an accumulator.
pub(crate) fn accumulator(world: &Arc<World>, json: &Json) -> Function2 {
    let name = name_of(json).to_owned();
    let separator = json["arg"].as_str().unwrap_or_default().to_owned();
    match name.as_str() {
        "fail" | "fail_on" | "fail_at_call" => {
            let json = json.clone();
            let world = Arc::clone(world);
            let failure = Failure::read(&json["error"]);
            let arg = Value::read(&world, &json["arg"]);
            let mut other = (name != "fail").then(|| accumulator(&world, &json["else"]));
            return Box::new(move |gathered, value| {
                let fails = match name.as_str() {
                    "fail_on" => value.equals(&arg),
                    "fail_at_call" => Value::count(world.count_call(&json) + 1).equals(&arg),
                    _ => true,
                };
                match &mut other {
                    Some(other) if !fails => other(gathered, value),
                    _ => Err(failure.clone()),
                }
            });
        }
        _ => {}
    }
    Box::new(move |gathered, value| {
        Ok(match name.as_str() {
            "concat" => Value::Text(gathered.text() + &value.text()),
            "sum" => Value::Number(gathered.number() + value.number()),
            "push" => pushed(gathered, value),
            "join" => Value::Text(gathered.text() + &separator + &value.text()),
            unknown => panic!("unknown accumulator {unknown}"),
        })
    })
}

/// Gives a list with one more value.
pub(crate) fn pushed(list: &Value, value: &Value) -> Value {
    match list {
        Value::List(values) => {
            let mut values = values.clone();
            values.push(value.clone());
            Value::List(values)
        }
        other => panic!("{other} is no list"),
    }
}

/// Reads what makes one value of several; without it they become a list.
pub(crate) fn combiner(json: Option<&Json>) -> impl FnMut(Vec<Value>) -> Value + Send + use<> {
    let name = json.map(|json| name_of(json).to_owned());
    move |values| match name.as_deref() {
        None => Value::List(values),
        Some("concat") => Value::Text(values.iter().map(Value::text).collect()),
        Some("sum") => Value::Number(values.iter().map(Value::number).sum()),
        Some(unknown) => panic!("unknown combiner {unknown}"),
    }
}

/// Reads an equality; without one it is that of the values.
pub(crate) fn equality(json: Option<&Json>) -> impl FnMut(&Value, &Value) -> bool + Send + use<> {
    let name = json.map(|json| name_of(json).to_owned());
    let arg = json.map_or(Json::Null, |json| json["arg"].clone());
    move |left, right| match name.as_deref() {
        None => left.equals(right),
        Some("second_is_even") => divides(2.0, right.number()).is_true(),
        Some("second_is_odd") => divides(2.0, right.number() - 1.0).is_true(),
        Some("field_eq") => arg
            .as_str()
            .is_some_and(|name| left.member(name).equals(&right.member(name))),
        Some("const") => arg == Json::Bool(true),
        Some(unknown) => panic!("unknown equality {unknown}"),
    }
}

/// Reads a function that makes a stream of a value.
pub(crate) fn project(world: &Arc<World>, json: &Json) -> Project {
    let mut project = project2(world, json);
    Box::new(move |value| project(&Value::Null, value))
}

/// Reads a function that makes a stream of what is gathered and the next value.
pub(crate) fn project2(
    world: &Arc<World>,
    json: &Json,
) -> impl FnMut(&Value, &Value) -> Stream + Send + use<> {
    let world = Arc::clone(world);
    let json = json.clone();
    move |gathered, value| stream_of(&world, &json, gathered, value)
}

fn stream_of(world: &Arc<World>, json: &Json, gathered: &Value, value: &Value) -> Stream {
    let arg = &json["arg"];
    let count = || arg.as_u64().unwrap_or_else(|| panic!("{arg} is no count"));
    match name_of(json) {
        "identity" => value.clone().open(),
        "const_stream" => world.open(&json["stream"]),
        "lookup_stream" => world.open(&json["map"][&value.text()]),
        "seq_streams" => {
            let streams = json["streams"].as_array().expect("a list of streams");
            let call = usize::try_from(world.count_call(json)).unwrap_or(usize::MAX);
            world.open(&streams[call.min(streams.len() - 1)])
        }
        "of_value" => of(value.clone()),
        "of_push" => of(pushed(gathered, value)),
        "of_push_delayed" => of(pushed(gathered, value))
            .delay(FRAME * u32::try_from(count()).unwrap_or(u32::MAX))
            .boxed(),
        "mul_stream_until" if value.equals(&Value::read(world, &json["stop"])) => {
            sources::empty().with_error().boxed()
        }
        "mul_stream" | "mul_stream_until" => {
            let factor = value.number();
            let stream = world.open(&json["stream"]);
            stream
                .map(move |value| Value::Number(value.number() * factor))
                .boxed()
        }
        "group_skip" => value.clone().open().skip(count()).boxed(),
        "group_take" => value.clone().open().take(count()).boxed(),
        unknown => panic!("unknown projection {unknown}"),
    }
}

/// Gives the first item of a stream: that is what stands for the result of a future here.
pub(crate) async fn result_of(mut stream: Stream) -> Result<Value, Failure> {
    Ok(stream.next().await?.unwrap_or(Value::Null))
}

/// Makes a stream of just one value.
pub(crate) fn of(value: Value) -> Stream {
    sources::once(value).with_error().boxed()
}

fn divides(divisor: f64, number: f64) -> Value {
    Value::Bool(number % divisor == 0.0)
}

fn is_prime(number: f64) -> bool {
    let mut divisor = 2.0;
    while divisor * divisor <= number {
        if number % divisor == 0.0 {
            return false;
        }
        divisor += 1.0;
    }
    number >= 2.0
}
