//! Where the config names a signing key: who signs, and with which secret.

use super::Work;
use crate::base::config::Config;
use crate::base::problem::{Problem, docs_page};
use crate::base::text::name;
use crate::ci::run::Task;
use crate::ci::workflow::{Step, Written};

/// The variable that holds the key.
const KEY: &str = "XTASK_GPG_KEY";

/// What keeps the releases of a job from being signed.
pub fn check_signing(config: &Config, work: &Work<'_>, all: &[Work<'_>]) -> Vec<Problem> {
    if config.signing_key.is_none() {
        return Vec::new();
    }
    let steps = |signs: fn(&Task) -> bool| {
        let runs = work.runs.iter().filter(move |(_, _, run)| {
            run.commands.iter().filter_map(|command| command.task.as_ref().ok()).any(signs)
        });
        runs.map(|(step, written, _)| (*step, *written))
    };
    let keyless = steps(signs).filter(|(step, _)| !work.workflow.has_env(work.job, step, KEY));
    let keyless = keyless.map(|(_, written)| {
        let message = format!("signs without {}: a runner has no key of its own", name(KEY));
        let hint = format!("env: {KEY}: ${{{{ secrets.{KEY} }}}}, as {} shows it", docs_page("signing"));
        work.at(Problem::error(message), written.line).hint(hint)
    });
    let same = all.iter().filter(|other| other.workflow.file == work.workflow.file);
    let is_signed = same.flat_map(Work::tasks).any(signs);
    let unsigned = |(_, written): (&Step, &Written)| {
        let message =
            "the config names a signing key, and no step of this workflow signs: nothing is published";
        let hint = "add --sign; in a job of its own: cargo xtask release --from dist --sign";
        work.at(Problem::error(message), written.line).hint(hint)
    };
    keyless.chain(steps(publishes).filter(|_| !is_signed).map(unsigned)).collect()
}

fn signs(task: &Task) -> bool {
    matches!(task, Task::Release { signs: true, .. })
}

fn publishes(task: &Task) -> bool {
    matches!(task, Task::Release { .. }) && !task.publishes().is_empty()
}

#[cfg(test)]
mod tests {
    use crate::base::config::SHOP;
    use crate::base::problem::Problem;
    use crate::check::workflows::check_workflows;
    use crate::check::workflows::tests::{AROUND, GOOD, parse};
    use crate::ci::workflow::read_workflow;

    fn found(text: &str, key: Option<&str>) -> Vec<String> {
        let workflow = read_workflow(text, "ci.yml").expect("a workflow");
        let config = key.map_or_else(|| SHOP.clone(), |key| SHOP.clone().signing_key(key));
        let found = check_workflows(&config, AROUND, &[workflow], &parse).into_iter();
        found.map(|finding| Problem::to_string(&finding.problem)).collect()
    }

    #[test]
    fn who_signs() {
        let key = Some("charts@example.com");
        assert_eq!(found(GOOD, None), [""; 0]);
        let unsigned = found(GOOD, key);
        assert_eq!(unsigned.len(), 2, "{unsigned:?}");
        assert!(unsigned.iter().all(|one| one.contains("no step of this workflow signs")), "{unsigned:?}");
        let signing = GOOD.replacen("release --publish=oci,pages", "release --sign --publish=oci,pages", 1);
        let without = found(&signing, key);
        assert!(without.len() == 1 && without[0].contains("signs without `XTASK_GPG_KEY`"), "{without:?}");
        let line = "      - run: cargo xtask release --sign --publish=oci,pages\n        env:\n";
        assert!(signing.contains(line), "{signing}");
        let whole = signing.replacen(
            line,
            &format!("{line}          XTASK_GPG_KEY: ${{{{ secrets.XTASK_GPG_KEY }}}}\n"),
            1,
        );
        assert_eq!(found(&whole, key), [""; 0]);
    }
}
