//! Certificates in files.

use std::path::Path;

use tokio_rustls::rustls::pki_types::{
    CertificateDer,
    pem::{self, PemObject},
};

use crate::TlsError;

pub(crate) fn read_certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let failed = |cause| TlsError::pem(path, cause);
    let certificates = CertificateDer::pem_file_iter(path).map_err(failed)?;
    let certificates = certificates
        .collect::<Result<Vec<_>, _>>()
        .map_err(failed)?;
    if certificates.is_empty() {
        return Err(failed(pem::Error::NoItemsFound));
    }
    Ok(certificates)
}
