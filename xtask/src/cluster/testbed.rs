//! `testbed/testbed`, the script that runs the cluster.

use anyhow::{Context, Result, bail, ensure};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The cluster of this machine.
#[derive(Debug)]
pub(super) struct Testbed {
    script: PathBuf,
}

impl Testbed {
    /// The cluster, if this machine can have one; otherwise what is missing, in words to act on.
    pub(super) fn find(root: &Path) -> std::result::Result<Testbed, String> {
        let missing = |program: &str, why: &str| {
            let found = std::env::var_os("PATH").is_some_and(|path| {
                std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
            });
            (!found).then(|| format!("`{program}` isn't on this machine; it {why}"))
        };
        if !rustix::process::geteuid().is_root() {
            return Err("it needs root: the testbed makes a network namespace and runs containers".to_owned());
        }
        let unshared = Command::new("unshare").args(["--net", "--mount", "true"]).output();
        if !unshared.is_ok_and(|output| output.status.success()) {
            return Err(
                "the kernel gives it no network and mount namespaces, as in many containers".to_owned()
            );
        }
        match missing("go", "builds Kubernetes and Knative").or_else(|| missing("python3", "packs images")) {
            Some(why) => Err(why),
            None => Ok(Testbed { script: root.join("testbed/testbed") }),
        }
    }

    /// The cluster, running. `None`, after saying why: it can't be had here, and `if_possible` says that this is all right.
    pub(super) fn start(root: &Path, what: &str, if_possible: bool) -> Result<Option<Testbed>> {
        let started = Testbed::find(root).and_then(|testbed| {
            let up = testbed.run(&["up"]).map_err(|error| format!("{error:#}"));
            up.map(|()| testbed)
        });
        match started {
            Ok(testbed) => Ok(Some(testbed)),
            Err(why) if if_possible => {
                println!("{what} is left out: {why}");
                Ok(None)
            }
            Err(why) => bail!(why),
        }
    }

    /// Runs one of the script's commands; what it prints is for the user.
    pub(super) fn run(&self, arguments: &[&str]) -> Result<()> {
        let status = self.command(arguments).status().context("starting testbed/testbed")?;
        ensure!(status.success(), "`testbed {}` ended with {status}", arguments.join(" "));
        Ok(())
    }

    /// Runs one of the script's commands and hands over each line of its output, as it comes. Whether it succeeded.
    pub(super) fn lines(&self, arguments: &[&str], mut each: impl FnMut(&str)) -> Result<bool> {
        let mut child =
            self.command(arguments).stdout(Stdio::piped()).spawn().context("starting testbed/testbed")?;
        let output = child.stdout.take().context("the output is a pipe")?;
        for line in BufReader::new(output).lines() {
            each(&line?);
        }
        Ok(child.wait()?.success())
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.script);
        command.args(arguments).stdin(Stdio::null());
        command
    }
}
