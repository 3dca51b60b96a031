//! Where charts are: in several directories, and at the root of the repository, where all else lies beside them.

use expect_test::expect;
use helm_xtask::internals::tgz;

use crate::check::found;
use crate::config::program;
use crate::release::{chart, manifest};
use crate::sandbox::{Ran, Sandbox, helms};
use crate::whole::Targets;

fn run(sandbox: &Sandbox, args: &[&str]) -> Ran {
    sandbox.leaving_nothing(program(), args)
}

fn check(sandbox: &Sandbox, status: i32, area: &str) -> Vec<String> {
    found(&run(sandbox, &["check", "--offline", "--helm", "never", "--json"]).ended(status), area)
}

/// The charts of the release that is made.
fn released(sandbox: &Sandbox, args: &[&str]) -> Vec<String> {
    run(sandbox, &[&["release", "--offline", "--helm", "never"], args].concat()).ended(0);
    manifest(sandbox).charts.into_iter().map(|chart| chart.name).collect()
}

/// The charts `web` and `db`, each in a directory of its own, and one that nobody names.
fn several() -> Sandbox {
    let mut sandbox = Sandbox::with_commit(&[
        (".gitignore", "/dist/\n"),
        ("charts/web/Chart.yaml", &chart("web", "1.0.0")),
        ("library/nested/db/Chart.yaml", &chart("db", "1.0.0")),
        ("more/x/Chart.yaml", &chart("x", "1.0.0")),
    ]);
    sandbox.set("CONFIG_CHARTS", "charts library library/nested");
    sandbox
}

#[test]
fn charts_in_several_directories() {
    let mut sandbox = several();
    assert_eq!(released(&sandbox, &[]), ["db", "web"]);
    assert_eq!(released(&sandbox, &["db"]), ["db"]);
    assert_eq!(released(&sandbox, &["library/nested/db/"]), ["db"]);
    sandbox.unset("CONFIG_CHARTS");
    assert_eq!(released(&sandbox, &[]), ["web"]);
    sandbox.set("CONFIG_CHARTS", "charts more/x");
    assert_eq!(released(&sandbox, &[]), ["web", "x"]);

    sandbox.set("CONFIG_CHARTS", "charts libary");
    let ran = run(&sandbox, &["release", "--offline"]).ended(0);
    assert!(
        ran.stderr.contains("warning: xtask/engine/tests/program/main.rs: there is no directory `libary`"),
        "{ran:?}"
    );
    sandbox.set("CONFIG_CHARTS", "libary none");
    expect![[r#"
        error: there is no chart in `libary/`, `none/`
        hint: mkdir -p libary && helm create libary/NAME
    "#]]
    .assert_eq(&run(&sandbox, &["release", "--offline"]).ended(1).stderr);
    sandbox.set("CONFIG_CHARTS", "charts/web/Chart.yaml library/nested");
    let expected = "error: xtask/engine/tests/program/main.rs: `charts/web/Chart.yaml` is a file, where the config has a directory\n\
                    hint: name its directory: `charts/web`\n";
    let ran = run(&sandbox, &["release", "--offline"]).ended(1);
    assert!(ran.stderr.starts_with(expected), "{ran:?}");
    let told = check(&sandbox, 1, "charts");
    assert!(told.iter().any(|one| one.ends_with("name its directory: `charts/web`")), "{told:#?}");
    sandbox.set("CONFIG_CHARTS", "../charts");
    let ran = run(&sandbox, &["release", "--offline"]).ended(1);
    assert!(ran.stderr.contains("`charts` `../charts` is not of the form `DIRECTORY`"), "{ran:?}");
}

#[test]
fn charts_of_one_name_are_an_error_wherever_they_lie() {
    let sandbox = several();
    sandbox.write("library/web/Chart.yaml", &chart("web", "2.0.0"));
    sandbox.commit("twice");
    let ran = run(&sandbox, &["release", "--offline"]).ended(1);
    assert!(
        ran.stderr.contains("error: library/web/Chart.yaml: `web` is also the name of `charts/web`\n"),
        "{ran:?}"
    );
}

#[test]
fn chart_testing_has_to_know_the_directories() {
    let sandbox = several();
    sandbox.write("ct.yaml", "chart-dirs: [charts]\n");
    let about = "warning ct.yaml:1 a release publishes the charts in `library/nested`, which chart-testing does not test; add `- library/nested`";
    assert!(check(&sandbox, 0, "charts").contains(&about.to_owned()));
    sandbox.write("ct.yaml", "chart-dirs: [charts, library/nested]\n");
    assert!(check(&sandbox, 0, "charts").iter().all(|one| !one.contains("chart-testing")));
}

const METADATA: &str = "appVersion: 1.0.0\ndescription: A shop\nicon: https://acme.github.io/shop/icon.svg\n\
                        dependencies:\n- {name: sub, version: 0.1.0}\n";

/// A repository that is a chart, with a sub-chart.
fn at_root(ignored: &str) -> Sandbox {
    let mut sandbox = Sandbox::with_commit(&[
        (".gitignore", "/target/\n/dist/\n/site/\n"),
        (".helmignore", ignored),
        (".github/CODEOWNERS", "* @acme\n"),
        ("Chart.yaml", &format!("{}{METADATA}", chart("web", "1.0.0"))),
        ("values.yaml", "a: 1\n"),
        ("README.md", "# Web\n"),
        ("LICENSE", "Apache-2.0\n"),
        ("CHANGELOG.md", "# Changelog\n\n## [1.0.0] - 2026-01-02\n\n- First.\n"),
        (
            "templates/web.yaml",
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}-{{ .Values.a }}\n",
        ),
        ("charts/sub/Chart.yaml", &chart("sub", "0.1.0")),
        ("ci/b-values.yaml", "a: b\n"),
        ("xtask/src/main.rs", "fn main() {}\n"),
    ]);
    sandbox.set("CONFIG_CHARTS", ".");
    sandbox
}

/// What a chart at the root needs.
const IGNORED: &str =
    "/.git\n/.github/\n/.gitignore\n/.helmignore\n/CHANGELOG.md\n/ci/\n/dist/\n/site/\n/target/\n/xtask/\n";

#[test]
fn the_ignored_files_of_a_chart_at_the_root_are_mended() {
    let sandbox = at_root("# Ours.\n");
    sandbox.write("target/debug/large", "x");
    expect![[r#"
        error: .helmignore: what git, cargo and this program write into the repository would be packaged
        hint: add to .helmignore, a line each: /.git /dist/ /site/ /target/
    "#]]
    .assert_eq(&run(&sandbox, &["release", "--offline"]).ended(1).stderr);
    expect![[r#"
        error: .helmignore: what git, cargo and this program write into the repository would be packaged
        hint: add to .helmignore, a line each: /.git /target/
    "#]]
    .assert_eq(&run(&sandbox, &["package", "."]).ended(1).stderr);
    assert_eq!(
        check(&sandbox, 1, "charts"),
        [
            "note ci/b-values.yaml values for chart tests would be published; add `/ci/` to .helmignore",
            "warning .helmignore files of the repository that are not part of the chart would be published; add to .helmignore, a line each: /.github/ /.gitignore /.helmignore /CHANGELOG.md /xtask/",
            "error .helmignore what git, cargo and this program write into the repository would be packaged; add to .helmignore, a line each: /.git /dist/ /site/ /target/",
        ]
    );
    run(&sandbox, &["check", "--offline", "--helm", "never", "--fix"]).ended(0);
    let mut lines: Vec<String> = sandbox.text(".helmignore").lines().map(str::to_owned).collect();
    lines.push("/ci/".to_owned());
    lines.sort();
    assert_eq!(lines.join("\n"), format!("# Ours.\n{}", IGNORED.trim_end()));
}

/// Other charts are named by their whole paths: what lies beside them, and all in `charts/`, may be part of this one.
#[test]
fn the_parts_of_a_chart_at_the_root_stay_in_it() {
    let mut sandbox = at_root(IGNORED);
    sandbox.write("files/motd", "hello\n");
    sandbox.write("files/tool/Chart.yaml", &chart("tool", "1.0.0"));
    sandbox.write(".a b", "");
    let about = "warning .helmignore files of the repository that are not part of the chart would be published; \
                 add to .helmignore, a line each: /.a[ ]b";
    for (charts, directories, more) in [
        (".", "[charts]", ""),
        (".", "[charts, files]", " /files/tool/"),
        (". charts charts/sub files/tool", "[charts]", " /files/tool/"),
        (". files", "[charts]", " /files/tool/"),
    ] {
        sandbox.set("CONFIG_CHARTS", charts);
        sandbox.write("ct.yaml", &format!("chart-dirs: {directories}\n"));
        let told = check(&sandbox, 0, "charts");
        let told: Vec<&String> = told.iter().filter(|one| one.contains("not part of")).collect();
        assert_eq!(told, [&format!("{about} /ct.yaml{more}")], "{charts}");
    }
    run(&sandbox, &["check", "--offline", "--helm", "never", "--fix"]).ended(0);
    assert_eq!(sandbox.text(".helmignore"), format!("{IGNORED}/.a[ ]b\n/ct.yaml\n/files/tool/\n"));
    sandbox.commit("mended");
    for (name, helm) in helms("the_parts_of_a_chart_at_the_root_stay_in_it") {
        sandbox.set("HELM_BIN", helm.display().to_string());
        run(&sandbox, &["package", ".", "--helm", "require"]).ended(0);
        let archive = tgz::read(&sandbox.read("dist/web-1.0.0.tgz"), tgz::MAX_TOTAL).expect("an archive");
        let files: Vec<&str> = archive.iter().map(|file| file.path.as_str()).collect();
        let templates = ["web/Chart.yaml", "web/values.yaml", "web/templates/web.yaml"];
        let others = ["web/LICENSE", "web/README.md", "web/files/motd", "web/charts/sub/Chart.yaml"];
        assert_eq!(files, [&templates[..], &others].concat(), "{name}");
    }
}

#[test]
fn no_archive_of_a_chart_holds_the_one_before_it() {
    let sandbox = at_root(IGNORED);
    let packaged = |args: &[&str]| run(&sandbox, &[&["package"], args].concat());
    packaged(&["."]).ended(0);
    let first = sandbox.read("dist/web-1.0.0.tgz");
    packaged(&["."]).ended(0);
    assert!(first == sandbox.read("dist/web-1.0.0.tgz"));
    let hint =
        "hint: add `/out/` to .helmignore, or name a directory outside of the chart by --destination\n";
    let words = "would be written into this chart, and packaged the next time";
    for (args, file) in
        [(&["package", "."][..], "out/web-1.0.0.tgz"), (&["release", "--offline"], "out/manifest.json")]
    {
        let ran = run(&sandbox, &[args, &["--helm", "never", "-d", "out"]].concat()).ended(1);
        assert_eq!(ran.stderr, format!("error: .helmignore: `{file}` {words}\n{hint}"));
        assert!(!sandbox.work().join("out").exists());
    }
    assert!(
        packaged(&[".", "-d", "."])
            .ended(1)
            .stderr
            .ends_with("hint: name a directory outside of the chart by --destination\n")
    );
    sandbox.write(".helmignore", &format!("{IGNORED}/out/\n*.tgz\n"));
    sandbox.commit("another place");
    for args in [
        &["package", ".", "-d", "out"][..],
        &["package", ".", "-d", "."],
        &["release", "--offline", "-d", "out"],
    ] {
        run(&sandbox, &[args, &["--helm", "never"]].concat()).ended(0);
    }
    // Elsewhere it is as with helm: the working directory.
    let sandbox = several();
    run(&sandbox, &["package", "charts/web"]).ended(0);
    sandbox.read("web-1.0.0.tgz");
}

/// A Chart.lock helps archives of sub-charts alone.
#[test]
fn an_archive_that_is_no_sub_chart_is_to_be_committed_or_deleted() {
    let sandbox = at_root(IGNORED);
    let hint = |file: &str| {
        sandbox.write(file, "x");
        let ran = run(&sandbox, &["release", "--offline", "--helm", "never"]);
        std::fs::remove_file(sandbox.work().join(file)).expect("a file");
        ran.stderr.contains("a Chart.lock that names their versions")
    };
    assert_eq!([hint("web-0.1.0.tgz"), hint("charts/x.tgz")], [false, true]);
}

#[test]
fn a_chart_at_the_root_is_released_again_and_again() {
    let mut sandbox = at_root(IGNORED);
    assert_eq!(check(&sandbox, 0, "charts"), [""; 0]);
    assert_eq!(released(&sandbox, &["."]), ["web"]);
    let first = sandbox.read("dist/web-1.0.0.tgz");
    let text = sandbox.text("dist/release-notes.md");
    assert!(text.starts_with("- First.\n"), "{text}");
    for (name, helm) in helms("a_chart_at_the_root_is_released_again_and_again") {
        sandbox.set("HELM_BIN", helm.display().to_string());
        let ran = run(&sandbox, &["release", "--rehearse", "--helm", "require"]).ended(0);
        assert!(ran.stdout.contains("Packaged . -> target/rehearsal/dist/web-1.0.0.tgz"), "{name}: {ran:?}");
        assert!(
            ran.stdout.contains("Rendered helm template web shop/web --version 1.0.0"),
            "{name}: {ran:?}"
        );
        let ran = run(&sandbox, &["check", "--offline", "--helm", "require", "--json"]).ended(0);
        assert_eq!([found(&ran, "helm"), found(&ran, "charts")], [[""; 0]; 2], "{name}");
        run(&sandbox, &["package", ".", "-d", "target/out", "--helm", "require"]).ended(0);
        assert!(sandbox.read("target/out/web-1.0.0.tgz") == first, "{name}");
    }
    run(&sandbox, &["release", "--offline"]).ended(0);
    assert!(sandbox.read("dist/web-1.0.0.tgz") == first, "dist/ and target/ are not in it");
}

#[test]
fn what_of_a_chart_at_the_root_is_not_in_the_commit() {
    let sandbox = at_root(IGNORED);
    let warned = || run(&sandbox, &["release", "--offline", "--helm", "never"]).ended(0).stderr;
    let remove = |file: &str| std::fs::remove_file(sandbox.work().join(file)).expect("a file");
    remove("xtask/src/main.rs");
    sandbox.write(".github/new", "");
    assert_eq!(warned(), "");
    remove("templates/web.yaml");
    sandbox.write("values.yaml", "a: 2\n");
    sandbox.write("CHANGELOG.md", "## 1.0.0\n\n- Other.\n");
    let all =
        "warning: not in the commit as it is here: `CHANGELOG.md`, `templates/web.yaml`, `values.yaml`\n";
    assert!(warned().starts_with(all), "{}", warned());
}

/// A root has files of the repository beside those of the chart: they are not in what is published.
#[test]
fn a_published_chart_at_the_root_is_compared() {
    let (targets, mut sandbox) = (Targets::new(), at_root(IGNORED));
    sandbox.git(&["tag", "v1.0.0"]);
    targets.push_tags(&sandbox);
    sandbox.unset("CARGO_NET_OFFLINE");
    let remote = ["--remote", &targets.remote.url, "--oci", &targets.registry.url(), "--helm", "never"];
    run(&sandbox, &[&["release", "--publish=oci,pages"], &remote[..]].concat()).ended(0);
    sandbox.git(&["tag", "--delete", "v1.0.0"]);
    let check = |status| {
        let ran = run(&sandbox, &[&["check", "--json"], &remote[..]].concat()).ended(status);
        let told = found(&ran, "release").into_iter().filter(|one| one.contains("published"));
        told.collect::<Vec<_>>()
    };
    sandbox.write(".github/CODEOWNERS", "* @acme/all\n");
    sandbox.write("deny.toml", "");
    sandbox.write(".helmignore", &format!("{IGNORED}/deny.toml\n"));
    sandbox.commit("another day");
    assert_eq!(check(0), [""; 0]);
    sandbox.write("values.yaml", "a: 2\n");
    sandbox.commit("a change");
    let [differs] = &check(1)[..] else { panic!("{:?}", check(1)) };
    assert!(
        differs.starts_with("error Chart.yaml:3 `web 1.0.0` is published, and differs in `values.yaml`"),
        "{differs}"
    );
}

#[test]
fn messages_name_files_at_the_root_as_they_are() {
    let mut sandbox = at_root(IGNORED);
    sandbox.write("Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0\n");
    let told = check(&sandbox, 1, "charts");
    assert!(told.iter().any(|one| one.starts_with("error Chart.yaml:3 ")), "{told:#?}");
    assert!(told.iter().all(|one| !one.contains("./")), "{told:#?}");
    sandbox.unset("CONFIG_CHARTS");
    let told = check(&sandbox, 0, "charts");
    let expected = "warning Chart.yaml this chart is not released: the config does not name the root as a place of charts; \
                    write `.charts([\".\"])` in xtask/engine/tests/program/main.rs; charts/ beside it holds its sub-charts";
    assert!(told.contains(&expected.to_owned()), "{told:#?}");
}
