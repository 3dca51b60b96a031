//! Numbers as Go and go-yaml v2 read and write them.
//!
//! What is a number decides whether Helm changes it: `1.10` is one and becomes `1.1`, `1.2.3` is
//! text. go-yaml has rules of its own for prefixes, signs and underscores, and Go's shortest form of
//! a float is not Rust's.

use std::fmt::LowerExp;
use std::str::FromStr;

use super::scalar::Resolved;

/// A number starting with a digit or sign, its underscores removed.
pub(super) fn number(plain: &str) -> Option<Resolved> {
    if let Some(value) = integer(plain) {
        return Some(Resolved::Int(value));
    }
    let unsigned = plain.strip_prefix(['+', '-']).unwrap_or(plain);
    let starts_like_one = match unsigned.as_bytes() {
        [b'.', next, ..] => next.is_ascii_digit(),
        [first, ..] => first.is_ascii_digit(),
        [] => false,
    };
    if starts_like_one && let Some(value) = float(plain) {
        return Some(Resolved::Float(value));
    }
    let bits = plain.strip_prefix("0b")?;
    i64::from_str_radix(bits, 2).ok().map(|value| Resolved::Int(value.into()))
}

/// An integer by Go's `strconv.ParseInt` with base 0, or `ParseUint` for a large one.
pub(super) fn integer(plain: &str) -> Option<i128> {
    let negative = plain.starts_with('-');
    let unsigned = plain.strip_prefix(['+', '-']).unwrap_or(plain);
    let (radix, prefix) = match unsigned.as_bytes() {
        [b'0', b'x' | b'X', _, ..] => (16, 2),
        [b'0', b'o' | b'O', _, ..] => (8, 2),
        [b'0', b'b' | b'B', _, ..] => (2, 2),
        [b'0', _, ..] => (8, 1),
        _ => (10, 0),
    };
    let digits = unsigned.get(prefix..)?;
    if digits.starts_with(['+', '-']) {
        return None;
    }
    let size = i128::from(u64::from_str_radix(digits, radix).ok()?);
    let value = if negative { -size } else { size };
    // A sign rules out the unsigned range.
    let fits = in_range(value) && (!plain.starts_with('+') || i64::try_from(value).is_ok());
    fits.then_some(value)
}

/// Whether a Go integer type of 64 bits holds the value.
fn in_range(value: i128) -> bool {
    i64::try_from(value).is_ok() || u64::try_from(value).is_ok()
}

/// A finite decimal float; what overflows is text.
fn float(text: &str) -> Option<f64> {
    let decimal = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | 'e' | 'E');
    if !text.chars().all(decimal) {
        return None;
    }
    text.parse().ok().filter(|value: &f64| value.is_finite())
}

/// A float starting with a point: Go's syntax, single underscores between digits.
pub(super) fn dot_float(text: &str) -> Option<f64> {
    let bytes = text.as_bytes();
    let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let separates = |at: usize| at > 0 && digit(at - 1) && digit(at + 1);
    let proper = bytes.iter().enumerate().all(|(at, byte)| *byte != b'_' || separates(at));
    if !proper || !digit(1) {
        return None;
    }
    float(&text.replace('_', ""))
}

/// A 64-bit float as sigs.k8s.io/yaml writes it into text: rounded to 32 bits.
pub(super) fn float32(value: f64) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "the rounding Helm does")]
    let value = value as f32;
    if value.is_nan() {
        "NaN".to_owned()
    } else if value.is_infinite() {
        if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned()
    } else {
        go_format(&value)
    }
}

/// Go's `strconv.FormatFloat(value, 'g', -1, …)`: the fewest digits that give the value back.
pub(super) fn go_format<T: LowerExp + FromStr + PartialEq>(value: &T) -> String {
    let shortest = format!("{value:e}");
    // Between two equally near candidates Go takes the even digit, as Rust does only when told
    // the number of digits.
    let places = shortest.bytes().take_while(|b| *b != b'e');
    let places = places.skip_while(|b| *b != b'.').skip(1).count();
    let even = format!("{value:.places$e}");
    let scientific = match even.parse() {
        Ok(read) if *value == read => even,
        _ => shortest,
    };
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if !(-4..6).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{mantissa}e{sign}{:02}", exponent.abs());
    }
    let (sign, mantissa) = match mantissa.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", mantissa),
    };
    let digits = mantissa.replace('.', "");
    let places = exponent.unsigned_abs() as usize;
    let point = places + 1;
    match digits.split_at_checked(point) {
        _ if exponent < 0 => format!("{sign}0.{}{digits}", "0".repeat(places - 1)),
        Some((whole, fraction)) if !fraction.is_empty() => format!("{sign}{whole}.{fraction}"),
        _ => format!("{sign}{digits:0<point$}"),
    }
}
