//! `sensor endpoint`: everything that is known of one endpoint.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use super::{
    Common,
    form::Form,
    grid::{grid, lines},
    human,
    page::Page,
    terminal::{Look, paint},
};
use crate::inventory::{
    EndpointDetail,
    description::{Schema, Type},
};

/// Rows of fields that are shown; the JSON form has all.
const MAX_FIELDS: usize = 60;

/// Show everything about one endpoint: parameters, bodies, authentication, sensitive data, risk.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    sensor endpoint 4f1d2a90c3b7e856\n  \
    sensor endpoint $(sensor endpoints --output json | jq -r 'max_by(.risk.score).id')\n  \
    sensor endpoint 4f1d2a90c3b7e856 --output json | jq .operation.parameters")]
pub struct Arguments {
    /// The endpoint's id, as `sensor endpoints --output json` gives it.
    id: String,
    /// Form of the output.
    #[arg(long, short, value_name = "FORM", default_value = "text")]
    output: Form,
}

impl Arguments {
    pub fn run(self, common: &Common) -> Result<ExitCode> {
        let client = common.client()?;
        let path = format!("/endpoints/{}", self.id);
        let detail: EndpointDetail = super::runtime()?.block_on(client.get(&path))?;
        self.output.write(&detail, show)?;
        Ok(ExitCode::SUCCESS)
    }
}

fn show(detail: &EndpointDetail, look: Look) -> String {
    let row = &detail.endpoint;
    let title = format!("{} {}{}", row.method, row.host, row.place());
    let mut page = Page { text: paint(&human::printable(&title), "1", look.colors) + "\n", look };
    let count = human::integer;
    page.line("Requests", &[format!("{} ({} errors)", count(row.requests), count(row.errors))]);
    page.line(
        "Seen",
        &[format!("{} to {}", row.first_seen, row.last_seen), row.lifecycle.as_str().to_owned()],
    );
    if let Some(process) = &row.process {
        page.line("Process", &[human::printable(process)]);
    }
    page.line(
        "Owner",
        &[row.owner.as_deref().map_or_else(|| "not known".to_owned(), human::printable)],
    );
    page.line("Risk", &risk(detail));
    page.line("Access", &access(detail));
    if !detail.data.is_empty() {
        page.text.push('\n');
        page.text.push_str(&data(detail, look));
    }
    let fields = fields(detail);
    if !fields.is_empty() {
        page.text.push('\n');
        page.text.push_str(&table_of_fields(&fields, look));
    }
    page.text
}

fn risk(detail: &EndpointDetail) -> Vec<String> {
    let risk = &detail.endpoint.risk;
    let mut facts = vec![format!("{} of 100", risk.score)];
    facts.extend(risk.reasons.iter().cloned());
    facts
}

fn access(detail: &EndpointDetail) -> Vec<String> {
    let view = &detail.access;
    let mut kinds: Vec<_> = view.kinds.iter().collect();
    kinds.sort_by(|left, right| right.1.total_cmp(left.1));
    let mut facts: Vec<_> =
        kinds.iter().map(|(kind, share)| format!("{kind} {:.0}%", *share * 100.0)).collect();
    for (count, words) in [
        (view.open, "answered without a credential"),
        (view.over_plain_http, "with credentials in clear"),
        (view.in_url, "with credentials in the URL"),
    ] {
        if count > 0 {
            facts.push(format!("{} {words}", human::integer(count)));
        }
    }
    if let Some(tokens) = &view.tokens {
        facts.push(format!("tokens by {}", human::printable(&tokens.algorithms.join(", "))));
        facts.extend(
            tokens.issuers.iter().map(|issuer| format!("issued by {}", human::printable(issuer))),
        );
    }
    facts
}

fn data(detail: &EndpointDetail, look: Look) -> String {
    let mut table =
        grid(look, ["SENSITIVE DATA", "CLASS", "FIELD", "VALUES", "SURE", "MATTERS FOR"]);
    for found in &detail.data {
        table.add_row([
            found.kind.clone(),
            found.class.clone(),
            human::printable(&found.field),
            human::integer(found.values),
            found.confidence.clone(),
            found.regulations.join(", "),
        ]);
    }
    lines(table)
}

/// A field as shown: where, its type, its bounds, and how often it is there.
struct Field {
    place: String,
    name: String,
    schema: Schema,
    required: bool,
}

fn fields(detail: &EndpointDetail) -> Vec<Field> {
    let operation = &detail.operation;
    let mut fields = Vec::new();
    for parameter in &operation.parameters {
        fields.push(Field {
            place: format!("{:?}", parameter.place).to_lowercase(),
            name: parameter.name.clone(),
            schema: parameter.schema.clone(),
            required: parameter.required,
        });
    }
    for schema in operation.request.values() {
        push("request", "", schema, true, &mut fields);
    }
    for (status, contents) in &operation.responses {
        for schema in contents.values() {
            push(status, "", schema, true, &mut fields);
        }
    }
    fields
}

/// Adds the leaves of a schema.
fn push(place: &str, name: &str, schema: &Schema, required: bool, fields: &mut Vec<Field>) {
    if schema.types.iter().any(|kind| !matches!(kind, Type::Object | Type::Array | Type::Null)) {
        let (place, name) = (place.to_owned(), name.to_owned());
        fields.push(Field { place, name, schema: schema.clone(), required });
    }
    let dot = if name.is_empty() { "" } else { "." };
    for (key, property) in &schema.properties {
        let required = schema.required.contains(key);
        push(place, &format!("{name}{dot}{key}"), property, required, fields);
    }
    if let Some(items) = &schema.items {
        push(place, &format!("{name}[]"), items, required, fields);
    }
    if let Some(values) = &schema.additional_properties {
        push(place, &format!("{name}{dot}{{key}}"), values, false, fields);
    }
}

fn table_of_fields(fields: &[Field], look: Look) -> String {
    let mut table = grid(look, ["WHERE", "FIELD", "TYPE", "CONSTRAINTS", "SEEN"]);
    for field in fields.iter().take(MAX_FIELDS) {
        let name = human::cut_middle(&human::printable(&field.name), 48);
        table.add_row([
            field.place.clone(),
            if field.required { name } else { format!("{name}?") },
            types(&field.schema),
            human::cut_end(&human::printable(&constraints(&field.schema)), 48),
            human::integer(field.schema.seen),
        ]);
    }
    let mut text = lines(table);
    if fields.len() > MAX_FIELDS {
        text.push_str(&format!("and {} more: --output json has all\n", fields.len() - MAX_FIELDS));
    }
    text
}

fn types(schema: &Schema) -> String {
    let mut types: Vec<_> =
        schema.types.iter().map(|kind| format!("{kind:?}").to_lowercase()).collect();
    if let (Some(format), Some(place)) = (&schema.format, types.iter().position(|t| t == "string"))
    {
        types[place].clone_from(format);
    }
    types.join(" or ")
}

fn constraints(schema: &Schema) -> String {
    let mut parts = Vec::new();
    let range = |least: Option<String>, most: Option<String>| match (least, most) {
        (Some(least), Some(most)) if least == most => Some(least),
        (Some(least), Some(most)) => Some(format!("{least} to {most}")),
        _ => None,
    };
    if !schema.values.is_empty() {
        parts.push(schema.values.join(" | "));
    }
    let number = |value: Option<f64>| value.map(|value| value.to_string());
    parts.extend(range(number(schema.minimum), number(schema.maximum)));
    let length = |value: Option<u64>| value.map(|value| value.to_string());
    if schema.values.is_empty() {
        let lengths = range(length(schema.min_length), length(schema.max_length));
        parts.extend(lengths.map(|lengths| format!("{lengths} long")));
    }
    parts.join(", ")
}
