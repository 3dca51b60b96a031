//! Which version comes next (semver.org, 2.0.0).

use clap::ValueEnum;
use semver::{Prerelease, Version};

/// By which part a version is raised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Bump {
    /// The next release candidate
    Rc,
    /// Corrections alone
    Patch,
    /// Something new
    Minor,
    /// Something that makes users change what they have
    Major,
}

impl Bump {
    pub fn name(self) -> &'static str {
        match self {
            Self::Rc => "rc",
            Self::Patch => "patch",
            Self::Minor => "minor",
            Self::Major => "major",
        }
    }
}

/// The version after another one. A prerelease becomes the release that it came before, if that is raised far enough.
pub fn next(version: &Version, bump: Bump) -> Version {
    let &Version { major, minor, patch, .. } = version;
    let is_before = !version.pre.is_empty();
    match bump {
        Bump::Major if is_before && minor == 0 && patch == 0 => Version::new(major, 0, 0),
        Bump::Major => Version::new(major.saturating_add(1), 0, 0),
        Bump::Minor if is_before && patch == 0 => Version::new(major, minor, 0),
        Bump::Minor => Version::new(major, minor.saturating_add(1), 0),
        Bump::Patch if is_before => Version::new(major, minor, patch),
        Bump::Patch => Version::new(major, minor, patch.saturating_add(1)),
        Bump::Rc => {
            let release = next(version, Bump::Patch);
            let number = version.pre.strip_prefix("rc.").and_then(|number| number.parse::<u64>().ok());
            let pre = format!("rc.{}", number.unwrap_or_default().saturating_add(1));
            let pre = Prerelease::new(&pre).unwrap_or_default();
            let candidate = Version { pre: pre.clone(), ..release.clone() };
            // `rc.1` is lower than `snapshot`.
            if candidate > *version { candidate } else { Version { pre, ..next(&release, Bump::Patch) } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table() {
        for (from, major, minor, patch, rc) in [
            ("1.2.3", "2.0.0", "1.3.0", "1.2.4", "1.2.4-rc.1"),
            ("1.2.0", "2.0.0", "1.3.0", "1.2.1", "1.2.1-rc.1"),
            ("0.1.0", "1.0.0", "0.2.0", "0.1.1", "0.1.1-rc.1"),
            ("1.2.4-rc.1", "2.0.0", "1.3.0", "1.2.4", "1.2.4-rc.2"),
            ("1.3.0-rc.1", "2.0.0", "1.3.0", "1.3.0", "1.3.0-rc.2"),
            ("2.0.0-rc.9", "2.0.0", "2.0.0", "2.0.0", "2.0.0-rc.10"),
            ("1.3.0-beta.2", "2.0.0", "1.3.0", "1.3.0", "1.3.0-rc.1"),
            ("1.3.0-snapshot", "2.0.0", "1.3.0", "1.3.0", "1.3.1-rc.1"),
            ("1.2.3+build", "2.0.0", "1.3.0", "1.2.4", "1.2.4-rc.1"),
        ] {
            let from = Version::parse(from).expect("a version");
            let bumps = [Bump::Major, Bump::Minor, Bump::Patch, Bump::Rc];
            let found = bumps.map(|bump| next(&from, bump).to_string());
            assert_eq!(found.each_ref().map(String::as_str), [major, minor, patch, rc], "{from}");
            assert!(bumps.iter().all(|bump| next(&from, *bump) > from), "{from}");
        }
    }
}
