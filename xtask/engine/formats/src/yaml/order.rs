//! The order in which Helm writes a map's keys.
//!
//! go-yaml v2 sorts them by a relation it calls natural (`keyList.Less` in `sorter.go`): letters
//! after all else, runs of digits by their value. It is no order for every set of keys.

use super::Out;

/// Sorts a map's entries into go-yaml's natural order (`keyList.Less` in `sorter.go`).
///
/// Fails with two keys where Helm's own order is random since that relation makes a circle, or is
/// not known here since a key is not ASCII.
pub fn sort_keys(map: &mut Vec<(String, Out)>) -> Result<(), (String, String)> {
    let mut keys = map.iter().map(|(key, _)| key);
    if let Some(foreign) = keys.clone().find(|key| !key.is_ascii())
        && let Some(other) = keys.find(|key| *key != foreign)
    {
        return Err((foreign.clone(), other.clone()));
    }
    // The relation decides every pair, so it orders the keys if no two have equally many before
    // them.
    let before = |key: &str| map.iter().filter(|(other, _)| key_before(other, key)).count();
    let ranks: Vec<usize> = map.iter().map(|(key, _)| before(key)).collect();
    let mut ranked: Vec<_> = ranks.into_iter().zip(std::mem::take(map)).collect();
    ranked.sort_by_key(|(rank, _)| *rank);
    let mut neighbours = ranked.iter().zip(ranked.iter().skip(1));
    let tie = neighbours.find(|(one, next)| one.0 == next.0);
    let tie = tie.map(|((_, one), (_, next))| (one.0.clone(), next.0.clone()));
    *map = ranked.into_iter().map(|(_, entry)| entry).collect();
    tie.map_or(Ok(()), Err)
}

/// Whether Helm writes the key `left` before `right` in one map. Not an order for every set of keys.
pub fn key_before(left: &str, right: &str) -> bool {
    let same: usize =
        left.chars().zip(right.chars()).take_while(|(l, r)| l == r).map(|(c, _)| c.len_utf8()).sum();
    let (Some((before, left)), Some((_, right))) =
        (left.split_at_checked(same), right.split_at_checked(same))
    else {
        return false;
    };
    let (Some(l), Some(r)) = (left.chars().next(), right.chars().next()) else {
        return left.len() < right.len();
    };
    match (l.is_alphabetic(), r.is_alphabetic()) {
        (true, true) => return l < r,
        (false, false) => {}
        (_, right_is_letter) => return right_is_letter,
    }
    let mut run = before.bytes().rev().take_while(u8::is_ascii_digit);
    let leading = (l == '0' || r == '0') && run.any(|b| b != b'0');
    let number = |rest: &str| {
        let digits = rest.bytes().take_while(u8::is_ascii_digit);
        digits.fold((i64::from(leading), 0), |(value, length), digit| {
            let value = value.wrapping_mul(10).wrapping_add(i64::from(digit - b'0'));
            (value, length + 1)
        })
    };
    (number(left), l) < (number(right), r)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_order() {
        let sorted = |keys: &str| {
            let entry = |key: &str| (key.to_owned(), Out::Null);
            let mut entries: Vec<_> = keys.split(' ').map(entry).collect();
            sort_keys(&mut entries)?;
            let keys: Vec<_> = entries.into_iter().map(|(key, _)| key).collect();
            Ok::<_, (String, String)>(keys.join(" "))
        };
        for (keys, expected) in [
            ("a10 alpha a9 a.b/c a-b Zed _x 1a", "_x 1a Zed a-b a.b/c a9 a10 alpha"),
            ("a a01 a1 a001", "a a1 a01 a001"),
            ("b a B A", "A B a b"),
        ] {
            assert_eq!(sorted(keys).unwrap(), expected);
        }
        assert!(sorted("001 0a 1bb").is_err());
        assert!(sorted("é a").is_err());
        assert!(sorted("é").is_ok());
    }
}
