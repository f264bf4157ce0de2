//! A request as its fields say.
