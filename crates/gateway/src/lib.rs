//! Stage 3a: the embedded ALB, a gateway that serves the model.

mod endpoints;
pub mod table;

pub use endpoints::Endpoints;
pub use net_alb_model::ObjectKey;
pub use table::{Change, Table, compile};
