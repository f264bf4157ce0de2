//! Acknowledgements: a gateway says which KIngress it serves in which version, and the controller listens.
//!
//! The gateway keeps a [`Board`]; `GET /acknowledgements` on its admin port is a response that never ends: a [`Line`] for every KIngress,
//! then [`Line::Synced`], then a line for every change. It is plain HTTP for clients inside the cluster: it tells names of
//! KIngresses and what is wrong with them, and nothing can be changed through it. Who may ask is a NetworkPolicy's matter.

mod board;
mod line;
mod stream;

pub use board::Board;
pub use line::{Effect, Line, Problem};
pub use stream::tell;
