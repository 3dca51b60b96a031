//! Versions of charts, as loosely as Helm reads them.

use std::cmp::Ordering;

/// Whether Helm accepts `text` as a chart version: `v?N[.N[.N]][-pre][+meta]`, leading zeros allowed but in a
/// numeric part of `pre`, each N at most 2^64-1 (Masterminds/semver `NewVersion`, which Helm validates with).
pub fn helm_accepts(text: &str) -> bool {
    let text = text.strip_prefix('v').unwrap_or(text);
    let (text, meta) = split(text, '+');
    let (core, pre) = split(text, '-');
    let numbers: Vec<&str> = core.split('.').collect();
    numbers.len() <= 3
        && numbers.iter().all(|n| n.bytes().all(|b| b.is_ascii_digit()) && n.parse::<u64>().is_ok())
        && pre.is_none_or(|pre| pre.split('.').all(|part| is_identifier(part) && !has_leading_zero(part)))
        && meta.is_none_or(|meta| meta.split('.').all(is_identifier))
}

fn split(text: &str, at: char) -> (&str, Option<&str>) {
    text.split_once(at).map_or((text, None), |(head, tail)| (head, Some(tail)))
}

fn is_identifier(part: &str) -> bool {
    !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

fn has_leading_zero(part: &str) -> bool {
    part.len() > 1 && part.starts_with('0') && part.bytes().all(|b| b.is_ascii_digit())
}

/// Orders two versions that Helm accepts as it does: by semver's precedence, build metadata ignored, numbers of a
/// pre-release above 64 bits as text (Masterminds/semver `Compare`).
pub fn precedence(a: &str, b: &str) -> Ordering {
    let parts = |text| {
        let (text, _) = split(text, '+');
        let (core, pre) = split(text, '-');
        let mut numbers =
            core.trim_start_matches('v').split('.').map(|number| number.parse().unwrap_or(0_u64));
        let mut next = || numbers.next().unwrap_or(0);
        ([next(), next(), next()], pre)
    };
    let ((a, pre_a), (b, pre_b)) = (parts(a), parts(b));
    a.cmp(&b).then_with(|| match (pre_a, pre_b) {
        (Some(a), Some(b)) => pre_releases(a, b),
        // A release is newer than what came before it.
        (a, b) => b.is_some().cmp(&a.is_some()),
    })
}

fn pre_releases(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.split('.'), b.split('.'));
    loop {
        let order = match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (a, None) => a.is_some().cmp(&false),
            (None, Some(_)) => Ordering::Less,
            (Some(a), Some(b)) => match (a.parse::<u64>(), b.parse::<u64>()) {
                (Ok(a), Ok(b)) => a.cmp(&b),
                (Err(_), Err(_)) => a.cmp(b),
                (a, _) => {
                    if a.is_ok() {
                        Ordering::Less
                    } else {
                        Ordering::Greater
                    }
                }
            },
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_that_helm_accepts() {
        for text in [
            "1.2.3",
            "v1",
            "1",
            "1.2",
            "1-rc",
            "01.02.3",
            "2024-01-02",
            "1.2.3--",
            "1.2.3-rc.1+b.01",
            "18446744073709551615.0.0",
        ] {
            assert!(helm_accepts(text), "{text}");
        }
        for text in [
            "",
            "V1.2.3",
            "1.2.3.4",
            " 1.2.3",
            "1.2.3\n",
            "1.2.3-01",
            "1.2.3-",
            "1.2.3+",
            "1.2.3+a_b",
            "=1.2.3",
            "1.x",
            "1..2",
            "latest",
            "vv1",
            "18446744073709551616",
            "1.2.3+a+b",
            "+1",
        ] {
            assert!(!helm_accepts(text), "{text:?}");
        }
    }

    /// Two lists that Helm sorted, newest first.
    #[test]
    fn precedence_is_helms() {
        for sorted in [
            "v2.3.3 2.3.3-alpha.1 v2.3.3-alpha+b2 2.3.3-10+b2 2.3.2 2.3.2 v2.3.2-beta.11+exp.sha.5114f85 \
             2.3.2-beta.11+exp.sha.5114f85 v2.3.2-beta.11 v2.3.2-beta.2+b1 2.3.2-beta.2 \
             v2.3.2-a-b+exp.sha.5114f85 2.3.2-20240101123456789012345+b1 v2.3.2-20240101123456789012345 \
             2.3.1+b1 v2.3.1+exp.sha.5114f85 2.3.1 2.3.1+exp.sha.5114f85 2.3.1+exp.sha.5114f85 2.3.1-rc.1+b1 \
             2.3.1-rc.1+b1 2.3.1-beta.11+b1 2.3.1-beta.2 2.3.1-alpha 2.3.1-a-b 2.3.1-20240101123456789012345 \
             v2.3.1-10+b2 v2.3.1-1 v2.3.1-1 2.3.1-1+exp.sha.5114f85 v2.3 2.3+b2 v2.3+b1 2.3 \
             2.3+exp.sha.5114f85 v2.3-x.7.z.92 v2.3-x.7.z.92+b1 2.3-rc.1+b2 2.3-rc.1 2.3-beta.11",
            "2.3-a-b 2.2.2-alpha.1 2.2.1-alpha.1+b1 2.2-x.7.z.92+exp.sha.5114f85 v2.2-beta.11 2.1.2 \
             v2.1.2-x.7.z.92+b2 2.1.1-a-b 2.0.1-alpha.1+exp.sha.5114f85 2.0.0-beta.2+b1 1.3-beta.11+b1 \
             v1.3-alpha.1+b2 1.2.1-20240101123456789012345+exp.sha.5114f85 1.2-rc.1 \
             1.2.0-20240101123456789012345+b1 v1.1.3-alpha.1+b2 v1.1.2-10+b1 1.1-x.7.z.92+exp.sha.5114f85 \
             1.0.0-x.7.z.92 1.0-beta.11+b1 v1.0.0-2+b2 0.3.3-x.7.z.92 v0.3-alpha.1 0.3-a-b+b1 0.3.0-0 \
             0.2-beta.11+b1 v0.2.0-10 0.2-10 0.2-10 0.2-0 v0.1.3 0.1.2-beta.2 v0.1.1 v0.1 \
             0.0.2-x.7.z.92+exp.sha.5114f85 0.0.1-beta.11+b1 0.0-beta.11 v0.0-alpha.beta v0.0-alpha.1+b1 \
             0.0-1+b2",
        ] {
            let versions: Vec<&str> = sorted.split_whitespace().collect();
            for pair in versions.windows(2) {
                assert_ne!(precedence(pair[0], pair[1]), Ordering::Less, "{pair:?}");
            }
        }
        for (newer, older) in
            [("1.0.0", "1.0.0-rc"), ("1.0.0-a.1", "1.0.0-a"), ("1.0.0-a", "1.0.0-9"), ("1.10", "1.9.9")]
        {
            assert_eq!(precedence(newer, older), Ordering::Greater, "{newer} {older}");
            assert_eq!(precedence(older, newer), Ordering::Less, "{newer} {older}");
        }
        assert_eq!(precedence("v2.1+b", "2.1.0"), Ordering::Equal);
    }
}
