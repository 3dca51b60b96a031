//! Text as Helm writes it: plain, in quotes, folded over lines, or literal.

use std::borrow::Cow;

use super::cursor::Cursor;

/// Reads text that begins with `first` at the end of the line; `column` is that of its key or dash. The cursor is then
/// on the line after it. `None` for all that is not surely text.
pub fn text<'t>(cursor: &mut Cursor<'t>, first: &'t str, column: usize) -> Option<Cow<'t, str>> {
    match first.as_bytes().first()? {
        b'"' => double(cursor, first),
        b'\'' => single(cursor, first, column),
        b'|' => literal(cursor, first, column),
        _ if is_plain(first) => plain(cursor, first, column),
        _ => None,
    }
}

/// `true` or `false`.
pub fn flag(cursor: &mut Cursor<'_>, value: &str) -> Option<bool> {
    matches!(value, "true" | "false").then(|| cursor.advance())?;
    Some(value == "true")
}

/// Whether a plain scalar on one line is surely text; what is not could be anything.
pub fn is_plain(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_text = match bytes.first() {
        Some(b'a'..=b'z' | b'A'..=b'Z') => !is_word(text),
        Some(b'0'..=b'9') => !may_be_number(bytes),
        Some(b'/' | b'(' | b'_' | b'$' | b'^' | 0x80..) => true,
        _ => false,
    };
    is_text && is_part_of_plain(bytes)
}

/// Whether a line of a plain scalar ends where it seems to.
fn is_part_of_plain(bytes: &[u8]) -> bool {
    let mut before = b' ';
    for &byte in bytes {
        if byte == b'#' && before == b' ' || byte == b' ' && before == b':' {
            return false;
        }
        before = byte;
    }
    before != b':' && before != b' '
}

/// Whether these letters may be a boolean or null.
fn is_word(text: &str) -> bool {
    const WORDS: [&str; 9] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];
    text.len() <= 5 && WORDS.iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// Whether a text that begins with a digit may be a number. What has two dots, or letters that no number has, is none.
fn may_be_number(bytes: &[u8]) -> bool {
    let mut dots = 0;
    for byte in bytes {
        match byte {
            b'.' => dots += 1,
            b'x' | b'X' => return true,
            b'a'
            | b'c'
            | b'd'
            | b'f'..=b'n'
            | b'p'..=b'z'
            | b'A'
            | b'C'
            | b'D'
            | b'F'..=b'N'
            | b'P'..=b'Z' => {
                return false;
            }
            _ => {}
        }
    }
    dots < 2
}

/// Whether this is a time as Go writes it: `2024-01-02T03:04:05.678Z`, or with `+09:00`.
pub fn is_time(text: &str) -> bool {
    let Some(([y0, y1, y2, y3, b'-', m0, m1, b'-', d0, d1, b'T', h0, h1, b':', n0, n1, b':', s0, s1], rest)) =
        text.as_bytes().split_first_chunk()
    else {
        return false;
    };
    let two = |tens: &u8, ones: &u8| {
        (tens.is_ascii_digit() && ones.is_ascii_digit())
            .then(|| u32::from(tens - b'0') * 10 + u32::from(ones - b'0'))
    };
    let numbers = (two(y0, y1), two(y2, y3), two(m0, m1), two(d0, d1), two(h0, h1), two(n0, n1), two(s0, s1));
    let (Some(century), Some(year), Some(month), Some(day), Some(0..24), Some(0..60), Some(0..60)) = numbers
    else {
        return false;
    };
    let leap = year % 4 == 0 && (year != 0 || century % 4 == 0);
    let days = match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        _ => return false,
    };
    let zone = match rest.split_first() {
        Some((b'.', digits)) => {
            let zone = digits
                .get(digits.iter().take_while(|byte| byte.is_ascii_digit()).count()..)
                .unwrap_or_default();
            if zone.len() == digits.len() {
                return false;
            }
            zone
        }
        _ => rest,
    };
    let is_zone = match zone {
        b"Z" => true,
        [b'+' | b'-', h0, h1, b':', m0, m1] => {
            matches!((two(h0, h1), two(m0, m1)), (Some(0..24), Some(0..60)))
        }
        _ => false,
    };
    (1..=days).contains(&day) && is_zone
}

fn plain<'t>(cursor: &mut Cursor<'t>, first: &'t str, column: usize) -> Option<Cow<'t, str>> {
    cursor.advance();
    // An empty line would be a line break in the text.
    let is_over = |cursor: &Cursor<'_>| !cursor.line().is_empty() || cursor.is_at_end();
    if cursor.deeper(column).is_none() && is_over(cursor) {
        return Some(Cow::Borrowed(first));
    }
    let mut out = first.to_owned();
    while let Some(more) = cursor.deeper(column) {
        (is_part_of_plain(more.as_bytes())).then_some(())?;
        out.push(' ');
        out.push_str(more);
        cursor.advance();
    }
    is_over(cursor).then_some(Cow::Owned(out))
}

fn single<'t>(cursor: &mut Cursor<'t>, first: &'t str, column: usize) -> Option<Cow<'t, str>> {
    let mut rest = first.get(1..)?;
    if let Some(end) = rest.find('\'')
        && end + 1 == rest.len()
    {
        cursor.advance();
        return rest.get(..end).map(Cow::Borrowed);
    }
    let mut out = String::new();
    loop {
        match rest.split_once('\'') {
            Some((part, after)) => {
                out.push_str(part);
                if after.is_empty() {
                    cursor.advance();
                    return Some(Cow::Owned(out));
                }
                rest = after.strip_prefix('\'')?;
                out.push('\'');
            }
            None if rest.ends_with(' ') => return None,
            None => {
                out.push_str(rest);
                out.push(' ');
                cursor.advance();
                rest = cursor.deeper(column)?;
            }
        }
    }
}

/// In double quotes, on one line and with the most common escapes only.
fn double<'t>(cursor: &mut Cursor<'t>, first: &'t str) -> Option<Cow<'t, str>> {
    let inner = first.get(1..)?.strip_suffix('"')?;
    if !inner.contains(['"', '\\']) {
        cursor.advance();
        return Some(Cow::Borrowed(inner));
    }
    let mut out = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        out.push(match c {
            '"' => return None,
            '\\' => match chars.next()? {
                'n' => '\n',
                't' => '\t',
                c @ ('"' | '\\') => c,
                _ => return None,
            },
            c => c,
        });
    }
    cursor.advance();
    Some(Cow::Owned(out))
}

fn literal<'t>(cursor: &mut Cursor<'t>, header: &str, column: usize) -> Option<Cow<'t, str>> {
    let (is_indented, end) = match header {
        "|" | "|-" | "|+" => (false, header.get(1..)?),
        "|2" | "|2-" | "|2+" => (true, header.get(2..)?),
        _ => return None,
    };
    cursor.advance();
    let content = column + 2;
    // Without an indicator the first line shows where the others begin.
    (is_indented || cursor.from(content).is_some_and(|line| !line.starts_with(' '))).then_some(())?;
    let mut out = String::new();
    loop {
        let line = cursor.line();
        if let Some(line) = cursor.from(content) {
            (!line.trim_start_matches(' ').is_empty()).then_some(())?;
            out.push_str(line);
        } else if !line.is_empty() || cursor.is_at_end() {
            break;
        }
        out.push('\n');
        cursor.advance();
    }
    let ends = out.len() - out.trim_end_matches('\n').len();
    (ends < out.len()).then_some(())?;
    match end {
        "" => out.truncate(out.len() - ends + 1),
        "-" => out.truncate(out.len() - ends),
        _ => {}
    }
    Some(Cow::Owned(out))
}
