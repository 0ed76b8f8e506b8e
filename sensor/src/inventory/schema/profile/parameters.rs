//! Parameters outside the body.

use super::{Learning, Scratch};
use crate::{
    exchange::{Head, Problems, Request},
    inventory::{
        description::Place,
        endpoint::is_token,
        schema::{
            FieldId, Learner, Observer, Scalar, Tree,
            body::{Ending, Events, read_pairs},
        },
        template::percent_decode,
    },
};

/// The places of parameters, with the name of their field in the tree.
pub const PLACES: [(Place, &str); 4] = [
    (Place::Path, "path"),
    (Place::Query, "query"),
    (Place::Header, "header"),
    (Place::Cookie, "cookie"),
];

/// Longest name of a field that is learned, in bytes.
const MAX_NAME: usize = 64;

/// A tree for parameters. Values of cookies are never listed.
pub fn tree() -> Tree {
    let mut tree = Tree::new(FieldId::root("parameters"));
    tree.add_private("cookie");
    tree
}

/// Learns the parameters of a request. Names are told in the order of [`PLACES`].
pub fn learn<'p>(
    tree: &mut Tree,
    request: &Request,
    path: impl Iterator<Item = (&'p str, &'p [u8])>,
    room: usize,
    learning: &mut Learning<'_, impl Observer>,
) {
    let limit = tree.len() + room;
    let Learning { settings, scratch, observer } = learning;
    let Scratch { buffers, frames, text } = &mut **scratch;
    let mut learner = Learner::new(tree, frames, &mut **observer, limit, settings.seed);
    learner.keys_repeat();
    learner.begin_object();
    begin(&mut learner, "path");
    for (name, value) in path {
        text.clear();
        text.extend(percent_decode(value));
        learner.key(name.as_bytes());
        learner.value(Scalar::Untyped(text));
    }
    learner.end();
    begin(&mut learner, "query");
    read_pairs(request.query().unwrap_or_default(), buffers, &mut learner);
    learner.end();
    begin(&mut learner, "header");
    learn_fields(&request.head, &mut learner);
    // Fields that were left out of a head may have been parameters: it stays open, as one cut.
    let lacks_fields = request.problems.contains(Problems::TOO_MANY_FIELDS)
        || request.problems.contains(Problems::INVALID_FIELD);
    if lacks_fields {
        return learner.finish(Ending::Cut);
    }
    learner.end();
    begin(&mut learner, "cookie");
    learn_cookies(&request.head, &mut learner);
    learner.end();
    learner.end();
    learner.finish(Ending::Whole);
}

fn begin(learner: &mut Learner<'_, impl Observer>, place: &str) {
    learner.key(place.as_bytes());
    learner.begin_object();
}

fn learn_fields(head: &Head, learner: &mut Learner<'_, impl Observer>) {
    let mut lower = [0; MAX_NAME];
    for (name, value) in head.fields() {
        let Some(lower) = lower.get_mut(..name.len()).filter(|_| is_token(name)) else { continue };
        lower.copy_from_slice(name);
        lower.make_ascii_lowercase();
        if !is_standard(lower) {
            learner.key(lower);
            learner.value(Scalar::Untyped(value));
        }
    }
}

/// Cookies (RFC 6265 section 5.4). The values are learned of as all others, but never listed.
fn learn_cookies(head: &Head, learner: &mut Learner<'_, impl Observer>) {
    let fields = head.fields().filter(|(name, _)| name.eq_ignore_ascii_case(b"cookie"));
    for pair in fields.flat_map(|(_, value)| value.split(|&byte| byte == b';')) {
        let Some(end) = pair.iter().position(|&byte| byte == b'=') else { continue };
        let name = pair[..end].trim_ascii();
        if is_token(name) {
            learner.key(name);
            learner.value(Scalar::Untyped(pair[end + 1..].trim_ascii()));
        }
    }
}

/// Whether a field is there for HTTP, browsers, proxies or tracing, not for the API. `name` is
/// in lower case. Accept, Authorization and Content-Type are no parameters in `OpenAPI` either.
///
/// A match, which compares lengths first: every field of every request is asked about.
#[rustfmt::skip]
fn is_standard(name: &[u8]) -> bool {
    matches!(
        name,
        b"accept" | b"accept-charset" | b"accept-encoding" | b"accept-language" | b"authorization"
        | b"b3" | b"baggage" | b"cache-control" | b"connection" | b"content-encoding"
        | b"content-language" | b"content-length" | b"content-md5" | b"content-type" | b"cookie"
        | b"date" | b"dnt" | b"early-data" | b"expect" | b"forwarded" | b"from" | b"host"
        | b"http2-settings" | b"if-modified-since" | b"if-none-match" | b"keep-alive"
        | b"max-forwards" | b"newrelic" | b"origin" | b"pragma" | b"priority" | b"purpose"
        | b"range" | b"referer" | b"save-data" | b"te" | b"traceparent" | b"tracestate"
        | b"trailer" | b"transfer-encoding" | b"true-client-ip" | b"uber-trace-id" | b"upgrade"
        | b"upgrade-insecure-requests" | b"user-agent" | b"via" | b"warning" | b"x-correlation-id"
        | b"x-original-forwarded-for" | b"x-real-ip" | b"x-request-id" | b"x-request-start"
        | b"x-scheme" | b"x-trace-id"
    ) || matches!(name.first(), Some(b'a' | b'c' | b'p' | b's' | b'x'))
        && PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

const PREFIXES: &[&[u8]] = &[
    b"access-control-",
    b"cf-",
    b"proxy-",
    b"sec-",
    b"sentry-",
    b"x-amzn-",
    b"x-b3-",
    b"x-cloud-trace",
    b"x-datadog-",
    b"x-envoy-",
    b"x-forwarded",
    b"x-newrelic-",
    b"x-ot-",
];
