//! What is wrong with jobs that attest or sign.

use super::{AROUND, GOOD, SHOP, check_workflows, find_faults, mended, parse, told};
use crate::ci::workflow::read_workflow;

const ATTEST: &str = "  attest:\n    needs: helm-release\n    runs-on: ubuntu-latest\n    permissions:\n      id-token: write\n      attestations: write\n      artifact-metadata: write\n      packages: write\n    steps:\n      - uses: actions/attest@1e69f48acb82d1966a394da916b4c1698aa569d6 # v4.2.2\n        with:\n          subject-name: ghcr.io/o/charts/web\n          subject-digest: ${{ needs.helm-release.outputs.digest }}\n          push-to-registry: true\n";

/// What is found in an attesting job after a change, and whether an edit mends it.
#[test]
fn attestations_need_rights() {
    let job = |old: &str, new: &str| {
        let changed = ATTEST.replacen(old, new, 1);
        assert!(old.is_empty() || changed != ATTEST, "{old}");
        format!("{GOOD}{changed}")
    };
    for (old, new) in [
        ("", ""),
        // Only what is pushed to the registry needs a right there.
        ("      artifact-metadata: write\n      packages: write\n", ""),
        ("      packages: write\n", ""),
        (
            "    permissions:\n      id-token: write\n      attestations: write\n      artifact-metadata: write\n      packages: write\n",
            "    permissions: write-all\n",
        ),
    ] {
        let text = job(old, new);
        let text = match old {
            "      packages: write\n" => text.replace("ghcr.io/o/charts/web", "quay.io/o/web"),
            "" => text,
            _ if new.is_empty() => text.replace("          push-to-registry: true\n", ""),
            _ => text,
        };
        assert_eq!(find_faults(&text), [], "{old} -> {new}");
    }
    for (old, new, expected, mends) in [
        (
            "      attestations: write\n      artifact-metadata: write\n",
            "",
            "Error ci.yml:61: job `attest` attests without `attestations: write` and `artifact-metadata: write`: GitHub refuses it | add `attestations: write` and `artifact-metadata: write` to its `permissions:`",
            true,
        ),
        (
            "id-token: write",
            "id-token: read",
            "Error ci.yml:61: job `attest` attests without `id-token: write`: GitHub refuses it | add `id-token: write` to its `permissions:`",
            true,
        ),
        (
            "    permissions:\n      id-token: write\n      attestations: write\n      artifact-metadata: write\n      packages: write\n",
            "",
            "Error ci.yml:58: job `attest` attests without `id-token: write` and `attestations: write` and `artifact-metadata: write`: GitHub refuses it | give it `permissions:` of its own, with `id-token: write` and `attestations: write` and `artifact-metadata: write` and `packages: write`",
            true,
        ),
    ] {
        let text = job(old, new);
        let found = find_faults(&text);
        assert_eq!(found.iter().map(told).collect::<Vec<_>>(), [expected], "{text}");
        let edit = found[0].edit.as_ref().filter(|_| mends).expect("an edit");
        assert_eq!(find_faults(&mended(&text, edit)), []);
    }
}

#[test]
fn signing_needs_an_identity_or_a_key_and_cosign() {
    let installs =
        "      - uses: sigstore/cosign-installer@6f9f17788090df1f26f669e9d70d6ae9567deba6 # v4.1.2\n";
    let run = "      - run: cargo xtask release --publish=oci,pages\n        env:\n";
    let key = "          COSIGN_PRIVATE_KEY: ${{ secrets.COSIGN_PRIVATE_KEY }}\n";
    let keyless = SHOP.clone().cosign_keyless();
    let with_key = SHOP.clone().cosign_key("env://COSIGN_PRIVATE_KEY");
    let no_cosign = "Error ci.yml:35: job `helm-release` signs charts by cosign, and no step of it installs cosign | add `- uses: sigstore/cosign-installer@COMMIT`, as https://d44b.github.io/pulltrace/sigstore/ shows it";
    let no_key = "Error ci.yml:35: `cargo xtask release --publish=oci,pages` signs charts, and has no COSIGN_PRIVATE_KEY in its environment | add `COSIGN_PRIVATE_KEY: ${{ secrets.COSIGN_PRIVATE_KEY }}` and `COSIGN_PASSWORD` to its `env:`";
    let no_identity = "Error ci.yml:24: job `helm-release` publishes without `id-token: write`: GitHub refuses it with 403 | add `id-token: write` to its `permissions:`";
    let identity = "      packages: write\n      id-token: write\n    concurrency:\n";
    let whole = |text: &str, more: &str| text.replace(run, &format!("{installs}{run}{more}"));
    let allowed = GOOD.replacen("      packages: write\n    concurrency:\n", identity, 1);
    for (config, text, expected) in [
        (&keyless, GOOD.to_owned(), vec![no_cosign, no_identity]),
        (&keyless, whole(GOOD, ""), vec![no_identity]),
        (&keyless, whole(&allowed, ""), vec![]),
        (&with_key, GOOD.to_owned(), vec![no_key, no_cosign]),
        (&with_key, whole(GOOD, key), vec![]),
        (
            &with_key,
            GOOD.replace(run, &format!("{run}{key}")).replace("ubuntu-latest", "own-machine"),
            vec![],
        ),
    ] {
        let workflow = read_workflow(&text, "ci.yml").expect("a workflow");
        let found = check_workflows(config, AROUND, &[workflow], &parse);
        assert_eq!(found.iter().map(told).collect::<Vec<_>>(), expected, "{text}");
    }
}
