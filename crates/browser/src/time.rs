//! The clock, timers and random ids, from whatever global object there is: a page, a worker or Node.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use js_sys::{Function, Reflect};
use wasm_bindgen::prelude::*;

use crate::view::Millis;

/// The longest delay `setTimeout` takes; a longer one would fire at once.
const LONGEST: u64 = i32::MAX as u64;

/// Milliseconds since 1970, from the browser's clock.
pub fn now() -> Millis {
    js_sys::Date::now() as Millis
}

/// Milliseconds on a clock that never goes back, for timeouts; only differences count.
pub fn monotonic() -> Millis {
    let performance = global("performance");
    let read = performance.as_ref().and_then(|it| Reflect::get(it, &"now".into()).ok()?.dyn_into::<Function>().ok());
    match (performance, read) {
        (Some(performance), Some(read)) => {
            read.call0(&performance).ok().and_then(|it| it.as_f64()).map_or_else(now, |millis| millis as Millis)
        }
        _ => now(),
    }
}

/// A function of the global object, for example `fetch`; none where it does not exist.
pub(crate) fn global_function(name: &str) -> Option<Function> {
    Reflect::get(&js_sys::global(), &name.into()).ok()?.dyn_into().ok()
}

/// A property of the global object; none where it is missing or access to it throws (blocked storage does).
pub(crate) fn global(name: &str) -> Option<JsValue> {
    let value = Reflect::get(&js_sys::global(), &name.into()).ok()?;
    (!value.is_undefined() && !value.is_null()).then_some(value)
}

/// A timer that runs a callback once; dropping it clears it.
pub struct Timer {
    id: JsValue,
    // Kept alive for as long as the browser may call it.
    _callback: Closure<dyn FnMut()>,
}

impl Timer {
    /// Runs `callback` after `millis`, or after about 24 days, whichever is less. None where there are no timers.
    pub fn after(millis: u64, callback: impl FnOnce() + 'static) -> Option<Timer> {
        let set = global_function("setTimeout")?;
        let callback = Closure::once(callback);
        let delay = JsValue::from_f64(millis.min(LONGEST) as f64);
        let id = set.call2(&JsValue::UNDEFINED, callback.as_ref(), &delay).ok()?;
        Some(Timer { id, _callback: callback })
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        if let Some(clear) = global_function("clearTimeout") {
            let _ = clear.call1(&JsValue::UNDEFINED, &self.id);
        }
    }
}

/// Waits; dropping the future clears the timer.
pub fn sleep(millis: u64) -> Sleep {
    let shared = Rc::new(Shared { done: Cell::new(false), waker: RefCell::new(None) });
    let fired = shared.clone();
    let timer = Timer::after(millis, move || {
        fired.done.set(true);
        if let Some(waker) = fired.waker.borrow_mut().take() {
            waker.wake();
        }
    });
    if timer.is_none() {
        shared.done.set(true);
    }
    Sleep { shared, _timer: timer }
}

/// The future of [`sleep`].
pub struct Sleep {
    shared: Rc<Shared>,
    _timer: Option<Timer>,
}

struct Shared {
    done: Cell<bool>,
    waker: RefCell<Option<Waker>>,
}

impl Future for Sleep {
    type Output = ();
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.shared.done.get() {
            return Poll::Ready(());
        }
        *self.shared.waker.borrow_mut() = Some(context.waker().clone());
        Poll::Pending
    }
}

/// Whether this is a page that is in the background now. False where there is no page.
pub(crate) fn unseen() -> bool {
    let hidden = global("document").and_then(|page| Reflect::get(&page, &"hidden".into()).ok());
    hidden.is_some_and(|hidden| hidden.is_truthy())
}

/// Long work in pieces: rests when it has gone on for a moment, so that the page can be used meanwhile.
#[derive(Debug)]
pub struct Pace {
    since: Millis,
}

/// How long work goes on before it rests, in milliseconds: short enough that a frame is late at most, and long enough
/// that most of the time is work.
const PIECE: Millis = 12;

impl Pace {
    /// Work begins now.
    pub fn begin() -> Self {
        Pace { since: monotonic() }
    }

    /// Work goes on in a task that has done much already: it rests at the first chance.
    pub fn late() -> Self {
        Pace { since: 0 }
    }

    /// Lets the page have its turn, if it is time for that.
    pub async fn rest(&mut self) {
        if monotonic().saturating_sub(self.since) >= PIECE {
            sleep(0).await;
            self.since = monotonic();
        }
    }
}

/// A new id with 96 random bits, with a prefix that says what it names, for example `call-4f…`.
pub(crate) fn new_id(prefix: &str) -> String {
    let mut bytes = [0u8; 12];
    random(&mut bytes);
    format!("{prefix}-{}", hex(&bytes))
}

/// Fills a buffer with random bytes from the browser's generator.
pub(crate) fn random(bytes: &mut [u8]) {
    let crypto = global("crypto").map(JsCast::unchecked_into::<web_sys::Crypto>);
    let filled = crypto.is_some_and(|crypto| crypto.get_random_values_with_u8_array(bytes).is_ok());
    if !filled {
        // Only for ids, in a realm without WebCrypto; secrets refuse to work there (see `secrets`).
        bytes.fill_with(|| (js_sys::Math::random() * 256.0) as u8);
    }
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The bytes of hexadecimal text; none when it is not.
pub(crate) fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.is_ascii() {
        return None;
    }
    (0..text.len())
        .step_by(2)
        .map(|at| text.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok()))
        .collect()
}

/// The words of a JavaScript exception.
pub(crate) fn words(error: &JsValue) -> String {
    let of = |name: &str| Reflect::get(error, &name.into()).ok().and_then(|value| value.as_string());
    match (of("name"), of("message")) {
        (Some(name), Some(message)) if !message.is_empty() => format!("{name}: {message}"),
        (Some(name), _) => name,
        (None, Some(message)) => message,
        (None, None) => error.as_string().unwrap_or_else(|| "unknown error".to_owned()),
    }
}

/// Whether a browser says that it has no network at all.
pub(crate) fn offline() -> bool {
    let online = global("navigator").and_then(|navigator| Reflect::get(&navigator, &"onLine".into()).ok());
    online.and_then(|online| online.as_bool()) == Some(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hexadecimal_goes_both_ways() {
        assert_eq!(hex(&[0, 15, 255]), "000fff");
        assert_eq!(unhex("000fff"), Some(vec![0, 15, 255]));
        assert_eq!(unhex("0"), None);
        assert_eq!(unhex("zz"), None);
    }
}
