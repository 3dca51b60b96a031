//! The chart that this repository publishes: both Helms lint it and render its switches in many combinations.

use std::path::Path;

use crate::package::copy;
use crate::sandbox::{self, Ran, Sandbox};

/// Switches that change what is rendered, each with its settings; the first is the default.
const SWITCHES: &[&[&str]] = &[
    &[
        "",
        "agentToken.value=0123456789abcdef",
        "agentToken.existingSecret.name=t,agentToken.existingSecret.key=k",
    ],
    &["", "agent.runtimeSocket.enabled=true,agent.runtimeSocket.risksAcknowledged=true"],
    &[
        "",
        "server.service.exposureAcknowledged=true,server.service.type=NodePort,server.service.nodePort=30080",
        "server.service.exposureAcknowledged=true,server.service.type=LoadBalancer",
    ],
    &[
        "",
        "server.service.exposureAcknowledged=true,server.ingress.enabled=true,server.ingress.hosts[0].host=a.example.com",
        "server.service.exposureAcknowledged=true,server.ingress.enabled=true,server.ingress.hosts[0].host=a.example.com,\
         server.ingress.className=nginx,server.ingress.tls[0].secretName=crt,server.ingress.tls[0].hosts[0]=a.example.com",
    ],
    &["", "networkPolicy.enabled=true"],
    &["", "rbac.create=false"],
    &["", "server.serviceAccount.create=false,server.serviceAccount.name=shared"],
    &["", "agent.serviceAccount.create=false"],
    &["", "server.watchNamespaces={a,b}"],
    &["", "nameOverride=other", "fullnameOverride=full"],
];

/// Values that contradict each other, with what both Helms must say.
const REFUSED: &[(&str, &str)] = &[
    ("agent.runtimeSocket.enabled=true", "set agent.runtimeSocket.risksAcknowledged=true"),
    ("server.service.type=NodePort", "set server.service.exposureAcknowledged=true"),
    ("server.service.type=LoadBalancer", "set server.service.exposureAcknowledged=true"),
    (
        "server.ingress.enabled=true,server.ingress.hosts[0].host=a.b",
        "server.ingress.enabled exposes the server",
    ),
    ("server.ingress.enabled=true,server.service.exposureAcknowledged=true", "set server.ingress.hosts"),
    ("agentToken.value=0123456789abcdef,agentToken.existingSecret.name=t", "both set: set only one"),
    ("agentToken.value=short", "at least 16 printable"),
    ("server.serviceAccount.create=false", "set server.serviceAccount.name, or rbac.create=false"),
    ("server.serviceAccount.name=x,agent.serviceAccount.name=x", "set different names"),
    ("server.service.nodePort=30080", "server.service.nodePort has no meaning"),
    ("server.service.loadBalancerClass=a/b", "needs server.service.type=LoadBalancer"),
    ("unknown=1", "unknown"),
    ("server.unknown=1", "unknown"),
    ("logLevel=loud", "logLevel"),
    ("server.historyTTL=soon", "historyTTL"),
    ("server.service.port=70000", "port"),
];

/// Renders per Helm; more than these, drawn at regular steps from the whole product, say nothing new.
const RENDERS: usize = 120;

fn chart() -> Sandbox {
    let sandbox = Sandbox::new();
    copy(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("../charts/pulltrace"),
        &sandbox.work().join("pulltrace"),
    );
    sandbox
}

fn template(sandbox: &Sandbox, helm: &Path, settings: &str) -> Ran {
    sandbox.run(helm, &["template", "x", "pulltrace", "--set", settings])
}

#[test]
fn the_chart_lints_strictly() {
    for (_, helm) in sandbox::helms("the_chart_lints_strictly") {
        let sandbox = chart();
        sandbox.run(&helm, &["lint", "--strict", "pulltrace"]).ended(0);
        for values in sandbox.files("pulltrace/ci") {
            let values = format!("pulltrace/ci/{values}");
            sandbox.run(&helm, &["lint", "--strict", "pulltrace", "--values", &values]).ended(0);
            sandbox.run(&helm, &["template", "x", "pulltrace", "--values", &values]).ended(0);
        }
    }
}

#[test]
fn a_sample_of_combinations_renders() {
    let combinations: usize = SWITCHES.iter().map(|settings| settings.len()).product();
    for (name, helm) in sandbox::helms("a_sample_of_combinations_renders") {
        let sandbox = chart();
        // A step that has no factor in common with the counts visits each setting of each switch.
        let step = (combinations / RENDERS) | 1;
        for combination in (0..combinations).step_by(step) {
            let mut rest = combination;
            let settings: Vec<&str> = SWITCHES
                .iter()
                .map(|settings| {
                    let setting = settings[rest % settings.len()];
                    rest /= settings.len();
                    setting
                })
                .filter(|setting| !setting.is_empty())
                .collect();
            let ran = template(&sandbox, &helm, &settings.join(","));
            assert_eq!(ran.status, 0, "{name}: {settings:?}: {}", ran.stderr);
            let kinds = ran.stdout.lines().filter(|line| line.starts_with("kind: ")).count();
            let expected = |kind: &str, word: &str| {
                let wanted = settings.iter().any(|setting| setting.contains(word));
                assert_eq!(
                    ran.stdout.contains(&format!("kind: {kind}\n")),
                    wanted,
                    "{name}: {settings:?}: {kind}"
                );
            };
            expected("Ingress", "ingress.enabled=true");
            expected("NetworkPolicy", "networkPolicy.enabled=true");
            expected("Secret", "agentToken.value");
            assert!(kinds >= 4, "{name}: {settings:?}: {}", ran.stdout);
        }
    }
}

#[test]
fn contradictory_values_are_refused() {
    for (name, helm) in sandbox::helms("contradictory_values_are_refused") {
        let sandbox = chart();
        for (settings, message) in REFUSED {
            let ran = template(&sandbox, &helm, settings);
            assert!(ran.status != 0 && ran.stderr.contains(message), "{name}: {settings}: {}", ran.stderr);
        }
    }
}

/// What the server and the agent are told, and how they are confined.
#[test]
fn the_pods_are_as_their_programs_need_them() {
    for (name, helm) in sandbox::helms("the_pods_are_as_their_programs_need_them") {
        let sandbox = chart();
        let settings = "agentToken.existingSecret.name=t,agent.runtimeSocket.enabled=true,agent.runtimeSocket.risksAcknowledged=true";
        let text = template(&sandbox, &helm, settings).ended(0).stdout;
        for wanted in [
            "name: PULLTRACE_HTTP_ADDR\n              value: \":8080\"",
            "name: PULLTRACE_METRICS_ADDR\n              value: \":9090\"",
            "name: PULLTRACE_HISTORY_TTL\n              value: \"30m\"",
            "name: PULLTRACE_REPORT_INTERVAL\n              value: \"1s\"",
            "name: PULLTRACE_WATCH_NAMESPACES",
            "name: PULLTRACE_LOG_LEVEL",
            "name: PULLTRACE_AGENT_TOKEN",
            "name: PULLTRACE_NODE_NAME",
            "name: PULLTRACE_SERVER_URL",
            "name: PULLTRACE_CONTAINERD_SOCKET\n              value: \"/run/containerd/containerd.sock\"",
            "fieldPath: spec.nodeName",
            "path: /healthz",
            "path: /readyz",
            "runAsUser: 65534",
            "runAsUser: 0",
            "image: \"ghcr.io/d44b/pulltrace-server:",
            "image: \"ghcr.io/d44b/pulltrace-agent:",
        ] {
            assert!(text.contains(wanted), "{name}: {wanted}\n{text}");
        }
        assert_eq!(
            text.matches("readOnlyRootFilesystem: true").count(),
            text.matches("allowPrivilegeEscalation: false").count()
        );
        let without = template(&sandbox, &helm, "logLevel=debug").ended(0).stdout;
        assert!(!without.contains("hostPath") && !without.contains("runAsUser: 0"), "{name}: {without}");
    }
}
