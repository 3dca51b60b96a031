//! The page that people see at the URL of the Helm repository: what charts there are and how to install them.
//!
//! One file that loads nothing. It is whole without scripts; with them it gains buttons that copy and, where there are
//! many charts, a search. Names and descriptions come from archives and are taken for hostile: every text is escaped,
//! only addresses of known schemes become links, and only plain words become part of a command.

use crate::base::config::is_oci_component;
use crate::base::html::{escape, policy_hash};
use crate::base::path;
use crate::base::text::{counted, sanitise, shown};
use crate::base::version::{helm_accepts, is_prerelease};

const STYLE: &str = concat!(include_str!("../../base/web.css"), include_str!("page.css"));
const SCRIPT: &str = include_str!("page.js");
/// What this program's own pages have, and no page of the documentation.
pub const MAKER: &str = "<meta name=\"generator\" content=\"helm-xtask\">";
/// How many versions of a chart are listed.
const LISTED: usize = 20;
/// From how many charts on there is a search.
const SEARCHED: usize = 9;

/// What the page says of the whole repository.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    pub name: &'a str,
    pub title: &'a str,
    /// The URL for `helm repo add`.
    pub url: &'a str,
    /// Where the charts are in an OCI registry: `oci://HOST/PATH`, without a slash at its end.
    pub oci: &'a str,
    pub docs_url: Option<&'a str>,
}

/// A chart with its versions, newest first.
#[derive(Clone, Debug)]
pub struct Chart<'a> {
    pub name: &'a str,
    pub versions: Vec<Row<'a>>,
}

/// A version of a chart. What the index does not have is empty.
#[derive(Clone, Debug, Default)]
pub struct Row<'a> {
    pub version: &'a str,
    /// The version of what the chart installs.
    pub app_version: &'a str,
    pub description: &'a str,
    /// When it was packaged: RFC 3339.
    pub created: &'a str,
    /// SHA-256 of the archive, in hexadecimal.
    pub digest: &'a str,
    /// Where the archive is: absolute, or relative to the page.
    pub url: &'a str,
    /// Whether it should no longer be used.
    pub deprecated: bool,
    /// Whether it is a library, which nobody can install.
    pub is_library: bool,
    /// Whether the OCI registry has it.
    pub is_pushed: bool,
}

/// The page, as HTML. Charts appear in the order in which they are given.
pub fn page(repository: &Facts<'_>, charts: &[Chart<'_>]) -> String {
    let title = text(repository.title);
    let policy = format!(
        "default-src 'none'; style-src '{}'; script-src '{}'; base-uri 'none'; form-action 'none'",
        policy_hash(STYLE),
        policy_hash(SCRIPT)
    );
    let docs = link(repository.docs_url.unwrap_or_default(), "Read the documentation");
    let docs = docs.map(|link| format!(" {link}.")).unwrap_or_default();
    let count = match charts.len() {
        0 => "no charts yet".to_owned(),
        1 => "1 chart".to_owned(),
        count => format!("{count} charts"),
    };
    let (add, search, list) = (add(repository), search(charts.len()), list(repository, charts));
    format!(
        r##"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<meta name="description" content="Helm repository: {count}">
{MAKER}
<meta name="color-scheme" content="light dark">
<style>{STYLE}</style>
</head>
<body>
<a class="skip" href="#charts">Skip to the charts</a>
<main>
<h1>{title}</h1>
<p class="lead">A Helm repository with {count}.{docs}</p>
{add}{search}<div id="charts">
{list}</div>
</main>
<script>{SCRIPT}</script>
</body>
</html>
"##
    )
}

fn add(repository: &Facts<'_>) -> String {
    let words = ["helm repo add", repository.name, repository.url];
    if !words.iter().skip(1).all(|word| is_plain(word)) {
        return String::new();
    }
    format!("<h2 class=\"add\">Add the repository</h2>\n{}", command(&words.join(" ")))
}

/// The search, which the script uncovers.
fn search(charts: usize) -> String {
    if charts < SEARCHED {
        return String::new();
    }
    "<div class=\"search\" id=\"search\" hidden>\n<label for=\"words\">Find a chart</label>\n\
     <input id=\"words\" type=\"search\" autocomplete=\"off\" spellcheck=\"false\">\n\
     <p id=\"found\" role=\"status\"></p>\n</div>\n"
        .to_owned()
}

fn list(repository: &Facts<'_>, charts: &[Chart<'_>]) -> String {
    if charts.is_empty() {
        return "<p class=\"empty\">No chart has been published here yet.</p>\n".to_owned();
    }
    charts.iter().map(|chart| section(repository, chart, charts.len() <= 3)).collect()
}

fn section(repository: &Facts<'_>, chart: &Chart<'_>, open: bool) -> String {
    let is_stable = |row: &&Row<'_>| helm_accepts(row.version) && !is_prerelease(row.version);
    let Some(first) = chart.versions.iter().find(is_stable).or_else(|| chart.versions.first()) else {
        return String::new();
    };
    let (name, version) = (text(chart.name), text(first.version));
    let id = format!("chart-{}", path::quote(chart.name));
    let (id, href) = (escape(&id), escape(&path::quote(&id)));
    let deprecated = if first.deprecated { " <span class=\"deprecated\">deprecated</span>" } else { "" };
    let description = paragraph("description", first.description);
    let (install, versions) = (commands(repository, chart.name, first), versions(repository, chart, open));
    format!(
        "<article class=\"chart\" id=\"{id}\" aria-labelledby=\"{id}-name\">\n<header>\n\
         <h2 id=\"{id}-name\"><a href=\"#{href}\">{name}</a> <span class=\"version\">{version}</span>{deprecated}</h2>\n\
         {description}</header>\n{install}{versions}</article>\n"
    )
}

/// The commands that get a version; none for names that a shell might take for something else.
fn commands(repository: &Facts<'_>, chart: &str, row: &Row<'_>) -> String {
    let version = row.version;
    if ![chart, version, repository.name, repository.oci].iter().all(|word| is_plain(word)) {
        return String::new();
    }
    let verb = if row.is_library { "pull".to_owned() } else { format!("install {}", release_name(chart)) };
    let mut out = command(&format!("helm {verb} {}/{chart} --version {version}", repository.name));
    if is_oci_component(chart) && row.is_pushed {
        out.push_str("<p class=\"or\">or, without adding the repository:</p>\n");
        out.push_str(&command(&format!("helm {verb} {}/{chart} --version {version}", repository.oci)));
    }
    out
}

/// A name of a release that Kubernetes accepts.
fn release_name(chart: &str) -> String {
    let label = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let name: String = "my-".chars().chain(chart.chars().map(label)).take(50).collect();
    name.trim_end_matches('-').to_owned()
}

/// Whether a shell takes the word as it is, and no program takes it for an option.
fn is_plain(word: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._+-/:".contains(c);
    !word.starts_with('-') && word.chars().all(plain)
}

fn command(line: &str) -> String {
    format!("<div class=\"command\"><pre tabindex=\"0\"><code>{}</code></pre></div>\n", text(line))
}

fn versions(repository: &Facts<'_>, chart: &Chart<'_>, open: bool) -> String {
    let rows: String = chart.versions.iter().take(LISTED).map(row).collect();
    let older = match chart.versions.len().saturating_sub(LISTED) {
        0 => String::new(),
        older => {
            let all = format!("helm search repo {}/{} --versions", repository.name, chart.name);
            let all =
                if is_plain(chart.name) { format!(": <code>{}</code>", text(&all)) } else { String::new() };
            format!("<p class=\"older\">{}{all}</p>\n", counted(older, "older version"))
        }
    };
    let open = if open { " open" } else { "" };
    let count = counted(chart.versions.len(), "version");
    format!(
        "<details{open}><summary>{count}</summary>\n<div class=\"table\" tabindex=\"0\"><table>\n\
         <thead><tr><th scope=\"col\">Version</th><th scope=\"col\">App version</th><th scope=\"col\">Created</th>\
         <th scope=\"col\">SHA-256</th><th scope=\"col\">Archive</th></tr></thead>\n\
         <tbody>\n{rows}</tbody>\n</table></div>\n{older}</details>\n"
    )
}

fn row(row: &Row<'_>) -> String {
    let deprecated = if row.deprecated { " <span class=\"deprecated\">deprecated</span>" } else { "" };
    let (version, app_version) = (text(row.version), text(row.app_version));
    let created = date(row.created);
    let created = created.map(|date| format!("<time datetime=\"{date}\">{date}</time>")).unwrap_or_default();
    let digest = row.digest.strip_prefix("sha256:").unwrap_or(row.digest);
    // All of it is there to be copied; the stylesheet shows its beginning.
    let digest = match text(digest) {
        digest if digest.is_empty() => String::new(),
        digest => format!("<code class=\"digest\" title=\"{digest}\">{digest}</code>"),
    };
    let file = row.url.rsplit('/').next().unwrap_or_default();
    let archive = link(row.url, if file.is_empty() { "download" } else { file });
    let archive = archive.unwrap_or_else(|| format!("<code>{}</code>", text(row.url)));
    format!(
        "<tr><th scope=\"row\">{version}{deprecated}</th><td>{app_version}</td><td>{created}</td><td>{digest}</td>\
         <td>{archive}</td></tr>\n"
    )
}

/// A text for the page: nothing that is not printable, nothing that HTML would obey.
fn text(text: &str) -> String {
    escape(&shown(text))
}

fn paragraph(class: &str, words: &str) -> String {
    let words = sanitise(words);
    if words.is_empty() { String::new() } else { format!("<p class=\"{class}\">{}</p>\n", escape(&words)) }
}

/// The day of a time in RFC 3339.
fn date(time: &str) -> Option<&str> {
    let day = time.get(..10)?;
    let form = |(i, c): (usize, char)| if matches!(i, 4 | 7) { c == '-' } else { c.is_ascii_digit() };
    day.chars().enumerate().all(form).then_some(day)
}

/// A link to an address that a browser fetches, with its text; `None` for any other.
fn link(to: &str, label: &str) -> Option<String> {
    let odd = |c: char| c.is_control() || c.is_whitespace() || c == '\\';
    let known = match path::scheme(to) {
        Some(scheme) => ["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known)),
        // A colon in what is no scheme is a port or part of a path.
        None => !to.starts_with("//") && to.split('/').next().is_some_and(|first| !first.contains(':')),
    };
    let usable = !to.is_empty() && !to.contains(odd) && known;
    usable.then(|| format!("<a href=\"{}\">{}</a>", escape(to), text(label)))
}

/// Whether a page is one that this program made, of whatever version: older ones have no name of their maker.
pub fn is_ours(page: &[u8]) -> bool {
    let has = |mark: &str| page.windows(mark.len()).any(|bytes| bytes == mark.as_bytes());
    has(MAKER)
        || has(
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-",
        ) && has("<meta name=\"description\" content=\"Helm repository: ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const FACTS: Facts<'_> = Facts {
        name: "demo",
        title: "Demo charts",
        url: "https://h/charts",
        oci: "oci://r/charts",
        docs_url: Some("../"),
    };

    fn versions<'a>(versions: &[&'a str]) -> Vec<Row<'a>> {
        versions.iter().map(|version| Row { version, ..Row::default() }).collect()
    }

    fn body(charts: &[Chart<'_>]) -> String {
        page(&FACTS, charts)
            .split("<main>")
            .nth(1)
            .expect("a body")
            .split("<script>")
            .next()
            .expect("no script")
            .to_owned()
    }

    #[test]
    fn a_chart() {
        let row = Row {
            version: "1.2.3",
            app_version: "4",
            description: "Serves.",
            created: "2026-11-22T10:00:00.5Z",
            digest: "sha256:abc",
            url: "https://h/charts/web-1.2.3.tgz",
            deprecated: true,
            is_library: false,
            is_pushed: true,
        };
        let old = Row { version: "1.2.2", url: "web-1.2.2.tgz", ..Row::default() };
        let expected = r##"
<h1>Demo charts</h1>
<p class="lead">A Helm repository with 1 chart. <a href="../">Read the documentation</a>.</p>
<h2 class="add">Add the repository</h2>
<div class="command"><pre tabindex="0"><code>helm repo add demo https://h/charts</code></pre></div>
<div id="charts">
<article class="chart" id="chart-web" aria-labelledby="chart-web-name">
<header>
<h2 id="chart-web-name"><a href="#chart-web">web</a> <span class="version">1.2.3</span> <span class="deprecated">deprecated</span></h2>
<p class="description">Serves.</p>
</header>
<div class="command"><pre tabindex="0"><code>helm install my-web demo/web --version 1.2.3</code></pre></div>
<p class="or">or, without adding the repository:</p>
<div class="command"><pre tabindex="0"><code>helm install my-web oci://r/charts/web --version 1.2.3</code></pre></div>
<details open><summary>2 versions</summary>
<div class="table" tabindex="0"><table>
<thead><tr><th scope="col">Version</th><th scope="col">App version</th><th scope="col">Created</th><th scope="col">SHA-256</th><th scope="col">Archive</th></tr></thead>
<tbody>
<tr><th scope="row">1.2.3 <span class="deprecated">deprecated</span></th><td>4</td><td><time datetime="2026-11-22">2026-11-22</time></td><td><code class="digest" title="abc">abc</code></td><td><a href="https://h/charts/web-1.2.3.tgz">web-1.2.3.tgz</a></td></tr>
<tr><th scope="row">1.2.2</th><td></td><td></td><td></td><td><a href="web-1.2.2.tgz">web-1.2.2.tgz</a></td></tr>
</tbody>
</table></div>
</details>
</article>
</div>
</main>
"##;
        assert_eq!(body(&[Chart { name: "web", versions: vec![row, old] }]), expected);
    }

    #[test]
    fn an_empty_repository_has_a_page() {
        let page = body(&[]);
        assert!(
            page.contains("with no charts yet")
                && page.contains("helm repo add demo")
                && page.contains("class=\"empty\"")
        );
    }

    #[test]
    fn the_newest_stable_version_is_installed() {
        let newest = |list: &[&str]| {
            let page = body(&[Chart { name: "web", versions: versions(list) }]);
            let version = page.split("demo/web --version ").nth(1).and_then(|rest| rest.split('<').next());
            version.expect("a command").to_owned()
        };
        assert_eq!(newest(&["2.0.0-rc.1", "1.0.0", "0.9.0"]), "1.0.0");
        assert_eq!(newest(&["2.0.0-rc.1", "2.0.0-a"]), "2.0.0-rc.1");
        assert_eq!(newest(&["1.0.0+b.1"]), "1.0.0+b.1");
        assert_eq!(newest(&["v1.16.0-rc.1", "v1.15.0"]), "v1.15.0");
    }

    #[test]
    fn the_newest_are_listed() {
        let list: Vec<String> = (0..10_000).rev().map(|n| format!("1.0.{n}")).collect();
        let list: Vec<&str> = list.iter().map(String::as_str).collect();
        let page = body(&[Chart { name: "web", versions: versions(&list) }]);
        assert_eq!(page.matches("scope=\"row\"").count(), 20);
        assert!(page.contains("9980 older versions: <code>helm search repo demo/web --versions</code>"));
        assert!(!body(&[Chart { name: "web", versions: versions(&list[..20]) }]).contains("older"));
    }

    #[test]
    fn what_charts_say_is_text() {
        let evil = "\"'><img src=x onerror=alert(1)>\u{202e}\n</script><!--";
        let row = |url| Row {
            version: evil,
            app_version: evil,
            description: evil,
            created: evil,
            digest: evil,
            url,
            deprecated: false,
            is_library: false,
            is_pushed: true,
        };
        let page = body(&[Chart { name: evil, versions: vec![row(evil)] }]);
        assert!(!page.contains("<img") && !page.contains("</script") && !page.contains('\u{202e}'), "{page}");
        assert!(!page.contains("helm install") && !page.contains("helm search"), "{page}");
        let elements = page.matches(['<']).count();
        let tame = body(&[Chart {
            name: "?",
            versions: vec![Row {
                version: "?",
                app_version: "?",
                description: "?",
                created: "?",
                digest: "?",
                url: "a:b",
                deprecated: false,
                ..Row::default()
            }],
        }]);
        assert_eq!(elements, tame.matches(['<']).count(), "{page}");
        for bad in [
            "javascript:alert(1)",
            "JavaScript:x",
            " javascript:x",
            "java\tscript:x",
            "data:text/html,x",
            "//evil",
            "\\\\evil",
            "x:y",
            "",
        ] {
            assert_eq!(link(bad, "x"), None, "{bad}");
        }
        for good in ["a.tgz", "../a.tgz", "/a.tgz", "https://h/a.tgz", "HTTP://h/a:b", "./a:b.tgz"] {
            assert!(link(good, "x").is_some(), "{good}");
        }
    }

    #[test]
    fn commands_have_plain_words_alone() {
        for name in ["a b", "$(x)", "a;b", "-a", "a\"", "a'b", "a&b", "é", "a\u{a0}"] {
            let page = body(&[Chart { name, versions: versions(&["1.0.0"]) }]);
            assert!(!page.contains("helm install"), "{name}");
        }
        let page = body(&[Chart { name: "My.Chart_x", versions: versions(&["1.0.0"]) }]);
        assert!(page.contains("helm install my-my-chart-x demo/My.Chart_x --version 1.0.0"));
        assert!(!page.contains("oci://"), "no registry has such a name");
    }

    #[test]
    fn a_search_is_there_for_many() {
        let charts = |n: usize| vec![Chart { name: "web", versions: versions(&["1.0.0"]) }; n];
        assert!(
            !body(&charts(8)).contains("type=\"search\"")
                && body(&charts(9)).contains("id=\"search\" hidden")
        );
    }

    #[test]
    fn nothing_but_its_own_style_and_script_is_allowed() {
        let page = page(&FACTS, &[]);
        for (open, close) in [("<style>", "</style>"), ("<script>", "</script>")] {
            let inline = page.split(open).nth(1).and_then(|rest| rest.split(close).next()).expect(open);
            assert!(page.contains(&format!("'{}'", policy_hash(inline))), "{open}");
        }
        let loads = ["src=", "url(", "@import", "<link", "style=\"", "onclick"];
        assert!(loads.iter().all(|word| !page.contains(word)));
    }
}
