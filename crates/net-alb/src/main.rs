mod read;
fn main() {}
