//! The programs that we run: what they get to read, how long they may take, and that they end when we are told to.

use std::os::unix::fs::symlink;
use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;

use crate::check::found;
use crate::release::chart;
use crate::sandbox::{Sandbox, find};

/// A repository with the chart `web` and a documentation site, and a helm that finds nothing to say.
fn repository() -> Sandbox {
    let sandbox = Sandbox::with_commit(&[
        (".gitignore", "/target/\n"),
        ("charts/web/Chart.yaml", &chart("web", "1.0.0")),
        ("charts/web/.helmignore", "/ci/\n"),
        ("charts/web/ci/good-values.yaml", "a: 1\n"),
        ("mkdocs.yml", "site_name: Web\n"),
        ("docs/index.md", "# Web\n"),
    ]);
    program(&sandbox, "helm", "echo \"$*\" >> $HOME/asked");
    for program in ["mkfifo", "sleep"] {
        sandbox.link_program(program, &find(program).expect(program));
    }
    sandbox
}

/// A program that tells a version, and runs a script when it is asked for anything else.
fn program(sandbox: &Sandbox, name: &str, script: &str) {
    let version = "case \"$1\" in version|--version) echo 'x, version 4.0.0'; exit;; esac";
    sandbox.script(name, &format!("#!/bin/sh\n{version}\n{script}\n"));
}

/// What helm would wait for without end, what would fill the memory, and what is none of the repository's.
#[test]
fn helm_reads_no_values_that_we_would_not() {
    let sandbox = repository();
    let values = |name: &str| sandbox.work().join(format!("charts/web/ci/{name}-values.yaml"));
    sandbox.write("../home/secret.yaml", "password: hunter2\n");
    sandbox.run(&find("mkfifo").expect("mkfifo"), &["charts/web/ci/pipe-values.yaml"]).ended(0);
    for (name, target) in [
        ("device", "/dev/zero"),
        ("away", "../../../../home/secret.yaml"),
        ("nowhere", "nothing"),
        ("piped", "pipe-values.yaml"),
    ] {
        symlink(target, values(name)).expect("a link");
    }
    std::fs::File::create(values("sparse")).and_then(|file| file.set_len(1 << 40)).expect("a file");
    let ran = sandbox.xtask(&["check", "--offline", "--json"]).ended(1);
    let told = found(&ran, "helm");
    let told: Vec<&str> = told.iter().filter_map(|one| one.strip_prefix("error charts/web/ci/")).collect();
    assert_eq!(
        told[..3],
        [
            "away-values.yaml this link leaves the repository; copy what it leads to",
            "device-values.yaml this link leads to a place on this machine, `/dev/zero`; link to a relative path, or copy what it leads to",
            "nowhere-values.yaml cannot follow this link: No such file or directory (os error 2); mend or delete it",
        ]
    );
    let files = told[3..].iter().map(|one| one.split(' ').next().expect("a file"));
    assert!(files.eq(["pipe-values.yaml", "piped-values.yaml", "sparse-values.yaml"]), "{told:#?}");
    let asked = sandbox.text("../home/asked");
    assert!(asked.contains("--values charts/web/ci/good-values.yaml"), "{asked}");
    assert_eq!(asked.lines().filter(|line| !line.starts_with("package ")).count(), 2, "{asked}");
    assert!(!(ran.stdout + &ran.stderr).contains("hunter2"));
}

/// The rehearsal renders with the first of them.
#[test]
fn a_rehearsal_reads_no_such_values_either() {
    let sandbox = repository();
    sandbox.write("CHANGELOG.md", "# Changelog\n\n## 1.0.0\n\nWords.\n");
    sandbox.commit("changes");
    symlink("/dev/zero", sandbox.work().join("charts/web/ci/a-values.yaml")).expect("a link");
    let ran = sandbox.xtask(&["release", "--rehearse", "--offline", "--helm", "never"]).ended(1);
    let error =
        "error: charts/web/ci/a-values.yaml: this link leads to a place on this machine, `/dev/zero`\n";
    assert!(ran.stderr.contains(error), "{}", ran.stderr);
}

#[test]
fn git_waits_for_no_pipe() {
    for path in [".gitattributes", "charts/web/.gitignore", "new/.gitignore"] {
        let sandbox = repository();
        sandbox.write("new/file", "");
        sandbox.run(&find("mkfifo").expect("mkfifo"), &[path]).ended(0);
        for command in [&["check", "--offline"][..], &["ci"]] {
            let ran = sandbox.xtask(command).ended(1);
            let error = format!("error: {path}: git cannot read it: it is not a file\nhint: delete it\n");
            assert!(ran.stderr.ends_with(&error), "{}", ran.stderr);
        }
    }
}

/// A loop in a template has no end. What helm started ends with it: nobody else has the other end of its pipe.
#[test]
fn helm_has_a_limit() {
    let sandbox = repository();
    program(&sandbox, "helm", "[ \"$1\" = lint ] && { sleep 600 & wait; }");
    let ran = sandbox.xtask(&["check", "--offline", "--json", "--deadline", "1"]).ended(1);
    let expected = "error charts/web `helm lint` did not end within 1 s with `charts/web/ci/good-values.yaml`; \
                    look for a loop in its templates, or give helm longer: --deadline 10";
    assert!(found(&ran, "helm").contains(&expected.to_owned()), "{ran:?}");
    program(&sandbox, "helm", "sleep 600");
    let ran = sandbox.xtask(&["package", "charts/web", "--deadline", "1"]).ended(1);
    let expected = "error: charts/web: `helm package` did not end within 1 s\n\
                    hint: look for a loop in its templates, or give helm longer: --deadline 10\n";
    assert!(ran.stderr.ends_with(expected), "{}", ran.stderr);
}

#[test]
fn a_step_of_ci_has_a_limit() {
    let sandbox = repository();
    sandbox.script("cargo", "#!/bin/sh\necho begun; sleep 600\n");
    let ran = sandbox.xtask(&["ci", "--deadline", "1"]).ended(1);
    let expected = " did not end within 1 s\nhint: give each step longer: --deadline SECONDS\n";
    assert!(ran.stderr.ends_with(expected), "{}", ran.stderr);
}

/// Told to stop while a program runs: it is told so too, with what it started, and nothing is left of them or of us.
#[test]
fn programs_end_when_we_do() {
    // Each holds a pipe open until it ends, and says there how.
    let own = "trap 'echo ended >&3; exit' TERM; exec 3> $HOME/pipe";
    let with_a_child = format!("{own}; (sleep 30; echo survived >&3) & wait; echo survived >&3");
    // Git ends what it started.
    let by_itself = format!("{own}; sleep 30 3>&- & wait; echo survived >&3");
    let runs: [(&str, &[&str], &str); 4] = [
        ("helm", &["package", "charts/web", "-d", "out"], &with_a_child),
        ("cargo", &["ci"], &with_a_child),
        ("mkdocs", &["pages", "--only", "docs", "--offline"], &with_a_child),
        ("git", &["check", "--offline"], &by_itself),
    ];
    for (signal, number) in [("INT", 2), ("TERM", 15)] {
        for (name, args, script) in runs {
            assert_eq!(
                told_to_stop(name, args, script, signal),
                ("ended\n".to_owned(), Some(number)),
                "{name}"
            );
        }
    }
}

#[test]
fn a_program_that_does_not_listen_is_killed() {
    let deaf = "trap '' TERM; exec 3> $HOME/pipe; sleep 30; echo survived >&3";
    let ended = told_to_stop("helm", &["package", "charts/web", "-d", "out"], deaf, "TERM");
    assert_eq!(ended, (String::new(), Some(15)));
}

/// Stops a command once a program that it runs has opened the pipe. What was said there, and the signal that ended the
/// command.
fn told_to_stop(name: &str, args: &[&str], script: &str, signal: &str) -> (String, Option<i32>) {
    let mut sandbox = repository();
    sandbox.set("CONFIG_DOCS", "mkdocs");
    sandbox.run(&find("mkfifo").expect("mkfifo"), &["../home/pipe"]).ended(0);
    if name == "git" {
        std::fs::remove_file(sandbox.work().join("../bin/git")).expect("a link");
    }
    program(&sandbox, name, script);
    let mut command = sandbox.any_config_command();
    let mut child = command.args(args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("xtask");
    // It opens once the program does.
    let mut pipe = std::fs::File::open(sandbox.work().join("../home/pipe")).expect("the pipe");
    let id = child.id().to_string();
    sandbox.run(&find("kill").expect("kill"), &["-s", signal, &id]).ended(0);
    let said = std::io::read_to_string(&mut pipe).expect("the pipe");
    let signal = child.wait().expect("an end").signal();
    let left = std::fs::read_dir(sandbox.work().join("../tmp")).expect("tmp").count();
    assert_eq!(left, 0, "{name}");
    (said, signal)
}
