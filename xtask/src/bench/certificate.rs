//! A certificate for servers that are measured.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

use crate::process;

/// PEM files of a certificate that signs itself, and of its key.
pub struct Certificate {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

/// Makes one with an RSA key of 2048 bits, the most common kind.
pub fn make(folder: &Path) -> Result<Certificate> {
    let openssl = process::find_binary("openssl").context("openssl is not on PATH")?;
    let (certificate, key) = (folder.join("certificate.pem"), folder.join("key.pem"));
    process::output(
        Command::new(openssl)
            .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"])
            .args(["-subj", "/CN=api.example.com", "-keyout"])
            .arg(&key)
            .arg("-out")
            .arg(&certificate),
    )?;
    Ok(Certificate { certificate, key })
}
