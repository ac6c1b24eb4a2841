//! One line that says how far a long run is, to a person who waits at a terminal.

use std::io::{self, IsTerminal, Write};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::progress::Progress;

/// Shorter runs show nothing.
const PATIENCE: Duration = Duration::from_millis(500);

/// How often the line changes.
const STEP: Duration = Duration::from_millis(100);

/// To the start of the line, and it is empty.
const CLEAR: &str = "\r\u{1b}[K";

/// The line, for as long as it lives.
pub(super) struct Line {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Line {
    /// Watches a run, if there is a terminal to show it on.
    pub(super) fn watch(progress: &Arc<Progress>) -> Self {
        let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        if !io::stderr().is_terminal() || is_dumb {
            return Self { stop: None, thread: None };
        }
        let (stop, stopped) = channel::<()>();
        let progress = Arc::clone(progress);
        let watching = std::thread::Builder::new().spawn(move || {
            let mut wait = PATIENCE;
            let mut shown = false;
            while stopped.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
                let _ = write!(io::stderr(), "{CLEAR}{}", text(progress.so_far()));
                shown = true;
                wait = STEP;
            }
            if shown {
                let _ = write!(io::stderr(), "{CLEAR}");
            }
        });
        Self { stop: Some(stop), thread: watching.ok() }
    }
}

fn text((done, all): (usize, usize)) -> String {
    match all {
        0 => "rootlint: looking for projects".to_owned(),
        _ if done < all => format!("rootlint: {done} of {all} projects read"),
        _ => "rootlint: running the checks".to_owned(),
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        drop(self.stop.take());
        // The line is gone before anything else is written.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}
