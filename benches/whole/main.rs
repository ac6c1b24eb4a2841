//! Times the program as a whole process on trees made for it: `cargo bench --bench whole -- [TREE]... [--instructions]`.
//! Median of several runs, CPU time, and the peak of memory; with `--instructions` those that callgrind counts, which do not
//! depend on what else the machine does. See docs/performance.md.

#![allow(clippy::print_stdout, clippy::print_stderr, clippy::unwrap_used, clippy::indexing_slicing)]

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

mod trees;

use trees::{TREES, Tree};

/// How often each tree is run, unless a run takes long.
const RUNS: usize = 7;

/// The system counts CPU time in hundredths of a second.
const TICKS: f64 = 100.0;

fn main() -> ExitCode {
    let program = std::env::var("ROOTLINT").unwrap_or_else(|_| env!("CARGO_BIN_EXE_rootlint").to_owned());
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let instructions = arguments.iter().any(|argument| argument == "--instructions");
    let names: Vec<&String> = arguments.iter().filter(|argument| !argument.starts_with("--")).collect();
    if let Some(unknown) = names.iter().find(|name| TREES.iter().all(|tree| tree.name != name.as_str())) {
        let known: Vec<&str> = TREES.iter().map(|tree| tree.name).collect();
        eprintln!("there is no tree `{unknown}`; there are {}", known.join(", "));
        return ExitCode::from(2);
    }
    let size = std::fs::metadata(&program).map_or(0, |file| file.len());
    println!("{program}: {:.1} MB\n", size as f64 / 1e6);
    println!("| tree | median | CPU | peak memory |{}", if instructions { " instructions |" } else { "" });
    println!("|---|---|---|---|{}", if instructions { "---|" } else { "" });
    let mut right = true;
    for tree in TREES.iter().filter(|tree| names.is_empty() || names.iter().any(|name| *name == tree.name)) {
        let folder = made(tree);
        let found = root_keys(&program, &folder);
        if found != tree.root_keys {
            eprintln!("{}: {found} root keys are found, and {} are there", tree.name, tree.root_keys);
            right = false;
        }
        let run = measured(&program, &folder);
        print!("| {} | {:.3} s | {:.2} s | {} MB |", tree.about, run.wall.as_secs_f64(), run.cpu, run.peak);
        if instructions {
            match counted(&program, &folder) {
                Some(count) => print!(" {:.1} M |", count as f64 / 1e6),
                None => print!(" - |"),
            }
        }
        println!();
    }
    ExitCode::from(u8::from(!right))
}

/// The folder of a tree, which is written unless it is there.
fn made(tree: &Tree) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("trees").join(tree.name);
    let done = folder.join(".git/done");
    if !done.exists() {
        let _ = std::fs::remove_dir_all(&folder);
        (tree.write)(&folder).unwrap();
        std::fs::create_dir_all(folder.join(".git")).unwrap();
        std::fs::write(done, "").unwrap();
    }
    folder
}

fn check(program: &str, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.args(["check", ".", "--format", "json"]).current_dir(folder);
    command.env_remove("ROOTLINT").stdin(Stdio::null()).stdout(Stdio::null());
    command
}

fn root_keys(program: &str, folder: &Path) -> usize {
    let output = check(program, folder).args(["--only", "root-access-key"]).stdout(Stdio::piped()).output().unwrap();
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    report["findings"].as_array().map_or(0, Vec::len)
}

struct Run {
    wall: Duration,
    cpu: f64,
    peak: u64,
}

/// The median of several runs.
fn measured(program: &str, folder: &Path) -> Run {
    let mut walls = Vec::new();
    let start = Instant::now();
    while walls.len() < RUNS && (walls.len() < 3 || start.elapsed() < Duration::from_secs(20)) {
        let start = Instant::now();
        check(program, folder).status().unwrap();
        walls.push(start.elapsed());
    }
    walls.sort();
    let (cpu, peak) = watched(program, folder);
    Run { wall: walls[walls.len() / 2], cpu, peak }
}

/// CPU seconds and the peak of memory in MB, as the system tells while the program runs. Elsewhere than on Linux: nothing.
fn watched(program: &str, folder: &Path) -> (f64, u64) {
    let mut child = check(program, folder).spawn().unwrap();
    let of = |file: &str| std::fs::read_to_string(format!("/proc/{}/{file}", child.id())).unwrap_or_default();
    let (mut cpu, mut peak) = (0.0, 0);
    loop {
        let status = of("status");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        peak = peak.max(line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0));
        // After the name in brackets: state, ..., user and system time as the twelfth and thirteenth.
        let stat = of("stat");
        let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
        let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok()).unwrap_or(0.0);
        cpu = f64::max(cpu, (ticks(11) + ticks(12)) / TICKS);
        // A program that has ended is there until it is waited for.
        if fields.first().is_none_or(|state| matches!(*state, "Z" | "")) {
            break;
        }
        std::thread::sleep(Duration::from_micros(500));
    }
    child.wait().unwrap();
    (cpu, peak / 1024)
}

/// Instructions, on one thread.
fn counted(program: &str, folder: &Path) -> Option<u64> {
    let mut command = Command::new("valgrind");
    command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null", program]);
    command.args(["check", ".", "--format", "json", "--jobs", "1"]).current_dir(folder).stdout(Stdio::null());
    let output = command.output().ok()?;
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    let line = told.lines().find_map(|line| line.split_once("Collected :"))?;
    line.1.trim().parse().ok()
}
