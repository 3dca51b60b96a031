//! The order in which charts are released: a library comes before the charts that depend on it, so that nobody is told of
//! a chart whose dependency is not published yet.

use std::collections::{HashMap, HashSet};

use super::PreparedChart;

/// Charts in the order of their dependencies on each other; those that do not depend on each other keep theirs. A cycle,
/// which Helm cannot package, is broken somewhere.
pub(crate) fn libraries_first(charts: Vec<PreparedChart>) -> Vec<PreparedChart> {
    let needs: Vec<(String, HashSet<String>)> = charts.iter().map(needs).collect();
    let names: Vec<(&str, &HashSet<String>)> =
        needs.iter().map(|(name, needs)| (name.as_str(), needs)).collect();
    let places: HashMap<String, usize> =
        in_order(&names).into_iter().enumerate().map(|(place, name)| (name.to_owned(), place)).collect();
    let mut charts = charts;
    charts.sort_by_key(|chart| places.get(&chart.package.metadata.name).copied());
    charts
}

/// The name of a chart, and the names of those that it depends on.
fn needs(chart: &PreparedChart) -> (String, HashSet<String>) {
    let metadata = &chart.package.metadata;
    let dependencies = metadata.dependencies.iter().flatten().map(|one| one.name.clone());
    (metadata.name.clone(), dependencies.collect())
}

/// Names, each after those that it needs and that are among them.
fn in_order<'n>(all: &[(&'n str, &HashSet<String>)]) -> Vec<&'n str> {
    let mut left: Vec<(&str, &HashSet<String>)> = all.to_vec();
    let mut done: Vec<&str> = Vec::new();
    while !left.is_empty() {
        let names: HashSet<&str> = left.iter().map(|(name, _)| *name).collect();
        let is_free = |(name, needs): &(&str, &HashSet<String>)| {
            !needs.iter().any(|one| one != name && names.contains(one.as_str()))
        };
        let (mut free, mut rest): (Vec<_>, Vec<_>) = left.into_iter().partition(is_free);
        if free.is_empty() {
            free.push(rest.remove(0));
        }
        done.extend(free.into_iter().map(|(name, _)| name));
        left = rest;
    }
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_comes_after_what_it_needs() {
        for (charts, expected) in [
            (&[("a", ""), ("b", "")][..], "a b"),
            (&[("a", "b"), ("b", "")], "b a"),
            (
                &[("api", "common"), ("base", ""), ("common", "base"), ("web", "common other")],
                "base common api web",
            ),
            (&[("a", "b"), ("b", "a"), ("c", "")], "c a b"),
            (&[("a", "a")], "a"),
        ] {
            let needs: Vec<HashSet<String>> = charts
                .iter()
                .map(|(_, needs)| needs.split_whitespace().map(str::to_owned).collect())
                .collect();
            let all: Vec<(&str, &HashSet<String>)> =
                charts.iter().map(|(name, _)| *name).zip(&needs).collect();
            assert_eq!(in_order(&all).join(" "), expected, "{charts:?}");
        }
    }
}
