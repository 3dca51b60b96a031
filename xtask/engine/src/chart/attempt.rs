//! Rendering a chart with helm until it is known whether the chart is wrong, or only the machine that renders it is not the
//! one that the chart is for.

use super::cluster::Clusters;
use super::helm_words::{is_refusal, is_unreachable};

/// The option without which helm judges values by values.schema.json (Helm 3.16).
pub const SKIP_SCHEMA: &str = "--skip-schema-validation";

/// What came of it.
#[derive(Debug, PartialEq, Eq)]
pub struct Attempt<T> {
    /// What helm printed, `None` where nothing can be said of the chart, or its words on what is wrong.
    pub result: Result<Option<T>, String>,
    /// The options that it was asked with in the end.
    pub options: Vec<String>,
    pub doubts: Vec<Doubt>,
}

/// What nobody can judge on this machine, with helm's words.
#[derive(Debug, PartialEq, Eq)]
pub enum Doubt {
    /// A schema that values.schema.json refers to cannot be fetched.
    Schema(String),
    /// The templates refuse the cluster that helm pretends, and take another, or refuse that in other words.
    Cluster(String),
}

/// Lets helm render with these options, and with others where what it says may be none of the chart's fault.
pub fn attempt<T, E>(
    clusters: &Clusters,
    mut run: impl FnMut(&[String]) -> Result<Result<T, String>, E>,
) -> Result<Attempt<T>, E> {
    let mut options = vec!["--kube-version".to_owned(), clusters.version.clone()];
    let (mut result, mut doubts) = (run(&options)?, Vec::new());
    if let Some(words) = result.as_ref().err().filter(|words| is_unreachable(words)) {
        doubts.push(Doubt::Schema(words.clone()));
        options.push(SKIP_SCHEMA.to_owned());
        result = run(&options)?;
    }
    let words = match result {
        Err(words) if is_refusal(&words) => words,
        // A helm that is older than the option.
        Err(words) if !doubts.is_empty() && words.contains("unknown flag") => {
            return Ok(Attempt { result: Ok(None), options, doubts });
        }
        result => return Ok(Attempt { result: result.map(Some), options, doubts }),
    };
    let mut is_of_cluster = false;
    for (i, other) in clusters.others.iter().enumerate() {
        let skip = options.iter().skip(2).cloned();
        let others: Vec<String> = other.iter().cloned().chain(skip).collect();
        match run(&others)? {
            // With all that it asks for, it does not render for another reason.
            Err(new) if i > 0 || is_refusal(&new) => is_of_cluster |= new != words,
            result => {
                doubts.push(Doubt::Cluster(words));
                return Ok(Attempt { result: result.map(Some), options: others, doubts });
            }
        }
    }
    if is_of_cluster {
        doubts.push(Doubt::Cluster(words));
        return Ok(Attempt { result: Ok(None), options, doubts });
    }
    Ok(Attempt { result: Err(words), options, doubts })
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    /// What helm answers to each options, by the first word of the answer: printed, or words.
    fn tried(answers: &[(&str, &str)]) -> (Result<Option<String>, String>, usize, usize) {
        let clusters = Clusters {
            version: "1".to_owned(),
            others: vec![
                vec!["--kube-version".to_owned(), "1".to_owned(), "-a".to_owned()],
                vec!["2".to_owned()],
            ],
        };
        let mut left = answers.iter();
        let attempt = attempt(&clusters, |options| {
            let (expected, answer) = left.next().expect("no more answers");
            assert_eq!(options.join(" "), *expected);
            Ok::<_, Infallible>(match answer.strip_prefix("ok ") {
                Some(printed) => Ok(printed.to_owned()),
                None => Err((*answer).to_owned()),
            })
        });
        let Attempt { result, doubts, .. } = attempt.unwrap();
        let of_schema = doubts.iter().filter(|doubt| matches!(doubt, Doubt::Schema(_))).count();
        (result, of_schema, doubts.len() - of_schema)
    }

    #[test]
    fn only_what_the_chart_does_wrong_is_an_error() {
        let (usual, apis, old) = ("--kube-version 1", "--kube-version 1 -a", "2");
        let (no, other, bad) =
            ("execution error at (a:1): no", "execution error at (b:1): no", "nil pointer");
        let skip = "--kube-version 1 --skip-schema-validation";
        let remote = "failing loading \"https://x\"";
        let ok = |text: &str| Ok(Some(text.to_owned()));
        let wrong = |text: &str| Err(text.to_owned());
        for (answers, expected) in [
            (vec![(usual, "ok x")], (ok("x"), 0, 0)),
            (vec![(usual, bad)], (wrong(bad), 0, 0)),
            (vec![(usual, no), (apis, no), (old, no)], (wrong(no), 0, 0)),
            (vec![(usual, no), (apis, "ok x")], (ok("x"), 0, 1)),
            (vec![(usual, no), (apis, bad)], (wrong(bad), 0, 1)),
            (vec![(usual, no), (apis, no), (old, "ok x")], (ok("x"), 0, 1)),
            (vec![(usual, no), (apis, other), (old, no)], (Ok(None), 0, 1)),
            (vec![(usual, no), (apis, no), (old, bad)], (Ok(None), 0, 1)),
            (vec![(usual, remote), (skip, "ok x")], (ok("x"), 1, 0)),
            (vec![(usual, remote), (skip, bad)], (wrong(bad), 1, 0)),
            (vec![(usual, remote), (skip, "unknown flag: x")], (Ok(None), 1, 0)),
        ] {
            assert_eq!(tried(&answers), expected, "{answers:?}");
        }
    }
}
