//! A call of an operator as a case tells it: on what, with which arguments.

use std::{pin::Pin, sync::Arc};

use serde_json::{Value as Json, json};
use thalweg::{Flow, Observable, sources};
use tokio::time::Duration;

use crate::{
    case::Args,
    functions::{self, Function, Function2, Project},
    value::{Failure, Stream, Value},
    world::{FRAME, World},
};

pub(crate) struct Call {
    pub(crate) world: Arc<World>,
    pub(crate) op: String,
    source: Json,
    args: Args,
}

impl Call {
    /// Reads a stream that is made by an operator.
    pub(crate) fn read(world: &Arc<World>, stream: &Json) -> Self {
        let op = stream["op"].as_str();
        Self {
            world: Arc::clone(world),
            op: op
                .unwrap_or_else(|| panic!("{stream} is no stream"))
                .to_owned(),
            source: stream["source"].clone(),
            args: stream["args"].as_object().cloned().unwrap_or_default(),
        }
    }

    /// Writes a stream that is made by an operator.
    pub(crate) fn written(op: &str, source: &Json, args: &Args) -> Json {
        json!({ "op": op, "source": source, "args": args })
    }

    /// Opens what the operator is put on.
    pub(crate) fn source(&self) -> Stream {
        self.world.open(&self.source)
    }

    /// Gives what the operator is put on in a form whose clones start anew.
    pub(crate) fn source_again(
        &self,
    ) -> Flow<impl Observable<Item = Value, Error = Failure> + Clone + Send + use<>> {
        let world = Arc::clone(&self.world);
        let source = self.source.clone();
        sources::defer(move || world.open(&source))
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.args.contains_key(name)
    }

    pub(crate) fn arg(&self, name: &str) -> Option<&Json> {
        self.args.get(name)
    }

    fn needed(&self, name: &str) -> &Json {
        let op = &self.op;
        self.arg(name)
            .unwrap_or_else(|| panic!("{op} needs {name}"))
    }

    pub(crate) fn flag(&self, name: &str) -> bool {
        self.arg(name).is_some_and(|json| *json == Json::Bool(true))
    }

    pub(crate) fn number(&self, name: &str) -> Option<u64> {
        self.arg(name).map(|json| {
            json.as_u64()
                .unwrap_or_else(|| panic!("{name} is {json}, not a count"))
        })
    }

    pub(crate) fn count(&self, name: &str) -> u64 {
        self.number(name)
            .unwrap_or_else(|| panic!("{} needs {name}", self.op))
    }

    pub(crate) fn size(&self, name: &str) -> usize {
        usize::try_from(self.count(name)).unwrap_or(usize::MAX)
    }

    pub(crate) fn size_or(&self, name: &str, default: usize) -> usize {
        if self.has(name) {
            self.size(name)
        } else {
            default
        }
    }

    pub(crate) fn frames(&self, name: &str) -> Duration {
        FRAME * u32::try_from(self.count(name)).unwrap_or(u32::MAX)
    }

    pub(crate) fn value(&self, name: &str) -> Value {
        Value::read(&self.world, self.needed(name))
    }

    pub(crate) fn values(&self, name: &str) -> Vec<Value> {
        self.list(name)
            .iter()
            .map(|json| Value::read(&self.world, json))
            .collect()
    }

    fn list(&self, name: &str) -> &[Json] {
        let json = self.needed(name);
        json.as_array()
            .unwrap_or_else(|| panic!("{name} is {json}, not a list"))
    }

    pub(crate) fn failure(&self, name: &str) -> Failure {
        Failure::read(self.arg(name).unwrap_or(&Json::Null))
    }

    pub(crate) fn stream(&self, name: &str) -> Stream {
        self.world.open(self.needed(name))
    }

    pub(crate) fn streams(&self, name: &str) -> Vec<Stream> {
        self.list(name)
            .iter()
            .map(|json| self.world.open(json))
            .collect()
    }

    pub(crate) fn function(&self, name: &str) -> Function {
        functions::function(&self.world, self.needed(name))
    }

    pub(crate) fn predicate(&self, name: &str) -> impl FnMut(&Value) -> bool + Send + use<> {
        functions::predicate(&self.world, self.needed(name))
    }

    /// Reads a condition; without one everything passes.
    pub(crate) fn predicate_or_any(&self, name: &str) -> impl FnMut(&Value) -> bool + Send + use<> {
        let mut predicate = self.has(name).then(|| self.predicate(name));
        move |value| predicate.as_mut().is_none_or(|predicate| predicate(value))
    }

    pub(crate) fn accumulator(&self, name: &str) -> Function2 {
        functions::accumulator(&self.world, self.needed(name))
    }

    pub(crate) fn combiner(&self, name: &str) -> impl FnMut(Vec<Value>) -> Value + Send + use<> {
        functions::combiner(self.arg(name))
    }

    pub(crate) fn equality(&self, name: &str) -> impl FnMut(&Value, &Value) -> bool + Send + use<> {
        functions::equality(self.arg(name))
    }

    pub(crate) fn project(&self, name: &str) -> Project {
        functions::project(&self.world, self.needed(name))
    }

    /// Reads a function whose result takes time: it is the first item of the stream that it gives.
    pub(crate) fn work(
        &self,
        name: &str,
    ) -> impl FnMut(Value) -> Pin<Box<dyn Future<Output = Result<Value, Failure>> + Send>> + Send + use<>
    {
        let mut project = self.project(name);
        move |value| Box::pin(functions::result_of(project(&value)))
    }

    /// Reads a function that makes a stream of nothing in particular.
    pub(crate) fn factory(&self, name: &str) -> impl Fn() -> Stream + Send + Sync + use<> {
        let world = Arc::clone(&self.world);
        let json = self.needed(name).clone();
        move || functions::project(&world, &json)(&Value::Null)
    }

    /// Reads a function that makes a stream of what is gathered and the next value.
    pub(crate) fn project2(
        &self,
        name: &str,
    ) -> impl FnMut(&Value, &Value) -> Stream + Send + use<> {
        functions::project2(&self.world, self.needed(name))
    }
}
