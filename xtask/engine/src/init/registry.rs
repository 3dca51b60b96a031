//! The address of a registry, as workflows and documents write it.

/// The address in a `helm push`, with what GitHub puts there for the owner and the name of the repository.
pub fn expanded(address: &str, owner: &str, repository: &str) -> String {
    let plain = address.replace("{{ ", "{{").replace(" }}", "}}");
    let owners = [
        "${{github.repository_owner}}",
        "${GITHUB_REPOSITORY_OWNER,,}",
        "${GITHUB_REPOSITORY_OWNER}",
        "$GITHUB_REPOSITORY_OWNER",
    ];
    let plain = owners.iter().fold(plain, |text, variable| text.replace(variable, owner));
    let whole = ["${{github.repository}}", "${GITHUB_REPOSITORY}", "$GITHUB_REPOSITORY"];
    let repository = repository.to_lowercase();
    let url = whole.iter().fold(plain, |text, variable| text.replace(variable, &repository));
    url.trim_matches(['"', '\'']).trim_end_matches('/').to_owned()
}

/// Whether a registry's first directory is called after an owner: README.md of a chart that was copied has another's.
pub fn is_of(url: &str, owner: &str) -> bool {
    let first = url.split('/').nth(3).unwrap_or_default();
    !first.is_empty() && (owner.contains(first) || first.contains(owner))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registries() {
        for (address, expected) in [
            ("oci://ghcr.io/${{ github.repository_owner }}/charts", "oci://ghcr.io/acme/charts"),
            ("\"oci://ghcr.io/${GITHUB_REPOSITORY,,}/\"", "oci://ghcr.io/acme/shop"),
            ("oci://ghcr.io/${{ github.actor }}", "oci://ghcr.io/${{github.actor}}"),
        ] {
            let address = address.replace("${GITHUB_REPOSITORY,,}", "${GITHUB_REPOSITORY}");
            assert_eq!(expanded(&address, "acme", "Acme/shop"), expected);
        }
        for (url, expected) in [
            ("oci://ghcr.io/acme-inc/charts", true),
            ("oci://ghcr.io/acme", true),
            ("oci://registry-1.docker.io/bitnamicharts", false),
            ("oci://registry.acme.example", false),
        ] {
            assert_eq!(is_of(url, "acme"), expected, "{url}");
        }
    }
}
