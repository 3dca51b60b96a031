//! The pages in a real browser: what people see with scripts and without, on a phone, in the light and in the dark.

use std::path::Path;

use helm_xtask::internals::chart_page::{Chart, Facts, Row, page};
use helm_xtask::internals::docs::build_site;

use crate::docs::sources;
use crate::sandbox::{Sandbox, tool};

/// Runs a script on a page that is shown 390 pixels wide, and returns the text that the script makes. The page must
/// not complain on the console.
fn look(chromium: &Path, sandbox: &Sandbox, page: &str, attributes: &str, script: &str) -> String {
    let frame = format!(
        "<!doctype html><iframe id=f {attributes} src=\"{page}\" style=\"width:390px;height:800px;border:0\"></iframe>\
         <pre id=out></pre><script>f.onload = async () => {{ const d = f.contentDocument, w = f.contentWindow;\n\
         try {{ out.textContent = await (async () => {{ {script} }})(); }} catch (e) {{ out.textContent = e; }}\n\
         document.title = 'done'; }};</script>"
    );
    sandbox.write("frame.html", &frame);
    let profile = format!("--user-data-dir={}", sandbox.work().join("../home/profile").display());
    let url = format!("file://{}", sandbox.work().join("frame.html").display());
    let ran = sandbox.run(
        chromium,
        &[
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--allow-file-access-from-files",
            "--virtual-time-budget=5000",
            "--enable-logging=stderr",
            &profile,
            "--dump-dom",
            &url,
        ],
    );
    // Without scripts the browser says so; that is what was asked for.
    let said = |line: &&str| line.contains("CONSOLE") && !line.contains("Blocked script execution");
    let complaints: Vec<&str> = ran.stderr.lines().filter(said).collect();
    assert!(complaints.is_empty(), "{page}: {complaints:?}");
    let out = ran.stdout.split("<pre id=\"out\">").nth(1).and_then(|rest| rest.split("</pre>").next());
    out.unwrap_or_else(|| panic!("{page}: {}{}", ran.stdout, ran.stderr)).to_owned()
}

/// How far the page is wider than its window with everything folded out, how many tables it has, and how many of them
/// are wider than their box, in which they scroll.
const WIDTH: &str = "d.querySelectorAll('details').forEach((one) => { one.open = true; });
    const e = d.documentElement, tables = Array.from(d.querySelectorAll('.table'));
    const wide = tables.filter((one) => one.scrollWidth > one.clientWidth).length;
    return `${e.scrollWidth - e.clientWidth} ${tables.length} ${wide}`;";

fn charts(names: &[String]) -> Vec<Chart<'_>> {
    let row = |version| Row {
        version,
        app_version: "1",
        description: "Shows <b>something</b> in averylongwordwithoutanybreakthatdoesnotfitonthescreenofanyphone",
        created: "2026-11-22T10:00:00Z",
        digest: "e28707688273504150997caddc49cc3ec1b85ec7af8462f953c716c5fd841c6a",
        url: "https://example.com/charts/a-1.0.0.tgz",
        deprecated: true,
        is_library: false,
        is_pushed: true,
    };
    names.iter().map(|name| Chart { name, versions: vec![row("2.0.0-rc.1"), row("1.0.0")] }).collect()
}

fn facts() -> Facts<'static> {
    Facts {
        name: "demo",
        title: "Demo charts",
        url: "https://example.com/charts",
        oci: "oci://example.com/charts",
        docs_url: Some("../"),
    }
}

#[test]
fn the_page_of_charts_works_with_scripts_and_without() {
    let Some(chromium) = tool("the_page_of_charts_works_with_scripts_and_without", "CHROMIUM") else {
        return;
    };
    let sandbox = Sandbox::new();
    let names: Vec<String> = (0..12).map(|n| format!("chart-{n}-with-a-name-that-is-long-enough")).collect();
    sandbox.write("many.html", &page(&facts(), &charts(&names)));
    assert_eq!(look(&chromium, &sandbox, "many.html", "", WIDTH), "0 12 12");
    let script = "const seen = () => d.querySelectorAll('.chart:not([hidden])').length;
        const find = (text) => { const i = d.getElementById('words'); i.value = text; i.dispatchEvent(new Event('input'));
          return `${seen()} (${d.getElementById('found').textContent})`; };
        const buttons = Array.from(d.querySelectorAll('.command button'), (b) => b.getAttribute('aria-label'));
        return [d.getElementById('search').hidden, buttons.length, buttons[1], find('chart-11'), find('Chart someth'),
          find('nothing'), find('')].join('; ');";
    assert_eq!(
        look(&chromium, &sandbox, "many.html", "", script),
        "false; 25; Copy: helm install my-chart-0-with-a-name-that-is-long-enough demo/chart-0-with-a-name-that-is-long-enough \
         --version 1.0.0; 1 (1 of 12 charts); 12 (12 of 12 charts); 0 (0 of 12 charts); 12 ()"
    );
    let copy = "let copied = ''; w.navigator.clipboard.writeText = async (text) => { copied = text; };
        const b = d.querySelector('.command button'); b.click(); await new Promise((r) => setTimeout(r, 100)); return `${copied}; ${b.textContent}`;";
    assert_eq!(
        look(&chromium, &sandbox, "many.html", "", copy),
        "helm repo add demo https://example.com/charts; Copied"
    );
    let without = "return [d.querySelectorAll('button').length, d.getElementById('search').hidden,
        d.querySelectorAll('.chart').length, d.querySelector('.command').innerText].join('; ');";
    let scriptless = "sandbox=\"allow-same-origin\"";
    assert_eq!(
        look(&chromium, &sandbox, "many.html", scriptless, without),
        "0; true; 12; helm repo add demo https://example.com/charts"
    );
    assert_eq!(look(&chromium, &sandbox, "many.html", scriptless, WIDTH), "0 12 12");
}

#[test]
fn the_documentation_fits_a_phone() {
    let Some(chromium) = tool("the_documentation_fits_a_phone", "CHROMIUM") else {
        return;
    };
    let sandbox = Sandbox::new();
    let wide = format!(
        "# Title\n\n## One\n\n{}\n\n## Two\n\n    {}\n\n|{}\n|{}\n|{}\n\n`{}`\n",
        "word".repeat(100),
        "code ".repeat(100),
        " head |".repeat(20),
        "-|".repeat(20),
        " cell |".repeat(20),
        "inline".repeat(40)
    );
    let config = "site_name: A site\nsite_url: https://example.com/\nrepo_url: https://github.com/o/r\n";
    for file in build_site(&sources(config, &[("index.md", &wide), ("a/b.md", "# B")])).expect("a site") {
        sandbox.write(&file.path, &String::from_utf8(file.data).expect("UTF-8"));
    }
    assert_eq!(look(&chromium, &sandbox, "index.html", "sandbox=\"allow-same-origin\"", WIDTH), "0 1 1");
    let menu = "const shown = (s) => Boolean(d.querySelector(s)?.checkVisibility());
        const m = d.querySelector('.menu'); const before = shown('.menu li a'); m.open = true;
        return [before, shown('.menu li a'), shown('nav.wide')].join(' ');";
    assert_eq!(look(&chromium, &sandbox, "index.html", "", menu), "false true false");
    let wide = "f.style.width = '1300px'; d.body.offsetWidth; const shown = (s) => d.querySelector(s).checkVisibility();
        return [shown('.menu'), shown('nav.wide'), shown('aside.contents'), shown('details.contents')].join(' ');";
    assert_eq!(look(&chromium, &sandbox, "index.html", "", wide), "false true true false");
}

/// The contrast of each pair of colours that the stylesheets use, by WCAG 2.2, 1.4.3: 4.5 for text, 3 for the borders
/// of controls.
#[test]
fn colours_have_enough_contrast() {
    let style = include_str!("../../src/base/web.css");
    let (light, rest) = style.split_once("@media (prefers-color-scheme: dark)").expect("two schemes");
    let dark = rest.split("@media print").next().expect("the dark scheme");
    for scheme in [light, dark] {
        let colour = |name: &str| {
            let value = scheme.split(&format!("--{name}: #")).nth(1).unwrap_or_else(|| panic!("no {name}"));
            luminance(&value[..6])
        };
        for (text, back) in [
            ("text", "back"),
            ("text", "panel"),
            ("text", "code"),
            ("quiet", "back"),
            ("quiet", "panel"),
            ("link", "back"),
            ("link", "mark"),
            ("link", "panel"),
            ("warn", "warn-back"),
        ] {
            let (a, b) = (colour(text), colour(back));
            let contrast = (a.max(b) + 0.05) / (a.min(b) + 0.05);
            assert!(contrast >= 4.5, "{text} on {back}: {contrast:.2}");
        }
    }
}

/// The relative luminance of a colour in hexadecimal (WCAG 2.2, "relative luminance").
fn luminance(hex: &str) -> f64 {
    let channel = |at: usize| {
        let value = f64::from(u8::from_str_radix(&hex[at..at + 2], 16).expect("a colour")) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * channel(0) + 0.7152 * channel(2) + 0.0722 * channel(4)
}
