//! Which communication user each customer is.
//!
//! A JSON file stands for the clinic's database. The communication service knows nothing of customers: whoever loses
//! this mapping loses the users' chats.

use std::collections::HashMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anteroom_identity::id::CommunicationIdentifier;
use anyhow::{Context as _, Result};
use tokio::sync::Mutex;

/// The mapping. Clones share it.
#[derive(Debug, Clone)]
pub struct Customers {
    file: Option<PathBuf>,
    /// Held while a user is being made, so that two requests of one customer do not make two.
    users: Arc<Mutex<HashMap<String, CommunicationIdentifier>>>,
}

impl Customers {
    /// A mapping that is forgotten with the process.
    #[must_use]
    pub fn in_memory() -> Self {
        Self {
            file: None,
            users: Arc::default(),
        }
    }

    /// The mapping in this file, which need not exist yet.
    ///
    /// # Errors
    /// The file cannot be read or is not one.
    pub fn open(file: PathBuf) -> Result<Self> {
        let users = match std::fs::read(&file) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .with_context(|| format!("{} is not a list of customers", file.display()))?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => HashMap::new(),
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", file.display())),
        };
        Ok(Self {
            file: Some(file),
            users: Arc::new(Mutex::new(users)),
        })
    }

    /// The customer's user, if there is one.
    pub async fn get(&self, customer: &str) -> Option<CommunicationIdentifier> {
        self.users.lock().await.get(customer).cloned()
    }

    /// The customer's user. The first time, and when `gone` is the one that is known, `create` makes it; it is on disk
    /// before anybody hears of it.
    ///
    /// # Errors
    /// What `create` fails with, or the file cannot be written.
    pub async fn get_or_create<F, E>(
        &self,
        customer: &str,
        gone: Option<&CommunicationIdentifier>,
        create: impl FnOnce() -> F,
    ) -> Result<CommunicationIdentifier>
    where
        F: Future<Output = Result<CommunicationIdentifier, E>>,
        E: Into<anyhow::Error>,
    {
        let mut users = self.users.lock().await;
        if let Some(user) = users.get(customer)
            && Some(user) != gone
        {
            return Ok(user.clone());
        }
        let user = create().await.map_err(Into::into)?;
        let mut next = users.clone();
        next.insert(customer.to_owned(), user.clone());
        if let Some(file) = self.file.clone() {
            let copy = next.clone();
            tokio::task::spawn_blocking(move || write(&file, &copy)).await??;
        }
        *users = next;
        Ok(user)
    }
}

/// The old file or the new one, never half of it.
fn write(file: &Path, users: &HashMap<String, CommunicationIdentifier>) -> Result<()> {
    let directory = file
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or_else(|| Path::new("."));
    let mut temporary = tempfile::NamedTempFile::new_in(directory)?;
    temporary.write_all(&serde_json::to_vec_pretty(users)?)?;
    temporary.as_file().sync_all()?;
    temporary.persist(file)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(digit: char) -> CommunicationIdentifier {
        let uuid = "00000000-0000-4000-8000-00000000000d".replace('d', &digit.to_string());
        format!("8:acs:{uuid}_{uuid}").parse().unwrap()
    }

    async fn ask(customers: &Customers, id: &str, make: char) -> CommunicationIdentifier {
        let create = || async move { anyhow::Ok(user(make)) };
        customers.get_or_create(id, None, create).await.unwrap()
    }

    #[tokio::test]
    async fn everybody_keeps_their_user_across_restarts() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("customers.json");
        let customers = Customers::open(file.clone()).unwrap();
        assert_eq!(ask(&customers, "dana", '1').await, user('1'));
        assert_eq!(ask(&customers, "lee", '2').await, user('2'));
        assert_eq!(ask(&customers, "dana", '3').await, user('1'));
        let again = Customers::open(file.clone()).unwrap();
        assert_eq!(again.get("lee").await, Some(user('2')));
        assert_eq!(again.get("nobody").await, None);
        std::fs::write(&file, "{").unwrap();
        assert!(Customers::open(file).is_err());
    }

    #[tokio::test]
    async fn a_user_that_is_gone_is_replaced_once() {
        let customers = Customers::in_memory();
        let old = ask(&customers, "dana", '1').await;
        let replace = |make| {
            let (customers, old) = (customers.clone(), old.clone());
            async move {
                let create = || async move { anyhow::Ok(user(make)) };
                customers.get_or_create("dana", Some(&old), create).await.unwrap()
            }
        };
        let (first, second) = tokio::join!(replace('2'), replace('3'));
        assert_eq!(first, second);
        assert_ne!(first, old);
    }

    #[tokio::test]
    async fn what_cannot_be_stored_is_not_handed_out() {
        let customers = Customers {
            file: Some("/nonexistent/customers.json".into()),
            users: Arc::default(),
        };
        let create = || async { anyhow::Ok(user('1')) };
        assert!(customers.get_or_create("dana", None, create).await.is_err());
        assert_eq!(customers.get("dana").await, None);
    }
}
