use std::cell::Cell;

/// How much a thread gives way that examines takes, in steps of `nice`: against a thread of the streams it then has a thirtieth
/// of a core, so that frames are heard in time while every core examines.
///
/// With 500 callers on two cores `callprint load` counted 11,886 late frames of 733,468 at 7 steps and 216 of 481,188 at 15.
const STEPS: i32 = 15;

thread_local! {
    static GIVES_WAY: Cell<bool> = const { Cell::new(false) };
}

/// Has this thread give way to those that have to keep time; once for each thread, for good.
///
/// Only for threads that do nothing else. A system that refuses is no worse off than before.
pub(super) fn give_way() {
    if !GIVES_WAY.replace(true)
        && let Err(error) = rustix::process::setpriority_process(Some(rustix::thread::gettid()), STEPS)
    {
        tracing::debug!("a thread cannot give way: {error}");
    }
}
