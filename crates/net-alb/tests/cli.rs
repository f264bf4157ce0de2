//! Transcripts of the command line: everything that is printed, and the exit code. `TRYCMD=overwrite cargo test --test
//! cli` accepts what is printed now.

#[test]
fn transcripts() {
    trycmd::TestCases::new().case("tests/cli/*.trycmd");
}
