//! How cosign is told to sign. Its versions want different options.

use semver::Version;
use serde::Deserialize;

use crate::base::cosign::Cosign;
use crate::base::digest::Digest;
use crate::base::host::is_docker_hub;
use crate::base::oci_reference::Reference;

/// The first major version whose options are known here. Others before it sign in a form that is no longer verified.
pub const OLDEST: u64 = 2;
/// The first that asks Sigstore which services to use, also for a key that needs none of them.
const WITH_SIGNING_CONFIG: u64 = 3;

/// What `cosign version --json` prints.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Printed {
    git_version: String,
}

/// The version that cosign prints as JSON: as it is written, and its major part. That of a build from source may be no
/// version; it is taken for a new one. `None` for what is no answer of cosign's.
pub fn version(printed: &[u8]) -> Option<(String, u64)> {
    let Printed { git_version } = serde_json::from_slice(printed).ok()?;
    let parsed = Version::parse(git_version.trim_start_matches('v'));
    let major = parsed.map_or(WITH_SIGNING_CONFIG, |version| version.major);
    Some((git_version, major))
}

/// What cosign calls a manifest: `HOST/REPOSITORY@DIGEST`. Docker Hub has one name by which cosign finds credentials.
pub fn name_of(at: &Reference, digest: &Digest) -> String {
    let host = if is_docker_hub(&at.host) { "index.docker.io" } else { &at.host };
    format!("{host}/{}@{digest}", at.repository)
}

/// The arguments by which a cosign of this major version signs. A key without the log needs no service of Sigstore's.
pub fn arguments(with: &Cosign, major: u64, name: &str, plain_http: bool) -> Vec<String> {
    let mut arguments = vec!["sign", "--yes"];
    if let Cosign::Key { uri, is_logged } = with {
        arguments.extend(["--key", uri]);
        if !is_logged {
            arguments.push("--tlog-upload=false");
            if major >= WITH_SIGNING_CONFIG {
                arguments.push("--use-signing-config=false");
            }
        }
    }
    if plain_http {
        arguments.push("--allow-http-registry");
    }
    arguments.push(name);
    arguments.into_iter().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::config::Config;

    #[test]
    fn arguments_of_each_version() {
        let key = |is_logged| Cosign::Key { uri: "env://K".to_owned(), is_logged };
        for (with, major, plain_http, expected) in [
            (Cosign::Keyless, 2, false, "sign --yes r/web@d"),
            (Cosign::Keyless, 3, false, "sign --yes r/web@d"),
            (Cosign::Keyless, 3, true, "sign --yes --allow-http-registry r/web@d"),
            (key(true), 2, false, "sign --yes --key env://K r/web@d"),
            (key(true), 3, false, "sign --yes --key env://K r/web@d"),
            (key(false), 2, false, "sign --yes --key env://K --tlog-upload=false r/web@d"),
            (
                key(false),
                3,
                false,
                "sign --yes --key env://K --tlog-upload=false --use-signing-config=false r/web@d",
            ),
            (
                key(false),
                4,
                true,
                "sign --yes --key env://K --tlog-upload=false --use-signing-config=false --allow-http-registry r/web@d",
            ),
        ] {
            assert_eq!(arguments(&with, major, "r/web@d", plain_http).join(" "), expected);
        }
    }

    #[test]
    fn versions() {
        for (printed, expected) in [
            (r#"{"gitVersion":"v3.1.1","gitCommit":"x"}"#, Some(("v3.1.1", 3))),
            (r#"{"gitVersion":"v2.6.5"}"#, Some(("v2.6.5", 2))),
            (r#"{"gitVersion":"1.13.6"}"#, Some(("1.13.6", 1))),
            (r#"{"gitVersion":"devel"}"#, Some(("devel", 3))),
            (r#"{"version":"v3.1.1"}"#, None),
            ("cosign 3", None),
        ] {
            let found = version(printed.as_bytes());
            assert_eq!(found, expected.map(|(text, major)| (text.to_owned(), major)), "{printed}");
        }
    }

    #[test]
    fn names() {
        let digest = Digest::of(b"");
        for (base, expected) in [
            ("oci://ghcr.io/o/charts", "ghcr.io/o/charts/web"),
            ("oci://127.0.0.1:5000", "127.0.0.1:5000/web"),
            ("oci://registry-1.docker.io/o", "index.docker.io/o/web"),
            ("oci://docker.io/o", "index.docker.io/o/web"),
        ] {
            let at = Reference::of_chart(base, "web", "1.0.0");
            assert_eq!(name_of(&at, &digest), format!("{expected}@{digest}"));
        }
    }

    #[test]
    fn keys() {
        for (uri, is_well_formed, variable) in [
            ("env://COSIGN_PRIVATE_KEY", true, Some("COSIGN_PRIVATE_KEY")),
            ("awskms:///arn:aws:kms:us-east-1:1:key/a", true, None),
            ("pkcs11:token=t;slot-id=1", true, None),
            ("cosign.key", false, None),
            ("/run/cosign.key", false, None),
            ("-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n", false, None),
            ("--help", false, None),
            ("env://", false, Some("")),
            ("env://A B", false, Some("A B")),
            ("env://A=B", false, Some("A=B")),
            ("", false, None),
        ] {
            let config = Config::new("o/shop").cosign_key(uri);
            assert_eq!(config.problems().is_empty(), is_well_formed, "{uri}");
            assert_eq!(config.cosign.as_ref().and_then(Cosign::variable), variable, "{uri}");
        }
    }
}
