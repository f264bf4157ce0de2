mod convert;

pub use convert::convert;
