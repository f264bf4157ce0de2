//! What there is to say about a Secret, without a gateway.

use super::certificate::{Certificate, Pem};
use super::client_ca::ClientCas;
use super::store::Certificates;
use net_alb_diag::Outcome;
use net_alb_model::ObjectKey;

/// Says what [`Gateway::set_certificate`](crate::Gateway::set_certificate) would say about a Secret's first version.
pub fn check_certificate(secret: &ObjectKey, pem: Pem<'_>) -> Outcome<()> {
    Certificates::default().replace(secret, Certificate::parse(pem).map(Some))
}

/// Says what [`Gateway::set_client_ca`](crate::Gateway::set_client_ca) would say about a Secret's first version.
pub fn check_client_ca(secret: &ObjectKey, pem: &[u8]) -> Outcome<()> {
    ClientCas::default().set(secret, Some(pem)).map(drop)
}
