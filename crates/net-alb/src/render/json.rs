//! A diagnostic as one line of JSON.

use crate::read::SourceMap;
use net_alb_diag::{Diagnostic, Place};
use serde_json::{Map, Value, json};
use std::io::{self, Write};

/// `{"code":"NA0010","reason":"UnknownField","severity":"error","message":…,"help":…,"place":{…},"related":[…]}`.
///
/// A place has `file`, `line` and `column` if it is in a file, `object` and `field` if it is in an object.
pub(super) fn print(out: &mut dyn Write, diagnostic: &Diagnostic, sources: &SourceMap) -> io::Result<()> {
    let related = diagnostic.related.iter().map(|related| {
        let mut place = place(&related.place, sources);
        place.insert("note".into(), related.note.clone().into());
        Value::Object(place)
    });
    let mut value = json!({
        "code": diagnostic.code.id,
        "reason": diagnostic.code.reason,
        "severity": diagnostic.severity.to_string(),
        "message": diagnostic.message,
        "place": place(&diagnostic.place, sources),
    });
    if let Some(help) = &diagnostic.help {
        value["help"] = help.clone().into();
    }
    if !diagnostic.related.is_empty() {
        value["related"] = related.collect();
    }
    writeln!(out, "{value}")
}

fn place(place: &Place, sources: &SourceMap) -> Map<String, Value> {
    let mut map = Map::new();
    match place {
        Place::Field { object, path } => {
            map.insert("object".into(), object.to_string().into());
            map.insert("field".into(), path.to_string().into());
        }
        Place::Text { .. } => {}
        Place::Whole(what) => {
            map.insert("object".into(), what.clone().into());
        }
    }
    if let Some(located) = sources.locate(place) {
        let (line, column) = located.file.position(located.span.start);
        map.insert("file".into(), located.file.name.clone().into());
        map.insert("line".into(), line.into());
        map.insert("column".into(), column.into());
    }
    map
}
