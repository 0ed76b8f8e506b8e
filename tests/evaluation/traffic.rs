//! Traffic to a service, made from its specification.
//!
//! Operations and values are popular to different degrees (Zipf's law). Most requests succeed as
//! declared; some name an object that does not exist, some are refused. One in twenty is a
//! scanner's.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    hash::{DefaultHasher, Hash, Hasher},
};

use sensor::{
    exchange::{Exchange, Timestamp},
    inventory::description::{Operation, Parameter, Place},
};

use super::{
    exchange::{self, Message},
    noise,
    random::{Random, Weighted},
    values::{Kind, Pool, service_style},
};

/// The authority of every service.
const HOST: &str = "api.example.test";

/// Share of requests that a scanner sends.
const NOISE: f64 = 0.05;

/// Of the requests to a path with parameters, those that name what does not exist.
const NOT_FOUND: f64 = 0.05;

/// Of all requests, those that are refused or fail.
const FAILED: f64 = 0.03;

/// How much more popular one operation is than the next.
const SKEW: f64 = 1.0;

/// Nanoseconds between two requests, on average.
const INTERVAL: f64 = 40e6;

/// A method and a template in which every parameter is `{}`.
pub type Pair = (String, String);

/// What was asked for.
#[derive(Default)]
pub struct Truth {
    /// Pairs of which at least one request succeeded.
    pub succeeded: BTreeSet<Pair>,
    /// Pairs of which requests were answered, none with success. They exist and the inventory
    /// may list them (an answer such as 403 or 500 shows that they do) or not.
    pub failed: BTreeSet<Pair>,
}

/// A source of exchanges.
pub struct Traffic {
    operations: Vec<Operation>,
    popularity: Weighted,
    pools: HashMap<(String, String), Pool>,
    routes: Vec<String>,
    random: Random,
    time: u64,
    count: u64,
    /// What was asked for so far.
    pub truth: Truth,
}

impl Traffic {
    /// Traffic to the operations of a specification. `examples` are those of path parameters, by
    /// name.
    pub fn new(
        operations: &[Operation],
        examples: &BTreeMap<String, Vec<String>>,
        seed: u64,
    ) -> Self {
        let mut random = Random::new(seed, "traffic");
        let operations: Vec<_> = operations.iter().map(as_read).collect();
        let operations: Vec<_> = distinct(&operations).into_iter().cloned().collect();
        let popularity = popularity(&operations, &mut random);
        let pools = pools(&operations, examples, seed);
        let routes = operations.iter().map(|operation| operation.route.clone()).collect();
        Self {
            operations,
            popularity,
            pools,
            routes,
            random,
            time: 1_700_000_000_000_000_000,
            count: 0,
            truth: Truth::default(),
        }
    }

    /// The pairs that the specification declares.
    pub fn declared(&self) -> usize {
        self.operations.len()
    }

    /// A message, the shape of its answer, and what it is.
    fn message(&mut self) -> (Message, u32, Option<Pair>) {
        if self.random.chance(NOISE) {
            return (noise::probe(&mut self.random, &self.routes), 0, None);
        }
        let operation = self.operations[self.popularity.draw(&mut self.random)].clone();
        let operation = &operation;
        let has_parameters = operation.route.contains('{');
        let status = if has_parameters && self.random.chance(NOT_FOUND) {
            404
        } else if self.random.chance(FAILED) {
            *self.random.pick(&[400, 401, 403, 403, 409, 422, 429, 500, 503])
        } else {
            success(operation)
        };
        let pair = pair(operation);
        if status < 400 {
            self.truth.failed.remove(&pair);
            self.truth.succeeded.insert(pair.clone());
        } else if !self.truth.succeeded.contains(&pair) {
            self.truth.failed.insert(pair.clone());
        }
        let message = Message {
            method: operation.method.clone(),
            target: self.target(operation),
            status,
            answer: self.answer(operation, status),
            client: self.random.below(200) as u8,
            ..Message::default()
        };
        (message, shape(operation, status), Some(pair))
    }

    fn target(&mut self, operation: &Operation) -> String {
        let mut path = String::new();
        let mut rest = operation.route.as_str();
        let mut parent = 0;
        while let Some((literal, behind)) = rest.split_once('{') {
            let Some((name, after)) = behind.split_once('}') else { break };
            encode_into(&mut path, literal, b"/");
            let key = (name.to_owned(), around(&operation.route, rest));
            let value = match self.pools.get(&key) {
                Some(pool) => pool.draw(parent, &mut self.random),
                None => "1".to_owned(),
            };
            parent = parent.wrapping_mul(31).wrapping_add(number_of(&value)) % 100_003;
            encode_into(&mut path, &value, b"");
            rest = after;
        }
        encode_into(&mut path, rest, b"/");
        path
    }

    /// The media type is the declared one, and the length about the same for all of an operation.
    fn answer(&mut self, operation: &Operation, status: u16) -> Option<(String, u64)> {
        if status == 204 || operation.method == "HEAD" {
            return None;
        }
        let bodies = operation
            .responses
            .get(&status.to_string())
            .or_else(|| operation.responses.get(&format!("{}XX", status / 100)))
            .or_else(|| operation.responses.get("default"));
        let media_type = bodies.and_then(|bodies| bodies.keys().next()).cloned();
        let media_type = media_type.filter(|name| !name.contains('*'));
        let media_type = media_type.unwrap_or_else(|| "application/json".to_owned());
        let usual = if status < 400 { 80 + number_of(&pair(operation)) as u64 % 4000 } else { 90 };
        let length = usual + self.random.below(usual as usize / 4 + 1) as u64;
        Some((media_type, length))
    }
}

/// An exchange, and what the pipeline knows of it besides.
pub struct Sample {
    /// What was seen.
    pub exchange: Exchange,
    /// A hash of the names in the response's JSON, equal for all responses of an operation; 0
    /// when there are none.
    pub shape: u32,
    /// The operation that was asked for; `None` for a scanner's.
    pub pair: Option<Pair>,
}

impl Iterator for Traffic {
    type Item = Sample;

    /// Never ends.
    fn next(&mut self) -> Option<Sample> {
        let (message, shape, pair) = self.message();
        self.time += (-self.random.share().max(1e-9).ln() * INTERVAL) as u64;
        self.count += 1;
        let exchange = exchange::make(&message, HOST, self.count, Timestamp(self.time));
        Some(Sample { exchange, shape, pair })
    }
}

/// The method and the template of an operation, without the names of parameters.
pub fn pair(operation: &Operation) -> Pair {
    (operation.method.clone(), nameless(&operation.route))
}

/// A template in which every parameter is `{}`.
pub fn nameless(route: &str) -> String {
    let mut text = String::new();
    let mut rest = route;
    while let Some((literal, behind)) = rest.split_once('{') {
        let Some((_, after)) = behind.split_once('}') else { break };
        encode_into(&mut text, literal, b"/");
        text.push_str("{}");
        rest = after;
    }
    encode_into(&mut text, rest, b"/");
    text
}

/// An operation with its route as a person reads it. A parameter that is declared to have one value
/// is that value: `/policies/{policyName}` with the only name `default`. A number behind a plural, at
/// the end, is an example of a parameter: `/players/237`.
fn as_read(operation: &Operation) -> Operation {
    let mut operation = operation.clone();
    for parameter in &operation.parameters {
        if let (Place::Path, [value]) = (parameter.place, &parameter.schema.values[..]) {
            let written = format!("{{{}}}", parameter.name);
            operation.route = operation.route.replace(&written, value);
        }
    }
    if let Some((before, number)) = operation.route.rsplit_once('/')
        && before.ends_with('s')
        && !number.is_empty()
        && number.bytes().all(|byte| byte.is_ascii_digit())
    {
        operation.route = format!("{before}/{{id}}");
    }
    operation
}

/// One of each pair: a specification may name the same one with other names, or more than once.
pub fn distinct(operations: &[Operation]) -> Vec<&Operation> {
    let mut known = BTreeSet::new();
    operations.iter().filter(|operation| known.insert(pair(operation))).collect()
}

/// Reading is more popular than writing.
fn popularity(operations: &[Operation], random: &mut Random) -> Weighted {
    let mut places: Vec<_> = (1..=operations.len()).collect();
    random.shuffle(&mut places);
    let weight = |(operation, place): (&Operation, usize)| {
        let share = if operation.method == "GET" { 3.0 } else { 1.0 };
        share * (place as f64).powf(-SKEW)
    };
    Weighted::new(operations.iter().zip(places).map(weight))
}

/// What the names in the declared JSON come to: of the items, where it is a list. Servers send
/// all fields of an answer, null where there is nothing, so that they are the same each time.
fn shape(operation: &Operation, status: u16) -> u32 {
    if operation.method == "HEAD" {
        return 0;
    }
    let bodies = operation.responses.get(&status.to_string());
    let body = bodies.or_else(|| operation.responses.get("default")).and_then(|bodies| {
        bodies.iter().find(|(media_type, _)| media_type.ends_with("json")).map(|(_, body)| body)
    });
    let Some(body) = body else { return 0 };
    let object = body.items.as_deref().unwrap_or(body);
    if object.properties.is_empty() {
        return 0;
    }
    let names: Vec<_> = object.properties.keys().collect();
    1 + number_of(&(names, body.items.is_some())) as u32
}

/// The status of success that is declared first, 200 if none is.
fn success(operation: &Operation) -> u16 {
    let statuses = operation.responses.keys().filter_map(|status| status.parse().ok());
    let mut successes = statuses.filter(|status| (200..400).contains(status));
    successes.next().unwrap_or(200)
}

/// A pool for each parameter with what is around it in its segment and before it: the same
/// object is asked for in several operations.
fn pools(
    operations: &[Operation],
    examples: &BTreeMap<String, Vec<String>>,
    seed: u64,
) -> HashMap<(String, String), Pool> {
    let literals: BTreeSet<String> = operations
        .iter()
        .flat_map(|operation| operation.route.split('/'))
        .filter(|segment| !segment.contains('{'))
        .map(str::to_ascii_lowercase)
        .collect();
    let style = service_style(&mut Random::new(seed, "style"));
    let mut pools = HashMap::new();
    for operation in operations {
        let mut rest = operation.route.as_str();
        while let Some((_, behind)) = rest.split_once('{') {
            let Some((name, after)) = behind.split_once('}') else { break };
            let place = around(&operation.route, rest);
            let mut random = Random::new(seed, (name, &place));
            let parameter = declared(operation, name);
            let known = examples.get(name).map_or(&[][..], Vec::as_slice);
            pools.entry((name.to_owned(), place)).or_insert_with(|| {
                let kind = Kind::of(&parameter, known, &style, &mut random);
                let forbidden = |value: &str| literals.contains(&value.to_ascii_lowercase());
                Pool::new(kind, forbidden, &mut random)
            });
            rest = after;
        }
    }
    pools
}

fn declared(operation: &Operation, name: &str) -> Parameter {
    let of_path = |one: &&Parameter| one.place == Place::Path && one.name == name;
    operation.parameters.iter().find(of_path).cloned().unwrap_or_else(|| Parameter {
        place: Place::Path,
        name: name.to_owned(),
        required: true,
        schema: sensor::inventory::description::Schema::default(),
    })
}

/// What is before the parameter that `rest` begins with.
fn around(route: &str, rest: &str) -> String {
    let at = route.len() - rest.len() + rest.find('{').unwrap_or(0);
    nameless(&route[..at])
}

fn number_of(value: &impl Hash) -> usize {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    (hasher.finish() >> 16) as usize % 1_000_003
}

/// RFC 3986: what a segment may contain stays, all else is encoded.
fn encode_into(path: &mut String, text: &str, also: &[u8]) {
    for &byte in text.as_bytes() {
        if byte.is_ascii_alphanumeric()
            || b"-._~!$&'()*+,=:@%".contains(&byte)
            || also.contains(&byte)
        {
            path.push(char::from(byte));
        } else {
            path.push_str(&format!("%{byte:02X}"));
        }
    }
}

#[cfg(test)]
mod tests;
