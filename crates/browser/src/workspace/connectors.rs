//! Connectors: the built-in ones, making a draft, switching actions, leaving.

use policy::snapshot::ServerInfo;
use policy::{Action, Class, ConnectionId, Connector, ConnectorId, MemberId, Provider, SignIn, Snapshot, Why};

use super::Workspace;
use crate::builtin::{self, Server, guide::Guide, notebook::Notebook, workbench::Workbench};
use crate::error::{Code, Error};
use crate::link::{GUIDE, NOTEBOOK, WORKBENCH, header_secret};
use crate::store::memory::Memory;
use crate::store::{Op, Table};
use crate::time::{new_id, now};
use crate::view::{Keep, Millis, NewConnector, Scanned};

/// The connectors that are part of the product, as this version has them.
pub(crate) fn built_in(owner: &MemberId, now: Millis) -> Vec<Connector> {
    // The definitions do not depend on a store.
    let notebook = Notebook::new(std::rc::Rc::new(Memory::new()));
    let parts: [(&str, &str, &str, Provider, &dyn Server); 2] = [
        (GUIDE, "Guide", "Searches and reads the help on this product.", Provider::FirstParty, &Guide),
        (
            NOTEBOOK,
            "Notebook",
            "Notes that are kept in this browser, to try every kind of action with.",
            Provider::Demo,
            &notebook,
        ),
    ];
    parts
        .into_iter()
        .filter_map(|(id, name, description, provider, server)| {
            let snapshot = snapshot_of(server, now)?;
            let id = ConnectorId::from(id);
            Some(Connector::built_in(id, name, description, provider, owner.clone(), snapshot, now))
        })
        .collect()
}

/// The demos that people can add: real actions whose records stay in this browser (S011). They are no part of a
/// workspace until somebody wants them there.
pub(crate) fn demos(owner: &MemberId, now: Millis) -> Vec<Connector> {
    let server = Workbench::new(std::rc::Rc::new(Memory::new()));
    let snapshot = snapshot_of(&server, now);
    let demo = snapshot.map(|snapshot| {
        let about = "Workflows, project tasks and customers, kept in this browser.";
        Connector::built_in(WORKBENCH.into(), "Workbench", about, Provider::Demo, owner.clone(), snapshot, now)
    });
    demo.into_iter().collect()
}

fn snapshot_of(server: &dyn Server, now: Millis) -> Option<Snapshot> {
    let info = server.info();
    let text = |name: &str| info.get(name).and_then(|value| value.as_str()).unwrap_or_default().to_owned();
    let about = ServerInfo { name: text("name"), version: text("version") };
    let actions = server.tools().into_iter().filter_map(|tool| Action::new(tool).ok()).collect();
    let instructions = Some(server.instructions().to_owned());
    Snapshot::new(1, now, about, builtin::PROTOCOL.to_owned(), instructions, actions).ok()
}

impl Workspace {
    /// Makes a draft of what a scan found. Only the person who made it can use it.
    ///
    /// # Errors
    /// When they may not, the name is empty, the address is not the one that was scanned, or it cannot be kept.
    pub async fn create_draft(&self, new: NewConnector, scanned: Scanned) -> Result<ConnectorId, Error> {
        self.alive()?;
        let address = self.check_address(&new.address).map_err(address_error)?;
        if address.url != scanned.address {
            return Err(Error::new(Code::Invalid, "the address was changed after the scan").hint("scan it again"));
        }
        let id = ConnectorId::from(new_id("con"));
        let draft = policy::NewConnector {
            id: id.clone(),
            name: new.name.clone(),
            description: new.description.clone(),
            address: address.url.clone(),
            host: address.host,
            reach: address.reach,
            provenance: new.provenance,
            sign_in: new.sign_in.clone(),
            colour: new.colour,
            snapshot: scanned.snapshot,
        };
        let me = self.me();
        self.change_rules(|book| book.create_draft(&me, draft, now())).await?;
        if let (SignIn::Header { .. }, Some(value)) = (&new.sign_in, &new.header_value) {
            self.0.secrets.put(&header_secret(&ConnectionId::first(&id)), value, new.keep).await?;
        }
        if let SignIn::OAuth { .. } = &new.sign_in {
            self.keep_tried(&new, &address.url, &id).await?;
        }
        Ok(id)
    }

    /// The demos that could be added: those that are not there.
    pub fn demos(&self) -> Vec<Connector> {
        let book = self.rulebook();
        demos(&self.me(), now()).into_iter().filter(|demo| book.connector(&demo.id).is_err()).collect()
    }

    /// Adds a demo to the workspace, with every action on. What it writes still asks.
    ///
    /// # Errors
    /// When the person does not run the workspace, there is no such demo, or it cannot be kept.
    pub async fn add_demo(&self, id: &ConnectorId) -> Result<(), Error> {
        let demo = self.demos().into_iter().find(|demo| demo.id == *id);
        let demo = demo.ok_or_else(|| Error::not_found("demo", id.as_str()))?;
        let me = self.me();
        self.change_rules(|book| {
            book.may_set_workspace(book.member(&me)?)?;
            book.set_built_in(demo);
            // Signed rules keep what is part of the product first, and a change of the order is none of theirs.
            book.connectors.sort_by_key(|one| !one.is_part());
            Ok(())
        })
        .await
    }

    /// Takes a demo out of the workspace, with what it kept.
    ///
    /// # Errors
    /// When the person does not run the workspace, it is no demo that was added, signed settings put it in place, or the
    /// change cannot be kept.
    pub async fn remove_demo(&self, id: &ConnectorId) -> Result<(), Error> {
        if *id != ConnectorId::from(WORKBENCH) {
            return Err(Error::not_found("demo that was added", id.as_str()));
        }
        if self.is_demo_signed(id) {
            let why = "the signed settings of this site name this demo, so it cannot be removed here";
            return Err(Error::new(Code::Blocked, why).hint("ask whoever signed them"));
        }
        let me = self.me();
        self.change_rules(|book| {
            book.may_set_workspace(book.member(&me)?)?;
            book.connectors.retain(|one| one.id != *id);
            book.grants.retain(|grant| grant.connector != *id);
            Ok(())
        })
        .await?;
        self.drop_links(id);
        if let Err(error) =
            self.0.store.write(vec![Op::Delete(Table::Settings, builtin::workbench::KEY.to_owned())]).await
        {
            self.storage_failed(&error);
        }
        Ok(())
    }

    /// Switches an action on or off.
    ///
    /// # Errors
    /// When the person may not, there is no such action, or it cannot be kept.
    pub async fn set_action_on(&self, id: &ConnectorId, action: &str, on: bool) -> Result<(), Error> {
        let me = self.me();
        self.change_rules(|book| book.set_action_on(&me, id, action, on, now())).await?;
        Ok(())
    }

    /// Sets the class of an action, or with none goes back to what its definition says.
    ///
    /// # Errors
    /// When the person may not, there is no such action, or it cannot be kept.
    pub async fn set_action_class(&self, id: &ConnectorId, action: &str, class: Option<Class>) -> Result<(), Error> {
        let me = self.me();
        self.change_rules(|book| book.set_action_class(&me, id, action, class, now())).await?;
        Ok(())
    }

    /// Changes the name and the description of a connector.
    ///
    /// # Errors
    /// When the person may not, the name is empty, or it cannot be kept.
    pub async fn rename_connector(&self, id: &ConnectorId, name: &str, description: &str) -> Result<(), Error> {
        let me = self.me();
        self.change_rules(|book| {
            book.rename(&me, id, name, now())?;
            if let Some(connector) = book.connectors.iter_mut().find(|connector| connector.id == *id) {
                connector.description = description.trim().to_owned();
            }
            Ok(())
        })
        .await
    }

    /// Replaces the value of a connector's sign-in header, and says how long it really is kept.
    ///
    /// # Errors
    /// When the connector has no such sign-in, or the value cannot be kept.
    pub async fn set_header_value(&self, id: &ConnectorId, value: &str, keep: Keep) -> Result<Keep, Error> {
        self.alive()?;
        let book = self.rulebook();
        let SignIn::Header { .. } = book.connector(id)?.sign_in else {
            return Err(Error::new(Code::Invalid, "this connector does not sign in with a header"));
        };
        let account = self.usual_account(id);
        let kept = self.0.secrets.put(&header_secret(&account), value, keep).await?;
        self.drop_link(&account);
        self.forget_tasks_of(&account).await;
        self.tell_secret(&header_secret(&account));
        Ok(kept)
    }

    /// Whether the value of a connector's sign-in header is still there.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn has_header_value(&self, id: &ConnectorId) -> Result<bool, Error> {
        Ok(self.0.secrets.get(&header_secret(&self.usual_account(id))).await?.is_some())
    }

    /// Archives a connector: it stays on record, and nothing of it runs any more.
    ///
    /// # Errors
    /// When the person may not, or it cannot be kept.
    pub async fn archive(&self, id: &ConnectorId) -> Result<(), Error> {
        let me = self.me();
        let before = self.rulebook();
        self.change_rules(|book| book.archive(&me, id, now())).await?;
        self.drop_links(id);
        self.end_sign_in(&before, before.connector(id)?).await
    }

    /// Removes a draft or an archived connector for good, with its secrets and its places in conversations.
    ///
    /// # Errors
    /// When the person may not, or it cannot be kept.
    pub async fn remove(&self, id: &ConnectorId) -> Result<(), Error> {
        let me = self.me();
        let before = self.rulebook();
        self.change_rules(|book| book.remove(&me, id)).await?;
        self.drop_links(id);
        self.end_sign_in(&before, before.connector(id)?).await
    }

    /// Puts a line about a connector into the audit log, for what is no change of the rulebook: that is on record anyway.
    pub(crate) async fn note(&self, id: &ConnectorId, how: &str) {
        let book = self.rulebook();
        let name = book.connector(id).map_or_else(|_| id.to_string(), |connector| connector.name.clone());
        let entry = policy::audit::Entry::changed(&self.me(), format!("connector {name}"), how);
        if let Err(error) = self.0.audit.write(vec![entry]).await {
            self.storage_failed(&error);
        }
    }

    /// Why the person may not add connectors, if they may not: what to show instead of the form.
    pub fn may_add(&self) -> Result<(), Why> {
        let book = self.rulebook();
        book.may_create_draft(book.member(&self.me())?)
    }
}

pub(crate) fn address_error(error: policy::address::AddressError) -> Error {
    Error::new(Code::Address, error.to_string())
}
