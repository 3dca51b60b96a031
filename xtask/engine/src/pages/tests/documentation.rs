//! What becomes of files of the documentation, and of those of others.

use super::*;
use crate::git::Tip;
use crate::pages::plan as plan_of;
use crate::pages::record::Record;

/// The plan for documentation alone on a branch of which these files are recorded.
fn of_docs<'a>(tip: &Tip, recorded: &[(&str, &[u8])], change: &'a Change) -> Result<Plan<'a>, Problems> {
    let mut record = Record::default();
    for (path, data) in recorded {
        record.add(path, Object::file(&blob_id(data)));
    }
    let indexes = tip.files.keys().filter(|path| path.ends_with("index.yaml")).cloned().collect();
    let contents = Contents { record: Some(record.text()), indexes, ..Contents::default() };
    plan_of(&CONFIG, Some(tip), &contents, change, &Restored::default())
}

#[test]
fn documentation_replaces_itself_and_nothing_else() {
    let site: [(&str, &[u8]); 3] = [("index.html", b"old"), ("same.html", b"s"), ("stale/index.html", b"x")];
    let others: [(&str, &[u8]); 7] = [
        (".nojekyll", b"whatever"),
        (RECORD, b""),
        ("CNAME", b"example.com"),
        ("charts/web-1.0.0.tgz", b"1"),
        ("preview/1/index.html", b"p"),
        ("1.0/index.html", b"v"),
        ("versions.json", b"[]"),
    ];
    let tip = tip(&[&site[..], &others].concat());
    let change = change(docs(&[("index.html", "new"), ("same.html", "s"), ("a.html", "a")]), None);
    let plan = of_docs(&tip, &site, &change).expect("a plan");
    let expected = "*.helm-xtask.json =.nojekyll +a.html *index.html =same.html -stale/index.html";
    assert_eq!(outcome(&plan), expected);
    assert_eq!(plan.pages(State::Added).collect::<Vec<_>>(), ["a.html"]);
    assert_eq!(plan.foreign, ["1.0/index.html", "versions.json"]);
    assert_eq!((plan.replaced.len(), warnings(&plan).len()), (0, 0));
    // What is no more what was written belongs to who wrote it.
    let others = [("index.html", b"other".as_slice()), ("same.html", b"s"), ("stale/index.html", b"y")];
    let plan = of_docs(&tip, &others, &change).expect("a plan");
    assert_eq!(plan.replaced, ["index.html"]);
    assert_eq!(plan.foreign, ["1.0/index.html", "stale/index.html", "versions.json"]);
    assert_eq!(warnings(&plan), ["the documentation takes the place of files of others: `index.html`"]);
}

/// What the branch has then, and what is recorded of it.
fn next(tip: &Tip, plan: &Plan<'_>) -> (Tip, Option<Vec<u8>>) {
    let mut tip = tip.clone();
    for path in &plan.removed {
        tip.files.remove(str::from_utf8(path).expect("a path"));
    }
    for (path, content) in plan.written() {
        let Content::Data(data) = content else { panic!("{path}") };
        tip.files.insert(path.to_owned(), Object::file(&blob_id(data)));
    }
    (tip, Some(text(plan, RECORD).as_bytes().to_vec()))
}

/// Without a record nothing is ours: it is claimed, or it stays.
#[test]
fn what_an_earlier_documentation_wrote_is_claimed() {
    let there = tip(&[
        ("index.html", b"old"),
        ("same.html", b"s"),
        ("guide/a.html", b"a"),
        ("helm/a-1.0.0.tgz", b"t"),
        ("helm/index.yaml", b"entries:"),
        ("other.html", b"o"),
    ]);
    let mut change = change(docs(&[("index.html", "new"), ("same.html", "s")]), None);
    let first = plan(&CONFIG, Some(&there), None, &change, &Restored::default()).expect("a plan");
    assert_eq!(outcome(&first), "+.helm-xtask.json +.nojekyll *index.html =same.html");
    let said = warnings(&first);
    assert_eq!(said[0], "the documentation takes the place of files of others: `index.html`");
    let stay = "`gh-pages` keeps what this program did not write, 4 files (they seem to be a Helm repository): \
                `guide/`, `helm/`, `other.html`";
    assert_eq!(said[1..], [stay]);
    // The page that was there before with the same bytes is still theirs.
    let (tip, record) = next(&there, &first);
    let gone = self::change(docs(&[("index.html", "new")]), None);
    let contents = Contents { record, ..Contents::default() };
    let second = plan_of(&CONFIG, Some(&tip), &contents, &gone, &Restored::default()).expect("a plan");
    assert!(second.foreign.contains(&"same.html".to_owned()) && second.is_done(), "{}", outcome(&second));
    // A Helm repository is never claimed.
    change.adopt = vec!["**".to_owned(), "none/*".to_owned()];
    let indexes = ["helm/index.yaml".to_owned()].into();
    let contents = Contents { indexes, ..Contents::default() };
    let claimed = plan_of(&CONFIG, Some(&there), &contents, &change, &Restored::default()).expect("a plan");
    let expected = "+.helm-xtask.json +.nojekyll *index.html =same.html -guide/a.html -other.html";
    assert_eq!(outcome(&claimed), expected);
    assert_eq!(claimed.foreign, ["helm/a-1.0.0.tgz", "helm/index.yaml"]);
    assert!(warnings(&claimed).contains(&"--adopt `none/*` claims no file of `gh-pages`".to_owned()));
    let (tip, record) = next(&there, &claimed);
    let contents = Contents { record, ..Contents::default() };
    let last = plan_of(&CONFIG, Some(&tip), &contents, &gone, &Restored::default()).expect("a plan");
    assert_eq!(outcome(&last), "*.helm-xtask.json =.nojekyll =index.html -same.html");
}

/// However we and others publish in turn: no file of others disappears unless that was said, and none of ours stays
/// that the documentation does not have any more.
#[test]
fn others_lose_nothing_and_nothing_of_ours_is_stale() {
    const PATHS: [&str; 8] = [
        "index.html",
        "a.html",
        "a/b.html",
        "a/c/d.html",
        "1.0/index.html",
        "x.tgz",
        "helm/index.yaml",
        "preview/p",
    ];
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = |below: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        usize::try_from(seed % below as u64).expect("a number")
    };
    let (mut published, mut refused, mut replaced) = (0, 0, 0);
    for _ in 0..200 {
        let mut branch: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        // What others have, and what we wrote that nobody has touched since.
        let (mut theirs, mut ours) = (BTreeSet::new(), BTreeSet::new());
        for round in 0..12 {
            let path = PATHS[random(PATHS.len())];
            if random(3) == 0 {
                let is_free = branch.keys().all(|other| {
                    !other.starts_with(&format!("{path}/")) && !path.starts_with(&format!("{other}/"))
                });
                match random(6) {
                    0 if !theirs.is_empty() => {
                        branch.remove(RECORD);
                        theirs.append(&mut ours);
                    }
                    1 => drop((branch.remove(path), theirs.remove(path), ours.remove(path))),
                    _ if is_free => {
                        let data = format!("theirs {}", random(4)).into_bytes();
                        if branch.insert(path.to_owned(), data.clone()) != Some(data) {
                            theirs.insert(path.to_owned());
                            ours.remove(path);
                        }
                    }
                    _ => {}
                }
                continue;
            }
            let mut site = Vec::new();
            for path in PATHS {
                if random(2) == 0 && path != "preview/p" {
                    let text = if random(5) == 0 {
                        format!("theirs {}", random(4))
                    } else {
                        format!("ours {}", random(3))
                    };
                    site.push(File { path: path.to_owned(), data: text.into_bytes() });
                }
            }
            let version = format!("1.0.{round}");
            let charts =
                (random(2) == 0).then(|| release(vec![archive("web", &version, version.as_bytes())]));
            let change = change((random(4) > 0).then_some(site), charts);
            let files: Vec<(&str, &[u8])> =
                branch.iter().map(|(path, data)| (path.as_str(), &**data)).collect();
            let tip = tip(&files);
            let contents = contents_of(&branch);
            let Ok(plan) = plan_of(&CONFIG, Some(&tip), &contents, &change, &Restored::default()) else {
                refused += 1;
                continue;
            };
            published += 1;
            for path in &plan.removed {
                branch.remove(str::from_utf8(path).expect("a path"));
            }
            for (path, content) in plan.written() {
                let Content::Data(data) = content else { panic!("{path}") };
                branch.insert(path.to_owned(), data.to_vec());
            }
            for path in &plan.replaced {
                assert!(theirs.remove(path), "{path} was not theirs");
                replaced += 1;
            }
            assert!(theirs.iter().all(|path| branch.contains_key(path)), "{theirs:?}: {:?}", branch.keys());
            if let Some(docs) = &change.docs {
                let pages: BTreeSet<&String> = docs.iter().map(|file| &file.path).collect();
                let stale = ours.iter().find(|path| branch.contains_key(*path) && !pages.contains(path));
                assert_eq!(stale, None);
                assert!(docs.iter().all(|file| branch.get(&file.path) == Some(&file.data)));
                ours =
                    docs.iter().map(|file| file.path.clone()).filter(|path| !theirs.contains(path)).collect();
            }
            assert_eq!(
                branch.keys().filter(|path| path.starts_with("charts/web-")).count() > 0,
                branch.contains_key(INDEX)
            );
        }
    }
    assert!(published > 800 && refused > 50 && replaced > 50, "{published} {refused} {replaced}");
}

/// What a publishing reads of a branch.
fn contents_of(branch: &BTreeMap<String, Vec<u8>>) -> Contents {
    let page = |path: &str| Some((path.to_owned(), branch.get(path)?.clone()));
    Contents {
        index: branch.get(INDEX).cloned(),
        pages: [PAGE, "index.html"].into_iter().filter_map(page).collect(),
        record: branch.get(RECORD).cloned(),
        indexes: ["helm/index.yaml".to_owned()].into(),
        ..Contents::default()
    }
}

/// Documentation that has the place of what users install, or whose place others have by a directory, stops.
#[test]
fn documentation_in_the_way_of_others() {
    let tip = tip(&[
        (RECORD, &Record::default().text()),
        ("helm/index.yaml", b"entries: {}"),
        ("helm/a-1.0.0.tgz", b"1"),
        ("helm/a-1.0.0.tgz.prov", b"p"),
        ("guide", b"a file"),
        ("about/team.html", b"t"),
    ]);
    for (path, cause) in [
        ("helm/index.yaml", "`helm/index.yaml` on the branch belongs to a Helm repository"),
        ("helm/a-1.0.0.tgz", "belongs to a Helm repository"),
        ("helm/a-1.0.0.tgz.prov", "belongs to a Helm repository"),
        ("guide/index.html", "others have `guide` on the branch, in the way of `guide/index.html`"),
        ("about", "others have `about/team.html` on the branch, in the way of `about`"),
    ] {
        let change = change(docs(&[(path, "new")]), None);
        let found = of_docs(&tip, &[], &change).expect_err("an error").to_string();
        assert!(found.contains(cause), "{path}: {found}");
    }
    let same = change(docs(&[("helm/a-1.0.0.tgz", "1")]), None);
    assert_eq!(
        outcome(&of_docs(&tip, &[], &same).expect("a plan")),
        "=.helm-xtask.json +.nojekyll =helm/a-1.0.0.tgz"
    );
}

#[test]
fn documentation_that_is_refused() {
    for (path, data, cause) in [
        ("charts/index.html", "", "`charts`, the place of the Helm repository"),
        ("CNAME", "other.com\n", "sets the domain `other.com`, and the branch has another one"),
        ("CNAME/x", "", "a file of its own"),
        (".nojekyll", "", "a file of its own"),
        ("preview/x", "", "by `reserved`"),
        ("a/../b", "", "cannot hold"),
        ("a/.GIT/b", "", "cannot hold"),
        (".gitattributes", "*.png filter=lfs\n", "pointers"),
    ] {
        let tip = tip(&[("CNAME", b"example.com\n")]);
        let found = errors(&tip, None, &change(docs(&[(path, data)]), None));
        assert!(found.contains(cause), "{path}: {found}");
    }
}

#[test]
fn documentation_may_set_the_domain_that_the_branch_has() {
    let change = change(docs(&[("CNAME", "example.com\n")]), None);
    for (there, expected) in [
        (tip(&[]), "+.helm-xtask.json +.nojekyll +CNAME"),
        (tip(&[("CNAME", b"example.com\n")]), "+.helm-xtask.json +.nojekyll =CNAME"),
        (tip(&[("CNAME", b"example.com")]), "+.helm-xtask.json +.nojekyll *CNAME"),
    ] {
        let plan = plan(&CONFIG, Some(&there), None, &change, &Restored::default()).expect("a plan");
        assert_eq!(outcome(&plan), expected);
    }
}

/// Paths that are no text are not of a documentation.
#[test]
fn odd_names_stay() {
    let mut tip = tip(&[(".nojekyll", b"")]);
    let paths: [&[u8]; 3] = [b"charts/\xff.tgz", b"preview/\xff/x", b"old/\xff.html"];
    tip.odd = paths.map(<[u8]>::to_vec).to_vec();
    let change = change(docs(&[]), None);
    let plan = plan(&CONFIG, Some(&tip), None, &change, &Restored::default()).expect("a plan");
    assert_eq!(plan.removed.len(), 0);
    assert_eq!(plan.foreign, ["old/\u{fffd}.html"]);
}
