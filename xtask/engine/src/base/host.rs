//! Hosts of URLs, and whether somebody can listen on the way to them.

/// The host of a URL, with its port.
pub fn host(url: &str) -> &str {
    let after = url.split_once("://").map_or(url, |(_, after)| after);
    after.split(['/', '?', '#']).next().unwrap_or(after)
}

/// Whether a host is Docker Hub by one of its names.
pub fn is_docker_hub(host: &str) -> bool {
    matches!(host, "docker.io" | "index.docker.io" | "registry-1.docker.io")
}

/// A host without its port.
fn name(host: &str) -> &str {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match host.rsplit_once(':') {
        Some((name, port)) if is_number(port) && (!name.contains(':') || name.ends_with(']')) => name,
        _ => host,
    }
}

/// Whether two hosts, whatever their ports, are one machine.
pub fn is_same(one: &str, other: &str) -> bool {
    name(one).eq_ignore_ascii_case(name(other)) || is_loopback(one) && is_loopback(other)
}

/// Whether a host, with its port or without, is this machine.
pub fn is_loopback(host: &str) -> bool {
    let name = name(host);
    let bytes: Vec<&str> = name.split('.').collect();
    let is_address = matches!(bytes.as_slice(), ["127", rest @ ..] if rest.len() == 3 && rest.iter().all(|part| part.parse::<u8>().is_ok()));
    is_address || name == "[::1]" || name.eq_ignore_ascii_case("localhost")
}

/// Whether nobody listens on the way to a URL: it is encrypted, or does not leave this machine.
pub fn is_private(url: &str) -> bool {
    let host = host(url);
    let is_plain = !host.is_empty() && !host.contains('@') && !url.contains(char::is_whitespace);
    is_plain && (url.starts_with("https://") || url.starts_with("http://") && is_loopback(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine() {
        for host in ["localhost", "LocalHost:80", "127.0.0.1", "127.9.9.9:5000", "[::1]", "[::1]:5000"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in [
            "",
            "ghcr.io",
            "127.0.0.1.evil.example",
            "127.0.0.1@evil.example",
            "127.0.0.1:80@evil.example",
            "localhost.example",
            "10.0.0.1",
            "0.0.0.0",
            "127.0.0",
            "127.0.0.256",
            "[::2]:80",
            "127.0.0.1#x",
        ] {
            assert!(!is_loopback(host), "{host}");
        }
    }

    #[test]
    fn where_a_token_may_go() {
        for url in [
            "https://api.github.com",
            "https://ghe.example.com/api/v3",
            "http://127.0.0.1:8080/x",
            "http://localhost",
            "http://[::1]:80",
            "http://[::1]/x",
        ] {
            assert!(is_private(url), "{url}");
        }
        for url in [
            "",
            "https://",
            "api.github.com",
            "http://api.github.com",
            "http://127.0.0.1.example.com",
            "http://localhost.example.com:80/",
            "http://127.0.0.1@example.com",
            "http://127.0.0.1:80@example.com",
            "ftp://127.0.0.1",
            "https://u:p@example.com",
        ] {
            assert!(!is_private(url), "{url}");
        }
    }
}
