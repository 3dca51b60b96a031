//! A `kubeVersion` that Helm 3 refuses on clusters of Google and Amazon, whose versions are pre-releases by their form, such as
//! `v1.29.3-gke.100`.

use super::Chart;
use super::edit::{Edit, Finding};
use crate::base::constraint::Constraint;
use crate::base::path;
use crate::base::problem::Problem;
use crate::base::text::name;

pub fn check_kube_version(chart: &Chart) -> Option<Finding> {
    let package = chart.package.as_ref()?;
    let written = package.metadata.kube_version.as_str();
    let instead = with_pre_releases(written)?;
    let file = path::below(&chart.source.path, "Chart.yaml");
    let line = package.line("kubeVersion");
    let message = format!(
        "Helm 3 refuses {} on clusters of GKE and EKS, whose versions are like `v1.29.3-gke.100`",
        name(&format!("kubeVersion: {written}"))
    );
    let edit = Edit::within(&file, chart.text("Chart.yaml")?, line?, written, &instead);
    Some(Finding::new(
        Problem::warning(message).at(file, line).hint(format!("write `kubeVersion: \"{instead}\"`")),
        edit,
    ))
}

/// The constraint with `-0` after each version; `None` where it lets pre-releases in already, or where that would not.
fn with_pre_releases(written: &str) -> Option<String> {
    let old = Constraint::parse(written).ok()?;
    let mut instead = String::new();
    let mut rest = written;
    let is_version = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '*' | '-' | '+');
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit() || matches!(c, 'v' | '*' | 'x' | 'X')) {
        let (before, version) = rest.split_at_checked(start)?;
        let end = version.find(|c| !is_version(c)).unwrap_or(version.len());
        let (version, after) = version.split_at_checked(end)?;
        let pre = if version.contains(['-', '+']) || before.ends_with("!=") { "" } else { "-0" };
        instead.extend([before, version, pre]);
        rest = after;
    }
    instead.push_str(rest);
    let new = Constraint::parse(&instead).ok()?;
    let mut versions =
        (0..100).map(|minor| format!("1.{minor}.5")).filter(|version| old.allows(version)).peekable();
    versions.peek()?;
    let lets_in = versions.all(|version| new.allows(&format!("{version}-gke.100")));
    (lets_in && instead != written).then_some(instead)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::tests::{chart, told};

    #[test]
    fn constraints_let_clusters_of_providers_in() {
        for (written, instead) in [
            (">=1.25.0", ">=1.25.0-0"),
            (">= 1.25", ">= 1.25-0"),
            (">=1.25.0-0 <1.31.0", ">=1.25.0-0 <1.31.0-0"),
            ("^1.25.0 || 1.24.x", "^1.25.0-0 || 1.24.x-0"),
            ("1.25 - 1.30", "1.25-0 - 1.30-0"),
            (">=v1.25.0, !=1.27.0", ">=v1.25.0-0, !=1.27.0"),
        ] {
            let yaml = format!("apiVersion: v2\nname: c\nversion: 1.0.0\nkubeVersion: \"{written}\" # x\n");
            let finding = check_kube_version(&chart(&[("Chart.yaml", &yaml)])).expect(written);
            let edit = finding.edit.as_ref().map(|edit| edit.insert.concat());
            assert_eq!(edit, Some(format!("kubeVersion: \"{instead}\" # x")));
            assert_eq!(
                told([finding]),
                [format!(
                    "warning c/Chart.yaml:4: Helm 3 refuses `kubeVersion: {written}` on clusters of GKE and EKS, whose versions are like `v1.29.3-gke.100` | write `kubeVersion: \"{instead}\"`"
                )]
            );
        }
        for written in ["", ">=1.25.0-0", ">= 1.16.0-0 < 1.30.0-0", "*-0", ">=3.0.0", "latest", "1.25.0"] {
            assert_eq!(with_pre_releases(written), None, "{written}");
        }
    }
}
