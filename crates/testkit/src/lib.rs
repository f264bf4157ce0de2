//! What tests share: the golden cases in `cases/`, and the requests that they promise an answer to.
//!
//! A case is a folder that tells one story:
//!
//! | File | What |
//! |---|---|
//! | `input.yaml` | what a person would write; its first comment says why the case exists |
//! | `0-kingress.yaml` | what stage 0 makes of its Knative Services (recorded from Knative itself in `expand-*`) |
//! | `1-ingress.yaml` | what stage 1 makes of its KIngresses |
//! | `2-alb.yaml` | what stage 2 makes of its Ingresses |
//! | `alibaba.yaml` | what Alibaba's open controller makes of them, recorded |
//! | `diagnostics.txt` | what the person is told; absent if nothing |
//! | `requests.txt` | requests and where they go; checked on the table and over sockets |
//!
//! Each stage's test takes the golden of the stage before as its input, so that a change reddens one file. Files are
//! compared whole; `SNAPSHOTS=overwrite cargo test` accepts what the stages now say.

mod case;
mod certificate;
mod requests;
mod tls_client;

pub use case::{Case, run, snapshot, yaml};
pub use certificate::{Authority, Issued};
pub use requests::{Expect, Request, parse_requests};
pub use tls_client::{anybody, trusting};
