//! Cgroup paths as runtimes make them, and as nobody should be able to fool the parser with.

use proptest::prelude::*;

use super::*;

const A: &str = "a3f5c1d2e4b6978801234567890abcdefa3f5c1d2e4b6978801234567890abcd";
const B: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
const UID: &str = "8f6a2b1c-0d3e-4f5a-9b8c-7d6e5f4a3b2c";
const STATIC: &str = "c2d1e0f9a8b7c6d5e4f3a2b1c0d9e8f7";

/// `{A}`, `{B}`: container ids; `{U}`, `{_}`: a pod uid with dashes and underscores; `{S}`: the
/// uid of a static pod.
fn check(path: &str, container: Option<&str>, pod: Option<&str>) {
    let fill = |text: &str| {
        text.replace("{A}", A)
            .replace("{B}", B)
            .replace("{U}", UID)
            .replace("{_}", &UID.replace('-', "_"))
            .replace("{S}", STATIC)
    };
    let path = fill(path);
    let expect = (container.map(fill), pod.map(fill));
    let found = parse(&path);
    assert_eq!((found.container.map(str::to_owned), found.pod), expect, "{path}");
}

#[test]
fn kubernetes_systemd_driver() {
    let both = |path| check(path, Some("{A}"), Some("{U}"));
    both(
        "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{_}.slice/cri-containerd-{A}.scope",
    );
    both(
        "/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod{_}.slice/crio-{A}.scope",
    );
    both("/kubepods.slice/kubepods-pod{_}.slice/docker-{A}.scope");
    both("/kubepods.slice/kubepods-pod{_}.slice/crio-{A}.scope/container");
    both("/kubepods.slice/kubepods-pod{_}.slice/cri-containerd-{A}.scope/init.scope");
    both("/kubepods.slice/kubepods-pod{_}.slice/{A}");
    both("/system.slice/containerd.service/kubepods-burstable-pod{_}.slice:cri-containerd:{A}");
    check(
        "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{S}.slice/cri-containerd-{A}.scope",
        Some("{A}"),
        Some("{S}"),
    );
}

#[test]
fn kubernetes_cgroupfs_driver() {
    let both = |path| check(path, Some("{A}"), Some("{U}"));
    both("/kubepods/besteffort/pod{U}/{A}");
    both("/kubepods/burstable/pod{U}/{A}");
    both("/kubepods/pod{U}/{A}");
    both("/kubepods/pod{U}/crio-{A}");
    both("/kubepods/burstable/pod{U}/{A}/system.slice/nginx.service");
    check("/kubepods/burstable/pod{S}/{A}", Some("{A}"), Some("{S}"));
    check("/kubepods/burstable/pod{U}", None, Some("{U}"));
}

#[test]
fn engines_without_kubernetes() {
    let container = |path| check(path, Some("{A}"), None);
    container("/docker/{A}");
    container("/system.slice/docker-{A}.scope");
    container("/system.slice/nerdctl-{A}.scope");
    container("/docker/{A}/init.scope");
    container("/actions_job/{A}");
    container("/custom-parent/{A}");
    container("/default/{A}");
    container("/k8s.io/{A}");
    container("/machine.slice/libpod-{A}.scope");
    container("/machine.slice/libpod-{A}.scope/container");
    container("/libpod_parent/libpod-{A}");
    container("/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-{A}.scope");
    container("/ecs/0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0/{A}");
    container("/ecstasks.slice/ecstasks-c2d1e0f9.slice/docker-{A}.scope");
    check("/ecs/{S}/{S}-1234567890", Some("{S}-1234567890"), None);
    check("/lxc.payload.web-1/init.scope", Some("web-1"), None);
    check("/lxc/101/ns", Some("101"), None);
    check("/lxc.payload/web1", Some("web1"), None);
    check("/lxc.payload.web/docker/{A}", Some("{A}"), None);
    check(
        "/system.slice/garden.service/garden/5c0ca7aa-1b2c-3d4e-5f60-a7b8",
        Some("5c0ca7aa-1b2c-3d4e-5f60-a7b8"),
        None,
    );
}

#[test]
fn the_innermost_wins() {
    check(
        "/docker/{A}/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-besteffort.slice/kubelet-kubepods-besteffort-pod{_}.slice/cri-containerd-{B}.scope",
        Some("{B}"),
        Some("{U}"),
    );
    check("/docker/{A}/kubelet/kubepods/besteffort/pod{U}/{B}", Some("{B}"), Some("{U}"));
    check("/docker/{A}/system.slice/kubelet.service", Some("{A}"), None);
    check("/kubepods/burstable/pod{U}/{A}/docker/{B}", Some("{B}"), Some("{U}"));
    check("/docker/{A}/docker/{B}", Some("{B}"), None);
}

#[test]
fn what_is_no_container() {
    let nothing = |path| check(path, None, None);
    nothing("");
    nothing("/");
    nothing("/init.scope");
    nothing("/system.slice/nginx.service");
    nothing("/user.slice/user-1000.slice/session-3.scope");
    nothing("/machine.slice/libpod-conmon-{A}.scope");
    nothing("/libpod_parent/conmon");
    nothing("/lxc.monitor.web1");
    nothing("/system.slice/docker.service");
    nothing("/process_api/{S}");
    check("/kubepods.slice/kubepods-pod{_}.slice/crio-conmon-{A}.scope", None, Some("{U}"));
    check("/docker/{B}/kubepods.slice/crio-conmon-{A}.scope", Some("{B}"), None);
}

#[test]
fn names_that_only_look_like_one() {
    let nothing = |path| check(path, None, None);
    nothing("/docker/{A}0");
    nothing("/docker/x{A}");
    nothing("/docker/{A} ");
    nothing("/docker/{A}.scope");
    nothing("/docker/{A}{B}");
    nothing("/docker-{A}.scope.d");
    nothing("/xdocker-{A}.scope");
    nothing("/cri-containerd-{A}x.scope");
    nothing("/cri-containerd--{A}.scope");
    nothing("/{A}");
    nothing("/user.slice/{A}");
    nothing("/user.slice/user-1000.slice/user@1000.service/app.slice/{A}");
    nothing("/user.slice/user-1000.slice/lxc.payload.evil");
    nothing("/user.slice/lxc/evil");
    nothing("/docker/A3F5C1D2E4B6978801234567890ABCDEFA3F5C1D2E4B6978801234567890ABCD");
    nothing("/docker/\u{0663}3f5c1d2e4b6978801234567890abcdefa3f5c1d2e4b6978801234567890abcd");
    nothing("/kubepods/pod8f6a2b1c-0d3e-4f5a-9b8c-7d6e5f4a3b2c0");
    nothing("/kubepods/pod8f6a2b1c_0d3e_4f5a_9b8c_7d6e5f4a3b2c");
    nothing("/kubepods/pod../pod{U}x");
    nothing("/mine/pod{U}");
    nothing("/mine/burstable/pod{U}");
    nothing("/evilkubepods-pod{_}.slice");
    nothing("/kubepods-evil-pod{_}.slice");
    nothing("/kubepods-pod{U}.slice");
    nothing("/kubepods-pod.slice");
    nothing("/a.slice:cri-containerd:{A}:x");
    nothing("/a:cri-containerd:{A}");
    nothing("/a.slice:evil:{A}");
    nothing("/ecs/{S}/{S}-");
    nothing("/ecs/{S}/{S}-12x");
    nothing("/mine/{S}/{S}-12");
    nothing("/lxc.payload.");
    nothing("/lxc/we\u{1b}[31mb");
    nothing("/garden/5c0ca7aa-1b2c-3d4e-5f60-a7bg");
}

proptest! {
    #[test]
    fn any_path_gives_an_answer_of_bounded_length(path in "(/[a-z0-9:._-]{0,80}|/docker|/lxc|/pod|\\PC){0,12}") {
        let found = parse(&path);
        prop_assert!(found.container.is_none_or(|id| id.len() <= 64 && !id.is_empty()));
        prop_assert!(found.pod.is_none_or(|uid| uid.len() == 36 || uid.len() == 32));
    }
}
