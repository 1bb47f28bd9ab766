//! A TCP server that is to be written to.

use std::io;

use tokio::net::TcpStream;

use crate::output::Destination;

pub(crate) struct Server {
    pub(crate) address: String,
}

impl Destination for Server {
    type Writer = TcpStream;

    fn name(&self) -> String {
        format!("the connection to {}", self.address)
    }

    async fn open(&mut self) -> io::Result<TcpStream> {
        let stream = TcpStream::connect(&self.address).await?;
        // A batch is one write already; waiting for more would only delay it.
        stream.set_nodelay(true)?;
        Ok(stream)
    }
}
