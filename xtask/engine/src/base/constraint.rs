//! Version constraints as Helm judges them: as Masterminds/semver v3.5 does, which Helm 3.22 and 4.3 are built with.
//! v3.4 (Helm 4.1) has no limits of length yet. v3.3 (Helm 3.17) has none either, and lets a pre-release fit only
//! comparisons that have one themselves, or `!=` with all of a version.

use std::cmp::Ordering;

use semver::Version;

use super::version::{precedence, strict_form};

/// The library's `MaxConstraintLen`, `MaxConstraintGroups` and `MaxVersionLen`.
const MAX_BYTES: usize = 512;
const MAX_GROUPS: usize = 32;
const MAX_VERSION_BYTES: usize = 256;

const OPERATORS: [&str; 12] = ["", "=", "!=", ">", "<", ">=", "=>", "<=", "=<", "~", "~>", "^"];

/// A version fits if it fits each comparison of a group: `>=1.2, <2 || ^3` has two groups.
#[derive(Clone, Debug)]
pub struct Constraint {
    groups: Vec<Vec<Comparison>>,
}

impl Constraint {
    /// The error says what is wrong with the text. The empty text is, too, though Helm takes an empty `--version`
    /// for `*` before it parses it.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.len() > MAX_BYTES {
            return Err(format!("a version constraint has at most {MAX_BYTES} bytes"));
        }
        // Ranges first, as in the library: `1||2 - 3` means `>=1 || 2, <=3`.
        let text = rewrite_ranges(text);
        if text.split("||").count() > MAX_GROUPS {
            return Err(format!("a version constraint has at most {MAX_GROUPS} alternatives"));
        }
        Ok(Self { groups: text.split("||").map(comparisons).collect::<Result<_, _>>()? })
    }

    /// Whether a version fits, which may be as loose as Helm's (`v1.2`). What Helm takes for no version never does.
    pub fn allows(&self, version: &str) -> bool {
        let Some(parsed) = parse_version(version) else { return false };
        self.groups.iter().any(|group| {
            // One pre-release in a group lets them in for all of it (`Check`).
            (parsed.pre.is_empty() || group.iter().any(|own| !own.version.pre.is_empty()))
                && group.iter().all(|own| own.allows(&parsed, precedence(version, &own.text)))
        })
    }

    /// The versions that it names, as they are written there.
    pub fn versions(&self) -> impl Iterator<Item = String> {
        self.groups.iter().flatten().map(|own| own.text.trim_start_matches('v').to_owned())
    }

    /// The one version that it names, by `1.2.3`, `v1.2.3` or `=1.2.3`; all build metadata fits. `1.2` is a range,
    /// though Helm looks for a version or tag of that very text first.
    pub fn exact(&self) -> Option<&Version> {
        let [group] = self.groups.as_slice() else { return None };
        let [only] = group.as_slice() else { return None };
        (matches!(only.operator, "" | "=") && only.places == 3).then_some(&only.version)
    }
}

/// An operator and a version, whose places are 0 from the first wildcard, or the first left out, on.
#[derive(Clone, Debug)]
struct Comparison {
    operator: &'static str,
    version: Version,
    text: String,
    /// How many of the three are given.
    places: usize,
}

impl Comparison {
    /// By the letter of the library's `constraintOps`, `^*` allows only `0.0.0`, `<=*` only `0.0.z`, `!=*` all but
    /// `0.0.0`, and `~0.0.0` any release. `order` is the version's to its own.
    fn allows(&self, version: &Version, order: Ordering) -> bool {
        let own = &self.version;
        let core = |version: &Version| [version.major, version.minor, version.patch];
        let at = |places| core(version).iter().take(places).cmp(core(own).iter().take(places));
        match (self.operator, self.places) {
            ("" | "=", 3) => order.is_eq(),
            ("!=", 1) => at(1).is_ne(),
            ("!=", 2) => at(2).is_ne() || version.pre != own.pre,
            ("!=", _) => order.is_ne(),
            (">", places @ 1..=2) => at(places).is_gt(),
            (">", _) => order.is_gt(),
            ("<", _) => order.is_lt(),
            (">=" | "=>", _) => order.is_ge(),
            ("<=" | "=<", 3) => order.is_le(),
            ("<=" | "=<", 1) => at(1).is_le(),
            ("<=" | "=<", _) => at(2).is_le(),
            ("" | "=" | "~" | "~>", places) => {
                let is_any = places == 0 || places == 3 && core(own) == [0; 3];
                order.is_ge() && (is_any || at(places.min(2)).is_eq())
            }
            // `^`: up to its first number above 0.
            (_, places) => {
                let fixed = core(own).iter().take_while(|number| **number == 0).count() + 1;
                order.is_ge() && at(fixed.min(if places == 0 { 3 } else { places })).is_eq()
            }
        }
    }
}

fn parse_version(text: &str) -> Option<Version> {
    strict_form(text).filter(|_| text.len() <= MAX_VERSION_BYTES)
}

/// Comparisons with a comma or blanks between them (`validConstraintRegex`).
fn comparisons(group: &str) -> Result<Vec<Comparison>, String> {
    let mut found = Vec::new();
    let mut rest = group.trim_ascii_start();
    if rest.is_empty() {
        return Err("the version constraint or one of its alternatives is empty".into());
    }
    loop {
        let operand = rest.trim_start_matches(['=', '!', '<', '>', '~', '^']);
        let operator = before(rest, operand);
        let known = OPERATORS.into_iter().find(|known| *known == operator);
        let operator = known.ok_or_else(|| format!("{operator:?} is no operator"))?;
        let (version, after) = version_at(operand.trim_ascii_start())
            .ok_or_else(|| format!("{rest:?} does not start with a version"))?;
        found.push(comparison(operator, version).ok_or_else(|| format!("{version:?} is no version"))?);
        let next = after.trim_ascii_start();
        rest = match next.strip_prefix(',') {
            Some(next) => next.trim_ascii_start(),
            None if next.is_empty() => return Ok(found),
            None if next.len() < after.len() => next,
            None => return Err(format!("{next:?} does not belong to the version before it")),
        };
    }
}

/// A comparison to a version as constraints have them: `1.x.9`, `v1`, `*-0`. What follows the first wildcard is
/// ignored, but for a pre-release (`parseConstraint`).
fn comparison(operator: &'static str, written: &str) -> Option<Comparison> {
    let (released, _) = written.split_once('+').unwrap_or((written, ""));
    let core = released.split('-').next().unwrap_or_default();
    let pre = released.strip_prefix(core).unwrap_or_default();
    let numbers: Vec<&str> = core.trim_start_matches('v').split('.').collect();
    let places = numbers.iter().take_while(|number| !matches!(**number, "x" | "X" | "*")).count();
    let text = match (numbers.as_slice(), places) {
        (_, 0) => format!("0.0.0{pre}"),
        ([major, ..], 1) => format!("{major}.0.0{pre}"),
        ([major, minor, ..], 2) => format!("{major}.{minor}.0{pre}"),
        _ => written.to_owned(),
    };
    Some(Comparison { operator, version: parse_version(&text)?, text, places })
}

/// `A - B` as `>= A, <= B` (`rewriteRange`). The blanks before it go, so that `>1 2 - 3` is no constraint.
fn rewrite_ranges(text: &str) -> String {
    let (mut rewritten, mut rest) = (String::new(), text);
    while let Some(first) = rest.chars().next() {
        if let Some((from, to, after)) = range_at(rest) {
            rewritten.extend([">= ", from, ", <= ", to, " "]);
            rest = after;
        } else {
            rewritten.push(first);
            rest = rest.strip_prefix(first).unwrap_or_default();
        }
    }
    rewritten
}

fn range_at(text: &str) -> Option<(&str, &str, &str)> {
    let is_blank = |c: char| c.is_ascii_whitespace();
    let (from, rest) = version_at(text.trim_ascii_start())?;
    let rest = rest.strip_prefix(is_blank)?.trim_ascii_start().strip_prefix('-')?;
    let (to, rest) = version_at(rest.strip_prefix(is_blank)?.trim_ascii_start())?;
    Some((from, to, rest.trim_ascii_start()))
}

/// The longest version at the start of a text, and what follows it (`cvRegex`, which has the stray `|` in numbers).
fn version_at(text: &str) -> Option<(&str, &str)> {
    let is_number = |c: char| c.is_ascii_digit() || "xX*|".contains(c);
    let is_identifier = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let start = text.strip_prefix('v').unwrap_or(text);
    let mut rest = start.trim_start_matches(is_number);
    if rest.len() == start.len() {
        return None;
    }
    rest = after_part(after_part(rest, '.', is_number), '.', is_number);
    for mut lead in ['-', '+'] {
        while let next = after_part(rest, lead, is_identifier)
            && next.len() < rest.len()
        {
            (rest, lead) = (next, '.');
        }
    }
    Some((before(text, rest), rest))
}

/// What follows `lead` and characters of a kind; the whole text if it does not start with them.
fn after_part(text: &str, lead: char, is_of: impl Fn(char) -> bool) -> &str {
    let part = text.strip_prefix(lead).unwrap_or_default();
    Some(part.trim_start_matches(is_of)).filter(|rest| rest.len() < part.len()).unwrap_or(text)
}

fn before<'a>(text: &'a str, rest: &str) -> &'a str {
    text.strip_suffix(rest).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As Masterminds/semver v3.5.0 judged: a constraint; versions that fit; versions that do not.
    const TABLE: &str = "
        1.2.3; 1.2.3 v1.2.3 1.2.3+b; 1.2.4 1.2.3-rc 1.2.3.4 / =v1.2.3; 1.2.3; 1.2.2 / 01.2.3; 1.2.3; 1.2.2
        1.2.3+b; 1.2.3 1.2.3+c; 1.2.4 1.2.3-b+b / 1.2.3-rc.1; 1.2.3-rc.1; 1.2.3 1.2.3-rc / =0.0.0; 0; 0.0.1
        1; 1.0.0 1.9.9 1; 0.9.9 2.0.0 1.5.0-rc / v1.2; 1.2.0 1.2.9; 1.1.9 1.3.0 / 0; 0.9.9; 1.0.0 / 0.0; 0.0.9; 0.1.0
        = 1.x.x; 1.9.9; 2.0.0 / 1.X.9; 1.0.0 1.9.0; 2.0.0 / x.1.2; 0.0.0 9.9.9; 1.0.0-rc / 1.2.*; 1.2.9; 1.3.0
        *; 0.0.0 9.9.9; 1.0.0-rc / *-0; 0.0.0-0 1.0.0-rc 1.0.0; latest / 1-rc; 1.0.0-rc 1.5.0-a 1.0.0; 1.0.0-a 2.0.0-0
        !=1.2.3; 1.2.4; 1.2.3 1.2.3+b 1.2.4-rc / !=1; 2.0.0; 1.2.3 / !=1.2; 1.3.0 2.2.0; 1.2.9 / !=*; 0.0.1; 0.0.0
        !=1.2-rc; 1.2.3 1.2.3-a 1.3.0-rc; 1.2.3-rc / !=1.2.3-rc; 1.2.3 1.2.4-rc; 1.2.3-rc+b / != 1-rc; 2.0.0-rc; 1.0.0-a
        >1.2.3; 1.2.4; 1.2.3 1.3.0-rc / >1; 2.0.0; 1.9.9 / >1.2; 1.3.0 2.0.0; 1.2.9 0.3.0 / >*; 0.0.1; 0.0.0
        >1.2.3-rc; 1.2.3 1.2.4-a; 1.2.3-beta / <1; 0.9.9; 1.0.0 0.9.9-rc / <1.2; 1.1.9; 1.2.0 / <*; ; 0.0.0 0.0.0-rc
        <2-0; 1.9.9-rc 1.0.0; 2.0.0-0 2.0.0 / >=1.2; 1.2.0; 1.1.9 1.2.1-rc / =>1-0; 1.0.0-0 2.0.0-rc; 0.9.9
        <=1.2.3; 1.2.3; 1.2.4 / <=1; 1.9.9; 2.0.0 / =<1.2; 1.2.9 0.9.0; 1.3.0 2.0.0 / <=*; 0.0.9; 0.1.0
        ~1.2.3; 1.2.3 1.2.9; 1.2.2 1.3.0 / ~>1.2; 1.2.0; 1.3.0 / ~1; 1.9.9; 2.0.0 / ~0; 0.9.9; 1.0.0
        ~0.0.0; 9.9.9; 1.0.0-rc / ~*; 9.9.9; 1.0.0-rc / ~1.2.3-rc; 1.2.3-rc.1 1.2.9-a; 1.2.3-a 1.3.0-rc
        ^1.2.3; 1.9.9; 1.2.2 2.0.0 / ^0.2.3; 0.2.9; 0.3.0 1.2.3 / ^0.0.3; 0.0.3; 0.0.4 0.1.3 / ^0.0; 0.0.9; 0.1.0
        ^0; 0.9.9; 1.0.0 / ^*; 0.0.0; 0.0.1 0.1.0 1.0.0 / ^1.2-0; 1.2.0-0 1.3.0-rc; 2.0.0-0
        >=1.2 <1.4; 1.2.0 1.3.9; 1.4.0 1.1.9 / >=1.2,<1.4; 1.3.0; 1.4.0 / >= 1.2 ,  < 1.4\t!=1.3.0; 1.3.1; 1.3.0
        >=1.2-0 <2; 1.5.0-rc 2.0.0-rc; 2.0.0 / <1 || >2; 0.9.9 3.0.0; 1.0.0 2.0.0 / 1||3-0; 1.5.0 3.1.0-rc; 1.5.0-rc
        1.2 - 1.4.5; 1.2.0 1.4.5; 1.1.9 1.4.6 / 1.2 - 1.4; 1.4.9; 1.5.0 / 1.2.3-rc  -  2; 1.2.3-rc.1 2.9.9; 3.0.0
        1||2 - 3; 5.0.0; 0.9.9 / 1 || 2 - 3; 1.0.0 3.9.9; 5.0.0 / 1 - 2 >1.5; 1.6.0; 1.5.1 / >1,1 - 2; 2.0.0; 1.0.0
        >1.2.3-100000000000000000000; 1.2.3-99999999999999999999; 0 / ~18446744073709551615; 18446744073709551615; 0";

    #[test]
    fn judges_as_helm_does() {
        for row in TABLE.trim().split(['\n', '/']) {
            let row: Vec<&str> = row.trim().split(';').collect();
            let constraint = Constraint::parse(row[0]).unwrap();
            for (versions, fits) in [(row[1], true), (row[2], false)] {
                for version in versions.split_whitespace() {
                    assert_eq!(constraint.allows(version), fits, "{}: {version}", row[0]);
                }
            }
        }
    }

    #[test]
    fn refuses_what_is_no_constraint() {
        let texts = ";1 ||;||1;1,;,1;1,,2;==1;> =1;>;1=2;latest;V1;1.2.3.4;1.xx;1|2;1.2.3-;1.2.3-01;1 -2;1- 2;>1 2 - 3\
            ;1 ||2 - 3;18446744073709551616;1.é;\u{a0}1";
        texts.split(';').for_each(|text| assert!(Constraint::parse(text).is_err(), "{text:?}"));
        let is_ok = |text: String| Constraint::parse(&text).is_ok();
        assert!(is_ok(format!("{:>512}", 1)) && !is_ok(format!("{:>513}", 1)));
        assert!(is_ok(format!("1{}", "||1".repeat(31))) && !is_ok(format!("1{}", "||1".repeat(32))));
        assert!(is_ok(format!("1.2.3-{:a>250}", 1)) && !is_ok(format!("1.2.3-{:a>251}", 1)));
        let is_of_1 = |version: String| Constraint::parse("1").unwrap().allows(&version);
        assert!(is_of_1(format!("1+{:b>254}", 1)) && !is_of_1(format!("1+{:b>255}", 1)));
    }

    #[test]
    fn names_one_version() {
        let exact = |text| Constraint::parse(text).unwrap().exact().map(ToString::to_string);
        assert_eq!(["1.2.3", "= v1.2.3", "01.2.3"].map(exact), [(); 3].map(|()| Some("1.2.3".into())));
        assert_eq!(exact(" 1.2.3-rc+b ").as_deref(), Some("1.2.3-rc+b"));
        let ranges = ["1.2", "1.2.x", "~1.2.3", "1.2.3 || 1.2.4", "1.2.3 1.2.3"];
        assert!(ranges.map(exact).iter().all(Option::is_none));
    }
}
