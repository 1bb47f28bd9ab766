//! How fast to crawl: what is in flight, and the pauses of a host.

use std::time::Duration;

use clap::Args;
use url::Url;

use super::values::{self, Factor, Rate};
use crate::crawl::{Limits, Manner, Policy};

/// Between two requests to a host that is not this machine.
const DELAY: Duration = Duration::from_millis(250);

/// How many times its latency such a host is left alone.
const DELAY_FACTOR: f64 = 2.0;

/// Requests in flight to one such address: many sites may share it.
const PER_IP: usize = 16;

/// The options about how fast to crawl.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "How fast")]
pub struct Speed {
    /// Requests in flight at once, over all hosts
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = values::at_least_one)]
    pub concurrency: usize,

    /// Requests in flight at once, to one host
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = values::at_least_one)]
    pub per_host: usize,

    /// Requests in flight at once, to one IP address, which may serve many hosts [default: 16, and
    /// no limit for this machine]
    #[arg(long, value_name = "N", value_parser = values::at_least_one)]
    pub per_ip: Option<usize>,

    /// Pause between two requests to one host, from the answer to the next, longer where it asks for
    /// that [default: 250ms, and none for this machine]
    #[arg(long, value_name = "TIME", value_parser = values::duration)]
    pub delay: Option<Duration>,

    /// Pause between the starts of two requests to one IP address [default: none]
    #[arg(long, value_name = "TIME", value_parser = values::duration)]
    pub ip_delay: Option<Duration>,

    /// Requests to one host in a second, minute or hour, evenly spread, such as 2/s or 30/m; of this
    /// and --delay the slower counts
    #[arg(long, value_name = "RATE", value_parser = values::rate)]
    pub rate: Option<Rate>,

    /// Begin at most this many pages a second, over all hosts [default: no limit]
    #[arg(long, value_name = "PAGES", value_parser = values::pages_per_second)]
    pub max_rate: Option<f64>,

    /// Leave a host alone for this many times as long as it takes to answer, and for longer when it
    /// is in trouble; 0 to keep one pace [default: 2, and 0 for this machine]
    #[arg(long, value_name = "FACTOR", value_parser = values::factor)]
    pub delay_factor: Option<Factor>,

    /// The longest pause that a host is granted, by Crawl-delay, by Retry-After or when it is slow
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = values::duration)]
    pub max_crawl_delay: Duration,
}

impl Speed {
    /// The pause between two requests to the host of `url`, if nothing else asks for a longer one.
    #[must_use]
    pub fn delay_for(&self, url: &Url) -> Duration {
        let usual = match self.rate {
            None if !is_this_machine(url) => DELAY,
            _ => Duration::ZERO,
        };
        let rate = self.rate.map_or(Duration::ZERO, Rate::pause);
        self.delay.unwrap_or(usual).max(rate)
    }

    /// How the site of `url` is treated.
    pub(crate) fn manner_for(&self, url: &Url) -> Manner {
        let is_here = is_this_machine(url);
        let usual = if is_here { 0.0 } else { DELAY_FACTOR };
        let policy = Policy {
            factor: self.delay_factor.map_or(usual, Factor::get),
            longest: self.max_crawl_delay,
        };
        let is_spared = !is_here || self.per_ip.is_some() || self.ip_delay.is_some();
        let usual = if is_here { usize::MAX } else { PER_IP };
        let address = is_spared.then(|| Limits {
            in_flight: self.per_ip.unwrap_or(usual),
            delay: self.ip_delay.unwrap_or_default(),
            policy,
        });
        Manner {
            delay: self.delay_for(url),
            policy,
            address,
        }
    }
}

/// Tells whether the host of `url` is this machine, by its name or address.
fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => values::is_localhost(name),
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        speed: Speed,
    }

    fn manner(words: &str, url: &str) -> Manner {
        let words = std::iter::once("crawler").chain(words.split_whitespace());
        let line = Line::try_parse_from(words).expect("a command line");
        line.speed.manner_for(&Url::parse(url).expect("a URL"))
    }

    #[test]
    fn others_are_spared_and_this_machine_is_not() {
        let other = manner("", "https://example.org/");
        assert_eq!(other.delay, DELAY);
        assert!(other.policy.factor >= DELAY_FACTOR);
        let address = other.address.expect("it is spared");
        assert_eq!((address.in_flight, address.delay), (PER_IP, Duration::ZERO));
        for url in [
            "http://localhost/",
            "http://127.0.0.9:8080/",
            "http://[::1]/",
            "http://a.localhost/",
        ] {
            let here = manner("", url);
            assert!(here.delay.is_zero() && here.policy.factor <= 0.0);
            assert!(here.address.is_none(), "{url}");
        }
    }

    #[test]
    fn what_is_asked_for_counts_everywhere() {
        let words = "--delay 1s --per-ip 3 --ip-delay 2s --delay-factor 5 --max-crawl-delay 1m";
        for url in ["https://example.org/", "http://localhost/"] {
            let manner = manner(words, url);
            assert_eq!(manner.delay, Duration::from_secs(1));
            assert!((manner.policy.factor - 5.0).abs() < f64::EPSILON);
            assert_eq!(manner.policy.longest, Duration::from_mins(1));
            let address = manner.address.expect("it is spared");
            assert_eq!((address.in_flight, address.delay.as_secs()), (3, 2));
        }
    }

    #[test]
    fn a_rate_is_a_pause() {
        let delay = |words| manner(words, "https://example.org/").delay.as_millis();
        assert_eq!(delay("--rate 10/s"), 100);
        assert_eq!(delay("--rate 30/m"), 2000);
        assert_eq!(delay("--rate 10/s --delay 300ms"), 300);
        assert_eq!(delay("--rate 2/s --delay 300ms"), 500);
    }
}
