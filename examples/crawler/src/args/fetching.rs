//! How to fetch: what a request says, by which way it goes, and what is kept of the response.

use std::path::PathBuf;
use std::time::Duration;

use bytesize::ByteSize;
use clap::Args;
use hyper::header::HeaderValue;
use url::Url;

use super::values::{self, Header, Login};
use crate::fetch::{Config, DEFAULT_USER_AGENT, NoProxy, Proxy};

/// The options about how to fetch.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "How to fetch")]
pub struct Fetching {
    /// Give up on a request after this time
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = values::timeout)]
    pub timeout: Duration,

    /// Give up on a body of which no more comes for this time
    #[arg(long, value_name = "TIME", default_value = "15s", value_parser = values::timeout)]
    pub stall_timeout: Duration,

    /// Try a request again this many times if it may succeed later
    #[arg(long, value_name = "N", default_value_t = 2)]
    pub retries: u32,

    /// Keep at most this much of a body
    #[arg(long, value_name = "SIZE", default_value = "2MiB", value_parser = values::size)]
    pub body_limit: ByteSize,

    /// Cut a body that decodes to more than this many times what was sent
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = values::at_least_one)]
    pub decode_ratio: usize,

    /// How the crawler introduces itself, in requests and to robots.txt
    #[arg(long, value_name = "NAME", default_value = DEFAULT_USER_AGENT,
          value_parser = values::user_agent)]
    pub user_agent: HeaderValue,

    /// Send this with every request, to every host, such as 'Accept-Language: de'; may be repeated
    #[arg(long = "header", value_name = "NAME: VALUE", value_parser = values::header)]
    pub headers: Vec<Header>,

    /// Send a name and a password to this host (host:port for other ports than 80 and 443), and to
    /// no other; may be repeated, or stand in a URL that is given
    #[arg(long = "auth", value_name = "HOST=USER:PASSWORD", value_parser = values::login)]
    pub logins: Vec<Login>,

    /// Keep cookies, and send them back
    #[arg(long)]
    pub cookies: bool,

    /// Send requests to this HTTP proxy, such as user:password@localhost:3128
    #[arg(long, value_name = "URL", value_parser = values::proxy)]
    pub proxy: Option<Url>,

    /// Hosts, domains and networks for which the proxy is passed by, separated by commas
    #[arg(long, value_name = "HOSTS")]
    pub no_proxy: Option<NoProxy>,

    /// Ask only for what has changed since the crawl that wrote DIR; pages that are as they were are
    /// told with status 304
    #[arg(long, value_name = "DIR")]
    pub recrawl: Option<PathBuf>,

    /// Remember the addresses of a name for this time
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = values::duration)]
    pub dns_ttl: Duration,
}

impl Fetching {
    /// The settings of a client that these options ask for; the others stay at their defaults.
    #[must_use]
    pub fn client_config(&self) -> Config {
        let mut config = Config {
            user_agent: self.user_agent.clone(),
            timeout: self.timeout,
            stall_timeout: self.stall_timeout,
            body_limit: usize::try_from(self.body_limit.as_u64()).unwrap_or(usize::MAX),
            ratio_limit: self.decode_ratio,
            cookies: self.cookies,
            dns_ttl: self.dns_ttl,
            ..Config::default()
        };
        for Header { name, value } in &self.headers {
            config.headers.append(name.clone(), value.clone());
        }
        for login in &self.logins {
            for authority in login.authorities() {
                config
                    .credentials
                    .add(authority, &login.user, &login.password);
            }
        }
        let passed_by = self.no_proxy.clone().unwrap_or_default();
        config.proxy = self
            .proxy
            .as_ref()
            // The value was checked when it was read.
            .and_then(|url| Proxy::new(url, passed_by).ok());
        config
    }
}
