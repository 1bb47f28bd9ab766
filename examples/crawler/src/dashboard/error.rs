//! Why there is no dashboard.

use std::error::Error;
use std::fmt;
use std::io;
use std::net::SocketAddr;

/// The dashboard cannot be served: says where, what happened and what to do.
#[derive(Debug)]
pub struct DashboardError {
    address: SocketAddr,
    cause: io::Error,
}

impl DashboardError {
    pub(super) fn new(address: SocketAddr, cause: io::Error) -> Self {
        Self { address, cause }
    }
}

impl fmt::Display for DashboardError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { address, cause } = self;
        write!(
            formatter,
            "cannot serve the dashboard at {address}: {cause}; take another port, or --dashboard alone for one that is free"
        )
    }
}

impl Error for DashboardError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.cause)
    }
}
