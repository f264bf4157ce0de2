//! What a scalar without quotes means.
//!
//! Source: kubernetes-sigs/yaml `goyaml.v2/resolve.go`, the reader of `kubectl`: YAML 1.1's `yes`, `on` and `0755` are
//! booleans and numbers there, so a value that `kubectl apply` refuses for its type is refused here too. Timestamps
//! stay texts, as they do on their way through JSON.

use super::tree::Value;

/// The value of a plain scalar.
pub(super) fn resolve(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            return Value::Bool(true);
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            return Value::Bool(false);
        }
        _ => {}
    }
    number(text).unwrap_or_else(|| Value::Text(text.into()))
}

fn number(text: &str) -> Option<Value> {
    if !text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.')) {
        return None;
    }
    let plain: String = text.chars().filter(|c| *c != '_').collect();
    integer(&plain).or_else(|| float(&plain))
}

/// Go's `strconv.ParseInt(text, 0, 64)`: `0x`, `0o`, `0b` and a bare leading `0` set the base.
fn integer(text: &str) -> Option<Value> {
    let (sign, digits) = match text.strip_prefix(['-', '+']) {
        Some(digits) => (&text[..1], digits),
        None => ("", text),
    };
    let lower = digits.to_ascii_lowercase();
    let (radix, digits) = [("0x", 16), ("0o", 8), ("0b", 2)]
        .into_iter()
        .find_map(|(prefix, radix)| lower.strip_prefix(prefix).map(|rest| (radix, rest)))
        .or_else(|| lower.strip_prefix('0').filter(|rest| !rest.is_empty()).map(|rest| (8, rest)))
        .unwrap_or((10, &lower));
    if !digits.starts_with(|c: char| c.is_ascii_hexdigit()) {
        return None; // a second sign, which Rust's parser would take
    }
    let signed = i64::from_str_radix(&format!("{sign}{digits}"), radix).ok().map(Value::Int);
    signed.or_else(|| match sign {
        "-" => None,
        _ => u64::from_str_radix(digits, radix).ok().map(Value::Unsigned),
    })
}

/// YAML's floats: digits, at most one dot, an exponent. Rust also knows `inf` and `nan`, which have no JSON.
fn float(text: &str) -> Option<Value> {
    let allowed = |c: char| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '+' | '-');
    let value: f64 = text.chars().all(allowed).then(|| text.parse().ok())??;
    value.is_finite().then_some(Value::Float(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        format!("{:?}", resolve(text))
    }

    #[test]
    fn a_scalar_means_what_kubectl_takes_it_for() {
        for (text, meaning) in [
            ("", "Null"),
            ("~", "Null"),
            ("on", "Bool(true)"),
            ("No", "Bool(false)"),
            ("0", "Int(0)"),
            ("-12", "Int(-12)"),
            ("+7", "Int(7)"),
            ("0755", "Int(493)"),
            ("0o17", "Int(15)"),
            ("0x1F", "Int(31)"),
            ("0b101", "Int(5)"),
            ("1_000", "Int(1000)"),
            ("18446744073709551615", "Unsigned(18446744073709551615)"),
            ("1.5", "Float(1.5)"),
            (".5", "Float(0.5)"),
            ("6e3", "Float(6000.0)"),
            ("099", "Float(99.0)"),
            ("--1", r#"Text("--1")"#),
            ("0x", r#"Text("0x")"#),
            (".", r#"Text(".")"#),
            ("1.2.3", r#"Text("1.2.3")"#),
            ("100m", r#"Text("100m")"#),
            (".inf", r#"Text(".inf")"#),
            ("2024-01-02", r#"Text("2024-01-02")"#),
            ("nan", r#"Text("nan")"#),
            ("hello", r#"Text("hello")"#),
        ] {
            assert_eq!(shown(text), meaning, "{text}");
        }
    }
}
