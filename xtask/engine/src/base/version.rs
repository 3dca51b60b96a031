//! Versions, as loosely as Helm reads them in Chart.yaml and as strictly as a release needs them.

pub use helm_xtask_formats::version::{helm_accepts, precedence};
use semver::Version;

/// The strict version that a loose one stands for, for a hint: `v1.2` means `1.2.0`.
pub fn strict_form(text: &str) -> Option<Version> {
    if !helm_accepts(text) {
        return None;
    }
    let text = text.strip_prefix('v').unwrap_or(text);
    let end = text.find(['-', '+']).unwrap_or(text.len());
    let (core, rest) = text.split_at_checked(end)?;
    let mut numbers = core.split('.').map(str::parse::<u64>);
    let mut next = || numbers.next().unwrap_or(Ok(0)).ok();
    let core = format!("{}.{}.{}", next()?, next()?, next()?);
    Version::parse(&(core + rest)).ok()
}

/// Whether two versions are one for Helm, in two spellings perhaps.
pub fn is_same(a: &str, b: &str) -> bool {
    a == b
        || helm_accepts(a) && helm_accepts(b) && strict_form(a).is_some() && strict_form(a) == strict_form(b)
}

/// Whether Helm takes a version for one that came before a release.
pub fn is_prerelease(text: &str) -> bool {
    strict_form(text).is_some_and(|version| !version.pre.is_empty())
}

/// The release that would follow a snapshot; `None` for other versions.
pub fn release_of(version: &str) -> Option<Version> {
    let version = Version::parse(version).ok().filter(|version| version.pre.starts_with("dev."))?;
    Some(Version::new(version.major, version.minor, version.patch))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strict_forms() {
        let strict = |text| strict_form(text).map(|v| v.to_string());
        assert_eq!(strict("v1.2").as_deref(), Some("1.2.0"));
        assert_eq!(strict("01.2.3-rc+x").as_deref(), Some("1.2.3-rc+x"));
        assert_eq!(strict("2024-01-02"), Some("2024.0.0-01-02".into()));
        assert_eq!(strict("latest"), None);
        assert!(is_prerelease("v1.2-rc.1") && !is_prerelease("v1.2+b-1") && !is_prerelease("latest"));
    }
}
