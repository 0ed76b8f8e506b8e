//! One document, read from the top.

use std::collections::{BTreeSet, HashSet};

use serde_json::{Map, Value};

use super::{
    Kind, Location, Problem, Specification,
    operation::{self, Declared},
    place::Place,
    security, server,
};
use crate::inventory::description::Operation;

/// Problems kept of a document.
const MAX_PROBLEMS: usize = 1_000;

/// Notes among them, which are no reason to leave a problem out.
const MAX_NOTES: usize = 100;

/// Schema nodes kept of a document, at about 400 bytes each.
const MAX_NODES: usize = 400_000;

/// What the parts of the reader share.
pub(super) struct Reader<'d> {
    pub document: &'d Value,
    pub version: Version,
    /// How many more nodes of schemas may be made.
    pub nodes: usize,
    problems: Vec<Problem>,
    notes: usize,
    known_problems: HashSet<Problem>,
}

/// Which of the formats a document has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    /// Swagger 2.0
    Two,
    /// `OpenAPI` 3.x
    Three,
}

pub(super) fn read(document: &Value) -> Specification {
    let mut reader = Reader {
        document,
        version: Version::Three,
        nodes: MAX_NODES,
        problems: Vec::new(),
        notes: 0,
        known_problems: HashSet::new(),
    };
    let mut specification = Specification::default();
    if let Some(version) = reader.version() {
        reader.version = version;
        reader.fill(&mut specification);
    }
    specification.problems = reader.problems;
    specification
}

/// What tells operations apart, in the order in which they are given.
fn order(operation: &Operation) -> (&str, &str, &str, Option<&str>) {
    let name = operation.operation.as_deref();
    (&operation.host, &operation.route, &operation.method, name)
}

impl<'d> Reader<'d> {
    fn version(&mut self) -> Option<Version> {
        let at = Place::ROOT;
        self.object(self.document, &at)?;
        // Some write the number without quotes.
        let text = |key| match &self.document[key] {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        };
        match (text("openapi"), text("swagger")) {
            (Some(version), _) if version == "3" || version.starts_with("3.") => {
                Some(Version::Three)
            }
            (None, Some(version)) if version == "2" || version.starts_with("2.") => {
                Some(Version::Two)
            }
            (named, older) => {
                self.problem(&at, Kind::Version(named.or(older)));
                None
            }
        }
    }

    fn fill(&mut self, specification: &mut Specification) {
        let at = Place::ROOT;
        let info = &self.document["info"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        specification.title = text(&info["title"]);
        specification.version = text(&info["version"]);
        let schemes = security::schemes(self);
        let bases = server::bases(self, self.document, &at);
        let required = security::required(self, self.document, &at, &schemes);
        let declared = Declared {
            bases: bases.unwrap_or_else(|| vec![server::Base::default()]),
            security: required.unwrap_or_default(),
            schemes,
        };
        let Some(paths) = self.member(self.document, &at, "paths") else {
            // Since 3.1 a document may hold components or webhooks alone.
            if self.document.get("webhooks").is_none() && self.document.get("components").is_none()
            {
                self.problem(&at, Kind::Absent("`paths`"));
            }
            return;
        };
        let at = at.member("paths");
        let Some(paths) = self.object(paths, &at) else { return };
        for (path, item) in paths {
            if path.starts_with('/') {
                let found = operation::read(self, path, item, &at.member(path), &declared);
                specification.operations.extend(found);
            } else if !path.starts_with("x-") {
                self.problem(&at.member(path), Kind::Value(format!("path {path}")));
            }
        }
        specification.operations.sort_by(|left, right| order(left).cmp(&order(right)));
        specification.security = declared.schemes;
        self.note_duplicates(specification);
    }

    fn note_duplicates(&mut self, specification: &Specification) {
        let mut known = BTreeSet::new();
        for operation in &specification.operations {
            let one = (&operation.host, &operation.route, &operation.method, &operation.operation);
            if !known.insert(one) {
                let member = format!("{} {}", operation.method, operation.route);
                self.problem(&Place::ROOT.member("paths").member(&member), Kind::Duplicate);
            }
        }
    }

    /// Whether an operation must have responses; since 3.1 it need not.
    pub fn needs_responses(&self) -> bool {
        let version = self.document["openapi"].as_str().unwrap_or_default();
        self.version == Version::Two || version.starts_with("3.0")
    }

    /// Keeps a problem, once. Of notes only the first are kept.
    pub fn problem(&mut self, at: &Place<'_>, kind: Kind) {
        let is_note = kind.is_note();
        if self.problems.len() > MAX_PROBLEMS || is_note && self.notes == MAX_NOTES {
            return;
        }
        let problem = Problem { location: Location::Pointer(at.pointer()), kind };
        if !self.known_problems.insert(problem.clone()) {
            return;
        }
        if self.problems.len() == MAX_PROBLEMS {
            self.problems.push(Problem { location: Location::Document, kind: Kind::More });
            return;
        }
        self.notes += usize::from(is_note);
        self.problems.push(problem);
    }

    /// A member that is there and not null.
    pub fn member(&mut self, value: &'d Value, at: &Place<'_>, name: &str) -> Option<&'d Value> {
        let object = self.object(value, at)?;
        object.get(name).filter(|value| !value.is_null())
    }

    /// The members of an object, or a problem.
    pub fn object(&mut self, value: &'d Value, at: &Place<'_>) -> Option<&'d Map<String, Value>> {
        self.expect(value.as_object(), at, "an object")
    }

    /// The items of an array, or a problem.
    pub fn array(&mut self, value: &'d Value, at: &Place<'_>) -> Option<&'d Vec<Value>> {
        self.expect(value.as_array(), at, "an array")
    }

    /// The text of a member that may be absent; a problem when it is no text.
    pub fn text(&mut self, object: &'d Value, at: &Place<'_>, name: &str) -> Option<&'d str> {
        let value = object.get(name).filter(|value| !value.is_null())?;
        self.expect(value.as_str(), &at.member(name), "a text")
    }

    /// The flag of a member, false when it is absent; a problem when it is no flag.
    pub fn flag(&mut self, object: &Value, at: &Place<'_>, name: &str) -> bool {
        let Some(value) = object.get(name).filter(|value| !value.is_null()) else { return false };
        self.expect(value.as_bool(), &at.member(name), "true or false").unwrap_or(false)
    }

    pub fn expect<T>(
        &mut self,
        found: Option<T>,
        at: &Place<'_>,
        expected: &'static str,
    ) -> Option<T> {
        if found.is_none() {
            self.problem(at, Kind::Type(expected));
        }
        found
    }
}
