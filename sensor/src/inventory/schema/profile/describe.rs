//! A profile in the words of `OpenAPI`.

use std::collections::BTreeMap;

use super::{Content, Profile, parameters::PLACES};
use crate::inventory::{
    description::{Operation, Parameter, Schema},
    schema::FieldId,
};

impl Profile {
    /// Parameters, request and responses of the operation; the rest of it is empty. Parameters
    /// whose names are data are one called `{key}`.
    pub fn describe(&self) -> Operation {
        let responses = self.responses.iter().map(|answer| {
            let status = match answer.status {
                class @ 1..=9 => format!("{class}XX"),
                status => status.to_string(),
            };
            (status, describe_contents(&answer.contents))
        });
        Operation {
            parameters: self.describe_parameters(),
            request: describe_contents(&self.requests),
            responses: responses.collect(),
            ..Operation::default()
        }
    }

    /// Every field with its path, such as `query.page` or `response 200 items[].email`.
    pub fn paths(&self) -> impl Iterator<Item = (FieldId, String)> {
        let requests = self.requests.iter().map(|content| (String::from("request "), content));
        let responses = self.responses.iter().flat_map(|answer| {
            let label = format!("response {} ", answer.status);
            answer.contents.iter().map(move |content| (label.clone(), content))
        });
        let bodies = requests.chain(responses).flat_map(|(label, content)| {
            content.tree.paths().map(move |(id, path)| (id, format!("{label}{path}")))
        });
        self.parameters.paths().chain(bodies)
    }

    fn describe_parameters(&self) -> Vec<Parameter> {
        let mut places = self.parameters.describe().properties;
        let mut parameters = Vec::new();
        for (place, name) in PLACES {
            let Some(mut object) = places.remove(name) else { continue };
            for (name, schema) in std::mem::take(&mut object.properties) {
                let required = object.required.contains(&name);
                parameters.push(Parameter { place, name, required, schema });
            }
            if let Some(schema) = object.additional_properties {
                let name = String::from("{key}");
                parameters.push(Parameter { place, name, required: false, schema: *schema });
            }
        }
        parameters
    }
}

fn describe_contents(contents: &[Content]) -> BTreeMap<String, Schema> {
    contents
        .iter()
        .map(|content| (content.media_type.to_string(), content.tree.describe()))
        .collect()
}
