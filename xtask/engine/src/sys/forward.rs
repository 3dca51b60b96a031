//! Plain HTTP through a proxy: the proxy itself gets the request, with the whole URL in its first line (RFC 9112, 3.2.2).
//! ureq would ask it for a tunnel, which proxies allow for port 443 alone.

use ureq::http::Uri;
use ureq::unversioned::transport::{Buffers, ConnectionDetails, Connector, DefaultConnector};
use ureq::unversioned::transport::{NextTimeout, Transport};
use ureq::{Error, Proxy};

use crate::base::host::host;
use crate::base::http::basic;

/// Where to send a request for a URL, and which fields it gets: ureq needs a path that begins with a slash, and
/// [`Forwarding`] takes that slash away.
pub fn request(proxy: &Proxy, url: &str) -> (String, Vec<(&'static str, String)>) {
    let (_, rest) = url.split_once("://").unwrap_or_default();
    let path = rest.get(host(url).len()..).unwrap_or_default();
    let asked = host(url).rsplit('@').next().unwrap_or_default();
    let slash = if path.starts_with('/') { "" } else { "/" };
    let mut fields = vec![("host", asked.to_owned())];
    if let (Some(user), password) = (proxy.username(), proxy.password()) {
        fields.push(("proxy-authorization", basic(user, password.unwrap_or_default())));
    }
    let scheme = proxy.uri().scheme_str().unwrap_or("http");
    (format!("{scheme}://{}:{}/http://{asked}{slash}{path}", proxy.host(), proxy.port()), fields)
}

/// Connects as ureq does.
#[derive(Debug)]
pub struct Connect {
    pub inner: DefaultConnector,
    /// The proxy for plain HTTP.
    pub proxy: Option<Proxy>,
}

impl Connector<()> for Connect {
    type Out = Box<dyn Transport>;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        chained: Option<()>,
    ) -> Result<Option<Self::Out>, Error> {
        let is_proxy =
            |proxy: &Proxy| is_at(details.uri, proxy) && details.uri.path().starts_with("/http://");
        let transport = self.inner.connect(details, chained)?;
        Ok(match transport {
            Some(inner) if self.proxy.as_ref().is_some_and(is_proxy) => {
                Some(Box::new(Forwarding { inner, is_begun: false }))
            }
            transport => transport,
        })
    }
}

fn is_at(uri: &Uri, proxy: &Proxy) -> bool {
    uri.host() == Some(proxy.host()) && uri.port_u16() == Some(proxy.port())
}

/// A connection for one request.
#[derive(Debug)]
struct Forwarding {
    inner: Box<dyn Transport>,
    is_begun: bool,
}

impl Transport for Forwarding {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.inner.buffers()
    }

    fn transmit_output(&mut self, mut amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        if !std::mem::replace(&mut self.is_begun, true) {
            let output = self.inner.buffers().output();
            if let Some(slash) = output.iter().take(amount).position(|byte| *byte == b'/') {
                output.copy_within(slash + 1..amount, slash);
                amount -= 1;
            }
        }
        self.inner.transmit_output(amount, timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        self.inner.await_input(timeout)
    }

    fn is_open(&mut self) -> bool {
        false
    }

    fn is_tls(&self) -> bool {
        self.inner.is_tls()
    }
}
