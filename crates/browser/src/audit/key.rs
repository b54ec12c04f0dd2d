//! The key that checkpoints of the audit are signed with.
//!
//! ECDSA over P-256, which every browser's WebCrypto has. The private half cannot be read out of the browser; the public
//! one is told as the uncompressed point in hexadecimal digits, the signature as its two numbers one after the other.

use js_sys::{Array, ArrayBuffer, JSON, Object, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{CryptoKey, SubtleCrypto};

use crate::time::{global, hex, unhex};

/// For `generateKey`, `importKey`, `sign` and `verify` alike; each takes what it knows of it.
const ALGORITHM: &str = r#"{"name":"ECDSA","namedCurve":"P-256","hash":"SHA-256"}"#;

/// Makes a `CryptoKeyPair`; none where there is no WebCrypto, as on an insecure page.
pub(crate) async fn new_pair() -> Option<JsValue> {
    let usages = Array::of2(&"sign".into(), &"verify".into());
    let extractable = false;
    let made = subtle()?.generate_key_with_object(&algorithm()?, extractable, &usages).ok()?;
    JsFuture::from(made).await.ok()
}

/// The public half of a pair, in digits.
pub(crate) async fn public_key(pair: &JsValue) -> Option<String> {
    let told = subtle()?.export_key("raw", &half(pair, "publicKey")?).ok()?;
    Some(hex(&bytes(JsFuture::from(told).await.ok()?)))
}

/// Signs; none when the pair is not one that can.
pub(crate) async fn sign(pair: &JsValue, data: &[u8]) -> Option<String> {
    let signed = subtle()?.sign_with_object_and_u8_array(&algorithm()?, &half(pair, "privateKey")?, data).ok()?;
    Some(hex(&bytes(JsFuture::from(signed).await.ok()?)))
}

/// Whether a signature is by a key. What cannot be checked does not fit.
pub(crate) async fn fits(key: &str, data: &[u8], signature: &str) -> bool {
    check(key, data, signature).await.unwrap_or_default()
}

async fn check(key: &str, data: &[u8], signature: &str) -> Option<bool> {
    let (subtle, point, signature) = (subtle()?, unhex(key)?, unhex(signature)?);
    let point = Uint8Array::from(point.as_slice());
    let usages = Array::of1(&"verify".into());
    let key = subtle.import_key_with_object("raw", &point, &algorithm()?, true, &usages).ok()?;
    let key: CryptoKey = JsFuture::from(key).await.ok()?.dyn_into().ok()?;
    let fits = subtle.verify_with_object_and_u8_array_and_u8_array(&algorithm()?, &key, &signature, data).ok()?;
    JsFuture::from(fits).await.ok()?.as_bool()
}

fn subtle() -> Option<SubtleCrypto> {
    let subtle = Reflect::get(&global("crypto")?, &"subtle".into()).ok()?;
    (!subtle.is_undefined()).then(|| subtle.unchecked_into())
}

fn algorithm() -> Option<Object> {
    JSON::parse(ALGORITHM).ok()?.dyn_into().ok()
}

fn half(pair: &JsValue, name: &str) -> Option<CryptoKey> {
    Reflect::get(pair, &name.into()).ok()?.dyn_into().ok()
}

fn bytes(buffer: JsValue) -> Vec<u8> {
    Uint8Array::new(&buffer.unchecked_into::<ArrayBuffer>()).to_vec()
}
