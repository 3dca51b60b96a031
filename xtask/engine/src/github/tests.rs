//! The plan, by table and by chance.

use super::*;
use crate::base::config::SHOP;
use crate::base::digest::Digest;

const TAG: &str = "v0.2.0";
const COMMIT: &str = "1111111111111111111111111111111111111111";
const FILES: [(&str, &[u8]); 2] = [("web-0.2.0.tgz", b"archive"), ("SHA256SUMS", b"sums")];

fn wanted() -> Wanted<'static> {
    let file = |(name, data): (&'static str, &'static [u8])| File {
        name: name.to_owned(),
        data,
        digest: Digest::of(data),
    };
    Wanted {
        tag: TAG.to_owned(),
        makes_tag: false,
        notes: "ours\n",
        prerelease: false,
        commit: COMMIT,
        family: SHOP.tags.family(TAG, &[]),
        latest: None,
        assets: FILES.map(file).to_vec(),
    }
}

/// An asset by what is before the name: `=` as it shall be, `~` half-made, `<` cut off, `!` of others, `?` without digest.
fn asset(text: &str, id: u64) -> Asset {
    let (mark, name) = text.split_at(1);
    let ours = FILES.iter().find(|(file, _)| *file == name).map_or(&b"extra"[..], |(_, data)| data);
    let data = match mark {
        "<" => &ours[..2],
        "!" => b"other!!",
        _ => ours,
    };
    let state = if mark == "~" { "starter" } else { "uploaded" };
    let digest = (!matches!(mark, "~" | "?")).then(|| Digest::of(data));
    Asset {
        id,
        name: name.to_owned(),
        size: data.len() as u64,
        state: state.to_owned(),
        digest,
        ..Asset::default()
    }
}

/// A release by its number, what it is (`draft`, `published`, `immutable`), its notes, and its assets.
fn release(id: u64, kind: &str, notes: &str, assets: &[&str]) -> Release {
    Release {
        id,
        tag_name: TAG.to_owned(),
        name: Some(TAG.to_owned()),
        body: Some(notes.to_owned()),
        draft: kind == "draft",
        immutable: kind == "immutable",
        html_url: format!("https://h/{id}"),
        assets: assets.iter().zip(10 * id..).map(|(text, id)| asset(text, id)).collect(),
        ..Release::default()
    }
}

fn seen(releases: Vec<Release>) -> Seen {
    Seen { tag_commit: Some(COMMIT.to_owned()), releases, with_drafts: true, ..Seen::default() }
}

/// The plan in words, its warnings last; or the problems.
fn told(wanted: &Wanted<'_>, seen: &Seen) -> Vec<String> {
    match plan(wanted, seen) {
        Ok(plan) => {
            let actions = plan.actions.iter().map(|action| {
                let (verb, what) = action.describe(Tense::Would);
                format!("{verb} {what}")
            });
            actions.chain(plan.warnings.iter().map(ToString::to_string)).collect()
        }
        Err(Problems(problems)) => problems.iter().map(|problem| format!("error: {problem}")).collect(),
    }
}

#[test]
fn what_is_left_to_do() {
    const WEB: &str = "upload web-0.2.0.tgz  7 B";
    const SUMS: &str = "upload SHA256SUMS  4 B";
    const PUBLISH: &str = "publish release v0.2.0 as the latest";
    const PART: &str = "delete web-0.2.0.tgz, of which only a part is there";
    let both = &["=web-0.2.0.tgz", "=SHA256SUMS"][..];
    let draft = |assets: &[&str]| vec![release(1, "draft", "ours", assets)];
    for (what, releases, expected) in [
        ("nothing", vec![], &["draft release v0.2.0", WEB, SUMS, PUBLISH][..]),
        ("an empty draft", draft(&[]), &[WEB, SUMS, PUBLISH]),
        ("one asset", draft(&["=web-0.2.0.tgz"]), &[SUMS, PUBLISH]),
        ("all assets", draft(both), &[PUBLISH]),
        ("another asset, too", draft(&["=web-0.2.0.tgz", "=SHA256SUMS", "!video.mp4"]), &[PUBLISH]),
        ("an asset on its way", draft(&["~web-0.2.0.tgz", "=SHA256SUMS"]), &[PART, WEB, PUBLISH]),
        ("a cut-off asset", draft(&["<web-0.2.0.tgz", "=SHA256SUMS"]), &[PART, WEB, PUBLISH]),
        ("published", vec![release(1, "published", "edited", both)], &[]),
        ("immutable", vec![release(1, "immutable", "edited", both)], &[]),
        ("published without one", vec![release(1, "published", "", &["=SHA256SUMS"])], &[WEB]),
        (
            "published with a half-made one",
            vec![release(1, "published", "", &["~web-0.2.0.tgz", "=SHA256SUMS"])],
            &[PART, WEB],
        ),
        ("a draft with no words", vec![release(1, "draft", "", both)], &[PUBLISH]),
        ("a draft edited on a page", vec![release(1, "draft", "ours\r\n", both)], &[PUBLISH]),
        (
            "a draft with other words",
            vec![release(1, "draft", "theirs", both)],
            &[PUBLISH, "the draft of `v0.2.0` has notes of its own, which are kept"],
        ),
        (
            "two drafts",
            vec![release(2, "draft", "ours", both), release(1, "draft", "ours", &[])],
            &[WEB, SUMS, "delete the other draft of the same tag, 2", PUBLISH],
        ),
        (
            "a draft beside what is published",
            vec![release(1, "draft", "ours", &["~SHA256SUMS"]), release(2, "published", "", both)],
            &["delete the other draft of the same tag, 1"],
        ),
        (
            "drafts of others",
            vec![
                release(1, "draft", "ours", both),
                release(2, "draft", "theirs", &[]),
                release(3, "draft", "", &["!web-0.2.0.tgz"]),
                release(4, "draft", "", &["=video.mp4"]),
            ],
            &[
                PUBLISH,
                "there is another draft of `v0.2.0`, which is kept: https://h/2",
                "there is another draft of `v0.2.0`, which is kept: https://h/3",
                "there is another draft of `v0.2.0`, which is kept: https://h/4",
            ],
        ),
        (
            "two published ones, as no GitHub has them",
            vec![release(1, "published", "", both), release(2, "published", "", both)],
            &["there is another release of `v0.2.0`, which is kept: https://h/2"],
        ),
    ] {
        assert_eq!(told(&wanted(), &seen(releases)), expected, "{what}");
    }
}

/// Somebody else's archive of the same chart stays, and nothing that speaks of our bytes is put beside it.
#[test]
fn the_same_chart_in_other_bytes() {
    let file = |name: &str| File { name: name.to_owned(), data: b"ours", digest: Digest::of(b"ours") };
    let mut wanted = wanted();
    wanted.assets.extend([file("web-0.2.0.tgz.prov"), file("api-0.2.0.tgz")]);
    let said = format!(
        "the release holds the same chart in another `web-0.2.0.tgz`: {} there, {} here",
        Digest::of(b"other!!"),
        Digest::of(b"archive")
    );
    let seen =
        |kind: &str, assets: &[&str]| Seen { same: vec![10], ..seen(vec![release(1, kind, "", assets)]) };
    let (upload, publish) = ("upload api-0.2.0.tgz  4 B", "publish release v0.2.0 as the latest");
    assert_eq!(told(&wanted, &seen("published", &["!web-0.2.0.tgz"])), [upload, &said]);
    assert_eq!(told(&wanted, &seen("published", &["!web-0.2.0.tgz", "!SHA256SUMS"])), [upload, &said]);
    assert_eq!(told(&wanted, &seen("draft", &["!web-0.2.0.tgz"])), [upload, publish, &said]);
}

#[test]
fn what_stops() {
    let sha = |data: &[u8]| Digest::of(data);
    let other = |kind: &str| {
        format!(
            "error: the {kind} `v0.2.0` has another `web-0.2.0.tgz`: 7 B, {} there; 7 B, {} here",
            sha(b"other!!"),
            sha(b"archive")
        )
    };
    for (what, releases, expected) in [
        ("in a draft", vec![release(1, "draft", "", &["!web-0.2.0.tgz"])], other("draft of")),
        (
            "published",
            vec![release(1, "published", "", &["!web-0.2.0.tgz", "=SHA256SUMS"])],
            other("release"),
        ),
        (
            "cut off, and published",
            vec![release(1, "published", "", &["<SHA256SUMS", "=web-0.2.0.tgz"])],
            format!(
                "error: the release `v0.2.0` has another `SHA256SUMS`: 2 B, {} there; 4 B, {} here",
                sha(b"su"),
                sha(b"sums")
            ),
        ),
        (
            "immutable",
            vec![release(1, "immutable", "", &["~web-0.2.0.tgz"])],
            "error: release `v0.2.0` is published and immutable, and does not have `web-0.2.0.tgz`, \
             `SHA256SUMS`"
                .to_owned(),
        ),
        (
            "nobody knows what",
            vec![release(1, "draft", "", &["?SHA256SUMS"])],
            format!(
                "error: the draft of `v0.2.0` has another `SHA256SUMS`: 4 B, no digest there; 4 B, {} here",
                sha(b"sums")
            ),
        ),
    ] {
        assert_eq!(told(&wanted(), &seen(releases)), [expected], "{what}");
    }
    let mut bad = wanted();
    let notes = "é".repeat(MAX_NOTES + 1);
    bad.notes = &notes;
    for name in ["a b.tgz", ".hidden", "a~b", "é.tgz", ""] {
        bad.assets.push(File { name: name.to_owned(), data: b"", digest: Digest::of(b"") });
    }
    let told = told(&bad, &seen(Vec::new()));
    assert_eq!(told.len(), 6, "{told:?}");
    assert!(told[0].contains("would change the name of the asset `a b.tgz`"), "{told:?}");
    assert!(told[5].contains("125001 characters"), "{told:?}");
}

#[test]
fn tags() {
    let at = |commit: Option<&str>| {
        let seen = Seen { tag_commit: commit.map(str::to_owned), ..Seen::default() };
        check_tag(&wanted(), &seen).map_err(|problem| (problem.to_string(), problem.hint.unwrap_or_default()))
    };
    assert_eq!(at(Some(COMMIT)), Ok(()));
    let (message, hint) = at(None).expect_err("no tag");
    assert_eq!((&*message, &*hint), ("GitHub has no tag `v0.2.0`", "git push origin v0.2.0"));
    let (message, _) = at(Some("2222222222222222222222222222222222222222")).expect_err("another commit");
    assert_eq!(message, "tag `v0.2.0` on GitHub is at `2222222`, and this release was made from `1111111`");
}

#[test]
fn a_prerelease_is_never_the_latest() {
    let wanted = Wanted { tag: "v0.2.0-rc.1".to_owned(), prerelease: true, ..wanted() };
    let told = told(&wanted, &seen(Vec::new()));
    assert_eq!(told[0], "draft prerelease v0.2.0-rc.1");
    assert_eq!(told[3], "publish prerelease v0.2.0-rc.1");
}

fn apply(action: &Action, wanted: &Wanted<'_>, seen: &mut Seen, next: &mut u64) {
    *next += 1;
    let current = seen.current().map(|release| release.id);
    let current =
        |seen: &mut Seen| seen.releases.iter().position(|release| Some(release.id) == current).expect("one");
    match action {
        Action::Create { .. } => seen.releases.push(release(*next, "draft", wanted.notes, &[])),
        Action::Delete { id, .. } => {
            let at = current(seen);
            seen.releases[at].assets.retain(|asset| asset.id != *id);
        }
        Action::Upload { name, .. } => {
            let at = current(seen);
            assert!(seen.releases[at].assets.iter().all(|asset| asset.name != *name), "422 already_exists");
            seen.releases[at].assets.push(asset(&format!("={name}"), *next));
        }
        Action::RemoveDraft { id } => seen.releases.retain(|release| release.id != *id),
        Action::Publish { .. } => {
            let at = current(seen);
            assert!(seen.releases.iter().all(|release| release.draft), "422 already_exists");
            seen.releases[at].draft = false;
            seen.releases[at].immutable = true;
        }
    }
}

/// Numbers that look random and are the same in every run (`SplitMix64`).
fn random(state: &mut u64, below: usize) -> usize {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    usize::try_from((mixed ^ (mixed >> 31)) % below as u64).unwrap_or_default()
}

/// What earlier runs and people may have left.
fn any_state(seed: &mut u64) -> Vec<Release> {
    let mut releases = Vec::new();
    for id in 1..=random(seed, 4) as u64 {
        let mut assets = Vec::new();
        for (name, _) in FILES {
            let mark = ["", "=", "=", "~", "<"][random(seed, 5)];
            assets.extend((!mark.is_empty()).then(|| format!("{mark}{name}")));
        }
        assets.extend((random(seed, 8) == 0).then(|| "=video.mp4".to_owned()));
        let assets: Vec<&str> = assets.iter().map(String::as_str).collect();
        let notes = ["ours", "ours\r\n", "", "theirs"][random(seed, 4)];
        releases.push(release(id, "draft", notes, &assets));
    }
    let chosen = random(seed, 8);
    if let Some(release) = releases.get_mut(chosen) {
        release.draft = false;
        // Nobody publishes a part by this program.
        release.assets.retain(|asset| asset.state == "uploaded" && asset.size > 2);
    }
    releases
}

#[test]
fn every_state_ends_in_the_same_release() {
    let wanted = wanted();
    for case in 0..20_000_u64 {
        let mut numbers = case;
        let before = any_state(&mut numbers);
        let (mut seen, mut next) = (seen(before.clone()), 100);
        let published = before.iter().find(|release| !release.draft).map(|release| release.id);
        let mut steps = 0;
        loop {
            let plan = plan(&wanted, &seen).unwrap_or_else(|error| panic!("{case}: {error}: {before:?}"));
            let Some(action) = plan.actions.first() else { break };
            apply(action, &wanted, &mut seen, &mut next);
            steps += 1;
            assert!(steps < 12, "{case}: {before:?}");
        }
        let mut live = seen.releases.iter().filter(|release| !release.draft);
        let release = live.next().expect("it is published");
        assert!(live.next().is_none() && published.is_none_or(|id| id == release.id), "{case}: {before:?}");
        for (name, data) in FILES {
            let there: Vec<_> = release.assets.iter().filter(|asset| asset.name == name).collect();
            assert!(
                matches!(there[..], [asset] if asset.digest == Some(Digest::of(data))),
                "{case}: {before:?}"
            );
        }
        // What people wrote or added is still there.
        let of_people = |release: &&Release| {
            release.body.as_deref() == Some("theirs")
                || release.assets.iter().any(|asset| asset.name == "video.mp4")
        };
        for old in before.iter().filter(of_people) {
            let kept = seen.releases.iter().find(|new| new.id == old.id).expect("kept");
            assert_eq!(kept.body, old.body, "{case}: {before:?}");
        }
    }
}
