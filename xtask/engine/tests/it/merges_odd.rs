//! Releases on merge beside other workflows, at throw-away targets, and in repositories that change: charts come, go and
//! move, tags have another pattern, targets are added.

use std::process::Stdio;
use std::thread;
use std::time::Duration;

use crate::merges::{CHARTS, Shop};
use crate::whole::assert_same;

/// The Chart.yaml that the registry's digest is of, and that of the index, must be those of one commit.
fn published(shop: &Shop, file: &str) -> String {
    let state = shop.targets.state();
    let releases = state["github"]["releases"].as_array().expect("releases").iter();
    let mut assets = releases.flat_map(|release| release["assets"].as_array().expect("assets"));
    let asset = assets.find(|asset| asset["name"] == file).expect("an asset");
    let digest = asset["digest"].as_str().expect("a digest").trim_start_matches("sha256:").to_owned();
    assert_eq!(shop.targets.remote.entries()[file].digest, digest);
    digest
}

/// A chart is taken away while a version of the other one is half released: its tag has another pattern now.
#[test]
fn a_tag_of_a_time_with_more_charts() {
    let shop = Shop::new(&["db", "web"]);
    shop.publish();
    shop.bump("web", "1.1.0");
    shop.merge("web");
    shop.begun("web-1.1.0");
    shop.sandbox.git(&["rm", "-r", "--quiet", "charts/db"]);
    shop.sandbox.write("charts/web/values.yaml", "new: 2\n");
    shop.merge("without db, and with other values");
    shop.publish();
    let digest = published(&shop, "web-1.1.0.tgz");
    shop.has(&["db-1.0.0", "web-1.0.0", "web-1.1.0"]);
    // What is here is another content of the same version.
    let ran = shop.run(&["--publish"]).ended(1);
    assert!(ran.stderr.contains("`web 1.1.0` is published, and differs in `values.yaml`"), "{}", ran.stderr);
    assert_eq!(published(&shop, "web-1.1.0.tgz"), digest);
}

/// Charts that share a tag: a run that was killed between them is finished at the same commit.
#[test]
fn a_shared_tag() {
    for n in [30, 42, 50] {
        let mut shop = Shop::new(&["db", "web"]);
        shop.sandbox.set("CONFIG_TAGS", "v{version}");
        assert!(shop.killed_at(n).0, "{n}");
        shop.publish();
        let state = shop.targets.state();
        assert_eq!(
            state["github"]["releases"][0]["assets"].as_array().map(Vec::len),
            Some(3),
            "{n} {state:#}"
        );
        assert_eq!(shop.targets.remote.entries().len(), 2, "{n}");
        // Another chart of the same version has no tag.
        shop.bump("new", "1.0.0");
        shop.merge("a chart");
        let ran = shop.run(&["--publish"]).ended(1);
        assert!(ran.stderr.contains("`new 1.0.0`"), "{}", ran.stderr);
        assert_eq!(shop.targets.remote.entries().len(), 2, "{n}");
    }
}

#[test]
fn the_charts_have_moved() {
    let mut shop = Shop::new(&["db", "web"]);
    shop.publish();
    shop.bump("web", "1.1.0");
    shop.merge("web");
    shop.begun("web-1.1.0");
    shop.sandbox.git(&["mv", "charts", "deploy"]);
    shop.merge("charts move");
    shop.sandbox.set("CONFIG_CHARTS", "deploy");
    shop.publish();
    shop.has(&["db-1.0.0", "web-1.0.0", "web-1.1.0"]);
}

/// A new chart whose run was killed, and that is taken back: the registry is asked for it, too.
#[test]
fn a_chart_that_is_gone() {
    let mut shop = Shop::new(&["db", "web"]);
    shop.sandbox.set("CONFIG_TARGETS", "oci");
    shop.publish();
    shop.bump("new", "1.0.0");
    shop.merge("new");
    shop.begun("new-1.0.0");
    shop.sandbox.git(&["rm", "-r", "--quiet", "charts/new"]);
    shop.merge("taken back");
    shop.publish();
    let state = shop.targets.registry.state();
    assert!(state["charts/new"]["tags"]["1.0.0"].is_string(), "{state:#}");
}

/// A target that was added later gets what is released from then on.
#[test]
fn a_target_is_added() {
    let shop = Shop::new(&["db", "web"]);
    for version in ["1.0.0", "1.1.0", "1.2.0"] {
        shop.bump("web", version);
        shop.merge(version);
        shop.run(&["--publish=pages"]).ended(0);
    }
    shop.bump("web", "1.3.0");
    shop.merge("1.3.0");
    shop.publish();
    let state = shop.targets.registry.state();
    let tags: Vec<&String> = state["charts/web"]["tags"].as_object().expect("tags").keys().collect();
    assert_eq!(tags, ["1.3.0"], "{state:#}");
}

/// A version that somebody took out of the index stays out.
#[test]
fn a_version_is_taken_out() {
    let shop = Shop::new(&["db", "web"]);
    shop.publish();
    shop.bump("web", "1.1.0");
    shop.merge("web");
    shop.publish();
    let index = shop.targets.remote.text("charts/index.yaml");
    // The last entry is that of the lowest version of the last chart.
    let at = index.rfind("  - apiVersion").expect("an entry");
    let end = index.find("generated:").expect("the end");
    let without = format!("{}{}", &index[..at], &index[end..]);
    shop.targets
        .remote
        .overwrite(&[("charts/index.yaml", Some(without.as_bytes())), ("charts/web-1.0.0.tgz", None)]);
    let ran = shop.publish();
    assert!(ran.stdout.contains("there is nothing to publish"), "{}", ran.stdout);
    assert!(!shop.targets.remote.entries().contains_key("web-1.0.0.tgz"));
}

/// A published chart that cannot be packaged any more is no published one.
#[test]
fn a_chart_is_broken() {
    let shop = Shop::new(&["db", "web"]);
    shop.publish();
    shop.sandbox.write("charts/db/values.yaml", "a: [\n");
    shop.bump("web", "1.1.0");
    shop.merge("broken");
    let ran = shop.run(&["--publish"]).ended(1);
    assert!(ran.stdout.contains("Left out db 1.0.0: it has changed"), "{}", ran.stdout);
    assert!(ran.stderr.contains("error: charts/db/values.yaml:"), "{}", ran.stderr);
    shop.has(&["db-1.0.0", "web-1.0.0", "web-1.1.0"]);
}

/// A workflow for the default branch that has checked out something else.
#[test]
fn a_commit_that_is_on_no_branch() {
    let mut shop = Shop::new(&["db", "web"]);
    shop.publish();
    let pushed = shop.sandbox.git(&["rev-parse", "HEAD"]);
    shop.bump("web", "9.0.0");
    shop.sandbox.commit("not merged");
    for (variable, value) in [
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_EVENT_NAME", "workflow_run"),
        ("GITHUB_REF", "refs/heads/main"),
        ("GITHUB_SHA", &pushed),
        ("GITHUB_REPOSITORY", "d44b/pulltrace"),
    ] {
        shop.sandbox.set(variable, value);
    }
    let ran = shop.run(&["--publish"]).ended(1);
    assert!(ran.stderr.contains("this commit is not on `main` of"), "{ran:?}");
    shop.has(&["db-1.0.0", "web-1.0.0"]);
}

/// With the token of an App the tags start a workflow that releases by tags: it finds all done, or does the same.
#[test]
fn a_workflow_for_tags_beside_it() {
    let shop = Shop::new(&CHARTS);
    shop.publish();
    let (state, head) = (shop.state(), shop.head());
    shop.targets.writes();
    for chart in CHARTS {
        let output = shop.for_tag(&format!("{chart}-1.0.0")).output().expect("a program");
        let ran = shop.sandbox.normal(&output).ended(0);
        assert_eq!(ran.stdout.matches("  Unchanged ").count(), 3, "{ran:?}");
    }
    assert_eq!(shop.targets.writes(), Vec::<String>::new());
    assert_same(&shop.state(), &state, "after the tags");
    // Both at once.
    let beside = Shop::new(&CHARTS);
    assert_eq!(beside.head(), head);
    let run = beside.spawn();
    while beside.tags().len() < CHARTS.len() {
        thread::sleep(Duration::from_millis(5));
    }
    let tags = CHARTS.map(|chart| {
        let mut command = beside.for_tag(&format!("{chart}-1.0.0"));
        command.args(["-d", &format!("target/{chart}")]).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().expect("a program")
    });
    for (i, mut run) in std::iter::once(run).chain(tags).enumerate() {
        assert!(run.wait().expect("an end").success(), "{i}");
    }
    assert_same(&beside.state(), &state, "both at once");
}

/// The rehearsal tags what is new at throw-away targets, too, and finds nothing left to do when it does all of it again.
#[test]
fn a_rehearsal_with_tags() {
    let shop = Shop::with_library();
    let mut command = shop.sandbox.any_config_command();
    command.args(["release", "--rehearse", "--helm", "never", "--remote", &shop.targets.remote.url]);
    let ran = shop.sandbox.normal(&command.output().expect("a program")).ended(0);
    for words in [
        "      Tagged common-1.0.0 at ",
        "   Unchanged all of it: publishing again finds nothing left to do\n",
        "   Rehearsed cache-1.0.0, common-1.0.0, db-1.0.0, api-1.0.0, web-1.0.0 in ",
        "nothing left this machine; on the default branch `cargo xtask release --publish` does all of it, whatever the number of tags (",
    ] {
        assert!(ran.stdout.contains(words), "{words}\n{}", ran.stdout);
    }
    assert_eq!(ran.stdout.matches("Tagged ").count(), 5, "{}", ran.stdout);
    // Nothing is anywhere, and no tag is here.
    shop.has(&[]);
    assert_eq!(shop.sandbox.git(&["tag", "--list"]), "");
    let copy = shop.sandbox.git(&["-C", "target/rehearsal/gh-pages.git", "tag", "--list"]);
    assert_eq!(copy.lines().count(), 5, "{copy}");
    let ran = shop.sandbox.normal(&command.args(["--only", "cache"]).output().expect("a program")).ended(0);
    assert_eq!(ran.stdout.matches("Tagged ").count(), 1, "{}", ran.stdout);
}
