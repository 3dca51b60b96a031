//! A run that is stopped while it signs, and secrets that are shown nowhere.

use std::io::ErrorKind;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use std::{fs, thread};

use crate::registry::repository_of;
use crate::sandbox::{Sandbox, find};
use crate::signing::{CHART, PASSPHRASE, keys, offline, run, signing};
use crate::whole::source;

/// Stops a run while gpg signs, after the agent has been started. What comes back is the directory of the secret key.
fn stopped(sandbox: &Sandbox, signal: &str) -> String {
    let [gpg, sleep] = ["gpg", "sleep"].map(|name| find(name).expect("a program").display().to_string());
    run(sandbox, &find("mkfifo").expect("mkfifo"), &["../home/pipe"]);
    sandbox.script(
        "gpg",
        &format!(
            "#!/bin/sh\ncase \"$*\" in *--clear-sign*) {gpg} \"$@\" > /dev/null; echo $GNUPGHOME > $HOME/pipe; exec {sleep} 30;; esac\n\
             exec {gpg} \"$@\"\n"
        ),
    );
    let mut command = sandbox.any_config_command();
    command
        .args(["release", "--sign", "--offline", "--helm", "never"])
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut child = command.spawn().expect("xtask");
    let home = fs::read_to_string(sandbox.work().join("../home/pipe")).expect("the pipe").trim().to_owned();
    assert!(Path::new(&home).is_dir() && home.len() <= 80, "{home}");
    run(sandbox, &find("kill").expect("kill"), &["-s", signal, &child.id().to_string()]);
    assert!(child.wait().expect("an end").signal().is_some());
    with_link(sandbox, "gpg");
    fs::remove_file(sandbox.work().join("../home/pipe")).expect("the pipe");
    home
}

fn with_link(sandbox: &Sandbox, program: &str) {
    fs::remove_file(sandbox.work().join("../bin").join(program)).expect("a script");
    sandbox.link_program(program, &find(program).expect("a program"));
}

/// Whether a process has this directory among its arguments.
fn is_used(directory: &str) -> bool {
    let processes = fs::read_dir("/proc").expect("/proc").filter_map(Result::ok);
    let mut lines = processes.filter_map(|process| fs::read(process.path().join("cmdline")).ok());
    lines.any(|line| String::from_utf8_lossy(&line).contains(directory))
}

#[test]
fn stopped_while_it_signs() {
    let Some(keys) = keys("stopped_while_it_signs") else { return };
    let undisturbed = signing(source("1.0.0"), &keys.rsa);
    offline(&undisturbed, &["--sign"]).ended(0);
    let sandbox = signing(source("1.0.0"), &keys.rsa);
    for signal in ["INT", "TERM", "KILL"] {
        let home = stopped(&sandbox, signal);
        if signal == "KILL" {
            // Nobody could remove it.
            fs::remove_dir_all(&home).expect("the directory of the key");
        } else {
            assert_eq!(
                fs::metadata(&home).map_err(|error| error.kind()).err(),
                Some(ErrorKind::NotFound),
                "{signal}"
            );
        }
        // The agent ends when its directory is gone.
        assert!(
            (0..200).any(|_| !is_used(&home) || {
                thread::sleep(Duration::from_millis(50));
                false
            }),
            "{signal}"
        );
        assert!(!sandbox.files("dist").contains(&"web-1.0.0.tgz.prov".to_owned()), "{signal}");
    }
    offline(&sandbox, &["--sign"]).ended(0);
    assert_eq!(sandbox.read("dist/web-1.0.0.tgz.prov"), undisturbed.read("dist/web-1.0.0.tgz.prov"));
}

#[test]
fn keys_and_passphrases_are_shown_nowhere() {
    let Some(keys) = keys("keys_and_passphrases_are_shown_nowhere") else { return };
    let mut sandbox = signing(repository_of(CHART), &keys.locked);
    sandbox.set("XTASK_GPG_PASSPHRASE", PASSPHRASE);
    for program in ["gpg", "gpgconf", "git"] {
        let path = find(program).expect("a program");
        let log = "printf '%s\\n' \"$@\" >> $HOME/arguments";
        let environment = if program == "git" { "" } else { "/usr/bin/env >> $HOME/arguments" };
        sandbox
            .script(program, &format!("#!/bin/sh\n{log}\n{environment}\nexec {} \"$@\"\n", path.display()));
    }
    let mut said = vec![offline(&sandbox, &["--sign"]).ended(0)];
    let home = sandbox.text("../home/arguments");
    assert!(home.contains("--clear-sign") && home.contains("--kill"), "{home}");
    let home = home.lines().find_map(|line| line.strip_prefix("GNUPGHOME=")).expect("a directory").to_owned();
    assert!(!Path::new(&home).exists() && !is_used(&home), "{home}");
    sandbox.set("XTASK_GPG_PASSPHRASE", "wrong passphrase");
    said.push(offline(&sandbox, &["--sign"]).ended(1));
    let line = keys.locked.secret.lines().nth(5).expect("a line of the key");
    let printed = said.iter().flat_map(|ran| [ran.stdout.clone(), ran.stderr.clone()]);
    let all = sandbox.texts().map(|(_, text)| text).chain(printed);
    for text in all {
        assert!(![PASSPHRASE, "wrong passphrase", line].iter().any(|secret| text.contains(secret)), "{text}");
    }
}
