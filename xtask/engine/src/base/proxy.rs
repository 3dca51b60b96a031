//! Which proxy a request goes through: the one that Go's programs, and so helm, choose by the same variables
//! (golang.org/x/net/http/httpproxy).

use core::net::IpAddr;

use super::host::{host, is_loopback};
use super::url::is_https;

/// What `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` say.
#[derive(Clone, Debug, Default)]
pub struct Proxies {
    http: Option<String>,
    https: Option<String>,
    exempt: Vec<Exempt>,
}

/// An element of `NO_PROXY`.
#[derive(Clone, Debug)]
enum Exempt {
    All,
    /// `10.0.0.0/8`.
    Network(IpAddr, u32),
    Address(IpAddr, Option<String>),
    /// `example.com` is for itself and what is below, `.example.com` for what is below.
    Domain {
        suffix: String,
        itself: bool,
        port: Option<String>,
    },
}

impl Proxies {
    /// Reads the values of the variables, empty where there is none.
    pub fn new(http: &str, https: &str, no_proxy: &str) -> Self {
        let exempt = no_proxy.split(',').filter_map(|one| exempt(&one.trim().to_lowercase()));
        Self { http: proxy(http), https: proxy(https), exempt: exempt.collect() }
    }

    /// The proxy for plain HTTP.
    #[cfg_attr(not(feature = "network"), allow(dead_code, reason = "only a transport asks it"))]
    pub fn http(&self) -> Option<&str> {
        self.http.as_deref()
    }

    /// What must not be shown of them.
    #[cfg_attr(not(feature = "network"), allow(dead_code, reason = "only a transport sends one"))]
    pub fn passwords(&self) -> impl Iterator<Item = &str> {
        self.http.iter().chain(&self.https).filter_map(|proxy| {
            let (user, _) = host(proxy).rsplit_once('@')?;
            user.split_once(':').map(|(_, password)| password)
        })
    }

    /// The URL of the proxy for a URL; `None` where it is asked directly, as this machine always is.
    pub fn of(&self, url: &str) -> Option<&str> {
        let (proxy, default) = if is_https(url) { (&self.https, "443") } else { (&self.http, "80") };
        let authority = host(url).rsplit('@').next().unwrap_or_default();
        let (host, port) = split(authority).unwrap_or((authority, default));
        let host = bare(host).to_lowercase();
        let address = host.parse().ok().map(|address: IpAddr| address.to_canonical());
        let is_here = is_loopback(authority) || address.is_some_and(|address| address.is_loopback());
        let is_exempt = is_here || self.exempt.iter().any(|one| one.holds(&host, port, address));
        proxy.as_deref().filter(|_| !is_exempt)
    }
}

/// What to do where a proxy is why there is no answer of a host: `why` is what [`crate::sys::http`] says.
pub fn hint(why: &str, host: &str) -> Option<String> {
    why.contains("the proxy ")
        .then(|| format!("correct HTTPS_PROXY or HTTP_PROXY, or name {host} in NO_PROXY"))
}

/// A proxy as it may be shown: without user and password.
pub fn shown(proxy: &str) -> String {
    let (scheme, _) = proxy.split_once("://").unwrap_or(("http", proxy));
    format!("{scheme}://{}", host(proxy).rsplit('@').next().unwrap_or_default())
}

/// A proxy with its scheme; one without speaks HTTP.
fn proxy(text: &str) -> Option<String> {
    let has_scheme = text.contains("://");
    (!text.is_empty()).then(|| if has_scheme { text.to_owned() } else { format!("http://{text}") })
}

fn exempt(text: &str) -> Option<Exempt> {
    if text.is_empty() {
        return None;
    }
    if text == "*" {
        return Some(Exempt::All);
    }
    if let Some((address, bits)) = text.split_once('/')
        && let (Ok(address), Ok(bits)) = (address.parse::<IpAddr>(), bits.parse::<u32>())
    {
        let most = if address.is_ipv4() { 32 } else { 128 };
        // A network of mapped addresses is one of IPv4.
        let inner =
            if address.to_canonical().is_ipv4() && most == 128 { bits.checked_sub(96) } else { Some(bits) };
        return inner.filter(|_| bits <= most).map(|bits| Exempt::Network(address.to_canonical(), bits));
    }
    let (host, port) = split(text).map_or((text, None), |(host, port)| (bare(host), Some(port.to_owned())));
    if let Ok(address) = host.parse::<IpAddr>() {
        return Some(Exempt::Address(address.to_canonical(), port));
    }
    let host = if host.starts_with("*.") { host.trim_start_matches('*') } else { host };
    let itself = !host.starts_with('.');
    let suffix = if itself { format!(".{host}") } else { host.to_owned() };
    (suffix.len() > 1).then_some(Exempt::Domain { suffix, itself, port })
}

impl Exempt {
    fn holds(&self, host: &str, port: &str, address: Option<IpAddr>) -> bool {
        let is_port = |wanted: &Option<String>| wanted.as_ref().is_none_or(|wanted| wanted == port);
        match self {
            Self::All => true,
            Self::Network(network, bits) => address.is_some_and(|address| is_in(address, *network, *bits)),
            Self::Address(wanted, of) => address == Some(*wanted) && is_port(of),
            Self::Domain { suffix, itself, port: of } => {
                let is_it = *itself && suffix.strip_prefix('.') == Some(host);
                (is_it || host.ends_with(suffix.as_str())) && is_port(of)
            }
        }
    }
}

/// Whether the first bits of two addresses of one kind are the same.
fn is_in(address: IpAddr, network: IpAddr, bits: u32) -> bool {
    let differing = match (address, network) {
        (IpAddr::V4(one), IpAddr::V4(other)) => (one.to_bits() ^ other.to_bits()).leading_zeros(),
        (IpAddr::V6(one), IpAddr::V6(other)) => (one.to_bits() ^ other.to_bits()).leading_zeros(),
        _ => return false,
    };
    differing >= bits
}

/// Host and port, where there is one (Go's `net.SplitHostPort`).
fn split(authority: &str) -> Option<(&str, &str)> {
    let (host, port) = authority.rsplit_once(':')?;
    let is_one = !host.contains(':') || host.starts_with('[') && host.ends_with(']');
    is_one.then_some((host, port))
}

fn bare(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_asked_directly() {
        for (no_proxy, url, is_direct) in [
            ("", "https://ghcr.io/v2/", false),
            ("", "https://127.0.0.1:5000/", true),
            ("", "https://127.8.0.1/", true),
            ("", "https://[::1]:5000/", true),
            ("", "https://localhost/", true),
            ("", "https://localhost.example.com/", false),
            ("*", "https://ghcr.io", true),
            ("ghcr.io", "https://ghcr.io", true),
            ("ghcr.io", "https://GHCR.io:443/x", true),
            ("GHCR.IO", "https://ghcr.io", true),
            ("ghcr.io", "https://pkg.ghcr.io", true),
            ("ghcr.io", "https://notghcr.io", false),
            (".ghcr.io", "https://ghcr.io", false),
            (".ghcr.io", "https://pkg.ghcr.io", true),
            ("*.ghcr.io", "https://pkg.ghcr.io", true),
            ("*.ghcr.io", "https://ghcr.io", false),
            (" a.example , ghcr.io\t", "https://ghcr.io", true),
            (",,", "https://ghcr.io", false),
            ("ghcr.io:443", "https://ghcr.io", true),
            ("ghcr.io:80", "https://ghcr.io", false),
            ("ghcr.io:8443", "https://ghcr.io:8443", true),
            ("10.0.0.0/8", "https://10.1.2.3:5000", true),
            ("10.0.0.0/8", "https://11.1.2.3", false),
            ("10.0.0.0/33", "https://10.1.2.3", false),
            ("10.1.2.3", "https://10.1.2.3:5000", true),
            ("10.1.2.3:80", "https://10.1.2.3:5000", false),
            ("fd00::/8", "https://[fd00::1]/", true),
            ("fd00::1", "https://[fd00::1]:5000/", true),
            ("[fd00::1]:5000", "https://[fd00::1]:5000/", true),
            ("10.0.0.0/8", "https://ten.example", false),
            ("example.com", "https://u:p@www.example.com:8080/x", true),
        ] {
            let proxies = Proxies::new("http://plain:1", "http://proxy:3128", no_proxy);
            assert_eq!(proxies.of(url).is_none(), is_direct, "{no_proxy:?} {url}");
        }
    }

    #[test]
    fn each_scheme_has_its_own() {
        let proxies = Proxies::new("plain:1", "https://secure:2", "");
        assert_eq!(proxies.of("http://h"), Some("http://plain:1"));
        assert_eq!(proxies.of("https://h"), Some("https://secure:2"));
        assert_eq!(Proxies::new("plain:1", "", "").of("https://h"), None);
    }
}
