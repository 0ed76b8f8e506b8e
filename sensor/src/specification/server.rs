//! Where the API is: `servers` of `OpenAPI` 3, `host` and `basePath` of Swagger 2.

use serde_json::Value;

use super::{
    place::Place,
    reader::{Reader, Version},
};

/// Places that are kept of a list of servers.
const MAX_BASES: usize = 8;

/// A place of the API.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Base {
    /// The authority in lower case, without a default port; empty for any.
    pub host: String,
    /// What the paths begin with: empty, or with a `/` in front and none behind.
    pub path: String,
}

/// The places that `object` names: the document, a path or an operation. `None` when it names
/// none, so that what is around it holds.
///
/// Servers that differ in their host alone are one place, with any host: most are stages of one
/// deployment, and traffic goes to one of them.
pub(super) fn bases<'d>(
    reader: &mut Reader<'d>,
    object: &'d Value,
    at: &Place<'_>,
) -> Option<Vec<Base>> {
    let found = match reader.version {
        Version::Two => swagger(reader, object, at)?,
        Version::Three => {
            let at = at.member("servers");
            let servers = object.get("servers").filter(|servers| !servers.is_null())?;
            let servers = reader.array(servers, &at)?;
            let mut found = Vec::new();
            for (index, server) in servers.iter().enumerate() {
                found.extend(base(reader, server, &at.item(index)));
            }
            found
        }
    };
    let mut bases: Vec<Base> = Vec::new();
    for base in found {
        if let Some(known) = bases.iter_mut().find(|known| known.path == base.path) {
            if known.host != base.host {
                known.host.clear();
            }
        } else if bases.len() < MAX_BASES {
            bases.push(base);
        }
    }
    (!bases.is_empty()).then_some(bases)
}

fn swagger<'d>(reader: &mut Reader<'d>, object: &'d Value, at: &Place<'_>) -> Option<Vec<Base>> {
    let host = reader.text(object, at, "host");
    let path = reader.text(object, at, "basePath");
    if host.is_none() && path.is_none() {
        return None;
    }
    Some(vec![Base {
        host: host.unwrap_or_default().to_ascii_lowercase(),
        path: base_path(path.unwrap_or_default()),
    }])
}

fn base<'d>(reader: &mut Reader<'d>, server: &'d Value, at: &Place<'_>) -> Option<Base> {
    reader.object(server, at)?;
    let url = with_defaults(reader.text(server, at, "url")?, &server["variables"]);
    let url = url.split(['?', '#']).next().unwrap_or_default();
    let (scheme, rest) = match url.split_once("://") {
        Some((scheme, rest)) => (scheme, rest),
        None => match url.strip_prefix("//") {
            Some(rest) => ("", rest),
            None => return Some(Base { host: String::new(), path: base_path(url) }),
        },
    };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = authority.rsplit('@').next().unwrap_or_default().to_ascii_lowercase();
    let default_port = if scheme.eq_ignore_ascii_case("https") { ":443" } else { ":80" };
    let host = host.strip_suffix(default_port).unwrap_or(&host);
    // A variable without a default may stand for any host.
    let host = if host.contains('{') { "" } else { host };
    Some(Base { host: host.to_owned(), path: base_path(path) })
}

/// Each `{variable}` by its default.
fn with_defaults(url: &str, variables: &Value) -> String {
    let mut text = String::new();
    let mut rest = url;
    while let Some((before, behind)) = rest.split_once('{') {
        let Some((name, after)) = behind.split_once('}') else { break };
        text.push_str(before);
        match &variables[name]["default"] {
            Value::String(default) => text.push_str(default),
            Value::Number(default) => text.push_str(&default.to_string()),
            _ => text.push_str(&format!("{{{name}}}")),
        }
        rest = after;
    }
    text + rest
}

fn base_path(path: &str) -> String {
    let path = path.trim_matches('/');
    if path.is_empty() { String::new() } else { format!("/{path}") }
}
