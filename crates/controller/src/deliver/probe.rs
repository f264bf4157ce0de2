//! Asks a load balancer which version it serves, as Knative's own prober asks a gateway.
//!
//! net-alb's embedded ALB puts the hash of the Ingress in place of `override` and whoever answers sends it back. The real ALB passes
//! `override` on: then the answer says only that there is a rule. Source: networking `pkg/status/status.go`, `pkg/http/probe`.

use super::routes::{Question, Verdict};
use http_body_util::Empty;
use hyper::body::Bytes;
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use net_alb_api::annotation::knative::{NETWORK_HASH_HEADER, NETWORK_HASH_OVERRIDE};
use std::error::Error;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// For one answer.
const PATIENCE: Duration = Duration::from_secs(2);
/// The port of plain HTTP.
const PORT: u16 = 80;

/// Asks once.
pub(super) async fn ask(address: &str, question: &Question) -> Verdict {
    match timeout(PATIENCE, answer(address, question)).await {
        Ok(Ok((status, hash))) => judge(status, hash.as_deref(), question),
        Ok(Err(_)) | Err(_) => Verdict::Unknown,
    }
}

fn judge(status: StatusCode, hash: Option<&str>, question: &Question) -> Verdict {
    match (status, hash) {
        (StatusCode::OK, Some(hash)) if hash == question.hash => Verdict::Serves,
        (StatusCode::OK, Some(NETWORK_HASH_OVERRIDE) | None) => Verdict::Unknown,
        (StatusCode::OK, Some(_)) => Verdict::NotYet("it serves another version".to_owned()),
        (StatusCode::NOT_FOUND | StatusCode::SERVICE_UNAVAILABLE, _) => {
            Verdict::NotYet(format!("`{}` is answered with {}", question.host, status.as_u16()))
        }
        _ => Verdict::Unknown,
    }
}

async fn answer(
    address: &str,
    question: &Question,
) -> Result<(StatusCode, Option<String>), Box<dyn Error + Send + Sync>> {
    let stream = TcpStream::connect((address, PORT)).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let connection = tokio::spawn(connection);
    let path = format!("{}/healthz", question.path.trim_end_matches('/'));
    let request = Request::get(path)
        .header("host", &question.host)
        .header("user-agent", "Knative-Ingress-Probe")
        .header("k-network-probe", "probe")
        .header(NETWORK_HASH_HEADER, NETWORK_HASH_OVERRIDE)
        .body(Empty::<Bytes>::new())?;
    let response = sender.send_request(request).await?;
    let hash = response.headers().get(NETWORK_HASH_HEADER).and_then(|value| value.to_str().ok());
    let said = (response.status(), hash.map(str::to_owned));
    connection.abort();
    Ok(said)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_hash_itself_proves_a_version() {
        let question = Question { host: "h".to_owned(), path: "/".to_owned(), hash: "abc".to_owned() };
        let of = |status: u16, hash| judge(StatusCode::from_u16(status).unwrap(), hash, &question);
        assert_eq!(of(200, Some("abc")), Verdict::Serves);
        assert!(matches!(of(200, Some("old")), Verdict::NotYet(_)));
        assert!(matches!(of(404, None), Verdict::NotYet(_)));
        assert_eq!(of(200, Some("override")), Verdict::Unknown, "the real ALB passes it on");
        assert_eq!(of(301, None), Verdict::Unknown);
    }
}
