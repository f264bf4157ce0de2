//! How a command ends: one place decides the exit code.

use crate::read::Unreadable;
use std::fmt;
use std::io;
use std::process::ExitCode;

/// A command that did what it could.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Nothing was refused: 0.
    Done,
    /// A diagnostic refused something: 1.
    Refused,
}

/// A command that couldn't do its work.
#[derive(Debug)]
pub(crate) enum Failure {
    /// What was typed makes no sense: 2.
    Usage(String),
    /// A file or socket failed: 3. What was tried, and what the system said.
    System(String, io::Error),
}

impl Failure {
    /// For `map_err`: what was tried.
    pub(crate) fn system(tried: impl Into<String>) -> impl FnOnce(io::Error) -> Failure {
        |error| Failure::System(tried.into(), error)
    }
}

impl From<Unreadable> for Failure {
    fn from(unreadable: Unreadable) -> Self {
        Failure::System(format!("reading `{}`", unreadable.path.display()), unreadable.error)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Usage(message) => f.write_str(message),
            Failure::System(tried, error) => write!(f, "{tried}: {error}"),
        }
    }
}

/// The code that the process ends with. A reader that closed its end of a pipe has what it wanted.
pub(crate) fn code(result: &Result<Exit, Failure>) -> ExitCode {
    match result {
        Ok(Exit::Done) => ExitCode::SUCCESS,
        Ok(Exit::Refused) => ExitCode::from(1),
        Err(Failure::Usage(_)) => ExitCode::from(2),
        Err(failure) if failure.is_closed_pipe() => ExitCode::SUCCESS,
        Err(Failure::System(..)) => ExitCode::from(3),
    }
}

impl Failure {
    /// Whether somebody like `head` stopped reading.
    pub(crate) fn is_closed_pipe(&self) -> bool {
        matches!(self, Failure::System(_, error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}
