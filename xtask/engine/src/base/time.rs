//! Times as text: RFC 3339 as Go reads and writes it, and calendar dates from seconds.

/// What Go writes for a time that was never set.
pub const ZERO: &str = "0001-01-01T00:00:00Z";

/// Seconds since 1970 as RFC 3339 in UTC, as far as the year 9999.
pub fn utc(seconds: u64) -> String {
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    // Days are counted in eras of 400 years from 0000-03-01, so that a leap day ends its year.
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (year, month) = if month < 10 { (year, month + 3) } else { (year + 1, month - 9) };
    let year = era * 400 + year;
    let (hour, minute) = (second / 3600, second / 60 % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{:02}Z", second % 60)
}

/// The text that Go's `time.Time` writes after reading `text` from JSON: strict RFC 3339, up to nine digits of a
/// second without trailing zeros, `Z` for every offset of zero. `None` where Go refuses it.
pub fn normal(text: &str) -> Option<String> {
    let (date, rest) = text.split_once('T')?;
    let zone_at = rest.find(['Z', '+', '-'])?;
    let (time, zone) = rest.split_at_checked(zone_at)?;
    let (clock, fraction) =
        time.split_once('.').map_or((time, None), |(clock, fraction)| (clock, Some(fraction)));
    let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
    let [hour, minute, second] = numbers(clock, ':', [2, 2, 2])?;
    let valid = (1..=12).contains(&month) && (1..=days_in(year, month)).contains(&day);
    if !valid || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let fraction = match fraction {
        None => String::new(),
        Some(digits) if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) => {
            let kept = digits.get(..9).unwrap_or(digits).trim_end_matches('0');
            if kept.is_empty() { String::new() } else { format!(".{kept}") }
        }
        Some(_) => return None,
    };
    Some(format!("{date}T{clock}{fraction}{}", normal_zone(zone)?))
}

fn normal_zone(zone: &str) -> Option<&str> {
    if zone == "Z" {
        return Some(zone);
    }
    let [hours, minutes] = numbers(zone.get(1..)?, ':', [2, 2])?;
    match (hours, minutes) {
        (0, 0) => Some("Z"),
        (0..=23, 0..=59) => Some(zone),
        _ => None,
    }
}

/// Seconds since 1970 of a date in a header of HTTP, such as `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, 5.6.7).
pub fn from_http(text: &str) -> Option<u64> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let parts: Vec<&str> = text.split(' ').collect();
    let [_, day, month, year, clock, "GMT"] = parts.as_slice() else { return None };
    let month = u64::try_from(MONTHS.iter().position(|name| name == month)?).ok()? + 1;
    let [year] = numbers(year, ' ', [4])?;
    let [day] = numbers(day, ' ', [2])?;
    let [hour, minute, second] = numbers(clock, ':', [2, 2, 2])?;
    // Years begin in March, so that a leap day ends its year.
    let (year, month) =
        if month < 3 { (u64::from(year).checked_sub(1)?, month + 9) } else { (u64::from(year), month - 3) };
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + u64::from(day);
    let days = days.checked_sub(719_469)?;
    Some(days * 86_400 + u64::from(hour) * 3600 + u64::from(minute) * 60 + u64::from(second))
}

/// Decimal numbers of exactly these widths.
fn numbers<const N: usize>(text: &str, separator: char, widths: [usize; N]) -> Option<[u32; N]> {
    let mut parts = text.split(separator);
    let mut out = [0; N];
    for (number, width) in out.iter_mut().zip(widths) {
        let part =
            parts.next().filter(|part| part.len() == width && part.bytes().all(|b| b.is_ascii_digit()))?;
        *number = part.parse().ok()?;
    }
    parts.next().is_none().then_some(out)
}

fn days_in(year: u32, month: u32) -> u32 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The largest time that 11 octal digits hold; later ones would need another header.
pub const MAX_TIME: u64 = 0o77_777_777_777;

#[cfg(test)]
mod tests {
    use super::{from_http, normal, utc};

    #[test]
    fn from_seconds() {
        for (seconds, expected) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (951_868_800, "2000-03-01T00:00:00Z"),
            (1_704_164_645, "2024-01-02T03:04:05Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
            (8_589_934_591, "2242-03-16T12:56:31Z"),
        ] {
            assert_eq!(utc(seconds), expected);
            assert_eq!(normal(&utc(seconds)).as_deref(), Some(expected));
        }
    }

    #[test]
    fn from_headers() {
        for (text, expected) in [
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(784_111_777)),
            ("Tue, 29 Feb 2000 00:00:00 GMT", Some(951_782_400)),
            ("Thu, 01 Jan 1970 00:00:00 GMT", Some(0)),
            ("Wed, 31 Dec 1969 23:59:59 GMT", None),
            ("Thu, 01 Jan 0000 00:00:00 GMT", None),
            ("Wed, 00 Mar 0000 00:00:00 GMT", None),
            ("Sunday, 06-Nov-94 08:49:37 GMT", None),
            ("Sun, 06 Nov 1994 08:49:37 CET", None),
            ("", None),
        ] {
            assert_eq!(from_http(text), expected, "{text}");
        }
    }

    #[test]
    fn as_go_reads_and_writes() {
        for (text, expected) in [
            ("2024-01-02T03:04:05Z", "2024-01-02T03:04:05Z"),
            ("2024-01-02T03:04:05.600000000+09:00", "2024-01-02T03:04:05.6+09:00"),
            ("2024-01-02T03:04:05.1234567899-00:30", "2024-01-02T03:04:05.123456789-00:30"),
            ("2024-01-02T03:04:05.000+00:00", "2024-01-02T03:04:05Z"),
            ("2024-02-29T23:59:59Z", "2024-02-29T23:59:59Z"),
        ] {
            assert_eq!(normal(text).as_deref(), Some(expected));
        }
        for text in [
            "",
            "2024-01-02",
            "2024-01-02 03:04:05Z",
            "2024-01-02T03:04:05",
            "2024-01-02t03:04:05Z",
            "2024-01-02T3:04:05Z",
            "2024-01-02T03:04:60Z",
            "2024-01-02T24:04:05Z",
            "2023-02-29T03:04:05Z",
            "2024-13-02T03:04:05Z",
            "2024-01-02T03:04:05,6Z",
            "2024-01-02T03:04:05.Z",
            "2024-01-02T03:04:05+24:00",
            "2024-01-02T03:04:05+0900",
            "2024-01-02T03:04:05Zx",
            "02024-01-02T03:04:05Z",
        ] {
            assert_eq!(normal(text), None, "{text}");
        }
    }
}
