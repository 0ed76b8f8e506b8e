//! A pod as the API server describes it, and what is kept of that.

use std::{collections::BTreeMap, sync::Arc};

use k8s_openapi::{api::core::v1::Pod, apimachinery::pkg::apis::meta::v1::ObjectMeta};

use crate::exchange::Kubernetes;

/// Labels kept of a pod, in the order of their names.
const MAX_LABELS: usize = 32;

/// What a pod of a Deployment carries: the hash at the end of its replica set's name.
const TEMPLATE_HASH: &str = "pod-template-hash";

/// The uid that the kubelet uses for a pod of its own manifests, before the API server has it.
const STATIC_UID: &str = "kubernetes.io/config.hash";

/// Everything by which the pod may be found: the uids of its cgroup and the ids of its containers,
/// each with what is known of it.
pub(super) fn entries(pod: &Pod) -> Vec<(Box<str>, Arc<Kubernetes>)> {
    let known = describe(&pod.metadata);
    let of_pod = Arc::new(known.clone());
    let uids = [pod.metadata.uid.as_ref(), annotation(&pod.metadata, STATIC_UID)];
    let uids = uids.into_iter().flatten().map(|uid| (uid.as_str().into(), Arc::clone(&of_pod)));
    let status = pod.status.as_ref();
    let containers = status.into_iter().flat_map(|status| {
        let lists = [
            &status.container_statuses,
            &status.init_container_statuses,
            &status.ephemeral_container_statuses,
        ];
        lists.into_iter().flatten().flatten()
    });
    let containers = containers.flat_map(|container| {
        let of_container = Arc::new(Kubernetes {
            container: Some(container.name.as_str().into()),
            ..known.clone()
        });
        // The one before too: what it did last may be learned of after it was restarted.
        let before = container.last_state.as_ref().and_then(|last| last.terminated.as_ref());
        let before = before.and_then(|terminated| terminated.container_id.as_ref());
        let ids = [container.container_id.as_ref(), before].into_iter().flatten();
        ids.filter_map(|id| bare(id))
            .map(move |id| (id, Arc::clone(&of_container)))
            .collect::<Vec<_>>()
    });
    uids.chain(containers).collect()
}

fn describe(pod: &ObjectMeta) -> Kubernetes {
    let text = |text: &Option<String>| text.as_deref().unwrap_or_default().into();
    let labels = pod.labels.iter().flatten().take(MAX_LABELS);
    Kubernetes {
        namespace: text(&pod.namespace),
        pod: text(&pod.name),
        container: None,
        owner: owner(pod),
        labels: labels
            .map(|(name, value)| (name.as_str().into(), value.as_str().into()))
            .collect::<BTreeMap<_, _>>(),
    }
}

/// The controller of the pod; the Deployment where that is a replica set which one made.
fn owner(pod: &ObjectMeta) -> Option<(Box<str>, Box<str>)> {
    let owners = pod.owner_references.iter().flatten();
    let owner = owners.clone().find(|owner| owner.controller == Some(true))?;
    let hash = pod.labels.as_ref().and_then(|labels| labels.get(TEMPLATE_HASH));
    let deployment = hash
        .filter(|_| owner.kind == "ReplicaSet")
        .and_then(|hash| owner.name.strip_suffix(hash.as_str())?.strip_suffix('-'));
    Some(match deployment {
        Some(name) => ("Deployment".into(), name.into()),
        None => (owner.kind.as_str().into(), owner.name.as_str().into()),
    })
}

/// The id of `containerd://ID`.
fn bare(id: &str) -> Option<Box<str>> {
    let (_, id) = id.split_once("://")?;
    (!id.is_empty()).then(|| id.into())
}

fn annotation<'a>(pod: &'a ObjectMeta, name: &str) -> Option<&'a String> {
    pod.annotations.as_ref()?.get(name)
}
