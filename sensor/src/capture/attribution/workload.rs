//! Container id and pod uid out of a cgroup path.
//!
//! Container runtimes name the cgroup of a container after its id, the kubelet names that of a
//! pod after its uid. Anybody who may make cgroups may also make one with such a name, so only
//! whole path components of exact shape, in places where a runtime puts them, count.
//! Bias: a name that is not known gives no id.

/// What a cgroup path says of the container that it belongs to.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Containment<'a> {
    /// The innermost container: 64 hex digits; an LXC name, a Garden handle, or an ECS runtime
    /// id where the runtime uses those.
    pub container: Option<&'a str>,
    /// The innermost pod: a UUID with dashes, or the 32 hex digits of a static pod.
    pub pod: Option<String>,
}

/// Reads a path below the root of a cgroup hierarchy (version 2 or 1).
pub fn parse(path: &str) -> Containment<'_> {
    let mut found = Containment::default();
    let mut place = Place::default();
    for name in path.split('/').filter(|name| !name.is_empty()) {
        let pod = pod(name, &place);
        if let Some(id) = container(name, &place) {
            found.container = Some(id);
        }
        place = Place {
            depth: place.depth + 1,
            first: if place.depth == 0 { name } else { place.first },
            grandparent: place.parent,
            parent: name,
            parent_is_pod: pod.is_some(),
        };
        found.pod = pod.or(found.pod);
    }
    found
}

/// Where a component stands.
#[derive(Default)]
struct Place<'a> {
    depth: usize,
    first: &'a str,
    grandparent: &'a str,
    parent: &'a str,
    parent_is_pod: bool,
}

/// Prefixes of `PREFIX-ID.scope` (systemd driver) and `PREFIX-ID` (cgroupfs driver).
///
/// The monitors beside the containers (`crio-conmon-ID`, `libpod-conmon-ID`) are none: what
/// follows the prefix is not an id.
const RUNTIMES: &[&str] = &["cri-containerd-", "crio-", "docker-", "libpod-", "nerdctl-"];

/// Parents of bare ids at any depth. At the top level, where only root can make a cgroup, any
/// parent will do (`docker run --cgroup-parent=/name`).
const PARENTS: &[&str] = &["docker", "moby", "k8s.io", "actions_job", "libpod_parent"];

fn container<'a>(name: &'a str, place: &Place<'_>) -> Option<&'a str> {
    scope(name)
        .or_else(|| triple(name))
        .or_else(|| bare(name, place))
        .or_else(|| elastic(name, place))
        .or_else(|| garden(name, place))
        .or_else(|| lxc(name, place))
}

/// `cri-containerd-ID.scope` and the like.
fn scope(name: &str) -> Option<&str> {
    let unit = name.strip_suffix(".scope").unwrap_or(name);
    let id = RUNTIMES.iter().find_map(|prefix| unit.strip_prefix(prefix))?;
    is_hex(id, 64).then_some(id)
}

/// `SLICE:cri-containerd:ID`: a systemd name taken literally, where containerd uses the cgroupfs
/// driver and the kubelet the systemd one.
fn triple(name: &str) -> Option<&str> {
    let (slice, rest) = name.split_once(':')?;
    let (runtime, id) = rest.split_once(':')?;
    let known = RUNTIMES.iter().any(|prefix| prefix.trim_end_matches('-') == runtime);
    (is_unit(slice, "slice") && known && is_hex(id, 64)).then_some(id)
}

fn bare<'a>(name: &'a str, place: &Place<'_>) -> Option<&'a str> {
    let unit = ["slice", "scope", "service"].iter().any(|kind| is_unit(place.parent, kind));
    let top = place.depth == 1 && !unit;
    let expected = place.parent_is_pod || top || PARENTS.contains(&place.parent);
    (expected && is_hex(name, 64)).then_some(name)
}

/// Amazon ECS: `/ecs/TASK/ID`, the id with 64 hex digits on EC2 and `TASK-NUMBER` on Fargate.
fn elastic<'a>(name: &'a str, place: &Place<'_>) -> Option<&'a str> {
    if place.first != "ecs" || place.depth < 2 {
        return None;
    }
    let fargate = || {
        let (task, number) = name.split_once('-')?;
        let digits = (1..=20).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit());
        (digits && is_hex(task, 32) && task == place.parent).then_some(())
    };
    (is_hex(name, 64) || fargate().is_some()).then_some(name)
}

/// Garden (Cloud Foundry): `garden/HANDLE`.
fn garden<'a>(name: &'a str, place: &Place<'_>) -> Option<&'a str> {
    let handle = is_grouped(name, '-', &[8, 4, 4, 4, 4]) || is_uuid(name, '-');
    (place.parent == "garden" && handle).then_some(name)
}

/// LXC and LXD, at the top level only, since the name is free: `lxc.payload.NAME` and, before
/// version 4, `lxc/NAME`.
fn lxc<'a>(name: &'a str, place: &Place<'_>) -> Option<&'a str> {
    let id = match place.depth {
        0 => name.strip_prefix("lxc.payload.")?,
        1 if matches!(place.parent, "lxc" | "lxc.payload") => name,
        _ => return None,
    };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    ((1..=64).contains(&id.len()) && id.bytes().all(plain)).then_some(id)
}

fn pod(name: &str, place: &Place<'_>) -> Option<String> {
    // With the mixed drivers of `triple`, the slice is the first of three parts.
    let unit = name.split_once(':').map_or(name, |(slice, _)| slice);
    match unit.strip_suffix(".slice") {
        Some(slice) => pod_slice(slice),
        None => pod_directory(name, place),
    }
}

/// Systemd driver: `kubepods-burstable-podUID`, with `_` for the dashes of the uid, and the
/// slice of the kubelet's cgroup root in front of it (kind: `kubelet-kubepods-...`).
fn pod_slice(slice: &str) -> Option<String> {
    let (class, uid) = slice.rsplit_once("-pod")?;
    let root = class
        .strip_suffix("-burstable")
        .or_else(|| class.strip_suffix("-besteffort"))
        .unwrap_or(class);
    let kubelet = root == "kubepods" || root.ends_with("-kubepods");
    (kubelet && (is_uuid(uid, '_') || is_hex(uid, 32))).then(|| uid.replace('_', "-"))
}

/// Cgroupfs driver: `kubepods/burstable/podUID`.
fn pod_directory(name: &str, place: &Place<'_>) -> Option<String> {
    let uid = name.strip_prefix("pod")?;
    let class = matches!(place.parent, "burstable" | "besteffort");
    let kubelet = if class { place.grandparent } else { place.parent } == "kubepods";
    (kubelet && (is_uuid(uid, '-') || is_hex(uid, 32))).then(|| uid.to_owned())
}

fn is_uuid(text: &str, separator: char) -> bool {
    is_grouped(text, separator, &[8, 4, 4, 4, 12])
}

fn is_grouped(text: &str, separator: char, lengths: &[usize]) -> bool {
    let mut groups = text.split(separator);
    lengths.iter().all(|&length| groups.next().is_some_and(|group| is_hex(group, length)))
        && groups.next().is_none()
}

/// The name of a systemd unit of this kind.
fn is_unit(name: &str, kind: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, end)| end == kind)
}

/// Exactly `length` digits, in lower case as all runtimes write them.
fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests;
