//! Go's durations, as far as annotations need them.

const UNITS: [(&str, u128); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("μs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];
/// Go keeps nanoseconds in 63 bits.
const MOST: u128 = i64::MAX as u128;

/// Whole seconds from a text such as `380s`, `1.5h` or `1h30m`; what is wrong otherwise.
///
/// Source: Go `time.ParseDuration`; serving `pkg/apis/serving/metadata_validation.go` wants whole seconds from 0 up.
pub(super) fn parse(text: &str) -> Result<u64, String> {
    let nanoseconds = match text.strip_prefix('-') {
        Some(rest) if magnitude(rest) != Some(0) => {
            return Err(format!("`{text}` isn't a duration from 0 up"));
        }
        Some(_) => 0,
        None => magnitude(text.strip_prefix('+').unwrap_or(text))
            .ok_or_else(|| format!("`{text}` isn't a number and a unit such as `380s` or `1h30m`"))?,
    };
    if nanoseconds % 1_000_000_000 != 0 {
        return Err(format!("`{text}` isn't in whole seconds"));
    }
    Ok((nanoseconds / 1_000_000_000).try_into().unwrap_or(u64::MAX))
}

fn magnitude(text: &str) -> Option<u128> {
    if text == "0" {
        return Some(0);
    }
    let mut rest = text;
    let mut total = 0;
    while !rest.is_empty() || text.is_empty() {
        let (nanoseconds, after) = term(rest)?;
        total += nanoseconds;
        if total > MOST {
            return None;
        }
        rest = after;
    }
    Some(total)
}

/// One number and its unit, in nanoseconds, and what follows.
fn term(text: &str) -> Option<(u128, &str)> {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let (whole, rest) = text.split_at(digits(text));
    let (fraction, rest) = match rest.strip_prefix('.') {
        Some(after) => after.split_at(digits(after)),
        None => ("", rest),
    };
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let unit_length = rest.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(rest.len());
    let (unit, rest) = rest.split_at(unit_length);
    let (_, unit) = UNITS.iter().find(|(name, _)| *name == unit)?;
    // More digits than a nanosecond of an hour has are below one nanosecond.
    let fraction = &fraction[..fraction.len().min(15)];
    let parse =
        |digits: &str| if digits.is_empty() { Some(0) } else { digits.parse::<u64>().ok().map(u128::from) };
    let scale = 10_u128.pow(u32::try_from(fraction.len()).ok()?);
    Some((parse(whole)? * unit + parse(fraction)? * unit / scale, rest))
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn go_s_durations_are_read() {
        let cases = [
            ("380s", 380),
            ("1h30m", 5400),
            ("1.5h", 5400),
            ("0", 0),
            ("-0s", 0),
            ("+2m", 120),
            (".5m", 30),
            ("1000ms", 1),
        ];
        for (text, seconds) in cases {
            assert_eq!(parse(text), Ok(seconds), "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "380",
            "s",
            "1x",
            "1 s",
            "-1s",
            "1500ms",
            "1.s.",
            "99999999999999999999h",
            "3000000h",
            "²s",
            "+",
            "-",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
