//! Operations of every kind that a document can declare, for proptest.

use std::collections::{BTreeMap, BTreeSet};

use proptest::{
    collection::{btree_map, btree_set, vec},
    option,
    prelude::*,
    sample::select,
};

use crate::inventory::description::{Operation, Parameter, Place, Schema, Type};

pub const HOST: &str = "api.example.com";

const TYPES: [Type; 7] = [
    Type::Null,
    Type::Boolean,
    Type::Integer,
    Type::Number,
    Type::String,
    Type::Array,
    Type::Object,
];

fn flat() -> impl Strategy<Value = Schema> {
    let bounds = (option::of(-9..0_i32), option::of(0..9_i32), option::of(0..4_u64));
    let texts = (option::of("[a-z-]{1,8}"), option::of("[a-z]{1,3}"), vec("[a-z0-9]{0,4}", 0..3));
    (btree_set(select(&TYPES[..]), 0..4), bounds, texts, any::<[bool; 4]>(), 0..9_u64).prop_map(
        |(types, (minimum, maximum, least), (format, pattern, values), flags, seen)| {
            let [length, items, enumerated, more] = flags;
            consistent(Schema {
                types,
                format,
                minimum: minimum.map(f64::from),
                maximum: maximum.map(f64::from),
                min_length: least.filter(|_| length),
                max_length: least.map(|least| least + u64::from(more)).filter(|_| length),
                pattern,
                values: if enumerated { distinct(values) } else { Vec::new() },
                min_items: least.filter(|_| items),
                max_items: least.map(|least| least + u64::from(more)).filter(|_| items),
                seen,
                ..Schema::default()
            })
        },
    )
}

/// Without what is said of types that the schema does not have.
fn consistent(mut schema: Schema) -> Schema {
    let has = |types: &[Type]| {
        schema.types.is_empty() || types.iter().any(|one| schema.types.contains(one))
    };
    let (text, number) = (has(&[Type::String]), has(&[Type::Integer, Type::Number]));
    let (array, scalar) = (has(&[Type::Array]), has(&[Type::Boolean]) || has(&TYPES[2..]));
    if !text {
        (schema.min_length, schema.max_length, schema.pattern) = (None, None, None);
    }
    if !number {
        (schema.minimum, schema.maximum) = (None, None);
    }
    if !array {
        (schema.min_items, schema.max_items) = (None, None);
    }
    if !scalar {
        (schema.format, schema.values) = (None, Vec::new());
    }
    schema
}

fn distinct(values: Vec<String>) -> Vec<String> {
    values.into_iter().collect::<BTreeSet<_>>().into_iter().collect()
}

pub fn schema() -> impl Strategy<Value = Schema> {
    flat().prop_recursive(3, 12, 3, |inner| {
        let parts = (
            option::of(inner.clone()),
            btree_map("[a-zA-Z_~/{} ]{0,5}", inner.clone(), 0..3),
            option::of(inner),
        );
        (flat(), parts, any::<bool>()).prop_map(|(mut schema, (items, properties, rest), all)| {
            if let Some(items) = items {
                schema.types.insert(Type::Array);
                schema.items = Some(Box::new(items));
            }
            if !properties.is_empty() || rest.is_some() {
                schema.types.insert(Type::Object);
            }
            if all {
                schema.required = properties.keys().cloned().collect();
            }
            schema.properties = properties;
            schema.additional_properties = rest.map(Box::new);
            consistent(schema)
        })
    })
}

fn route() -> impl Strategy<Value = String> {
    let literal = || "[a-z]{1,3}(%20)?";
    let segment = prop_oneof![
        literal().boxed(),
        "\\{[a-z]{1,3}\\}".boxed(),
        "\\{[a-z]{1,3}\\}\\.json".boxed(),
        "[a-z]{1,2}-\\{[a-z]{1,3}\\}".boxed(),
    ];
    (vec(segment, 0..4), any::<bool>()).prop_map(|(segments, slash)| {
        let mut known = BTreeSet::new();
        let mut route = String::new();
        for segment in segments {
            let name = segment.split(['{', '}']).nth(1).unwrap_or_default().to_owned();
            if name.is_empty() || known.insert(name) {
                route += &format!("/{segment}");
            }
        }
        if slash || route.is_empty() { route + "/" } else { route }
    })
}

fn bodies() -> impl Strategy<Value = BTreeMap<String, Schema>> {
    let types = vec!["application/json", "text/plain", "application/x-www-form-urlencoded"];
    btree_map(select(types).prop_map(str::to_owned), schema(), 0..3)
}

fn security() -> impl Strategy<Value = BTreeSet<String>> {
    let kinds = vec![
        "basic",
        "bearer",
        "apiKey header x-key",
        "apiKey query key",
        "apiKey cookie sid",
        "mutualTLS",
        "oauth2",
        "openIdConnect",
        "aws_sigv4",
        "bearer_jwt",
        "session_cookie",
        "bearer jwt",
        "basic + mutualTLS",
    ];
    btree_set(select(kinds).prop_map(str::to_owned), 0..3)
}

fn parameters() -> impl Strategy<Value = Vec<Parameter>> {
    let places = vec![Place::Query, Place::Header, Place::Cookie];
    let keys = btree_map((select(places), "[a-z]{1,3}"), (any::<bool>(), schema()), 0..4);
    keys.prop_map(|found| {
        let one = |((place, name), (required, schema))| Parameter { place, name, required, schema };
        found.into_iter().map(one).collect()
    })
}

pub fn operation() -> impl Strategy<Value = Operation> {
    let methods = vec!["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "PURGE"];
    let statuses = vec!["200", "204", "404", "4XX", "default"];
    let responses = btree_map(select(statuses).prop_map(str::to_owned), bodies(), 0..3);
    let head = (select(methods), route(), any::<bool>());
    (head, parameters(), bodies(), responses, security(), schema()).prop_map(
        |((method, route, deprecated), mut parameters, request, responses, security, schema)| {
            let of_path = crate::specification::parameter::names(&route).map(|name| Parameter {
                place: Place::Path,
                name: name.to_owned(),
                required: true,
                schema: schema.clone(),
            });
            parameters.extend(of_path);
            parameters
                .sort_by(|left, right| (left.place, &left.name).cmp(&(right.place, &right.name)));
            Operation {
                host: HOST.to_owned(),
                method: method.to_owned(),
                route,
                operation: None,
                deprecated,
                parameters,
                request,
                responses,
                security,
            }
        },
    )
}

/// Operations with and without names of their own, no two the same.
pub fn operations() -> impl Strategy<Value = Vec<Operation>> {
    let named = (operation(), option::weighted(0.3, "[A-Za-z ]{1,6}"));
    vec(named, 0..6).prop_map(|found| {
        let mut known = BTreeSet::new();
        let mut operations = Vec::new();
        for (mut one, name) in found {
            one.operation = name;
            let route = crate::specification::route::nameless(&one.route);
            if known.insert((one.method.clone(), route, one.operation.clone())) {
                operations.push(one);
            }
        }
        operations
    })
}
