//! Tags, charts and targets by table: what is finished, left out and told.

use super::*;
use crate::base::tag::TagPatterns;

const HEAD: &str = "aaaaaaaaaa";
/// The layout's order, with a GitHub Release last.
const ALL: [Target; 3] = [Target::Oci, Target::Pages, Target::Github];

fn chart(title: &str) -> ChartVersion {
    let (name, version) = title.split_once(' ').expect("a name and a version");
    ChartVersion { name: name.to_owned(), version: version.to_owned(), app_version: String::new() }
}

/// What a repository has: charts, the new ones among them, tags as `NAME COMMIT` (`*` for one of ours, `+` for an annotated
/// one of others), and what the three targets have.
struct Scene<'s> {
    charts: &'s [&'s str],
    new: &'s [&'s str],
    tags: &'s [&'s str],
    there: [&'s [&'s str]; 3],
}

impl Scene<'_> {
    /// What is finished, left out with why, and told.
    fn decide(&self, config: &Config) -> [String; 3] {
        let (mut tags, mut ours) = (Vec::new(), HashSet::new());
        for tag in self.tags {
            let (name, commit) = tag.split_once(' ').expect("a tag and a commit");
            let (commit, is_ours) = commit.strip_suffix('*').map_or((commit, false), |commit| (commit, true));
            let (commit, is_annotated) =
                commit.strip_suffix('+').map_or((commit, is_ours), |commit| (commit, true));
            let object = is_annotated.then(|| "c".repeat(40));
            ours.extend(is_ours.then(|| name.to_owned()));
            tags.push(RemoteTag { name: name.to_owned(), commit: commit.to_owned(), object });
        }
        let mut there = There::default();
        for (target, titles) in ALL.into_iter().zip(self.there) {
            let mut all = Versions::new();
            for title in titles {
                let chart = chart(title);
                all.entry(chart.name).or_default().extend(versions([chart.version.as_str()]));
            }
            match target {
                Target::Oci => {
                    for title in self.charts {
                        all.entry(chart(title).name).or_default();
                    }
                    there.registry = all;
                }
                _ => drop(there.listed.insert(target, all)),
            }
        }
        let closed = self.tags.iter().filter(|tag| tag.starts_with("closed-"));
        there.releases = closed
            .map(|tag| (tag.split(' ').next().unwrap_or(tag).to_owned(), Some("is immutable")))
            .collect();
        let [charts, candidates] =
            [self.charts, self.new].map(|titles| titles.iter().map(|one| chart(one)).collect::<Vec<_>>());
        let facts = Facts {
            config,
            commit: HEAD,
            charts: &charts,
            candidates: &candidates,
            targets: &ALL,
            tags: &tags,
            there: &there,
        };
        let tags = read(facts);
        let decided = decide(facts, &tags, incomplete(facts, &tags), &ours);
        let finish = decided.finish.iter().map(|one| {
            let lacks: Vec<String> = one.lacks.iter().map(|target| format!("{target:?}")).collect();
            format!("{} lacks {}", one.remote.name, lacks.join(" "))
        });
        let held = decided.held.iter().map(|held| {
            let problem = held.problems.first().map_or_else(String::new, |problem| format!(" ({problem})"));
            format!("{} {}: {}{problem}", held.chart, held.version, held.why)
        });
        let told = half_released(&decided.others);
        let told =
            told.iter().map(|problem| format!("{problem} | {}", problem.hint.as_deref().unwrap_or_default()));
        [finish.collect::<Vec<_>>(), held.collect(), told.collect()].map(|lines| lines.join("; "))
    }
}

fn config() -> Config {
    Config::new("o/shop")
}

#[test]
fn the_tag_of_a_new_version() {
    let charts = ["db 1.0.0", "web 1.1.0"];
    let published: &[&str] = &["db 1.0.0", "web 1.0.0"];
    let old = ["db-1.0.0 bbbbbbbbbb", "web-1.0.0 bbbbbbbbbb"];
    for (tag, expected) in [
        ("", ["", "", ""]),
        ("web-1.1.0 aaaaaaaaaa", ["", "", ""]),
        ("web-1.1.0 aaaaaaaaaa*", ["", "", ""]),
        (
            "web-1.1.0 bbbbbbbbbb*",
            ["web-1.1.0 lacks Oci Pages Github", "web 1.1.0: finished from bbbbbbb", ""],
        ),
        (
            "web-1.1.0 bbbbbbbbbb+",
            [
                "",
                "web 1.1.0: tag web-1.1.0 is at bbbbbbb (tag `web-1.1.0` is at `bbbbbbb`, and this program did not make it: `web 1.1.0` belongs to that commit, and is published nowhere)",
                "",
            ],
        ),
        // The tag for all charts is that of the application, or of nobody.
        ("v1.1.0 bbbbbbbbbb", ["", "", ""]),
    ] {
        let tags: Vec<&str> = old.iter().copied().chain(Some(tag).filter(|tag| !tag.is_empty())).collect();
        let scene = Scene {
            charts: &charts,
            new: &["web 1.1.0"],
            tags: &tags,
            there: [published, published, published],
        };
        assert_eq!(scene.decide(&config()), expected, "{tag}");
    }
}

#[test]
fn what_an_earlier_run_has_left() {
    let charts = ["db 1.0.0", "web 1.2.0"];
    let all: &[&str] = &["db 1.0.0", "web 1.0.0", "web 1.1.0", "web 1.2.0"];
    let without: &[&str] = &["db 1.0.0", "web 1.0.0", "web 1.2.0"];
    for (tag, there, expected) in [
        ("web-1.1.0 bbbbbbbbbb*", [all, all, all], ""),
        ("web-1.1.0 bbbbbbbbbb*", [all, all, without], "web-1.1.0 lacks Github"),
        ("web-1.1.0 bbbbbbbbbb*", [all, without, without], "web-1.1.0 lacks Pages Github"),
        // Somebody took it out of the registry, or the registry was added later.
        ("web-1.1.0 bbbbbbbbbb*", [without, all, all], ""),
        ("web-1.0.0 bbbbbbbbbb*", [&["web 1.2.0"], all, all], ""),
        ("web-1.1.0 bbbbbbbbbb*", [all, all, &[]], ""),
        // Half of it is published from this commit.
        (
            "web-1.2.0 aaaaaaaaaa*",
            [all, all, &["db 1.0.0", "web 1.0.0", "web 1.1.0"]],
            "web-1.2.0 lacks Github",
        ),
        // The chart is gone, and its registry is not asked.
        ("old-3.0.0 bbbbbbbbbb*", [all, all, all], "old-3.0.0 lacks Pages Github"),
        // Chart.yaml spelled it loosely then.
        (
            "web-v0.9 bbbbbbbbbb*",
            [&["web 0.8.0"], &["web 0.8.0"], &["web 0.8.0"]],
            "web-v0.9 lacks Oci Pages Github",
        ),
        // Nobody has to publish what others have left.
        ("old-3.0.0 bbbbbbbbbb+", [all, all, all], ""),
        ("web-1.1.0 bbbbbbbbbb+", [all, all, without], ""),
    ] {
        let scene = Scene { charts: &charts, new: &[], tags: &[tag], there };
        assert_eq!(scene.decide(&config())[0], expected, "{tag} {there:?}");
    }
}

#[test]
fn what_others_have_half_released() {
    let charts = ["web 1.2.0"];
    let all: &[&str] = &["web 1.0.0", "web 1.1.0", "web 1.2.0"];
    let tags = ["web-1.0.0 bbbbbbbbbb", "web-1.1.0 bbbbbbbbbb", "web-1.2.0 bbbbbbbbbb", "v9.0.0 bbbbbbbbbb"];
    for (there, expected) in [
        ([all, all, all], ""),
        (
            [all, &["web 1.0.0", "web 1.2.0"][..], all],
            "`web-1.1.0` is half released: missing in the Helm repository | to finish one, such as the first: cargo xtask release --tag web-1.1.0 --publish",
        ),
        (
            [all, &["web 1.0.0"], all],
            "`web-1.2.0`, `web-1.1.0` are half released: missing in the Helm repository | to finish one, such as the first: cargo xtask release --tag web-1.2.0 --publish",
        ),
        // A target that was added later owes nothing of before.
        ([&["web 1.2.0"], all, all], ""),
        ([&[], all, all], ""),
    ] {
        let scene = Scene { charts: &charts, new: &[], tags: &tags, there };
        assert_eq!(scene.decide(&config())[2], expected, "{there:?}");
    }
}

#[test]
fn tags_for_all_charts() {
    let of_all = config().tags(["v{version}"]);
    let one = |version: &str, tag: &str| {
        let title = format!("web {version}");
        let titles = [title.as_str()];
        let scene = Scene {
            charts: &titles,
            new: &titles,
            tags: &[tag],
            there: [&[], &["web 1.0.0"], &["web 1.0.0"]],
        };
        scene.decide(&of_all)
    };
    assert_eq!(one("1.1.0", "v1.0.0 bbbbbbbbbb*")[0], "");
    assert_eq!(one("1.1.0", "v1.1.0 bbbbbbbbbb*")[1], "web 1.1.0: finished from bbbbbbb");
    assert_eq!(one("1.1.0", "v0.5.0 bbbbbbbbbb*")[0], "v0.5.0 lacks Oci Pages Github");
    // A run that was killed between two charts is finished by the tag that they share.
    let charts = ["db 1.0.0", "web 1.0.0"];
    let half = Scene {
        charts: &charts,
        new: &["web 1.0.0"],
        tags: &["v1.0.0 aaaaaaaaaa*"],
        there: [&["db 1.0.0"], &[], &[]],
    };
    let finished = ["v1.0.0 lacks Pages Github", "web 1.0.0: finished from aaaaaaa", ""];
    assert_eq!(half.decide(&of_all), finished);
    let both = |new: &[&str]| {
        Scene { charts: &["db 1.0.0", "web 1.0.0"], new, tags: &[], there: [&[], &[], &[]] }.decide(&of_all)
    };
    assert_eq!(both(&["db 1.0.0", "web 1.0.0"])[1], "");
    let told = &both(&["web 1.0.0"])[1];
    assert!(
        told.starts_with("web 1.0.0: no tag is for it alone (each tag of the config is for all charts"),
        "{told}"
    );
}

/// A version has one tag, in whatever pattern: that of a time when there was one chart, or of a person.
#[test]
fn the_tag_of_another_pattern() {
    let decide = |charts: &[&str], new: &[&str], tag: &str, there: &[&str]| {
        Scene { charts, new, tags: &[tag], there: [there, there, there] }.decide(&config())
    };
    let published = ["web 1.0.0"];
    let held = ["web-1.1.0 lacks Oci Pages Github", "web 1.1.0: finished from bbbbbbb", ""];
    assert_eq!(decide(&["web 1.1.0"], &["web 1.1.0"], "web-1.1.0 bbbbbbbbbb*", &published), held);
    let both = ["db 1.0.0", "web 1.1.0"];
    let held = ["v1.1.0 lacks Oci Pages Github", "web 1.1.0: finished from bbbbbbb", ""];
    assert_eq!(decide(&both, &both, "v1.1.0 bbbbbbbbbb*", &published), held);
    let held = &decide(&["web 1.1.0"], &["web 1.1.0"], "web-1.1.0 bbbbbbbbbb", &published)[1];
    assert!(held.starts_with("web 1.1.0: tag web-1.1.0 is at bbbbbbb (tag"), "{held}");
    // What was one chart's tag for all says nothing of a chart that came later.
    let new = ["db 1.1.0", "web 1.0.0"];
    assert_eq!(decide(&new, &["db 1.1.0"], "v1.1.0 bbbbbbbbbb*", &["web 1.0.0", "web 1.1.0"]), ["", "", ""]);
}

#[test]
fn a_release_that_nobody_can_add_to() {
    let scene = Scene {
        charts: &["closed 1.0.0", "web 1.0.0"],
        new: &["closed 1.0.0"],
        tags: &["closed-1.0.0 aaaaaaaaaa"],
        there: [&[], &[], &[]],
    };
    let [finish, held, told] = scene.decide(&config());
    assert_eq!((finish, told), (String::new(), String::new()));
    assert_eq!(
        held,
        "closed 1.0.0: its release can get no archive (release `closed-1.0.0` was made by hand and is immutable: nobody can add `closed-1.0.0.tgz` to it)"
    );
}

#[test]
fn the_tag_that_a_chart_is_released_by() {
    for (patterns, count, expected) in [
        (&["v{version}", "{name}-{version}"][..], 1, "v1.0.0"),
        (&["v{version}", "{name}-{version}"], 2, "web-1.0.0"),
        (&["{name}-{version}"], 1, "web-1.0.0"),
        (&["v{version}"], 2, "v1.0.0"),
    ] {
        let config = config().tags(patterns.iter().copied());
        assert_eq!(tag_of(&config, &chart("web 1.0.0"), count), expected, "{patterns:?} {count}");
    }
    let any = |text: &str| TagPatterns(vec!["{name}/v{version}".to_owned()]).read_of_any(text);
    assert_eq!(any("my-web/v1.2.3").and_then(|tag| tag.chart).as_deref(), Some("my-web"));
    assert_eq!(any("v1.2.3"), None);
}
