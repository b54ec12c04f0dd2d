//! A person who signs in in another window of this browser, and how its answer comes back.
//!
//! The authorization server sends the person back to a page of this origin. That page hands its whole address over on a
//! `BroadcastChannel` whose name is made of the address's `state`: only who began the flow knows it and listens (X15, X16,
//! X18), and no window needs to know another. Whoever hears it answers, so the page can say that nobody waits. Where no
//! channel gets through, the person pastes the address. A host with another way to a person (the npm package) gives a
//! function that brings the address back, and nothing else is heard.

use std::cell::RefCell;
use std::rc::{Rc, Weak};

use futures_channel::oneshot;
use futures_util::FutureExt as _;
use futures_util::future::{Either, LocalBoxFuture, Shared, select};
use mcp::oauth::AuthorizeFailure;
use wasm_bindgen::prelude::*;
use web_sys::{BroadcastChannel, MessageEvent};

use crate::time::{Timer, global};

/// How long a person may take to sign in, in milliseconds.
const LONGEST: u64 = 600_000;
/// What the name of a channel begins with; the `state` follows.
const CHANNEL: &str = "countersign-sign-in:";
/// What the page that was come back to is answered.
const HEARD: &str = "heard";

/// The whole address that the person came back to, or why there is none.
pub type Answer = Result<String, AuthorizeFailure>;

/// One sign-in of one person. Clones are the same. It is used for one flow.
#[derive(Clone)]
pub struct Visit(Rc<Inner>);

/// What a host does to bring its person to an address and back.
type Authorize = dyn Fn(&str) -> LocalBoxFuture<'static, Answer>;

/// How the person gets to the sign-in page.
enum Way {
    /// In a window, whose answer comes over a channel or is pasted.
    Window(Box<dyn Fn(&str)>),
    /// As the host knows how to, which gives the whole address that the person came back to.
    Host(Box<Authorize>),
}

struct Inner {
    way: Way,
    answer: RefCell<Option<oneshot::Sender<Answer>>>,
    leave: RefCell<Option<oneshot::Sender<()>>>,
    left: Left,
}

type Left = Shared<futures_util::future::Map<oneshot::Receiver<()>, fn(Result<(), oneshot::Canceled>)>>;

impl Visit {
    /// A visit whose window is led to the sign-in page by `go`.
    pub fn new(go: impl Fn(&str) + 'static) -> Self {
        Self::by(Way::Window(Box::new(go)))
    }

    /// A visit that a host makes: `authorize` leads the person to the address and gives the one they came back to.
    pub fn through(authorize: impl Fn(&str) -> LocalBoxFuture<'static, Answer> + 'static) -> Self {
        Self::by(Way::Host(Box::new(authorize)))
    }

    fn by(way: Way) -> Self {
        let (leave, left) = oneshot::channel();
        let left = left.map((|_| ()) as fn(_)).shared();
        Visit(Rc::new(Inner { way, answer: RefCell::default(), leave: RefCell::new(Some(leave)), left }))
    }

    /// The address that the person came back to, pasted by hand. It is checked like any other, and used up.
    pub fn paste(&self, address: &str) {
        self.0.end(Ok(address.trim().to_owned()));
    }

    /// The person does not want to sign in any more.
    pub fn cancel(&self) {
        self.0.end(Err(AuthorizeFailure::Cancelled));
        if let Some(leave) = self.0.leave.take() {
            let _ = leave.send(());
        }
    }

    /// Resolves when the person cancels.
    pub(crate) fn cancelled(&self) -> impl Future<Output = ()> + use<> {
        self.0.left.clone()
    }

    /// Leads the person to `url` and waits until they are back.
    pub(crate) fn authorize(&self, url: &str, state: &str) -> LocalBoxFuture<'static, Answer> {
        let go = match &self.0.way {
            Way::Window(go) => go,
            Way::Host(authorize) => {
                let either = select(authorize(url), self.0.left.clone());
                return either
                    .map(|ended| match ended {
                        Either::Left((answer, _)) => answer,
                        Either::Right(_) => Err(AuthorizeFailure::Cancelled),
                    })
                    .boxed_local();
            }
        };
        let (tell, told) = oneshot::channel();
        self.0.answer.replace(Some(tell));
        let back = listen(state, Rc::downgrade(&self.0));
        let late = Rc::downgrade(&self.0);
        let timer = Timer::after(LONGEST, move || {
            if let Some(visit) = late.upgrade() {
                visit.end(Err(AuthorizeFailure::TimedOut));
            }
        });
        go(url);
        async move {
            let answer = told.await.unwrap_or(Err(AuthorizeFailure::Cancelled));
            drop((back, timer));
            answer
        }
        .boxed_local()
    }
}

impl Inner {
    /// The first answer counts, and no other (X15).
    fn end(&self, answer: Answer) {
        let tell = self.answer.take();
        if let Some(tell) = tell {
            let _ = tell.send(answer);
        }
    }
}

/// Listens for the page that the person comes back to, until dropped.
struct Back {
    channel: BroadcastChannel,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
}

impl Drop for Back {
    fn drop(&mut self) {
        self.channel.set_onmessage(None);
        self.channel.close();
    }
}

fn listen(state: &str, visit: Weak<Inner>) -> Option<Back> {
    global("BroadcastChannel")?;
    let channel = BroadcastChannel::new(&format!("{CHANNEL}{state}")).ok()?;
    let answer = channel.clone();
    let on_message = Closure::new(move |event: MessageEvent| {
        let (Some(address), Some(visit)) = (event.data().as_string(), visit.upgrade()) else { return };
        let _ = answer.post_message(&HEARD.into());
        visit.end(Ok(address));
    });
    channel.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    Some(Back { channel, _on_message: on_message })
}
