//! Exchanges of one operation, with parameters and bodies, and what is learned from them.

use std::collections::BTreeMap;

use sensor::{
    exchange::{Exchange, Timestamp},
    inventory::{
        description::{Operation, Parameter, Place, Schema, Type},
        schema::{Body, Learning, Profile, Scratch, Settings},
    },
};
use serde_json::Value;

use crate::evaluation::{
    bodies::Bodies,
    exchange::{self, Message},
    random::Random,
};

const HOST: &str = "api.example.test";

const FORM: &str = "application/x-www-form-urlencoded";

/// Share of optional parameters that are there.
const OPTIONAL: f64 = 0.7;

/// What was made and what was learned of it.
pub struct Driven {
    /// What the learner tells.
    pub learned: Operation,
    /// How often each parameter was sent, by place and name.
    pub parameters: BTreeMap<(Place, String), u64>,
    /// How often each field of a body was made.
    pub request: Option<Made>,
    /// The same of the response of success.
    pub response: Option<Made>,
    /// Requests made.
    pub exchanges: u64,
}

/// The bodies of one message.
pub struct Made {
    /// Their media type.
    pub media_type: String,
    /// The status, of a response.
    pub status: String,
    /// What was made.
    pub bodies: Bodies,
}

/// Drives an operation so many times.
pub fn drive(operation: &Operation, exchanges: usize, seed: u64) -> Driven {
    let mut random = Random::new(seed, (&operation.method, &operation.route));
    let mut request = body_of(&operation.request, "", seed);
    let mut response =
        success(operation).and_then(|(status, bodies)| body_of(bodies, status, seed));
    let mut parameters = BTreeMap::new();
    let mut profile = Profile::default();
    let mut scratch = Scratch::default();
    for number in 0..exchanges as u64 {
        let sent = sent(operation, &mut parameters, &mut random);
        let content = request.as_mut().map(|made| made.make(&operation.request, &mut random));
        let answer = response.as_mut().and_then(|made| {
            let bodies = operation.responses.get(&made.status)?;
            Some(made.make(bodies, &mut random))
        });
        let message = message(operation, &sent, content, answer.as_ref(), response.as_ref());
        let made = exchange::make(&message, HOST, number, Timestamp(number * 1_000_000));
        learn(&mut profile, &mut scratch, &made, &sent, &message, answer.as_ref());
    }
    let learned = profile.describe();
    Driven { learned, parameters, request, response, exchanges: exchanges as u64 }
}

/// The first status of success that has a body.
fn success(operation: &Operation) -> Option<(&str, &BTreeMap<String, Schema>)> {
    let of_success = |status: &str| status.len() == 3 && status.starts_with('2');
    operation
        .responses
        .iter()
        .find(|(status, bodies)| of_success(status) && !status.ends_with('X') && !bodies.is_empty())
        .map(|(status, bodies)| (status.as_str(), bodies))
}

/// JSON where there is JSON, else a form.
fn body_of(bodies: &BTreeMap<String, Schema>, status: &str, seed: u64) -> Option<Made> {
    let is_json = |name: &&String| *name == "application/json" || name.ends_with("+json");
    let is_form = |name: &&String| status.is_empty() && *name == FORM;
    let media_type = bodies.keys().find(is_json).or_else(|| bodies.keys().find(is_form))?.clone();
    let bodies = Bodies::new(seed);
    Some(Made { media_type, status: status.to_owned(), bodies })
}

impl Made {
    fn make(
        &mut self,
        declared: &BTreeMap<String, Schema>,
        random: &mut Random,
    ) -> (String, Vec<u8>) {
        let Some(schema) = declared.get(&self.media_type) else { return Default::default() };
        let bytes = if self.media_type == FORM {
            form(schema, &mut self.bodies, random).into_bytes()
        } else {
            self.bodies.value(schema, "", 0, random).to_string().into_bytes()
        };
        (self.media_type.clone(), bytes)
    }
}

/// Fields that are one value each: how others are written differs from server to server.
fn form(schema: &Schema, bodies: &mut Bodies, random: &mut Random) -> String {
    let mut pairs = Vec::new();
    for (name, property) in crate::evaluation::bodies::fields(schema) {
        let path = format!(".{name}");
        let share = 0.5 + 0.4 * bodies.of_field(&path).share();
        if is_single(property) && (schema.required.contains(name) || random.chance(share)) {
            let value = bodies.value(property, &path, 1, random);
            pairs.push(format!("{}={}", encode(name), encode(&plain(&value))));
        }
    }
    // Without a field there is no body.
    if !pairs.is_empty() {
        *bodies.made.entry(String::new()).or_default() += 1;
    }
    pairs.join("&")
}

/// Whether values are single ones, and never null, which a text cannot be.
pub fn is_single(schema: &Schema) -> bool {
    let is_compound = |one: &Type| matches!(one, Type::Array | Type::Object | Type::Null);
    !schema.types.is_empty() && !schema.types.iter().any(is_compound)
}

/// A value as text.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The parameters of a request as sent, percent-encoded but for header fields.
fn sent<'o>(
    operation: &'o Operation,
    counts: &mut BTreeMap<(Place, String), u64>,
    random: &mut Random,
) -> Vec<(&'o Parameter, String)> {
    let mut sent = Vec::new();
    for parameter in &operation.parameters {
        if !is_sent(parameter) || !(parameter.required || random.chance(OPTIONAL)) {
            continue;
        }
        let path = format!("{:?} {}", parameter.place, parameter.name);
        // A source of its own, so that it has the same style each time, and new values.
        let mut one = Bodies::new(Random::new(0, &path).below(1_000_000) as u64);
        let value = plain(&one.value(&parameter.schema, &path, 0, random));
        let value = if parameter.place == Place::Header { value } else { encode(&value) };
        if value.is_empty() {
            continue;
        }
        *counts.entry((parameter.place, parameter.name.clone())).or_default() += 1;
        sent.push((parameter, value));
    }
    sent
}

/// Single values in path, query and header. A header that HTTP itself has is no parameter to the
/// learner; a name with brackets is a part of an object.
fn is_sent(parameter: &Parameter) -> bool {
    let is_plain =
        parameter.name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.$".contains(&byte));
    parameter.place != Place::Cookie && is_plain && is_single(&parameter.schema)
}

fn message(
    operation: &Operation,
    sent: &[(&Parameter, String)],
    content: Option<(String, Vec<u8>)>,
    answer: Option<&(String, Vec<u8>)>,
    response: Option<&Made>,
) -> Message {
    let of_place = |place| sent.iter().filter(move |(one, _)| one.place == place);
    let query: Vec<_> =
        of_place(Place::Query).map(|(one, value)| format!("{}={value}", one.name)).collect();
    let query = if query.is_empty() { String::new() } else { format!("?{}", query.join("&")) };
    let fields = of_place(Place::Header).map(|(one, value)| (one.name.clone(), value.clone()));
    let status = response.and_then(|made| made.status.parse().ok());
    Message {
        method: operation.method.clone(),
        target: format!("/operation{query}"),
        fields: fields.collect(),
        content,
        status: status.unwrap_or(200),
        answer: answer.map(|(media_type, bytes)| (media_type.clone(), bytes.len() as u64)),
        client: 1,
    }
}

fn learn(
    profile: &mut Profile,
    scratch: &mut Scratch,
    made: &Exchange,
    sent: &[(&Parameter, String)],
    message: &Message,
    answer: Option<&(String, Vec<u8>)>,
) {
    let observer = &mut ();
    let mut learning = Learning { settings: Settings::new(1), scratch, observer };
    let whole = |bytes| Body { bytes, is_whole: true };
    if let Some(request) = &made.request {
        let path = sent.iter().filter(|(one, _)| one.place == Place::Path);
        let path = path.map(|(one, value)| (one.name.as_str(), value.as_bytes()));
        let body = message.content.as_ref().map(|(_, bytes)| whole(bytes.as_slice()));
        profile.learn_request(request, path, body, &mut learning);
    }
    if let Some(response) = &made.response {
        let body = answer.map(|(_, bytes)| whole(bytes.as_slice()));
        profile.learn_response(response, body, &mut learning);
    }
}

/// All but unreserved characters as `%` and two digits (RFC 3986 section 2.1).
fn encode(text: &str) -> String {
    let one = |byte: u8| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            char::from(byte).to_string()
        } else {
            format!("%{byte:02X}")
        }
    };
    text.bytes().map(one).collect()
}
