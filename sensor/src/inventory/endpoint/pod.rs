//! The pod behind an endpoint, as it is shown.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::exchange::Kubernetes;

/// The container that serves or calls an endpoint, by the names that Kubernetes has for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PodView {
    /// The pod's namespace.
    pub namespace: String,
    /// The pod's name.
    pub pod: String,
    /// The container's name in the pod.
    pub container: Option<String>,
    /// Kind of what made the pod, such as `Deployment`.
    pub owner_kind: Option<String>,
    /// Its name.
    pub owner_name: Option<String>,
    /// The pod's labels.
    pub labels: BTreeMap<String, String>,
}

impl PodView {
    /// Shows what is known.
    pub fn of(known: &Kubernetes) -> Self {
        let (kind, name) = known.owner.clone().unzip();
        let labels = known.labels.iter().map(|(name, value)| (name.to_string(), value.to_string()));
        Self {
            namespace: known.namespace.to_string(),
            pod: known.pod.to_string(),
            container: known.container.as_deref().map(str::to_owned),
            owner_kind: kind.map(String::from),
            owner_name: name.map(String::from),
            labels: labels.collect(),
        }
    }
}
