//! The ids of headings, as mkdocs makes them: Python-Markdown's `toc` extension (`slugify`, `unique`).

use std::collections::BTreeSet;

/// The id of a heading: letters beyond ASCII lose their accents or go, white space becomes `-`.
pub fn slug(text: &str) -> String {
    let mut ascii = String::new();
    text.chars().for_each(|c| push_ascii(c, &mut ascii));
    let kept = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-') || c.is_ascii_whitespace();
    let kept: String = ascii.chars().filter(kept).collect();
    let mut out = String::new();
    for c in kept.trim().chars() {
        match c {
            '-' | ' ' | '\t'..='\r' if out.ends_with('-') => {}
            '-' | ' ' | '\t'..='\r' => out.push('-'),
            c => out.push(c.to_ascii_lowercase()),
        }
    }
    out
}

/// Letters whose canonical decomposition (Unicode, NFKD) begins with an ASCII letter.
const ACCENTED: [(&str, &str); 48] = [
    ("ÀÁÂÃÄÅĀĂĄ", "A"),
    ("àáâãäåāăąª", "a"),
    ("ÇĆĈĊČ", "C"),
    ("çćĉċč", "c"),
    ("Ď", "D"),
    ("ď", "d"),
    ("ÈÉÊËĒĔĖĘĚ", "E"),
    ("èéêëēĕėęě", "e"),
    ("ĜĞĠĢ", "G"),
    ("ĝğġģ", "g"),
    ("Ĥ", "H"),
    ("ĥ", "h"),
    ("ÌÍÎÏĨĪĬĮİ", "I"),
    ("ìíîïĩīĭį", "i"),
    ("Ĵ", "J"),
    ("ĵ", "j"),
    ("Ķ", "K"),
    ("ķ", "k"),
    ("ĹĻĽ", "L"),
    ("ĺļľ", "l"),
    ("ÑŃŅŇ", "N"),
    ("ñńņň", "n"),
    ("ÒÓÔÕÖŌŎŐ", "O"),
    ("òóôõöōŏőº", "o"),
    ("ŔŖŘ", "R"),
    ("ŕŗř", "r"),
    ("ŚŜŞŠȘ", "S"),
    ("śŝşšșſ", "s"),
    ("ŢŤȚ", "T"),
    ("ţťț", "t"),
    ("ÙÚÛÜŨŪŬŮŰŲ", "U"),
    ("ùúûüũūŭůűų", "u"),
    ("Ŵ", "W"),
    ("ŵ", "w"),
    ("ÝŶŸ", "Y"),
    ("ýÿŷ", "y"),
    ("ŹŻŽ", "Z"),
    ("źżž", "z"),
    ("ﬁ", "fi"),
    ("ﬂ", "fl"),
    ("ﬀ", "ff"),
    ("™", "TM"),
    ("№", "No"),
    ("²", "2"),
    ("³", "3"),
    ("¹", "1"),
    ("½", "12"),
    ("\u{a0}\u{2002}\u{2003}\u{2007}\u{2009}\u{202f}\u{3000}", " "),
];

fn push_ascii(c: char, out: &mut String) {
    if c.is_ascii() {
        out.push(c);
    } else if let Some((_, base)) = ACCENTED.iter().find(|(letters, _)| letters.contains(c)) {
        out.push_str(base);
    }
}

/// An id that is not taken yet: `a`, then `a_1`, `a_2`; for an empty one `_1`.
pub fn unique(id: String, taken: &mut BTreeSet<String>) -> String {
    if !id.is_empty() && taken.insert(id.clone()) {
        return id;
    }
    let counted = id.rsplit_once('_').and_then(|(base, count)| Some((base, count.parse::<u32>().ok()?)));
    let (base, from) = counted.unwrap_or((&id, 0));
    let free = (from..u32::MAX).map(|n| format!("{base}_{}", n + 1)).find(|id| !taken.contains(id));
    let id = free.unwrap_or_default();
    taken.insert(id.clone());
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By `markdown.extensions.toc.slugify(TEXT, "-")`.
    #[test]
    fn slugs() {
        for (text, expected) in [
            ("What is made", "what-is-made"),
            ("Refused, though Helm packages it", "refused-though-helm-packages-it"),
            ("a -- b", "a-b"),
            ("-a_b-", "-a_b-"),
            ("cargo xtask release --tag v1.2.3", "cargo-xtask-release-tag-v123"),
            ("Žlutý kůň, ﬁn ™", "zluty-kun-fin-tm"),
            ("日本", ""),
            ("  C++ & <T>  ", "c-t"),
            ("a\u{a0}b…", "a-b"),
        ] {
            assert_eq!(slug(text), expected, "{text}");
        }
    }

    #[test]
    fn ids_are_unique() {
        let mut taken = BTreeSet::new();
        let ids: Vec<String> =
            ["a", "a", "a", "a_1", "", "", "b_7", "b_7"].map(|id| unique(id.to_owned(), &mut taken)).into();
        assert_eq!(ids, ["a", "a_1", "a_2", "a_3", "_1", "_2", "b_7", "b_8"]);
    }
}
