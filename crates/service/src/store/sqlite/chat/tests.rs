use anteroom_chat::thread::SystemMessages;
use anteroom_chat::{ChatService, NewMessage, NewThread};
use rusqlite::StatementStatus;
use time::macros::datetime;

use super::*;
use crate::store::sqlite::migrations;

fn store() -> SqliteChatStore<Connection> {
    SqliteChatStore::new(connection())
}

fn connection() -> Connection {
    let mut connection = Connection::open_in_memory().unwrap();
    connection.pragma_update(None, "foreign_keys", true).unwrap();
    migrations::run(&mut connection).unwrap();
    connection
}

anteroom_chat::chat_store_tests!(store());

const NOON: OffsetDateTime = datetime!(2026-11-20 12:00:00 UTC);

fn user(n: u8) -> CommunicationIdentifier {
    format!("8:acs:11111111-1111-1111-1111-111111111111_22222222-2222-2222-2222-{n:012}")
        .parse()
        .unwrap()
}

#[test]
fn remembered_members_are_those_of_the_state_read() {
    let rosters = RosterCache::default();
    let mut connection = connection();
    let mut threads = ChatService::new(SqliteChatStore::with_rosters(&mut connection, rosters.clone()));
    let mut new = NewThread::new("T", user(1), NOON);
    new.members = vec![Member::with_history(user(1), "Alice")];
    let thread = threads.create_thread(new).unwrap().id;
    assert_eq!(threads.list_members(&user(1), &thread).unwrap().len(), 1);

    // A change that is undone, read in between.
    connection.execute_batch("SAVEPOINT undone").unwrap();
    let mut threads = ChatService::new(SqliteChatStore::with_rosters(&mut connection, rosters.clone()));
    let bob = Member::with_history(user(2), "Bob");
    threads
        .add_member(&thread, bob, SystemMessages::Silent, NOON)
        .unwrap();
    assert_eq!(threads.list_members(&user(2), &thread).unwrap().len(), 2);
    connection
        .execute_batch("ROLLBACK TO undone; RELEASE undone")
        .unwrap();
    let mut threads = ChatService::new(SqliteChatStore::with_rosters(&mut connection, rosters));
    assert_eq!(threads.list_members(&user(1), &thread).unwrap().len(), 1);
    let refused = threads.send_message(&user(2), &thread, NewMessage::default(), NOON);
    assert_eq!(refused.unwrap_err(), anteroom_chat::ChatError::NotMember);
    let carol = Member::with_history(user(3), "Carol");
    threads
        .add_member(&thread, carol, SystemMessages::Silent, NOON)
        .unwrap();
    let members = threads.list_members(&user(3), &thread).unwrap();
    assert_eq!(
        members.iter().map(|member| member.id.clone()).collect::<Vec<_>>(),
        [user(1), user(3)]
    );
}

#[test]
fn pages_of_a_hundred_thousand_messages_read_no_more_than_their_own() {
    let mut connection = connection();
    let mut threads = ChatService::new(SqliteChatStore::new(&mut connection));
    let mut new = NewThread::new("T", user(1), NOON);
    new.members = vec![Member::with_history(user(1), "Alice")];
    new.system_messages = SystemMessages::Silent;
    let id = threads.create_thread(new).unwrap().id;
    connection
        .execute(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
             INSERT INTO chat_messages (thread_id, sequence_id, message_id, version, kind, sender,
                 sender_display_name, content, created_ns, metadata)
             SELECT ?1, i, ?2 + i, ?2 + i, '{\"type\":\"text\"}', ?3, '', 'm' || i, (?2 + i) * 1000000, '{}' FROM n",
            params![id.as_str(), 1_700_000_000_000_i64, user(1).to_string()],
        )
        .unwrap();
    // The steps of SQLite's machine are the measure: they do not depend on how busy this computer is.
    let steps = |before: i64, from_ms: i64| {
        let mut statement = connection.prepare(&messages_sql()).unwrap();
        let values = params![id.as_str(), before, 0, from_ms * 1_000_000, from_ms, 201];
        let found = statement.query_map(values, |_| Ok(())).unwrap().count();
        (found, statement.get_status(StatementStatus::VmStep))
    };
    let newest = 1_700_000_100_000;
    let (found, first) = steps(i64::MAX, 0);
    assert_eq!(found, 201);
    let (found, last) = steps(202, 0);
    assert_eq!(found, 201);
    let (found, recent) = steps(i64::MAX, newest - 9);
    assert_eq!(found, 10);
    assert!(
        last < 2 * first && recent < first && first < 20_000,
        "{first} {last} {recent}"
    );
}

#[test]
fn what_is_over_is_forgotten_after_a_time() {
    let mut store = SqliteChatStore::new(connection());
    let name = "one".parse().unwrap();
    let mut threads = ChatService::new(SqliteChatStore::new(&mut store.connection));
    let mut new = NewThread::new("T", user(1), NOON);
    new.request = Some("one".parse().unwrap());
    let id = threads.create_thread_as(new).unwrap().properties.id;
    threads.delete_thread(&user(1), &id, NOON).unwrap();
    store.forget_the_old(NOON, NOON, 9).unwrap();
    assert_eq!(store.created_as(&user(1), &name), Ok(Some(id.clone())));
    assert!(store.thread(&id).unwrap().is_some());
    let later = NOON + time::Duration::seconds(1);
    store.forget_the_old(later, later, 9).unwrap();
    assert_eq!(store.created_as(&user(1), &name), Ok(None));
    assert_eq!(store.thread(&id), Ok(None));
    assert_eq!(store.threads_of(&user(1)), Ok(Vec::new()));
}
