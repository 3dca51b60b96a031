//! What a scalar means to Helm.
//!
//! go-yaml v2 resolves plain scalars by YAML 1.1 (with its own rules for numbers), and
//! sigs.k8s.io/yaml turns a number or boolean that meets a text field back into text, floats with
//! the precision of 32 bits. This file holds these rules, for reading and for deciding what must be
//! quoted on writing.

use super::number::{dot_float, float32, go_format, integer, number};
use super::time::{is_base60, is_timestamp};
use super::{Error, Text};

/// A scalar: what it resolves to and what was written.
#[derive(Debug, Clone, PartialEq)]
pub struct Scalar {
    pub resolved: Resolved,
    /// The content as it stood in the file, without quotes and escapes.
    pub written: String,
}

/// The value of a scalar by go-yaml v2's `resolve`.
#[derive(Debug, Clone, PartialEq)]
pub enum Resolved {
    /// Empty, `~` or `null`.
    Null,
    /// `true`, `yes`, `on` and their opposites.
    Bool(bool),
    /// An integer in the range of `i64` or `u64`.
    Int(i128),
    /// A float; may be infinite or NaN, which Helm takes in text fields only.
    Float(f64),
    Text(String),
}

impl Scalar {
    /// What Helm puts into a text field: `None` for null, where the field stays empty.
    ///
    /// Fails for NaN and the infinities: Helm 3 writes `NaN`, Helm 4 refuses them.
    pub fn text(&self) -> Result<Option<Text>, Error> {
        let helm = match &self.resolved {
            Resolved::Null => return Ok(None),
            Resolved::Bool(value) => value.to_string(),
            Resolved::Int(value) => value.to_string(),
            Resolved::Float(value) if value.is_finite() => float32(*value),
            Resolved::Float(_) => {
                return Err(Error::without_line(format!(
                    "`{}` is not a number Helm can store",
                    self.written
                )));
            }
            Resolved::Text(text) => text.clone(),
        };
        Ok(Some(Text { helm, written: self.written.clone() }))
    }

    /// The value for a boolean field; `None` if Helm refuses it there (null leaves it unset).
    pub fn boolean(&self) -> Option<bool> {
        match self.resolved {
            Resolved::Bool(value) => Some(value),
            _ => None,
        }
    }

    /// Whether it is null: empty, `~`, `null`.
    pub fn is_null(&self) -> bool {
        self.resolved == Resolved::Null
    }

    /// A number as Helm writes it back from a field without a type, where it went through a 64-bit
    /// float; `None` for NaN, the infinities and all that is no number.
    pub fn number(&self) -> Option<String> {
        #[expect(clippy::cast_precision_loss, reason = "Helm loses it as well")]
        let value = match self.resolved {
            Resolved::Int(value) => value as f64,
            Resolved::Float(value) if value.is_finite() => value,
            _ => return None,
        };
        let plain = value.to_string();
        let whole = integer(&plain).map(|whole| whole.to_string());
        Some(whole.unwrap_or_else(|| go_format(&value)))
    }

    /// What a template prints of it as a value, where numbers are 64-bit floats (Go's `%v`); `None` for null and for what Helm
    /// refuses.
    pub fn rendered(&self) -> Option<String> {
        #[expect(clippy::cast_precision_loss, reason = "Helm loses it as well")]
        match &self.resolved {
            Resolved::Bool(value) => Some(value.to_string()),
            Resolved::Int(value) => Some(go_format(&(*value as f64))),
            Resolved::Float(value) if value.is_finite() => Some(go_format(value)),
            Resolved::Text(text) => Some(text.clone()),
            _ => None,
        }
    }

    /// The JSON key that sigs.k8s.io/yaml makes of it.
    pub(super) fn key(&self) -> Result<Text, &'static str> {
        let helm = match &self.resolved {
            Resolved::Null => return Err("`null` cannot be a key"),
            Resolved::Int(value) if i64::try_from(*value).is_err() => {
                return Err("an integer above `9223372036854775807` cannot be a key");
            }
            Resolved::Float(value) if *value == 0.0 && value.is_sign_negative() => {
                return Err("`-0.0` cannot be a key");
            }
            Resolved::Float(value) => match float32(*value).as_str() {
                "+Inf" => ".inf".to_owned(),
                "-Inf" => "-.inf".to_owned(),
                "NaN" => ".nan".to_owned(),
                finite => finite.to_owned(),
            },
            Resolved::Bool(value) => value.to_string(),
            Resolved::Int(value) => value.to_string(),
            Resolved::Text(text) => text.clone(),
        };
        Ok(Text { helm, written: self.written.clone() })
    }
}

const TAG_PREFIX: &str = "tag:yaml.org,2002:";

/// The meaning of a scalar's text under its tag (`None` for an untagged plain one).
///
/// From go-yaml v2 `decode.go` (`scalar`) and `resolve.go` (`resolve`): unknown tags make text,
/// known ones must fit, but a whole number may be a `!!float`.
pub(super) fn resolve(tag: Option<&str>, text: &str) -> Result<Resolved, &'static str> {
    let as_text = || Ok(Resolved::Text(text.to_owned()));
    let Some(tag) = tag else {
        return Ok(resolve_plain(text));
    };
    let Some(short) = tag.strip_prefix(TAG_PREFIX) else {
        return as_text();
    };
    match (short, resolve_plain(text)) {
        ("binary", _) => base64(text).map(Resolved::Text),
        ("timestamp", _) if is_timestamp(text) => as_text(),
        ("null", value @ Resolved::Null)
        | ("bool", value @ Resolved::Bool(_))
        | ("int", value @ Resolved::Int(_))
        | ("float", value @ Resolved::Float(_)) => Ok(value),
        #[expect(clippy::cast_precision_loss, reason = "go-yaml loses it as well")]
        ("float", Resolved::Int(value)) if i64::try_from(value).is_ok() => Ok(Resolved::Float(value as f64)),
        ("null" | "bool" | "int" | "float" | "timestamp", _) => Err("the value does not fit its tag"),
        _ => as_text(),
    }
}

/// The meaning of a plain scalar without a tag.
fn resolve_plain(text: &str) -> Resolved {
    let fixed = match text {
        "" | "~" | "null" | "Null" | "NULL" => Some(Resolved::Null),
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            Some(Resolved::Bool(true))
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            Some(Resolved::Bool(false))
        }
        ".nan" | ".NaN" | ".NAN" => Some(Resolved::Float(f64::NAN)),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Some(Resolved::Float(f64::INFINITY)),
        "-.inf" | "-.Inf" | "-.INF" => Some(Resolved::Float(f64::NEG_INFINITY)),
        _ => None,
    };
    let number = || match text.as_bytes().first()? {
        b'.' => dot_float(text).map(Resolved::Float),
        b'0'..=b'9' | b'+' | b'-' => number(&text.replace('_', "")),
        _ => None,
    };
    fixed.or_else(number).unwrap_or_else(|| Resolved::Text(text.to_owned()))
}

/// Whether go-yaml would take this text, written plain, for something else than text.
pub(super) fn needs_quotes(text: &str) -> bool {
    !matches!(resolve_plain(text), Resolved::Text(_)) || is_timestamp(text) || is_base60(text)
}

/// Standard base64 as Go decodes it: line breaks ignored, padding required.
fn base64(text: &str) -> Result<String, &'static str> {
    const INVALID: &str = "the value of `!!binary` is not base64";
    let text: Vec<u8> = text.bytes().filter(|b| !b"\r\n".contains(b)).collect();
    let padding = text.iter().rev().take_while(|b| **b == b'=').count();
    if !text.len().is_multiple_of(4) || padding > 2 {
        return Err(INVALID);
    }
    let mut bytes = Vec::with_capacity(text.len());
    let (mut buffer, mut bits) = (0_u32, 0);
    for byte in text.iter().take(text.len() - padding) {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return Err(INVALID),
        };
        buffer = buffer << 6 | u32::from(value);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((buffer >> bits).to_be_bytes()[3]);
        }
    }
    String::from_utf8(bytes).map_err(|_| "the value of `!!binary` is not UTF-8, Helm would damage it")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn helm(text: &str) -> String {
        let resolved = resolve(None, text).unwrap();
        let written = text.to_owned();
        let scalar = Scalar { resolved, written };
        let kind = match scalar.resolved {
            Resolved::Null => "null",
            Resolved::Bool(_) => "bool",
            Resolved::Int(_) => "int",
            Resolved::Float(_) => "float",
            Resolved::Text(_) => "text",
        };
        match scalar.text() {
            Ok(Some(text)) => format!("{kind} {}", text.helm),
            Ok(None) => kind.to_owned(),
            Err(_) => format!("{kind} refused"),
        }
    }

    #[test]
    fn plain_scalars() {
        for (text, expected) in [
            ("", "null"),
            ("~", "null"),
            ("Null", "null"),
            ("nUll", "text nUll"),
            ("yes", "bool true"),
            ("y", "bool true"),
            ("OFF", "bool false"),
            ("tRue", "text tRue"),
            ("1.10", "float 1.1"),
            ("1.0", "float 1"),
            ("017", "int 15"),
            ("08", "float 8"),
            ("0x1F", "int 31"),
            ("0o17", "int 15"),
            ("-0b11", "int -3"),
            ("0b-1", "int -1"),
            ("0b+1", "int 1"),
            ("-0b-1", "text -0b-1"),
            ("1_000", "int 1000"),
            ("0_x1", "int 1"),
            ("_1", "text _1"),
            ("+1", "int 1"),
            ("+-1", "text +-1"),
            ("-0", "int 0"),
            ("-0.0", "float -0"),
            ("1e3", "float 1000"),
            ("1e6", "float 1e+06"),
            ("123456.0", "float 123456"),
            ("1234567.0", "float 1.234567e+06"),
            ("4070030.25", "float 4.0700302e+06"),
            ("16777217.0", "float 1.6777216e+07"),
            ("0.0001", "float 0.0001"),
            ("0.00001", "float 1e-05"),
            ("1e300", "float +Inf"),
            ("1e400", "text 1e400"),
            (".inf", "float refused"),
            ("-.INF", "float refused"),
            (".NaN", "float refused"),
            (".5", "float 0.5"),
            (".1_2", "float 0.12"),
            (".1__2", "text .1__2"),
            ("1.", "float 1"),
            (".", "text ."),
            (".e5", "text .e5"),
            ("1.2.3", "text 1.2.3"),
            ("18446744073709551615", "int 18446744073709551615"),
            ("+9223372036854775808", "float 9.223372e+18"),
            ("18446744073709551616", "float 1.8446744e+19"),
            ("2001-12-14", "text 2001-12-14"),
            ("12:30:45", "text 12:30:45"),
            ("<<", "text <<"),
            ("=", "text ="),
        ] {
            assert_eq!(helm(text), expected, "{text}");
        }
    }

    #[test]
    fn tagged_scalars() {
        let text = |text: &str| Some(Resolved::Text(text.to_owned()));
        for (tag, value, expected) in [
            ("str", "1.10", text("1.10")),
            ("str", "~", text("~")),
            ("foo", "1", text("1")),
            ("binary", "aGVs\nbG8=", text("hello")),
            ("binary", "aGVsbG8", None),
            ("binary", "/w==", None),
            ("int", "0x10", Some(Resolved::Int(16))),
            ("int", "1.0", None),
            ("float", "1", Some(Resolved::Float(1.0))),
            ("float", "18446744073709551615", None),
            ("bool", "yes", Some(Resolved::Bool(true))),
            ("bool", "1", None),
            ("null", "", Some(Resolved::Null)),
            ("null", "x", None),
            ("timestamp", "2001-01-01", text("2001-01-01")),
            ("timestamp", "1", None),
        ] {
            let tag = format!("{TAG_PREFIX}{tag}");
            assert_eq!(resolve(Some(&tag), value).ok(), expected, "{tag} {value}");
        }
        assert_eq!(resolve(Some("!"), "1").ok(), text("1"));
    }

    #[test]
    fn free_numbers() {
        for (text, expected) in [
            ("12345678901234567", Some("12345678901234568")),
            ("9223372036854775807", Some("9223372036854776000")),
            ("18446744073709551615", Some("1.8446744073709552e+19")),
            ("1.10", Some("1.1")),
            ("1e30", Some("1e+30")),
            ("-0.0", Some("0")),
            ("yes", None),
            (".inf", None),
        ] {
            let resolved = resolve(None, text).unwrap();
            let written = String::new();
            let number = Scalar { resolved, written }.number();
            assert_eq!(number.as_deref(), expected, "{text}");
        }
    }
}
