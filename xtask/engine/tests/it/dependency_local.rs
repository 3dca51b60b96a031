//! Dependencies that are directories of the same repository.

use expect_test::expect;
use helm_xtask::internals::tgz;

use crate::dependency::{declaring, package, packaged, web};
use crate::release::chart;
use crate::sandbox::Sandbox;

#[test]
fn a_directory_beside_it_is_packaged_from_the_tree() {
    let mut sandbox = web(&[("common", "1.x", "file://../../libraries/common")]);
    sandbox.set("CARGO_NET_OFFLINE", "true");
    let library = format!("{}type: library\n", chart("common", "1.4.0"));
    sandbox.write("libraries/common/Chart.yaml", &library);
    sandbox.write("libraries/common/templates/_a.tpl", "{{/* a */}}\n");
    sandbox.commit("library");
    package(&sandbox, &[]).ended(0);
    let there = ["Chart.yaml", "charts/common/Chart.yaml", "charts/common/templates/_a.tpl"];
    assert_eq!(packaged(&sandbox), there.map(|path| format!("web/{path}")));
    // What somebody packaged of it before, and did not commit, is old by now.
    sandbox.xtask(&["dependency", "web"]).ended(0);
    assert_eq!(sandbox.files("charts/web/charts"), ["common-1.4.0.tgz"]);
    sandbox.write("libraries/common/templates/_a.tpl", "{{/* b */}}\n");
    package(&sandbox, &[]).ended(0);
    let text = |sandbox: &Sandbox| {
        let entries = tgz::read(&sandbox.read("out/web-1.0.0.tgz"), tgz::MAX_TOTAL).expect("an archive");
        String::from_utf8(entries.last().expect("a template").data.clone()).expect("UTF-8")
    };
    assert_eq!(text(&sandbox), "{{/* b */}}\n");
    // What somebody did commit is part of the tree.
    sandbox.commit("archive");
    package(&sandbox, &[]).ended(0);
    assert_eq!(text(&sandbox), "{{/* a */}}\n");
    sandbox.git(&["rm", "--quiet", "-r", "charts/web/charts"]);
    let is = |sandbox: &Sandbox, expected: expect_test::Expect| {
        expected.assert_eq(&package(sandbox, &[]).ended(1).stderr);
    };
    sandbox.write("libraries/common/Chart.yaml", &library.replace("1.4.0", "2.0.0"));
    is(
        &sandbox,
        expect![[r#"
            error: charts/web/Chart.yaml:5: this asks for `common 1.x`, and `libraries/common` is `common-2.0.0`
            hint: write `version: 2.0.0`, or a range that it is in
        "#]],
    );
    sandbox.write("libraries/common/Chart.yaml", &library.replace("1.4.0", "0.9.0"));
    is(
        &sandbox,
        expect![[r#"
            error: charts/web/Chart.yaml:5: this asks for `common 1.x`, and `libraries/common` is `common-0.9.0`
            hint: give `libraries/common` a version that is asked for, or ask for a range that both are in
        "#]],
    );
    for (repository, expected) in [
        (
            "file://../gone",
            expect![[r#"
                error: charts/web/Chart.yaml:5: dependency `common` cannot be packaged: there is no directory `charts/gone`
                hint: write the path of a chart, from this chart's directory
            "#]],
        ),
        (
            "file:///tmp/common",
            expect![[r#"
                error: charts/web/Chart.yaml:5: dependency `common` cannot be packaged: `/tmp/common` is a place on this machine
                hint: write a path from the chart's directory, as in `file://../common`
            "#]],
        ),
        (
            "file://../../../common",
            expect![[r#"
                error: charts/web/Chart.yaml:5: dependency `common` cannot be packaged: `../../../common` is outside of the repository
                hint: publish that chart, and write the URL of its repository
            "#]],
        ),
        (
            "",
            expect![[r#"
                error: charts/web/Chart.yaml:5: dependency `common` is not in charts/, and has no `repository`
                hint: put it there, or write where it comes from
            "#]],
        ),
        (
            "charts.example.com",
            expect![[r#"
                error: charts/web/Chart.yaml:5: `charts.example.com` is no `repository` to fetch from
                hint: write `https://HOST/PATH`, `oci://HOST/PATH` or `file://PATH`; credentials do not belong there
            "#]],
        ),
    ] {
        sandbox.write("charts/web/Chart.yaml", &declaring(&[("common", "1.0.0", repository)]));
        is(&sandbox, expected);
    }
    // As helm does it, without what it depends on in turn.
    sandbox.write(
        "libraries/common/Chart.yaml",
        &declaring(&[("db", "1.0.0", "file://../db")]).replace("web", "common"),
    );
    sandbox
        .write("charts/web/Chart.yaml", &declaring(&[("common", "1.0.0", "file://../../libraries/common")]));
    let ran = package(&sandbox, &[]).ended(0);
    expect![[r#"
        warning: charts/web/Chart.yaml:5: `common-1.0.0` is packaged without its own dependencies, as by helm: `db`
        hint: cargo xtask dependency libraries/common
    "#]]
    .assert_eq(&ran.stderr);
}
