//! What an `AbortSignal` can cancel: a ticket is taken before a call begins, so that an abort never comes too early.

use std::cell::RefCell;
use std::future::Future;

use browser::{Code, Error};
use futures_util::future::{AbortHandle, AbortRegistration, Abortable};
use wasm_bindgen::JsValue;

use crate::plain::thrown;

/// The open tickets of one host or client.
#[derive(Default)]
pub(crate) struct Tickets(RefCell<Book>);

#[derive(Default)]
struct Book {
    last: u32,
    open: Vec<(u32, AbortHandle, Option<AbortRegistration>)>,
}

impl Tickets {
    /// A new ticket.
    pub(crate) fn take(&self) -> u32 {
        let mut book = self.0.borrow_mut();
        book.last = book.last.wrapping_add(1);
        let (handle, registration) = AbortHandle::new_pair();
        let ticket = book.last;
        book.open.push((ticket, handle, Some(registration)));
        ticket
    }

    /// Cancels what runs under the ticket, or will.
    pub(crate) fn cancel(&self, ticket: u32) {
        if let Some((_, handle, _)) = self.0.borrow().open.iter().find(|(known, ..)| *known == ticket) {
            handle.abort();
        }
    }

    /// Cancels everything.
    pub(crate) fn cancel_all(&self) {
        for (_, handle, _) in &self.0.borrow().open {
            handle.abort();
        }
    }

    /// Runs `work` under the ticket; an abort drops it, which cancels its request.
    pub(crate) async fn run<T>(&self, ticket: u32, work: impl Future<Output = Result<T, Error>>) -> Result<T, JsValue> {
        let registration =
            self.0.borrow_mut().open.iter_mut().find(|(known, ..)| *known == ticket).and_then(|(.., it)| it.take());
        let Some(registration) = registration else {
            return Err(thrown(Error::new(Code::Invalid, "a ticket is for one call")));
        };
        let done = Abortable::new(work, registration).await;
        self.0.borrow_mut().open.retain(|(known, ..)| *known != ticket);
        done.unwrap_or_else(|_| Err(Error::new(Code::Cancelled, "the call was cancelled"))).map_err(thrown)
    }
}
