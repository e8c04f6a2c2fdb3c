//! Durability of what was answered, isolation of calls from each other, the order of what follows a commit.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use super::sqlite::settings;
use super::*;

fn store() -> (tempfile::TempDir, Store) {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&dir.path().join("test.db")).unwrap();
    (dir, store)
}

async fn set(store: &Store, name: &str, value: &str) -> Result<(), StoreError> {
    let (name, value) = (name.to_owned(), value.to_owned());
    store.write(move |tx| settings::set(tx, &name, &value)).await
}

async fn get(store: &Store, name: &str) -> Result<Option<String>, StoreError> {
    let name = name.to_owned();
    store
        .read(move |connection| settings::get(connection, &name))
        .await
}

/// Makes the writer wait until the returned sender is dropped, so that what is called meanwhile becomes one batch.
async fn hold(store: &Store) -> std::sync::mpsc::Sender<()> {
    let (release, released) = std::sync::mpsc::channel::<()>();
    let (begun, has_begun) = tokio::sync::oneshot::channel();
    let store = store.clone();
    tokio::spawn(async move {
        store
            .write(move |_| {
                let _ = begun.send(());
                let _ = released.recv();
                Ok::<_, StoreError>(())
            })
            .await
    });
    has_begun.await.unwrap();
    release
}

#[tokio::test]
async fn a_read_sees_what_was_answered() {
    let (_dir, store) = store();
    for n in 0..50 {
        set(&store, "n", &n.to_string()).await.unwrap();
        assert_eq!(get(&store, "n").await.unwrap(), Some(n.to_string()));
    }
}

#[tokio::test]
async fn a_failing_call_of_a_batch_undoes_itself_alone() {
    let (_dir, store) = store();
    let release = hold(&store).await;
    let good = |name: &'static str| {
        let store = store.clone();
        tokio::spawn(async move { set(&store, name, "1").await })
    };
    let before = good("before");
    tokio::task::yield_now().await;
    let bad = tokio::spawn({
        let store = store.clone();
        async move {
            store
                .write(|tx| -> Result<(), StoreError> {
                    settings::set(tx, "bad", "1")?;
                    Err(StoreError::Corrupt("by intent"))
                })
                .await
        }
    });
    let panicking = tokio::spawn({
        let store = store.clone();
        async move {
            store
                .write(|tx| -> Result<(), StoreError> {
                    settings::set(tx, "panicked", "1")?;
                    let savepoint = tx.savepoint()?;
                    settings::set(&savepoint, "deeper", "1")?;
                    panic!("by intent");
                })
                .await
        }
    });
    tokio::task::yield_now().await;
    let after = good("after");
    tokio::task::yield_now().await;
    drop(release);
    assert_eq!(before.await.unwrap(), Ok(()));
    assert_eq!(bad.await.unwrap(), Err(StoreError::Corrupt("by intent")));
    assert_eq!(panicking.await.unwrap(), Err(StoreError::Closed));
    assert_eq!(after.await.unwrap(), Ok(()));
    for (name, there) in [
        ("before", true),
        ("bad", false),
        ("panicked", false),
        ("deeper", false),
        ("after", true),
    ] {
        assert_eq!(get(&store, name).await.unwrap().is_some(), there, "{name}");
    }
}

#[tokio::test]
async fn when_the_commit_fails_all_of_the_batch_fail() {
    let (_dir, store) = store();
    let release = hold(&store).await;
    let good = tokio::spawn({
        let store = store.clone();
        async move { set(&store, "good", "1").await }
    });
    tokio::task::yield_now().await;
    // A deferred constraint is looked at by the commit only.
    let breaking = tokio::spawn({
        let store = store.clone();
        async move {
            store
                .write_then(
                    |tx| {
                        tx.execute_batch("PRAGMA defer_foreign_keys = ON")?;
                        tx.execute(
                            "INSERT INTO chat_members (thread_id, member, display_name, share_from_ns)
                             VALUES ('none', 'x', '', 0)",
                            [],
                        )?;
                        Ok::<_, StoreError>(())
                    },
                    |()| panic!("there was no commit"),
                )
                .await
        }
    });
    tokio::task::yield_now().await;
    drop(release);
    assert!(matches!(good.await.unwrap(), Err(StoreError::Sqlite(_))));
    assert!(matches!(breaking.await.unwrap(), Err(StoreError::Sqlite(_))));
    assert_eq!(get(&store, "good").await.unwrap(), None);
    // The next batch is none of theirs.
    set(&store, "good", "2").await.unwrap();
    assert_eq!(get(&store, "good").await.unwrap().as_deref(), Some("2"));
}

#[tokio::test]
async fn what_follows_runs_in_the_order_of_the_commits_and_before_the_answer() {
    let (_dir, store) = store();
    let release = hold(&store).await;
    let seen = Arc::new(Mutex::new(Vec::new()));
    let mut calls = Vec::new();
    for n in 0..2_000_u32 {
        let (store, seen) = (store.clone(), Arc::clone(&seen));
        calls.push(tokio::spawn(async move {
            let log = Arc::clone(&seen);
            store
                .write_then(
                    move |tx| {
                        settings::set(tx, "n", &n.to_string())?;
                        Ok::<_, StoreError>(n)
                    },
                    move |n| log.lock().unwrap().push(*n),
                )
                .await
                .unwrap();
            assert!(seen.lock().unwrap().contains(&n));
        }));
        if n % 100 == 0 {
            tokio::task::yield_now().await;
        }
    }
    drop(release);
    for call in calls {
        call.await.unwrap();
    }
    let seen = seen.lock().unwrap();
    assert_eq!(*seen, (0..2_000).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_panic_in_what_follows_is_contained() {
    let (_dir, store) = store();
    let answer = store
        .write_then(|_| Ok::<_, StoreError>(7), |_| panic!("by intent"))
        .await;
    assert_eq!(answer, Ok(7));
    set(&store, "a", "1").await.unwrap();
}

#[tokio::test]
async fn readers_cannot_write_and_survive_panics() {
    let (_dir, store) = store();
    let refused = store.read(|connection| settings::set(connection, "a", "1")).await;
    assert!(matches!(refused, Err(StoreError::Sqlite(_))));
    for _ in 0..20 {
        let panicked = store
            .read(|_| -> Result<(), StoreError> { panic!("by intent") })
            .await;
        assert_eq!(panicked, Err(StoreError::Closed));
    }
    set(&store, "a", "2").await.unwrap();
    assert_eq!(get(&store, "a").await.unwrap().as_deref(), Some("2"));
}

#[tokio::test]
async fn a_read_sees_one_state_while_others_write() {
    let (_dir, store) = store();
    set(&store, "n", "0").await.unwrap();
    let (seen, first_seen) = tokio::sync::oneshot::channel();
    let (go_on, wait) = std::sync::mpsc::channel::<()>();
    let reader = tokio::spawn({
        let store = store.clone();
        async move {
            store
                .read(move |connection| {
                    let first = settings::get(connection, "n")?;
                    let _ = seen.send(());
                    let _ = wait.recv();
                    Ok::<_, StoreError>((first, settings::get(connection, "n")?))
                })
                .await
        }
    });
    first_seen.await.unwrap();
    set(&store, "n", "1").await.unwrap();
    drop(go_on);
    let (first, second) = reader.await.unwrap().unwrap();
    assert_eq!(first, second);
    assert_eq!(get(&store, "n").await.unwrap().as_deref(), Some("1"));
}

#[tokio::test]
async fn readers_read_side_by_side() {
    let (_dir, store) = store();
    // Two calls that wait for each other end only when both run at the same time.
    let meet = Arc::new(std::sync::Barrier::new(2));
    let met = Arc::new(AtomicUsize::new(0));
    let read = || {
        let (store, meet, met) = (store.clone(), Arc::clone(&meet), Arc::clone(&met));
        tokio::spawn(async move {
            store
                .read(move |_| {
                    meet.wait();
                    met.fetch_add(1, Ordering::Relaxed);
                    Ok::<_, StoreError>(())
                })
                .await
        })
    };
    let (one, two) = (read(), read());
    one.await.unwrap().unwrap();
    two.await.unwrap().unwrap();
    assert_eq!(met.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn refuses_calls_after_close_and_keeps_what_was_written() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("test.db");
    let store = Store::open(&path).unwrap();
    set(&store, "a", "1").await.unwrap();
    store.close().await;
    assert_eq!(set(&store, "a", "2").await, Err(StoreError::Closed));
    assert_eq!(get(&store, "a").await, Err(StoreError::Closed));
    assert!(
        !dir.path().join("test.db-wal").exists(),
        "the log was written back"
    );
    let again = Store::open(&path).unwrap();
    assert_eq!(get(&again, "a").await.unwrap().as_deref(), Some("1"));
}
