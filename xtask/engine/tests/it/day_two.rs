//! Day two: what a release makes of a repository in which much is published already.

use crate::life::{Life, as_others_package, digest, put};
use crate::registry_api::OciRegistry;
use crate::release::chart;
use crate::sandbox::Sandbox;
use crate::whole::{Targets, source};

const FIVE: [&str; 5] = ["api", "db", "lib", "web", "worker"];

#[test]
fn tags_decide_all_versions_of_one_chart() {
    by_tags("stamp", &["web"]);
}

#[test]
fn tags_decide_all_versions_of_five_charts() {
    by_tags("stamp", &FIVE);
}

#[test]
fn tags_decide_the_chart_version_of_one_chart() {
    by_tags("stamp version", &["web"]);
}

#[test]
fn tags_decide_the_chart_version_of_five_charts() {
    by_tags("stamp version", &FIVE);
}

#[test]
fn chart_yaml_has_the_version_of_one_chart() {
    by_chart_yaml(&["web"]);
}

#[test]
fn chart_yaml_has_the_version_of_five_charts() {
    by_chart_yaml(&FIVE);
}

/// The life of a repository where Chart.yaml has a placeholder.
fn by_tags(mode: &str, names: &[&str]) {
    let mut life = Life::new(mode, names, "0.0.0");
    let all = |version: &str| names.iter().map(|name| format!("{name}-{version}")).collect::<Vec<_>>();
    let values = format!("charts/{}/values.yaml", names[0]);
    life.is_fine("before the first release", &all("0.0.1"));
    life.sections(&["0.1.0"]);
    life.tag("v0.1.0");
    life.is_fine("at its tag", &all("0.1.0"));
    life.publishes("the first release", &[]);
    let first = life.published();
    let id = format!("{}-0.1.0", names[0]);
    assert_eq!(first[&id].1, if mode == "stamp" { "0.1.0" } else { "1.27.3" });
    life.is_fine("published", &all("0.1.0"));
    let again = life.publishes("again", &[]);
    assert!(again.contains("Unchanged charts/index.yaml"), "{again}");
    life.change("README.md", "# Shop\n");
    life.is_fine("a document", &all("0.1.1"));
    life.change(&values, "a: 2\n");
    life.is_fine("a change", &all("0.1.1"));
    life.publishes_nothing(&[], "hint: git tag v0.1.1 && git push origin v0.1.1");
    let again = life.publishes("a tag that is not here, from its commit", &["--tag", "v0.1.0"]);
    assert!(again.contains("Unchanged charts/index.yaml"), "{again}");
    life.sections(&["Unreleased", "0.1.0"]);
    life.is_fine("a changelog", &all("0.1.1"));
    life.tag("v0.2.0-rc.1");
    life.is_fine("a prerelease", &all("0.2.0-rc.1"));
    life.publishes("a prerelease", &[]);
    life.change("README.md", "# Shop 2\n");
    life.is_fine("after a prerelease", &all("0.1.1"));
    life.tag("v0.2.0");
    life.is_faulty("a release without a section", "0.2.0");
    life.sections(&["0.2.0", "0.1.0"]);
    life.tag("v0.2.0");
    life.is_fine("a second release", &all("0.2.0"));
    life.publishes("a second release", &[]);
    life.colleague(&[("preview/index.html".to_owned(), b"mine".to_vec())]);
    life.change("README.md", "# Shop 3\n");
    life.is_fine("a colleague's commit on the branch", &all("0.2.1"));
    life.sandbox.git(&["checkout", "--quiet", "-b", "old", "v0.1.0"]);
    life.change(&values, "a: 3\n");
    life.is_fine("a back-port", &all("0.2.1"));
    life.sections(&["0.1.1", "0.1.0"]);
    life.tag("v0.1.1");
    life.is_fine("a back-port with a tag", &all("0.1.1"));
    life.publishes("a back-port", &[]);
    life.sandbox.git(&["checkout", "--quiet", "v0.1.0"]);
    let old = life.publishes("an old tag once more", &["--tag", "v0.1.0"]);
    assert!(old.contains("Unchanged charts/index.yaml"), "{old}");
    life.sandbox.git(&["checkout", "--quiet", "main"]);
    life.sections(&["0.3.0", "0.2.0"]);
    // Others have published the version before this program did.
    let stamped = ["--version", "0.3.0", "--app-version", "0.3.0"];
    let with = if mode == "stamp" { &stamped[..] } else { &stamped[..2] };
    let charts: Vec<(&str, &str)> = names.iter().map(|name| (*name, "0.3.0")).collect();
    let theirs = life.others_publish(&charts, with);
    life.is_fine("others have published", &all("0.2.1"));
    life.tag("v0.3.0");
    life.is_fine("others have published this tag", &all("0.3.0"));
    let adopted = life.publishes("the tag of what others have published", &[]);
    assert!(adopted.contains("Unchanged charts/index.yaml"), "{adopted}");
    for (id, theirs) in all("0.3.0").iter().zip(&theirs) {
        assert_eq!(digest(&life.sandbox.read(&format!("dist/{id}.tgz"))), *theirs, "{id}");
    }
    life.change(&values, "a: 4\n");
    life.is_fine("a change after that", &all("0.3.1"));
    life.tag("v0.3.0");
    life.is_faulty("a tag that was moved", "differs in `values.yaml`");
    life.publishes_nothing(&[], "what is published never changes");
    life.sandbox.git(&["tag", "--force", "v0.3.0", "HEAD~1"]);
    life.sections(&["0.3.1", "0.3.0"]);
    life.tag("v0.3.1");
    life.publishes("a third release", &[]);
    life.change(&values, "a: 2\n");
    life.is_fine("a change taken back", &all("0.3.2"));
    life.chart(names[0], "v0.0.0");
    life.sandbox.commit("a placeholder that is no version of a release");
    life.is_fine("another placeholder", &all("0.3.2"));
    life.sandbox.write("mkdocs.yml", "site_name: Shop\n");
    life.change("docs/index.md", "# Shop\n");
    life.is_fine("documentation", &all("0.3.2"));
    life.is_fine_elsewhere(&all("0.3.2"));
    let now = life.published();
    assert!(first.iter().all(|(id, digest)| now.get(id) == Some(digest)), "{now:?}");
    assert_eq!(now.len(), names.len() * 6, "{now:?}");
    assert!(life.steps >= 30, "{} steps", life.steps);
}

/// The life of a repository where Chart.yaml has the version.
fn by_chart_yaml(names: &[&str]) {
    let mut life = Life::new("verify", names, "1.0.0");
    let [others @ .., ours] = names else { panic!("there is no chart") };
    let id = |version: &str| [format!("{ours}-{version}")];
    let values = format!("charts/{ours}/values.yaml");
    let all: Vec<String> = names.iter().map(|name| format!("{name}-1.0.0")).collect();
    life.is_fine("nothing is published", &all);
    // Helm takes the version of this one, and a release does not: it is published, and that is that.
    life.chart("odd", "v1.0.0");
    life.change("charts/odd/values.yaml", "a: 1\n");
    let old: Vec<(&str, &str)> = others.iter().map(|name| (*name, "1.0.0")).collect();
    life.others_publish(&[&old[..], &[("odd", "v1.0.0")]].concat(), &[]);
    life.is_fine("adoption day", &id("1.0.0"));
    life.tag(&id("1.0.0")[0]);
    life.is_fine("at its tag", &id("1.0.0"));
    life.publishes("the first of ours", &[]);
    let first = life.published();
    assert_eq!(first[&id("1.0.0")[0]].1, "1.27.3");
    life.is_fine("at a tag that is published", &id("1.0.0"));
    life.change("README.md", "# Shop\n");
    life.is_fine::<&str>("a document", &[]);
    let nothing = life.publishes("all are published", &[]);
    assert!(nothing.contains("nothing to publish"), "{nothing}");
    life.colleague(&[("preview/index.html".to_owned(), b"mine".to_vec())]);
    life.is_fine::<&str>("a colleague's commit on the branch", &[]);
    life.change(&values, "a: 2\n");
    life.is_faulty("a forgotten bump", &format!("`{ours} 1.0.0` is published, and differs in `values.yaml`"));
    life.publishes_nothing(&[], "what is published never changes");
    life.change(&values, "a: 1\n");
    life.is_fine::<&str>("a change taken back", &[]);
    life.change(&values, "a: 2\n");
    life.chart(ours, "1.0.1");
    life.sandbox.commit("a bump");
    life.is_faulty("a bump without a section", &format!("## [{ours}-1.0.1]"));
    life.sections(&[&format!("{ours}-1.0.1"), "1.0.0"]);
    life.is_fine("a bump", &id("1.0.1"));
    life.publishes_nothing(&[], &format!("; or release by a tag: git tag {ours}-1.0.1 "));
    life.tag(&id("1.0.1")[0]);
    life.is_fine("a bump with its tag", &id("1.0.1"));
    life.publishes("a bump", &[]);
    life.sections(&[&format!("{ours}-1.0.1")]);
    life.is_fine::<&str>("what is published needs no section", &[]);
    life.chart(ours, "1.1.0-rc.1");
    life.sections(&["Unreleased"]);
    life.is_fine("a prerelease", &id("1.1.0-rc.1"));
    life.tag(&id("1.1.0-rc.1")[0]);
    life.publishes("a prerelease", &[]);
    life.chart(ours, "1.1.0");
    life.sections(&[&format!("{ours}-1.1.0")]);
    life.is_fine("a minor version", &id("1.1.0"));
    life.tag(&id("1.1.0")[0]);
    life.publishes("a minor version", &[]);
    life.sandbox.git(&["checkout", "--quiet", "-b", "old", &format!("{ours}-1.0.1")]);
    life.chart(ours, "1.0.2");
    life.sections(&[&format!("{ours}-1.0.2")]);
    life.is_fine("a back-port", &id("1.0.2"));
    life.tag(&id("1.0.2")[0]);
    life.publishes("a back-port", &[]);
    life.sandbox.git(&["checkout", "--quiet", "main"]);
    let path = format!("charts/{ours}/Chart.yaml");
    life.change(&path, &format!("# Ours.\n{}", life.sandbox.text(&path)));
    life.is_fine::<&str>("a comment in Chart.yaml", &[]);
    life.chart(ours, "1.0.0");
    life.sandbox.commit("a version of before");
    life.is_faulty("a version of before", &format!("`{ours} 1.0.0` is published, and differs in"));
    life.chart(ours, "1.2.0");
    life.sections(&[&format!("{ours}-1.2.0")]);
    let theirs = life.others_publish(&[(*ours, "1.2.0")], &[]);
    life.is_fine::<&str>("a bump that others have published", &[]);
    life.tag(&id("1.2.0")[0]);
    life.is_fine("its tag", &id("1.2.0"));
    let adopted = life.publishes("its tag", &[]);
    assert!(adopted.contains("Unchanged charts/index.yaml"), "{adopted}");
    assert_eq!(digest(&life.sandbox.read(&format!("dist/{ours}-1.2.0.tgz"))), theirs[0], "{ours}");
    assert!(life.sandbox.text("dist/SHA256SUMS").starts_with(&theirs[0]), "the published bytes");
    two_tags(&mut life, &names[..names.len().min(2)]);
    life.sandbox.write("mkdocs.yml", "site_name: Shop\n");
    life.change("docs/index.md", "# Shop\n");
    life.is_fine::<&str>("documentation", &[]);
    life.is_fine_elsewhere::<&str>(&[]);
    let now = life.published();
    assert!(first.iter().all(|(id, digest)| now.get(id) == Some(digest)), "{now:?}");
    assert!(life.steps >= 30, "{} steps", life.steps);
}

/// Charts that are bumped together have a tag each.
fn two_tags(life: &mut Life, names: &[&str]) {
    let ids: Vec<String> = names.iter().map(|name| format!("{name}-2.0.0")).collect();
    for name in names {
        life.chart(name, "2.0.0");
        life.sandbox.write(&format!("charts/{name}/values.yaml"), "a: 5\n");
    }
    life.sections(&["2.0.0"]);
    for id in &ids {
        life.tag(id);
    }
    life.is_fine("charts with a tag each", &ids);
    if ids.len() > 1 {
        life.publishes_nothing(
            &[],
            &format!("; or release by its tag: cargo xtask release --tag {} --publish", ids[0]),
        );
    }
    for id in &ids {
        life.publishes("one of them", &["--tag", id]);
    }
}

/// On adoption day no target gets anybody's old charts by itself; who asks for it gets the published bytes everywhere.
#[test]
fn a_backfill_gives_targets_what_they_lack() {
    let mut life = Life::new("verify", &FIVE, "1.0.0");
    let theirs = life.others_publish(&[("api", "1.0.0"), ("db", "1.0.0"), ("lib", "1.0.0")], &[]);
    life.sandbox.unset("HTTPS_PROXY");
    let registry = OciRegistry::new();
    let run = |args: &[&str]| life.run(&[&["release", "--oci", &registry.url()], args].concat());
    let (status, said) = run(&["--publish=oci"]);
    assert!(
        status == 1 && said.contains("Unchanged api 1.0.0, db 1.0.0, lib 1.0.0: published already"),
        "{said}"
    );
    let (status, said) = run(&["--backfill"]);
    assert_eq!(status, 0, "{said}");
    assert!(said.contains("Left out web 1.0.0, worker 1.0.0: not published as they are here"), "{said}");
    assert!(!said.contains("release api-1.0.0") && said.contains("add --publish to publish"), "{said}");
    assert_eq!(registry.state(), OciRegistry::new().state(), "nothing is pushed yet");
    let (status, said) = run(&["--backfill", "--publish"]);
    assert_eq!(status, 0, "{said}");
    assert!(said.contains("Unchanged charts/index.yaml"), "{said}");
    for ((name, theirs), state) in
        ["api", "db", "lib"].iter().zip(&theirs).zip(std::iter::repeat(registry.state()))
    {
        let manifest = state[format!("charts/{name}")].to_string();
        assert!(manifest.contains(theirs), "{name} {theirs}: {state:#}");
    }
    // A tag that was moved since asks for nothing where everything is in place.
    life.tag("api-1.0.0");
    let (status, said) = life.run(&["release", "--oci", &registry.url(), "--publish=oci,pages"]);
    assert_eq!(status, 0, "{said}");
    life.sandbox.git(&["push", "--quiet", "--force", "../remote.git", "HEAD~1:refs/tags/api-1.0.0"]);
    let (status, said) = life.run(&["release", "--oci", &registry.url(), "--publish=oci,pages"]);
    assert_eq!(status, 0, "{said}");
    life.sandbox.git(&["tag", "--delete", "api-1.0.0"]);
    // What the registry alone has is published, too.
    life.tag("web-1.0.0");
    let (status, said) = life.run(&["release", "--oci", &registry.url(), "--publish=oci"]);
    assert_eq!(status, 0, "{said}");
    let (status, said) = life.run(&["release", "--oci", &registry.url(), "--backfill", "--publish"]);
    assert!(status == 0 && said.contains("Merged charts/index.yaml"), "{said}");
    let web = digest(&life.sandbox.read("dist/web-1.0.0.tgz"));
    assert_eq!(life.published()["web-1.0.0"].0, web);
    let (status, said) = life.run(&["release", "--backfill", "--publish=github"]);
    assert!(status == 2 && said.contains("--backfill makes no GitHub Release"), "{said}");
    life.sandbox.set("VERSIONS", "stamp");
    let (status, said) = life.run(&["release", "--backfill"]);
    assert!(status == 2 && said.contains("hint: git checkout v1.2.3 && cargo xtask release"), "{said}");
}

/// A checkout with the line ends of another system has the text of the commit, and the same archive.
#[test]
fn line_ends_of_a_checkout_are_no_change() {
    let mut life = Life::new("verify", &["web"], "1.0.0");
    life.sandbox.write(".gitattributes", "*.yaml text eol=crlf\n");
    life.change("charts/web/files/run.bat", "echo\r\n");
    life.tag("web-1.0.0");
    life.publishes("its tag", &[]);
    let first = life.sandbox.read("dist/web-1.0.0.tgz");
    for file in ["values.yaml", "Chart.yaml"] {
        life.sandbox.git(&["rm", "--quiet", "--cached", &format!("charts/web/{file}")]);
        life.sandbox.git(&["reset", "--quiet", "--hard"]);
    }
    assert_eq!(life.sandbox.text("charts/web/values.yaml"), "a: 1\r\n");
    life.is_fine("another checkout", &["web-1.0.0"]);
    let said = life.publishes("once more", &[]);
    assert!(said.contains("Unchanged charts/index.yaml") && !said.contains("not in the commit"), "{said}");
    life.sandbox.xtask(&["package", "charts/web", "-d", "out", "--helm", "never"]).ended(0);
    assert!(life.sandbox.read("out/web-1.0.0.tgz") != first, "what lies there is packaged");
    life.sandbox.xtask(&["release", "--tag", "web-1.0.0", "--offline", "--helm", "never"]);
    life.sandbox.write("charts/web/values.yaml", "a: 2\r\n");
    life.is_faulty("a change", "differs in `values.yaml`");
}

/// The index of a repository that others have published `web 1.0.0` in, after `edit`.
fn published_by_others(edit: &dyn Fn(String) -> String) -> Life {
    let life = Life::new("verify", &["web"], "1.0.0");
    life.others_publish(&[("web", "1.0.0")], &[]);
    let index = life.sandbox.git(&["-C", "../remote.git", "show", "gh-pages:charts/index.yaml"]);
    life.colleague(&[("charts/index.yaml".to_owned(), edit(index).into_bytes())]);
    life
}

/// An index without digests, or with another address, leads to what is published all the same.
#[test]
fn an_odd_index_is_compared_too() {
    let without_digest = |index: String| {
        let lines = index.lines().filter(|line| !line.contains("digest:"));
        lines.map(|line| line.to_owned() + "\n").collect()
    };
    let moved =
        |index: String| index.replace("- web-1.0.0.tgz", "- https://old.example.com/web-1.0.0.tgz") + "\n";
    for edit in [&without_digest as &dyn Fn(String) -> String, &moved] {
        let mut life = published_by_others(edit);
        life.is_fine::<&str>("a commit", &[]);
        life.tag("web-1.0.0");
        life.is_fine("its tag", &["web-1.0.0"]);
        let said = life.publishes("its tag", &[]);
        assert!(said.contains("Unchanged charts/index.yaml"), "{said}");
    }
}

/// What is published and cannot be read is not released again, and nobody is told to replace it.
#[test]
fn what_cannot_be_compared_is_left_out() {
    let away = |index: String| {
        let digest =
            |line: &str| if line.contains("digest:") { "    digest: 00".to_owned() } else { line.to_owned() };
        let url = index.replace("- web-1.0.0.tgz", "- https://127.0.0.1:1/web-1.0.0.tgz");
        url.lines().map(|line| digest(line) + "\n").collect()
    };
    let mut life = published_by_others(&away);
    life.is_fine::<&str>("a commit", &[]);
    let (_, said) = life.run(&["release"]);
    assert!(
        said.contains("warning: what is here cannot be compared with the published `web-1.0.0`: "),
        "{said}"
    );
    life.tag("web-1.0.0");
    for command in [&["release"][..], &["release", "--rehearse"], &["release", "--publish=pages"]] {
        let (status, said) = life.run(command);
        assert!(status == 1 && said.contains("error: what is here cannot be compared with"), "{said}");
        assert!(!said.contains("--replace"), "{said}");
    }
}

/// An archive that lost its entry is what is published of its version, and gets an entry again.
#[test]
fn an_archive_without_an_entry_is_published() {
    let mut life = published_by_others(&|_| "apiVersion: v1\nentries: {}\n".to_owned());
    let theirs =
        digest(&std::fs::read(life.sandbox.work().join("../colleague/charts/web-1.0.0.tgz")).expect("it"));
    life.is_fine::<&str>("a commit", &[]);
    life.tag("web-1.0.0");
    life.is_fine("its tag", &["web-1.0.0"]);
    life.publishes("its tag", &[]);
    assert_eq!(life.published()["web-1.0.0"].0, theirs);
    life.change("charts/web/values.yaml", "a: 2\n");
    life.is_faulty("a change", "`web 1.0.0` is published, and differs in `values.yaml`");
}

/// What is wrong with a chart that is published as it is stops nobody, and nothing is mended that would change it.
#[test]
fn faults_of_published_charts_are_warnings() {
    let mut life = Life::new("verify", &["web"], "1.0.0");
    let unquoted = |version: &str| format!("{}appVersion: {version}\n", chart("web", "1.0.0"));
    life.change("charts/web/Chart.yaml", &unquoted("\"1.1\""));
    life.others_publish(&[("web", "1.0.0")], &[]);
    life.change("charts/web/Chart.yaml", &unquoted("1.10"));
    life.is_fine::<&str>("a commit", &[]);
    let (_, said) = life.run(&["check", "--fix", "--oci", "oci://127.0.0.1:1/x"]);
    assert_eq!(life.sandbox.text("charts/web/Chart.yaml"), unquoted("1.10"), "{said}");
    life.tag("web-1.0.0");
    life.is_fine("its tag", &["web-1.0.0"]);
    life.publishes("its tag", &[]);
    // What cannot be packaged is no chart that could be compared.
    std::os::unix::fs::symlink("/etc/hostname", life.sandbox.work().join("charts/web/link")).expect("a link");
    life.sandbox.commit("a link");
    life.is_faulty("a link out of the repository", "charts/web/link");
    life.sandbox.git(&["rm", "--quiet", "charts/web/link"]);
    let dependency = "dependencies:\n- name: db\n  version: 1.0.0\n";
    life.change("charts/web/Chart.yaml", &(unquoted("\"1.1\"") + dependency));
    life.is_faulty("a sub-chart that is not there", "dependency `db` is not in charts/");
}

/// The same tree has the same archives at every commit and in every checkout.
#[test]
fn the_same_chart_is_the_same_archive_at_every_commit() {
    let sandbox = Sandbox::with_commit(&[
        ("charts/web/Chart.yaml", &chart("web", "1.0.0")),
        ("charts/web/values.yaml", "a: 1\n"),
    ]);
    let mut digests = Vec::new();
    for day in 0..10 {
        sandbox.write("README.md", &format!("day {day}\n"));
        sandbox.git(&["add", "--all"]);
        let date = format!("{} +0100", 1_704_164_645 + day * 86_400);
        sandbox.git(&["-c", "user.name=t", "commit", "--quiet", "--message", "day", "--date", &date]);
        sandbox.xtask(&["release", "--tag", "v1.0.0", "--offline"]).ended(0);
        sandbox.xtask(&["package", "charts/web", "-d", "out"]).ended(0);
        digests.push(digest(&sandbox.read("dist/web-1.0.0.tgz")));
    }
    digests.dedup();
    assert_eq!(digests.len(), 1, "{digests:?}");
}

/// A manifest that differs in its date alone, or in bytes of the same content, is the chart that is there.
#[test]
fn a_registry_is_compared_by_what_it_holds() {
    let (targets, mut sandbox) = (Targets::new(), source("1.0.0"));
    let publish =
        |sandbox: &Sandbox| targets.release(sandbox, &["--publish=oci", "--helm", "never"]).ended(0);
    assert!(publish(&sandbox).stdout.contains("      Pushed oci://"));
    sandbox.write("README.md", "# Later\n");
    sandbox.set("SOURCE_DATE_EPOCH", "1704251045");
    sandbox.commit("another date");
    sandbox.git(&["tag", "--force", "v1.0.0"]);
    targets.writes();
    let ran = publish(&sandbox);
    assert!(ran.stdout.contains("   Unchanged oci://") && !ran.stderr.contains("warning"), "{ran:?}");
    assert_eq!(targets.writes(), [""; 0]);

    // As another program has pushed it.
    let targets = Targets::new();
    let publish =
        |args: &[&str]| targets.release(&sandbox, &[args, &["--publish=oci", "--helm", "never"]].concat());
    sandbox.xtask(&["release", "--helm", "never", "--offline", "--oci", &targets.registry.url()]).ended(0);
    let ours = sandbox.read("dist/web-1.0.0.tgz");
    let theirs = as_others_package(&ours);
    for file in ["SHA256SUMS", "manifest.json"] {
        let text = sandbox.text(&format!("dist/{file}")).replace(&digest(&ours), &digest(&theirs));
        let size = |bytes: &[u8]| format!("\"size\": {}", bytes.len());
        sandbox.write(&format!("dist/{file}"), &text.replace(&size(&ours), &size(&theirs)));
    }
    put(&sandbox.work().join("dist/web-1.0.0.tgz"), &theirs);
    publish(&["--from", "dist"]).ended(0);
    targets.writes();
    let ran = publish(&[]).ended(0);
    assert!(ran.stdout.contains("   Unchanged oci://") && !ran.stderr.contains("warning"), "{ran:?}");
    assert_eq!(sandbox.read("dist/web-1.0.0.tgz"), theirs, "what is published");
    // What was made without a look at the registry.
    sandbox.xtask(&["release", "--helm", "never", "--offline", "--oci", &targets.registry.url()]).ended(0);
    let ran = publish(&["--from", "dist"]).ended(0);
    let said = format!("holds the same chart in another archive: sha256:{} there", digest(&theirs));
    assert!(ran.stdout.contains("   Unchanged oci://") && ran.stderr.contains(&said), "{ran:?}");
    assert_eq!(targets.writes(), [""; 0]);

    sandbox.write("charts/web/values.yaml", "a: 2\n");
    sandbox.commit("other content");
    sandbox.git(&["tag", "--force", "v1.0.0"]);
    let ran = publish(&[]).ended(1);
    assert!(ran.stderr.contains(" and differs in `values.yaml`: what is published never changes"), "{ran:?}");
}
