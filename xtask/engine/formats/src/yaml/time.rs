//! Times and numbers of base 60, which go-yaml v2 quotes on writing.
//!
//! On reading both are text for Helm, but a text that looks like one must be written in quotes, by
//! the same test.

/// Whether go-yaml takes the text for a time: one of four layouts of Go's `time.Parse`.
pub(super) fn is_timestamp(text: &str) -> bool {
    timestamp(text).is_some()
}

fn timestamp(text: &str) -> Option<()> {
    let year_end = text.bytes().take_while(u8::is_ascii_digit).count();
    if year_end != 4 {
        return None;
    }
    let (year, rest) = text.split_at_checked(4)?;
    let year: u32 = year.parse().ok()?;
    let (month, rest) = field(rest.strip_prefix('-')?, 1..=12)?;
    let leap = year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400);
    let days = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    let (_, rest) = field(rest.strip_prefix('-')?, 1..=days)?;
    if rest.is_empty() {
        return Some(());
    }
    let zoned = rest.starts_with(['T', 't']);
    let time = match rest.strip_prefix(['T', 't']) {
        Some(time) => time,
        None => rest.strip_prefix(' ')?.trim_start_matches(' '),
    };
    let (_, rest) = field(time, 0..=23)?;
    let (_, rest) = field(rest.strip_prefix(':')?, 0..=59)?;
    let (_, rest) = field(rest.strip_prefix(':')?, 0..=59)?;
    let rest = match rest.strip_prefix(['.', ',']) {
        Some(fraction) if fraction.starts_with(|c: char| c.is_ascii_digit()) => {
            fraction.trim_start_matches(|c: char| c.is_ascii_digit())
        }
        _ => rest,
    };
    let fits = if zoned { is_zone(rest) } else { rest.is_empty() };
    fits.then_some(())
}

/// A number of one or two digits in the range, and what follows it.
fn field(text: &str, range: std::ops::RangeInclusive<u32>) -> Option<(u32, &str)> {
    let digits = text.bytes().take(2).take_while(u8::is_ascii_digit).count();
    let (number, rest) = text.split_at_checked(digits)?;
    let value = number.parse().ok()?;
    range.contains(&value).then_some((value, rest))
}

/// `Z` or an offset such as `+09:00`.
fn is_zone(text: &str) -> bool {
    let number = |tens: u8, ones: u8| (tens - b'0') * 10 + (ones - b'0');
    match text.as_bytes() {
        b"Z" => true,
        [b'+' | b'-', a, b, b':', c, d] if [a, b, c, d].iter().all(|b| b.is_ascii_digit()) => {
            number(*a, *b) <= 24 && number(*c, *d) <= 60
        }
        _ => false,
    }
}

/// Whether the text looks like YAML 1.1's base 60, which go-yaml quotes though it reads it as text:
/// `[-+]?\d[\d_]*(:[0-5]?\d)+(\.[\d_]*)?`.
pub(super) fn is_base60(text: &str) -> bool {
    let text = text.strip_prefix(['+', '-']).unwrap_or(text);
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit() || b == b'_');
    let (text, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut parts = text.split(':');
    let first = parts.next().unwrap_or_default();
    let mut places = parts.peekable();
    let place = |part: &str| match part.as_bytes() {
        [ones] => ones.is_ascii_digit(),
        [tens, ones] => (b'0'..=b'5').contains(tens) && ones.is_ascii_digit(),
        _ => false,
    };
    first.starts_with(|c: char| c.is_ascii_digit())
        && digits(first)
        && digits(fraction)
        && places.peek().is_some()
        && places.all(place)
}

#[cfg(test)]
mod tests {
    use super::super::scalar::needs_quotes;

    #[test]
    fn quotes() {
        for text in [
            "",
            "yes",
            "1.10",
            "017",
            "2001-1-1",
            "2000-2-29",
            "2001-01-01T1:2:3.5+24:60",
            "2001-01-01t1:2:3,5Z",
            "2001-01-01   1:2:3",
            "1:20",
            "-190:20:30.15",
            "1_0:5.",
        ] {
            assert!(needs_quotes(text), "{text}");
        }
        for text in [
            "a",
            "1.2.3",
            "2001-2-29",
            "2001-13-1",
            "201-1-1",
            "2001-01-01T1:2:3",
            "1:60",
            "2001-01-01 1:2:3Z",
            "2001-01-01T1:2:3+25:00",
            "2001-01-01T24:2:3Z",
            ":1",
            "1:2:x",
        ] {
            assert!(!needs_quotes(text), "{text}");
        }
    }
}
