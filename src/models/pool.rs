use std::ops::{Deref, DerefMut};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// A fixed number of things lent out one at a time; a borrower waits while none is free.
///
/// A thing comes back when its loan is dropped, also while its borrower panics: a failed inference never shrinks the
/// pool. Waiting blocks the thread, so this belongs on blocking threads only.
#[derive(Debug)]
pub(super) struct Pool<T> {
    free: Mutex<Vec<T>>,
    returned: Condvar,
}

/// One thing on loan.
#[derive(Debug)]
pub(super) struct Loan<'a, T> {
    pool: &'a Pool<T>,
    thing: Option<T>,
}

impl<T> Pool<T> {
    /// `things` must not be empty, or every borrower waits for ever.
    pub(super) fn new(things: Vec<T>) -> Self {
        debug_assert!(!things.is_empty(), "an empty pool lends nothing");
        Self { free: Mutex::new(things), returned: Condvar::new() }
    }

    /// Takes a free one, or waits for one.
    pub(super) fn borrow(&self) -> Loan<'_, T> {
        let mut free = self.lock();
        loop {
            if let Some(thing) = free.pop() {
                return Loan { pool: self, thing: Some(thing) };
            }
            free = self.returned.wait(free).unwrap_or_else(PoisonError::into_inner);
        }
    }

    // The lock is held only to push and pop, which leave the list whole: a poisoned one is as good as any.
    fn lock(&self) -> MutexGuard<'_, Vec<T>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Deref for Loan<'_, T> {
    type Target = T;
    fn deref(&self) -> &T {
        self.thing.as_ref().expect("a loan holds its thing until it is dropped")
    }
}

impl<T> DerefMut for Loan<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.thing.as_mut().expect("a loan holds its thing until it is dropped")
    }
}

impl<T> Drop for Loan<'_, T> {
    fn drop(&mut self) {
        if let Some(thing) = self.thing.take() {
            self.pool.lock().push(thing);
            self.pool.returned.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn a_panicking_borrower_gives_back_what_it_borrowed() {
        let pool = Pool::new(vec![1]);
        let outcome = std::thread::scope(|scope| {
            scope
                .spawn(|| {
                    let _loan = pool.borrow();
                    panic!("an inference went wrong");
                })
                .join()
        });
        assert!(outcome.is_err());
        assert_eq!(*pool.borrow(), 1);
    }

    #[test]
    fn no_more_borrowers_at_once_than_there_are_things() {
        let pool = Pool::new(vec![(), ()]);
        let (inside, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..100 {
                        let _loan = pool.borrow();
                        most.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        std::thread::yield_now();
                        inside.fetch_sub(1, Ordering::SeqCst);
                    }
                });
            }
        });
        assert!((1..=2).contains(&most.load(Ordering::SeqCst)));
    }
}
