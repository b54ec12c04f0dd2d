//! The only crate with IO: fetch, streams, IndexedDB, timers, and the dispatcher.
//!
//! * [`workspace`]: everything the pages and the package can ask for. Start there.
//! * `dispatch`: the only way to a tool. A call is decided by `policy`, shown, answered, recorded, and sent as it was.
//! * [`drive`]: gives a sans-IO `mcp` session its hands; `link` keeps one connection a connector.
//! * [`app_frame`]: the page of an app in its frame; `pages` reads and compares such pages.
//! * [`builtin`]: *Guide*, *Notebook* and *Workbench*, MCP servers in this page; [`built_in`] the browser's own language model.
//! * [`glance`]: what a page shows before the workspace is opened.
//! * [`inspect`]: what goes over the wire, for whoever looks.
//! * [`oauth`]: the hands of a sign-in; [`visit`] the person in another window.
//! * [`store`]: where things are kept; `audit` the one writer of the log; `secrets` tokens and keys; `signing` keys for bundles; `tabs` locks
//!   and news between tabs.
//! * `leaving`: what a page that is left at once would lose.
//! * [`fetch`] sends requests; `reader` has a worker carry one out.
//! * [`time`], `events`, [`error`], [`view`]: the small parts.
//!
//! Nothing here needs a window: a page, a worker and Node all work, with what each of them has.

pub mod app_frame;
pub mod built_in;
pub mod builtin;
pub mod client;
pub mod drive;
pub mod error;
pub mod fetch;
pub mod glance;
pub mod inspect;
pub mod oauth;
pub mod store;
pub mod time;
pub mod view;
pub mod visit;
pub mod workspace;

mod address;
mod audit;
mod dead;
mod dispatch;
mod events;
mod leaving;
mod link;
mod pages;
mod reader;
mod secrets;
mod signing;
mod tabs;

pub use chat;
pub use error::{Code, Error};
pub use events::Subscription;
pub use fetch::Fetcher;
pub use mcp;
pub use policy;
pub use view::*;
pub use visit::Visit;
pub use workspace::branches::read_file;
pub use workspace::material::{Fills, Offers, Wish};
pub use workspace::{
    Added, BundleSource, Governed, Import, OAuthReport, Options, Pinned, SignInSite, SignedOut, Trust, Where,
    Workspace, registered_words, verdict_word,
};
pub use workspace::{ArgumentSet, Changes, ModelView, ModelViews, Preview, Publish, ToolSet, Tried};
pub use workspace::{Listed, Plain, SavedRequest, Unsent};
