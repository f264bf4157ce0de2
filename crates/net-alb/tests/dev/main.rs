//! `net-alb dev` as somebody uses it: the binary, real files, real sockets, port 0. Tests wait for printed lines.

#![allow(clippy::unwrap_used, reason = "a test fails by it")]

mod cases;
mod https;
mod operate;
mod process;
mod reload;
mod request;
mod serve;
mod websocket;
