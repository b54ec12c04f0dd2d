//! More time for a call that gives no signal (screens.md e.4, *silent*).

use policy::CallId;

use crate::view::Millis;
use crate::workspace::Workspace;

impl Workspace {
    /// Has a call wait on for its server as long as it would have from its beginning. Without it, a call that gives no
    /// sign of life is given up in the end, and nobody knows whether it happened. Says how long that is, in milliseconds;
    /// none when nothing is on its way for the call.
    pub fn keep_waiting(&self, call: &CallId) -> Option<Millis> {
        let links: Vec<_> = self.0.links.borrow().values().cloned().collect();
        links.into_iter().find_map(|link| {
            let op = link.calls.borrow().iter().find(|(_, one)| one.call == *call).map(|(op, _)| *op)?;
            let connection = link.connection.borrow().clone()?;
            connection.keep_waiting(op)
        })
    }
}
