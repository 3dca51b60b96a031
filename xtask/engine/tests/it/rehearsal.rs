//! `cargo xtask release --rehearse`: what a maintainer sees of it, and what stops it.

use std::fs;

use crate::release::chart;
use crate::remote::{CHART_PAGE, INDEX, Remote};
use crate::sandbox::{Ran, Sandbox, helms};
use expect_test::expect;

const TREE: &str = "target/rehearsal";

/// A repository with the chart `web`, whose only template needs nothing.
fn repository(version: &str) -> Sandbox {
    with_template(version, "kind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\n")
}

fn with_template(version: &str, template: &str) -> Sandbox {
    let mut sandbox = Sandbox::with_commit(&[
        (".gitignore", "/target/\n/dist/\n"),
        ("charts/web/Chart.yaml", &chart("web", version)),
        ("charts/web/templates/web.yaml", template),
        ("CHANGELOG.md", &format!("# Changelog\n\n## [{version}] - 2024-01-02\n\nWords.\n")),
    ]);
    sandbox.git(&["tag", &format!("v{version}")]);
    sandbox.set("SOURCE_DATE_EPOCH", "1704164645");
    sandbox.unset("CARGO_NET_OFFLINE");
    sandbox
}

fn rehearse(sandbox: &Sandbox, args: &[&str]) -> Ran {
    sandbox.xtask(&[&["release", "--rehearse"], args].concat())
}

/// Without a look at any real branch.
fn offline(sandbox: &Sandbox) -> Ran {
    rehearse(sandbox, &["--offline"])
}

/// What was printed, without ports, times, digests and commits.
fn normal(text: &str) -> String {
    let word = |word: &str| {
        let (before, rest) = word.split_once("127.0.0.1:").unwrap_or((word, ""));
        let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        let word = if before.len() < word.len() { format!("{before}HERE{rest}") } else { word.to_owned() };
        let bare = word.trim_matches(|c: char| "(,;)".contains(c));
        let is_hex = |text: &str| text.len() >= 10 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        match bare {
            _ if bare.strip_prefix("sha256:").is_some_and(is_hex) => "DIGEST".to_owned(),
            _ if is_hex(bare) => word.replace(bare, "COMMIT"),
            _ if bare.parse::<f64>().is_ok() && bare.contains('.') => word.replace(bare, "T"),
            _ => word,
        }
    };
    let line = |line: &str| line.split(' ').map(word).collect::<Vec<_>>().join(" ").trim_end().to_owned();
    text.lines().map(|text| line(text) + "\n").collect()
}

#[test]
fn a_first_release_without_helm() {
    let sandbox = repository("1.0.0");
    let ran = offline(&sandbox).ended(0);
    expect![[r#"
            Packaged charts/web -> target/rehearsal/dist/web-1.0.0.tgz  265 B  DIGEST  (native; helm not found)
               Wrote target/rehearsal/dist/{SHA256SUMS,release-notes.md,manifest.json}
               Began gh-pages anew: offline, nobody looks at the real one
          Would push oci://HERE/d44b/charts/web:1.0.0  not there yet
         Would merge charts/index.yaml on gh-pages  adds web 1.0.0; keeps 0 entries; begins the branch
        Would create release v1.0.0 of d44b/pulltrace  with web-1.0.0.tgz, SHA256SUMS  not there yet
              Pushed oci://HERE/d44b/charts/web:1.0.0  DIGEST
              Merged charts/index.yaml on gh-pages  adds web 1.0.0; keeps 0 entries; commit COMMIT
             Created release v1.0.0 of d44b/pulltrace  with web-1.0.0.tgz, SHA256SUMS  http://HERE/d44b/pulltrace/releases/tag/v1.0.0
           Unchanged all of it: publishing again finds nothing left to do
                Read http://HERE/pulltrace/charts/index.yaml  1 version  (T s)
              Pulled http://HERE/pulltrace/charts/web-1.0.0.tgz  265 B, the published digest  (T s)
              Pulled oci://HERE/d44b/charts/web:1.0.0  265 B, the published digest  (T s)
             Skipped helm template  without helm nothing is rendered  (T s)
            Verified release v1.0.0 of d44b/pulltrace  notes, SHA256SUMS, web-1.0.0.tgz; the sums agree  (T s)
           Rehearsed v1.0.0 in T s: package T s, targets T s, publish T s, again T s, user T s
                Look at target/rehearsal/{dist,site,gh-pages.git,registry,github}
        users will type
          helm repo add pulltrace https://d44b.github.io/pulltrace/charts
          helm install web pulltrace/web --version 1.0.0
          helm install web oci://ghcr.io/d44b/charts/web --version 1.0.0
        nothing left this machine; a pushed tag releases it: git tag v1.0.0 && git push origin v1.0.0
    "#]]
    .assert_eq(&normal(&ran.stdout));
    assert_eq!(ran.stderr, "");
}

/// A branch that others filled: what it lists stays, and is told of.
#[test]
fn what_is_published_already_is_kept() {
    let (remote, sandbox) = (Remote::seeded(), repository("1.0.0"));
    let tip = remote.tip();
    let ran = rehearse(&sandbox, &["--remote", &remote.url]).ended(0);
    assert_eq!(ran.stderr, "");
    let copied = format!("      Copied gh-pages of {} at {}\n", remote.url, &tip[..10]);
    assert!(ran.stdout.contains(&copied), "{}", ran.stdout);
    assert!(ran.stdout.contains("        Kept what the index listed before  2 versions"), "{}", ran.stdout);
    assert_eq!(remote.tip(), tip, "the real branch");
    // The site is what GitHub Pages would serve.
    let mut files: Vec<String> = remote.files().into_keys().chain(["charts/web-1.0.0.tgz".into()]).collect();
    files.extend([CHART_PAGE.to_owned(), ".nojekyll".to_owned()]);
    files.sort();
    files.dedup();
    assert_eq!(sandbox.files(&format!("{TREE}/site")), files);
    assert!(sandbox.text(&format!("{TREE}/site/{INDEX}")).contains("version: 1.0.0"));
}

/// What stops the real publish stops the rehearsal, in the same words.
#[test]
fn a_version_that_is_published_with_other_bytes() {
    let (remote, sandbox) = (Remote::seeded(), repository("0.1.0"));
    let ran = rehearse(&sandbox, &["--remote", &remote.url]).ended(1);
    let error = "error: charts/web/Chart.yaml:3: `web 0.1.0` is published, and differs in ";
    assert!(ran.stderr.contains(error), "{}", ran.stderr);
    assert!(ran.stderr.contains("\nhint: choose a higher tag, such as v0.1.1\n"), "{}", ran.stderr);
    assert!(!ran.stdout.contains("Pushed"), "{}", ran.stdout);
    let ran = rehearse(&sandbox, &["--remote", &remote.url, "--replace", "web-0.1.0"]).ended(0);
    assert!(ran.stdout.contains("        Kept what the index listed before  1 version "), "{}", ran.stdout);
}

/// The day after a release: whatever was committed, the next release can be rehearsed.
#[test]
fn a_commit_after_a_release_is_a_snapshot() {
    let (remote, sandbox) = (Remote::seeded(), repository("0.1.0"));
    for (file, text) in [("README.md", "# Shop\n"), ("charts/web/values.yaml", "new: 1\n")] {
        sandbox.write(file, text);
        sandbox.commit("later");
        let ran = rehearse(&sandbox, &["--remote", &remote.url]).ended(0);
        let commit = sandbox.git(&["rev-parse", "--short=12", "HEAD"]);
        let version = format!("0.1.1-dev.20240102030405.g{commit}");
        assert!(ran.stdout.contains(&format!("   Rehearsed v{version} in ")), "{}", ran.stdout);
        assert!(ran.stdout.contains("pulltrace/web --version 0.1.1\n"), "{}", ran.stdout);
        assert!(ran.stdout.ends_with("git tag v0.1.1 && git push origin v0.1.1\n"), "{}", ran.stdout);
        let ran = sandbox.xtask(&["release", "--publish", "--remote", &remote.url]).ended(1);
        assert!(
            ran.stderr.contains("error: this release has no tag\nhint: git tag v0.1.1 && "),
            "{}",
            ran.stderr
        );
    }
}

/// The index was lost: the history says so, and a copy of the newest commit alone would not.
#[test]
fn a_branch_that_lost_its_index() {
    let (remote, sandbox) = (Remote::seeded(), repository("1.0.0"));
    remote.overwrite(&[(INDEX, None)]);
    let ran = rehearse(&sandbox, &["--remote", &remote.url]).ended(1);
    assert!(ran.stderr.contains("the branch had `charts/index.yaml` until commit"), "{}", ran.stderr);
}

#[test]
fn a_remote_without_the_branch() {
    let (remote, sandbox) = (Remote::empty(), repository("1.0.0"));
    let ran = rehearse(&sandbox, &["--remote", &remote.url]).ended(0);
    let began = format!("       Began gh-pages anew: {} has no such branch\n", remote.url);
    assert!(ran.stdout.contains(&began) && ran.stderr.is_empty(), "{}{}", ran.stdout, ran.stderr);
}

#[test]
fn a_remote_that_is_not_there() {
    let sandbox = repository("1.0.0");
    // No program of a user's may listen there.
    let ran = rehearse(&sandbox, &["--remote", "http://127.0.0.1:1/o/r.git"]).ended(0);
    assert!(ran.stdout.contains("Began gh-pages anew: the real one cannot be read\n"), "{}", ran.stdout);
    let warning = "warning: cannot read `gh-pages` of `http://127.0.0.1:1/o/r.git`: ";
    assert!(ran.stderr.starts_with(warning) && ran.stderr.contains("\nhint: "), "{}", ran.stderr);
}

#[test]
fn both_helms_play_the_user() {
    for (name, helm) in helms("both_helms_play_the_user") {
        let mut sandbox = repository("1.0.0");
        sandbox.set("HELM_BIN", helm.display().to_string());
        // What a maintainer has set is not what users have.
        sandbox.set("HELM_REPOSITORY_CONFIG", "/nowhere/repositories.yaml");
        sandbox.set("HELM_NAMESPACE", "other");
        let ran = offline(&sandbox).ended(0);
        let user = ran.stdout.split("left to do\n").nth(1).and_then(|rest| rest.split("   Rehearsed").next());
        assert_eq!(
            normal(user.expect("what users do")),
            "       Added helm repo add pulltrace http://HERE/pulltrace/charts  (T s)
       Found helm search repo pulltrace --versions  web 1.0.0  (T s)
      Pulled helm pull pulltrace/web --version 1.0.0  265 B, the published digest  (T s)
    Rendered helm template web pulltrace/web --version 1.0.0  1 object  (T s)
      Pulled helm pull oci://HERE/d44b/charts/web --version 1.0.0 --plain-http  265 B, the published digest  (T s)
    Rendered helm template web oci://HERE/d44b/charts/web --version 1.0.0 --plain-http  1 object  (T s)
    Verified release v1.0.0 of d44b/pulltrace  notes, SHA256SUMS, web-1.0.0.tgz; the sums agree  (T s)
",
            "{name}"
        );
    }
}

#[test]
fn a_chart_that_does_not_render() {
    for (name, helm) in helms("a_chart_that_does_not_render") {
        let mut sandbox = with_template("1.0.0", "kind: {{ required \"give it a kind\" .Values.kind }}\n");
        sandbox.set("HELM_BIN", helm.display().to_string());
        let ran = offline(&sandbox).ended(1);
        let errors: Vec<&str> = ran.stderr.lines().filter(|line| line.starts_with("error: ")).collect();
        assert_eq!(errors.len(), 2, "{name}: {}", ran.stderr);
        let first = "error: `helm template web pulltrace/web --version 1.0.0 --kube-version 1.37.0` fails: ";
        assert!(
            errors[0].starts_with(first) && errors[0].contains("give it a kind"),
            "{name}: {}",
            errors[0]
        );
        assert!(ran.stderr.contains("\nhint: mend the template"), "{name}: {}", ran.stderr);
        // All else is tried.
        assert!(ran.stdout.contains("Verified release v1.0.0"), "{name}: {}", ran.stdout);
        // As chart-testing has it.
        sandbox.write("charts/web/ci/kind-values.yaml", "kind: ConfigMap\n");
        let ran = offline(&sandbox).ended(0);
        assert!(ran.stdout.contains("  1 object with charts/web/ci/kind-values.yaml  ("), "{}", ran.stdout);
    }
}

#[test]
fn what_only_another_cluster_renders_is_no_error() {
    for (name, helm) in helms("what_only_another_cluster_renders_is_no_error") {
        let asks = "{{ if not (.Capabilities.APIVersions.Has (index .Values.apis 0)) }}{{ fail \"no API\" }}{{ end }}";
        let mut sandbox = with_template("1.0.0", &format!("kind: x\n{asks} # \"x.io/v1\"\n"));
        let chart = sandbox.text("charts/web/Chart.yaml");
        sandbox.write("charts/web/Chart.yaml", &format!("{chart}kubeVersion: \">=1.36.0-0\"\n"));
        sandbox.write("charts/web/values.yaml", "apis: [x.io/v1]\n");
        sandbox.set("HELM_BIN", helm.display().to_string());
        let rendered =
            "  1 object; it refuses the cluster that helm pretends: execution error at (web/templates/";
        let ran = offline(&sandbox).ended(0);
        assert!(ran.stdout.contains(rendered), "{name}: {}", ran.stdout);
        // Nobody knows the API, and each cluster is refused in its own words.
        sandbox.write("charts/web/values.yaml", "apis: [y.io/v1]\n");
        sandbox.write(
            "charts/web/templates/web.yaml",
            &format!(
                "kind: x\n{}\n",
                asks.replace("\"no API\"", "(print \"no API in \" .Capabilities.KubeVersion)")
            ),
        );
        let ran = offline(&sandbox).ended(0);
        let skipped = "    Skipped helm template web pulltrace/web --version 1.0.0  not checked; it refuses the cluster";
        assert!(ran.stdout.contains(skipped), "{name}: {}", ran.stdout);
    }
}

#[test]
fn prereleases_hide() {
    for (name, helm) in helms("prereleases_hide") {
        let mut sandbox = repository("1.0.0-rc.1");
        sandbox.set("HELM_BIN", helm.display().to_string());
        let ran = offline(&sandbox).ended(0);
        for line in [
            "         Hid helm search repo pulltrace --versions  web 1.0.0-rc.1  (T s)\n",
            "       Found helm search repo pulltrace --versions --devel  web 1.0.0-rc.1  (T s)\n",
        ] {
            assert!(normal(&ran.stdout).contains(line), "{name}: {}", ran.stdout);
        }
    }
}

#[test]
fn libraries_render_nothing() {
    for (name, helm) in helms("libraries_render_nothing") {
        let mut sandbox = repository("1.0.0");
        sandbox.write("charts/web/Chart.yaml", &format!("{}type: library\n", chart("web", "1.0.0")));
        sandbox.commit("a library");
        sandbox.set("HELM_BIN", helm.display().to_string());
        let ran = offline(&sandbox).ended(0);
        let skipped = "     Skipped helm template web  a library renders nothing by itself";
        assert!(
            ran.stdout.contains(skipped) && !ran.stdout.contains("helm install"),
            "{name}: {}",
            ran.stdout
        );
    }
}

#[test]
fn a_version_with_build_metadata() {
    for (name, helm) in helms("a_version_with_build_metadata") {
        let mut sandbox = repository("1.0.0+build.7");
        sandbox.set("HELM_BIN", helm.display().to_string());
        let ran = offline(&sandbox).ended(0);
        assert!(ran.stdout.contains("d44b/charts/web:1.0.0_build.7  "), "{name}: {}", ran.stdout);
    }
    let ran = offline(&repository("1.0.0+build.7")).ended(0);
    assert!(ran.stdout.contains("charts/web-1.0.0+build.7.tgz  "), "{}", ran.stdout);
}

/// It takes neither a tag nor a clean tree.
#[test]
fn changes_are_a_warning() {
    let sandbox = repository("1.0.0");
    sandbox.write("charts/web/values.yaml", "new: 1\n");
    let ran = rehearse(&sandbox, &["--offline", "--tag", "v2.0.0-rc.1"]).ended(1);
    assert!(ran.stderr.contains("no section"), "{}", ran.stderr);
    let ran = offline(&sandbox).ended(0);
    assert!(ran.stderr.starts_with("warning: not in the commit as it is here: "), "{}", ran.stderr);
}

#[test]
fn a_sub_directory_is_as_good() {
    let sandbox = repository("1.0.0");
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_xtask"));
    let args = ["release", "--rehearse", "--offline"];
    sandbox.run_in(&sandbox.work().join("charts/web"), program, &args).ended(0);
    assert!(sandbox.work().join(TREE).join("site/charts/index.yaml").is_file());
    assert!(!sandbox.work().join("charts/web/target").exists());
}

#[test]
fn twice_in_a_row() {
    let sandbox = repository("1.0.0");
    let first = offline(&sandbox).ended(0);
    sandbox.write(&format!("{TREE}/site/old.html"), "old");
    let second = offline(&sandbox).ended(0);
    assert_eq!(normal(&first.stdout), normal(&second.stdout));
    assert!(!sandbox.work().join(TREE).join("site/old.html").exists());
    // Nothing of it is in the way of a commit, and dist/ is the real release's.
    assert_eq!(sandbox.git(&["status", "--porcelain"]), "");
    assert!(!sandbox.work().join("dist").exists());
}

#[test]
fn a_directory_of_others_stays() {
    let sandbox = repository("1.0.0");
    sandbox.write(&format!("{TREE}/thesis.txt"), "years of work");
    let ran = offline(&sandbox).ended(1);
    expect![[r#"
        error: `target/rehearsal` is in the way: no rehearsal made it
        hint: move it away, or delete it
    "#]]
    .assert_eq(&ran.stderr);
    assert_eq!(ran.stdout, "");
    assert_eq!(sandbox.files(TREE), ["thesis.txt"]);
}

/// A proxy would look for these servers on itself; credentials are none of theirs.
#[test]
fn the_environment_stays_out() {
    let mut sandbox = repository("1.0.0");
    for variable in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"] {
        sandbox.set(variable, "http://127.0.0.1:1");
    }
    for variable in ["GITHUB_TOKEN", "GH_TOKEN", "XTASK_OCI_USERNAME", "XTASK_OCI_PASSWORD"] {
        sandbox.set(variable, "ghs_secret");
    }
    sandbox.set("GITHUB_API_URL", "http://127.0.0.1:1");
    let ran = offline(&sandbox).ended(0);
    assert!(!format!("{}{}", ran.stdout, ran.stderr).contains("ghs_secret"), "{}", ran.stdout);
    for file in sandbox.files(TREE) {
        let data = fs::read(sandbox.work().join(TREE).join(&file)).expect("a file");
        assert!(!data.windows(10).any(|part| part == b"ghs_secret"), "{file}");
    }
}
