//! `net-alb explain NA0010`: the registry's entry; `net-alb explain codes`: all of them, one a line.

use crate::exit::{Exit, Failure};
use net_alb_diag::{Code, codes, nearest};
use std::io::{self, Write};
use std::path::PathBuf;

pub(super) fn run(subjects: &[PathBuf]) -> Result<Exit, Failure> {
    let words: Vec<String> = subjects.iter().map(|subject| subject.display().to_string()).collect();
    if words.is_empty() {
        let message = "nothing to explain: give a diagnostic code, `codes`, or --request and files";
        return Err(Failure::Usage(message.to_owned()));
    }
    let mut out = anstream::stdout().lock();
    let written = Failure::system("writing to stdout");
    if words == ["codes"] {
        list(&mut out).map_err(written)?;
        return Ok(Exit::Done);
    }
    let found: Result<Vec<_>, _> =
        words.iter().map(|word| codes::find(word).ok_or_else(|| unknown(word))).collect();
    let text: Vec<String> = found?.into_iter().map(page).collect();
    out.write_all(text.join("\n").as_bytes()).map_err(written)?;
    Ok(Exit::Done)
}

fn list(out: &mut dyn Write) -> io::Result<()> {
    for code in codes::all() {
        writeln!(out, "{}  {:<7}  {}", code.id, code.severity.to_string(), code.title)?;
    }
    Ok(())
}

fn page(code: &Code) -> String {
    let example: String = code.example.lines().flat_map(|line| ["    ", line, "\n"]).collect();
    format!(
        "{} {} ({})\n\n{}\n\n{}\n\nExample:\n{example}\nWhat to do: {}\n",
        code.id, code.reason, code.severity, code.title, code.explanation, code.fix
    )
}

fn unknown(word: &str) -> Failure {
    if std::path::Path::new(word).exists() {
        return Failure::Usage(format!(
            "`{word}` is a file: add --request 'GET http://host/path' to ask about it"
        ));
    }
    let near = nearest(word, codes::all().map(|code| code.id));
    let near =
        near.map_or("; `net-alb explain codes` lists them".to_owned(), |id| format!("; did you mean {id}?"));
    Failure::Usage(format!("there is no diagnostic `{word}`{near}"))
}
