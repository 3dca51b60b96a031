//! What registries say in words of their own, and what to do about it: a line for each that is known. A registry that runs
//! under any name is known by its words alone.

use crate::base::oci_reference::Reference;

/// A part of the host, empty for any; a part of what is said, in lower case; and the hint, in which `{name}` stands for a part
/// of what was asked. The first that fits counts.
type Known = (&'static str, &'static str, &'static str);

/// What holds for whoever asks.
#[rustfmt::skip]
const STATE: [Known; 12] = [
    // docs.aws.amazon.com/AmazonECR, "Creating a repository" and "Templates".
    (".dkr.ecr.", "does not exist in the registry", ECR),
    (".dkr.ecr.", "name_unknown", ECR),
    ("public.ecr.aws", "does not exist in the registry", ECR_PUBLIC),
    ("public.ecr.aws", "name_unknown", ECR_PUBLIC),
    // cloud.google.com/artifact-registry/docs, "Create standard repositories" and "Access control".
    ("docker.pkg.dev", "name_unknown", GOOGLE),
    ("docker.pkg.dev", "not found", GOOGLE),
    ("ghcr.io", "owner not found", "is there an owner `{owner}` at {host}? see `oci` in the config"),
    // goharbor.io/docs, "Configure Project Quotas" and "Create Tag Immutability Rules".
    ("", "will exceed the configured upper limit", "the quota of the project `{owner}` is used up: delete what nobody needs there, or let an administrator raise it"),
    ("", "project {owner} not found", "create the project `{owner}` at {host}, or correct `oci` in the config"),
    ("", "projectpolicyviolation", "a policy of the project `{owner}` keeps it back: see its Configuration at {host}"),
    ("", "immutable", "what is there stays as it is: release another version"),
    // jfrog.com/help: the first part of a path is the key of a repository.
    ("", "unsupported docker v2 repository", "`{owner}` has to be the key of a repository of the type OCI or Docker: see `oci` in the config"),
];

/// What holds for somebody who was let in.
#[rustfmt::skip]
const RIGHTS: [Known; 14] = [
    (".dkr.ecr.", "token has expired", "type: aws ecr get-login-password | helm registry login --username AWS --password-stdin {host}"),
    (".dkr.ecr.", "not authorized to perform", "allow the action that it names, for the repository `{repository}`, to the role of {source}"),
    ("docker.pkg.dev", "may not exist", GOOGLE),
    // learn.microsoft.com/azure/container-registry, "Roles" and "Authentication".
    (".azurecr.io", "aka.ms/acr", AZURE),
    (".azurecr.io", "denied", AZURE),
    // docs.docker.com/security/access-tokens.
    ("docker.io", "insufficient", "the token is valid and has no such right: give it Read & Write, and its user the right to {right} `{repository}`"),
    ("ghcr.io", "does not match expected scopes", "the token needs the scope `write:packages` (https://github.com/settings/tokens), that of a workflow the job's `permissions: packages: write`"),
    // Quay refuses a repository that is not there like one that is private (helm/helm, issues 30987 and 31567).
    ("", "access to the requested resource is not authorized", "a repository that is new and one that is private look alike there: create `{repository}` and let {source} write to it; a robot account creates one with the team role Creator"),
    // goharbor.io/docs, "Managing Users".
    ("", "unauthorized to access repository", "let the user of {source} {right} the project `{owner}`: it takes the role Developer"),
    // docs.gitlab.com, "Authenticate with the container registry".
    ("", "access forbidden", GITLAB),
    ("gitlab", "denied", GITLAB),
    ("", "does not have permission", JFROG),
    ("", "unauthorized to upload", JFROG),
    // distribution.github.io, "Token Authentication": an expired one is an `invalid_token`.
    ("", "insufficient_scope", "the token is valid and has no such right: let the user of {source} {right} `{repository}`"),
];

const ECR: &str = "create the repository: aws ecr create-repository --repository-name {repository}; or let a repository creation template do so at the first push";
const ECR_PUBLIC: &str =
    "create the repository: aws ecr-public create-repository --region us-east-1 --repository-name {rest}";
const GOOGLE: &str = "create the repository, if it is not there: gcloud artifacts repositories create {second} --repository-format=docker --location={location} --project={owner}; to push it takes the role roles/artifactregistry.writer";
const JFROG: &str = "let the user of {source} deploy to the repository `{owner}`";
const AZURE: &str = "give the identity of {source} the role AcrPush; what `az acr login --expose-token` prints lasts three hours";
const GITLAB: &str =
    "the token needs the scope `write_registry`, and its user the role Developer in the project `{above}`";

/// What to do about what a registry says. `right` is what was asked for, such as `push to`; `source` is where the credentials
/// came from that were shown, if any were.
pub fn hint(at: &Reference, said: &str, right: &str, source: Option<&str>) -> Option<String> {
    let said = said.to_ascii_lowercase();
    let rest = at.repository.split_once('/').map_or(&*at.repository, |(_, rest)| rest);
    let parts = [
        ("{host}", &*at.host),
        ("{repository}", &at.repository),
        ("{owner}", at.repository.split('/').next().unwrap_or_default()),
        ("{above}", at.repository.rsplit_once('/').map_or(&*at.repository, |(above, _)| above)),
        ("{rest}", rest),
        ("{second}", rest.split('/').next().unwrap_or_default()),
        ("{location}", at.host.split("-docker.").next().unwrap_or_default()),
        ("{right}", right),
        ("{source}", source.unwrap_or_default()),
    ];
    let filled = |text: &str| parts.iter().fold(text.to_owned(), |text, (key, part)| text.replace(key, part));
    let fits = |(host, sign, _): &Known| at.host.contains(host) && said.contains(&filled(sign));
    let rights = source.is_some().then_some(RIGHTS).into_iter().flatten();
    STATE.into_iter().chain(rights).find(|known| fits(known)).map(|(_, _, hint)| filled(hint))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hosts, what they say by their documentation and by what users report of them, and the hint.
    const SAID: [(&str, &str, &str); 23] = [
        (
            "123456789012.dkr.ecr.eu-west-1.amazonaws.com",
            "NAME_UNKNOWN The repository with name 'o/charts/web' does not exist in the registry with id '123456789012'",
            "aws ecr create-repository --repository-name o/charts/web; or",
        ),
        (
            "123456789012.dkr.ecr.eu-west-1.amazonaws.com",
            "DENIED Your authorization token has expired. Reauthenticate and try again.",
            "get-login-password | helm registry login --username AWS --password-stdin 123456789012.dkr",
        ),
        (
            "123456789012.dkr.ecr.eu-west-1.amazonaws.com",
            "DENIED User: arn:aws:iam::1:user/ci is not authorized to perform: ecr:InitiateLayerUpload on resource: x",
            "to the role of `S`",
        ),
        (
            "123456789012.dkr.ecr.eu-west-1.amazonaws.com",
            "TAG_INVALID The image tag '1.0.0' already exists in the 'web' repository and cannot be overwritten because the repository is immutable.",
            "release another version",
        ),
        (
            "public.ecr.aws",
            "NAME_UNKNOWN The repository with name 'charts/web' does not exist in the registry with id 'x'",
            "--repository-name charts/web",
        ),
        (
            "europe-west6-docker.pkg.dev",
            "DENIED Permission \"artifactregistry.repositories.uploadArtifacts\" denied on resource \"projects/p/locations/l/repositories/r\" (or it may not exist)",
            "create charts --repository-format=docker --location=europe-west6 --project=o; ",
        ),
        (
            "us-docker.pkg.dev",
            "NAME_UNKNOWN Repository \"charts\" not found",
            "create charts --repository-format=docker --location=us ",
        ),
        (
            "acme.azurecr.io",
            "UNAUTHORIZED authentication required, visit https://aka.ms/acr/authorization for more information.",
            "the role AcrPush",
        ),
        (
            "docker.io",
            "UNAUTHORIZED authentication required insufficient_scope",
            "give it Read & Write, and its user the right to push to `o/charts/web`",
        ),
        ("registry-1.docker.io", "UNAUTHORIZED access token has insufficient scopes", "give it Read & Write"),
        (
            "ghcr.io",
            "DENIED permission_denied: The token provided does not match expected scopes.",
            "`write:packages`",
        ),
        ("ghcr.io", "DENIED not_found: owner not found", "an owner `o`"),
        (
            "quay.io",
            "UNAUTHORIZED access to the requested resource is not authorized",
            "look alike there: create `o/charts/web` and let `S` write",
        ),
        (
            "harbor.acme.org",
            "DENIED adding 19.0 KiB of storage resource, which when updated to current usage of 10.0 MiB will exceed the configured upper limit of 10.0 MiB.",
            "the quota of the project `o`",
        ),
        ("harbor.acme.org", "NOT_FOUND project o not found", "create the project `o`"),
        (
            "harbor.acme.org",
            "PRECONDITION Failed to process request due to 'web:1' configured as immutable.",
            "release another version",
        ),
        (
            "harbor.acme.org",
            "UNAUTHORIZED unauthorized to access repository: o/charts/web, action: push",
            "push to the project `o`",
        ),
        (
            "harbor.acme.org",
            "PROJECTPOLICYVIOLATION current image with \"Pending\" status",
            "a policy of the project `o`",
        ),
        (
            "registry.gitlab.com",
            "DENIED requested access to the resource is denied",
            "`write_registry`, and its user the role Developer in the project `o/charts`",
        ),
        ("registry.acme.org", "DENIED access forbidden", "`write_registry`"),
        (
            "acme.jfrog.io",
            "DENIED The client does not have permission to push to the repository.",
            "deploy to the repository `o`",
        ),
        (
            "registry.acme.org",
            "UNAUTHORIZED authentication required insufficient_scope",
            "let the user of `S` push to `o/charts/web`",
        ),
        (
            "acme.jfrog.io",
            "DENIED User is unauthorized to upload to docker-local/web/_uploads",
            "deploy to the repository `o`",
        ),
    ];

    #[test]
    fn registries_speak_in_words_of_their_own() {
        for (host, said, expected) in SAID {
            let at = Reference::of_chart(&format!("oci://{host}/o/charts"), "web", "1.0.0");
            let hint = hint(&at, said, "push to", Some("`S`")).unwrap_or_default();
            assert!(hint.contains(expected) && !hint.contains('{'), "{host}: {said}: {hint}");
        }
        let at = Reference::of_chart("oci://h/o", "web", "1.0.0");
        assert_eq!(hint(&at, "access forbidden", "push to", None), None);
        assert!(hint(&at, "x will exceed the configured upper limit", "push to", None).is_some());
        for said in
            ["", "UNAUTHORIZED authentication required", "NAME_UNKNOWN no such owner", "project p not found"]
        {
            assert_eq!(hint(&at, said, "push to", Some("`S`")), None, "{said}");
        }
    }
}
