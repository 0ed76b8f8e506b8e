//! What an operator adds to the inventory: who owns what, and kinds of sensitive data of his own.
//! One TOML file, named by `inventory.rules`.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use wildmatch::WildMatch;

use super::sensitive::{Class, Custom};

/// The rules, ready to use.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    owners: Vec<OwnerRule>,
    /// Kinds of sensitive data.
    pub sensitive: Vec<Custom>,
}

/// Why there are no rules.
#[derive(Debug, thiserror::Error)]
pub enum RulesError {
    /// The file cannot be read.
    #[error("failed to read the rules in {}: {error}; check inventory.rules", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// The file is not as it should be.
    #[error("the rules in {} are wrong: {message}", path.display())]
    Wrong {
        /// The file.
        path: PathBuf,
        /// What, with its line.
        message: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    owner: Vec<WrittenOwner>,
    #[serde(default)]
    sensitive: Vec<WrittenKind>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenOwner {
    name: String,
    host: Option<String>,
    route: Option<String>,
    process: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenKind {
    name: String,
    class: Class,
    field: Option<String>,
    value: Option<String>,
}

/// An owner of all that matches; a pattern left out matches everything.
#[derive(Clone, Debug)]
struct OwnerRule {
    name: String,
    host: WildMatch,
    route: WildMatch,
    process: WildMatch,
}

impl Rules {
    /// Reads a file.
    pub fn read(path: &Path) -> Result<Self, RulesError> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| RulesError::Read { path: path.to_owned(), error })?;
        Self::parse(&text).map_err(|message| RulesError::Wrong { path: path.to_owned(), message })
    }

    fn parse(text: &str) -> Result<Self, String> {
        let written: Written = toml::from_str(text).map_err(|error| error.to_string())?;
        let pattern = |text: Option<String>| WildMatch::new(text.as_deref().unwrap_or("*"));
        let owner = |rule: WrittenOwner| OwnerRule {
            name: rule.name,
            host: pattern(rule.host),
            route: pattern(rule.route),
            process: pattern(rule.process),
        };
        let kind = |kind: WrittenKind| Custom {
            name: kind.name,
            class: kind.class,
            field: kind.field,
            value: kind.value,
        };
        Ok(Self {
            owners: written.owner.into_iter().map(owner).collect(),
            sensitive: written.sensitive.into_iter().map(kind).collect(),
        })
    }

    /// Who owns an endpoint: by the first rule that matches.
    pub fn owner(&self, host: &str, route: &str, process: Option<&str>) -> Option<&str> {
        let matches = |rule: &&OwnerRule| {
            rule.host.matches(host)
                && rule.route.matches(route)
                && rule.process.matches(process.unwrap_or_default())
        };
        self.owners.iter().find(matches).map(|rule| &*rule.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: &str = r#"
        [[owner]]
        name = "payments"
        host = "pay.*"

        [[owner]]
        name = "platform"
        route = "/internal/*"
        process = "nginx"

        [[sensitive]]
        name = "staff_number"
        class = "pii"
        field = "staff_?(no|number)"
    "#;

    #[test]
    fn the_first_rule_that_matches_names_the_owner() {
        let rules = Rules::parse(RULES).unwrap();
        let check = |host, route, process, owner| {
            assert_eq!(rules.owner(host, route, process), owner, "{host} {route}");
        };
        check("pay.example.com", "/internal/a", Some("nginx"), Some("payments"));
        check("api.example.com", "/internal/a", Some("nginx"), Some("platform"));
        check("api.example.com", "/internal/a", Some("envoy"), None);
        check("api.example.com", "/internal/a", None, None);
        assert_eq!(rules.sensitive.len(), 1);
    }

    #[test]
    fn mistakes_are_named_with_their_line() {
        fn check(text: &str, expected: &str) {
            let message = Rules::parse(text).unwrap_err();
            assert!(message.contains(expected), "{message}");
        }
        check("[[owner]]\nname = \"a\"\nhots = \"b\"", "line 3");
        check("[[owner]]\nhost = \"b\"", "missing field `name`");
        check("[[sensitive]]\nname = \"a\"\nclass = \"secret-ish\"", "unknown variant");
        check("owner = 3", "line 1");
    }
}
