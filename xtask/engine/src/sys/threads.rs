//! The same for many, on all processors.

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

/// What `act` gives for each of the items, in their order.
pub fn map<T: Sync, R: Send>(items: &[T], act: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let count = thread::available_parallelism().map_or(1, NonZero::get).min(items.len());
    let (next, (sender, results)) = (AtomicUsize::new(0), mpsc::channel());
    thread::scope(|scope| {
        for _ in 0..count {
            let (sender, next, act) = (sender.clone(), &next, &act);
            scope.spawn(move || {
                while let Some((i, item)) = Some(next.fetch_add(1, Ordering::Relaxed))
                    .and_then(|i| items.get(i).map(|item| (i, item)))
                {
                    // Whoever waits for the results outlives the threads.
                    let _ = sender.send((i, act(item)));
                }
            });
        }
    });
    drop(sender);
    let mut all: Vec<(usize, R)> = results.into_iter().collect();
    all.sort_by_key(|(i, _)| *i);
    all.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_keep_the_order() {
        let items: Vec<u32> = (0..100).collect();
        assert_eq!(map(&items, |item| item * 2), (0..100).map(|item| item * 2).collect::<Vec<_>>());
        assert!(map(&[], |item: &u32| *item).is_empty());
    }
}
