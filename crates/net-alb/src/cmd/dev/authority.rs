//! A CA of one's own, for `dev --https`: made once, kept with the user's state, so that a client that trusts it does so next
//! time too.

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose, SanType};
use std::io::{self, ErrorKind, Write};
use std::net::IpAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};
use std::{env, fs};

/// The CA, and the key of every certificate that it issues in this run.
pub(super) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    key: KeyPair,
    /// Its certificate, for `curl --cacert`.
    path: PathBuf,
}

/// A certificate with its key, in PEM.
pub(super) struct Issued {
    pub(super) chain: String,
    pub(super) key: String,
}

impl Authority {
    /// The one in the user's state folder, made there if it's absent.
    pub(super) fn open() -> io::Result<Authority> {
        Authority::open_in(&folder()?)
    }

    fn open_in(folder: &Path) -> io::Result<Authority> {
        fs::create_dir_all(folder)?;
        let secret = folder.join("dev-ca.key");
        let key = KeyPair::from_pem(&read_or_make(&secret)?).map_err(|_| broken(&secret))?;
        let params = authority_params();
        let path = folder.join("dev-ca.pem");
        if !path.exists() {
            let certificate = params.self_signed(&key).map_err(io::Error::other)?;
            replace(&path, &certificate.pem())?;
        }
        let leaf_key = KeyPair::generate().map_err(io::Error::other)?;
        Ok(Authority { issuer: Issuer::new(params, key), key: leaf_key, path })
    }

    /// Where its certificate is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// A certificate for these hosts and addresses.
    pub(super) fn issue<'a>(
        &self,
        hosts: impl IntoIterator<Item = &'a str>,
        addresses: &[IpAddr],
    ) -> io::Result<Issued> {
        let mut params = validity(CertificateParams::default(), 1);
        let dns = hosts.into_iter().filter_map(|host| host.try_into().ok()).map(SanType::DnsName);
        params.subject_alt_names = dns.chain(addresses.iter().copied().map(SanType::IpAddress)).collect();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, "net-alb dev");
        params.use_authority_key_identifier_extension = true;
        let certificate = params.signed_by(&self.key, &self.issuer).map_err(io::Error::other)?;
        Ok(Issued { chain: certificate.pem(), key: self.key.serialize_pem() })
    }
}

/// `$XDG_STATE_HOME/net-alb`, by default `~/.local/state/net-alb`. Source: XDG Base Directory Specification.
fn folder() -> io::Result<PathBuf> {
    let set = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let state = set("XDG_STATE_HOME").or_else(|| Some(set("HOME")?.join(".local/state")));
    let absent = || io::Error::new(ErrorKind::NotFound, "neither XDG_STATE_HOME nor HOME is set");
    Ok(state.ok_or_else(absent)?.join("net-alb"))
}

fn authority_params() -> CertificateParams {
    let mut params = validity(CertificateParams::default(), 10);
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "net-alb development CA");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

/// From the beginning of last year, whatever clocks say, to the end of this year and some more.
fn validity(mut params: CertificateParams, more_years: i32) -> CertificateParams {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let year = 1970 + i32::try_from(seconds / 31_556_952).unwrap_or_default();
    params.not_before = rcgen::date_time_ymd(year - 1, 12, 31);
    params.not_after = rcgen::date_time_ymd(year + more_years, 12, 31);
    params
}

/// The CA's key, which nobody but the user may read.
fn read_or_make(path: &Path) -> io::Result<String> {
    let made = KeyPair::generate().map_err(io::Error::other)?.serialize_pem();
    let mut options = fs::OpenOptions::new();
    match options.write(true).create_new(true).mode(0o600).open(path) {
        Ok(mut file) => file.write_all(made.as_bytes()).map(|()| made),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => fs::read_to_string(path),
        Err(error) => Err(error),
    }
}

/// Writes a file so that nobody sees half of it.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let beside = path.with_extension(format!("pem.{}", std::process::id()));
    fs::write(&beside, text)?;
    fs::rename(beside, path)
}

fn broken(path: &Path) -> io::Error {
    let text = format!("`{}` is no private key; remove it, and a new one is made", path.display());
    io::Error::new(ErrorKind::InvalidData, text)
}
