//! Which version a range stands for today, for Chart.lock (Helm's `resolver.Resolve`).

use super::listed::some;
use crate::base::constraint::Constraint;
use crate::base::text::name;
use crate::base::version::precedence;

/// The highest of the versions of a chart that a range allows. The error is the message.
pub fn highest(chart: &str, range: &str, versions: Vec<String>) -> Result<String, String> {
    let constraint = Constraint::parse(range)?;
    let allowed = versions.iter().filter(|version| constraint.allows(version));
    // Of equal ones, which differ in build metadata, the first.
    let highest = allowed.rev().max_by(|a, b| precedence(a, b)).cloned();
    highest.ok_or_else(|| {
        let mut versions = versions;
        versions.sort_by(|a, b| precedence(b, a));
        format!("no version of {} fits {}; {}", name(chart), name(range), some(versions.into_iter()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_that_fits() {
        let versions = ["1.0.0", "1.10.0", "1.10.0+b", "1.9.0", "2.0.0-rc.1", "latest"].map(str::to_owned);
        for (range, expected) in [
            ("^1.0.0", Ok("1.10.0")),
            ("1.9.x", Ok("1.9.0")),
            (">=1-0", Ok("2.0.0-rc.1")),
            ("*", Ok("1.10.0")),
            (
                "^3",
                Err(
                    "no version of `db` fits `^3`; it has `2.0.0-rc.1`, `1.10.0`, `1.10.0+b`, `1.9.0`, `1.0.0` and 1 more",
                ),
            ),
        ] {
            let found = highest("db", range, versions.to_vec());
            assert_eq!(found.as_deref().map_err(String::as_str), expected, "{range}");
        }
        assert!(highest("db", "nonsense", versions.to_vec()).is_err());
    }
}
