//! Keys that sign policy bundles: ECDSA on P-256 with SHA-256, by WebCrypto.
//!
//! A key is made so that it can be read out, sealed once under the owner's passphrase into a file, and then taken in
//! again so that it cannot: what this browser keeps never leaves it. The file holds everything that is needed to open it
//! but the passphrase: PBKDF2 with SHA-256 makes the AES-GCM key.

use js_sys::{Array, ArrayBuffer, Object, Reflect, Uint8Array};
use policy::bundle::PublicKey;
use serde_json::{Value, json};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{CryptoKey, SubtleCrypto};

use crate::error::{Code, Error};
use crate::time::{global, hex, random, unhex, words};

/// What a key file says it is.
const KIND: &str = "signing-key";
/// Rounds of PBKDF2 in a new file: OWASP's number for SHA-256 (2023).
const ROUNDS: u32 = 600_000;
/// The most rounds that a file may ask for.
const MOST_ROUNDS: u64 = 10_000_000;
/// The largest key file that is read, in bytes.
const LARGEST: usize = 16 << 10;
/// The shortest passphrase, in characters.
const SHORTEST: usize = 12;
const ECDSA: &str = r#"{"name":"ECDSA","namedCurve":"P-256","hash":"SHA-256"}"#;

/// A signing key of this browser.
#[derive(Clone)]
pub(crate) struct SigningKey {
    /// Its public half.
    pub(crate) public: PublicKey,
    /// Its private half, which cannot be read out.
    pub(crate) private: CryptoKey,
}

/// Makes a key, and the file that holds it under a passphrase. The file is the only copy outside this browser.
pub(crate) async fn make(name: &str, passphrase: &str) -> Result<(SigningKey, String), Error> {
    strong(passphrase)?;
    let subtle = subtle()?;
    let usages = Array::of2(&"sign".into(), &"verify".into());
    let pair = wait(subtle.generate_key_with_object(&object(ECDSA)?, true, &usages)).await?;
    let half =
        |which: &str| Reflect::get(&pair, &which.into()).map(JsCast::unchecked_into::<CryptoKey>).map_err(failed);
    let (private, told) = (half("privateKey")?, half("publicKey")?);
    let jwk = wait(subtle.export_key("jwk", &told)).await?;
    let member = |member: &str| Reflect::get(&jwk, &member.into()).ok().and_then(|value| value.as_string());
    let (Some(x), Some(y)) = (member("x"), member("y")) else {
        return Err(Error::new(Code::Storage, "this browser does not tell the public half of a key"));
    };
    let public = PublicKey { name: name.to_owned(), x, y };
    let bytes = bytes(wait(subtle.export_key("pkcs8", &private)).await?);
    let file = seal(&public, &bytes, passphrase).await?;
    Ok((SigningKey { public, private: private_key(&bytes).await? }, file))
}

/// Takes a key out of its file.
pub(crate) async fn open(file: &str, passphrase: &str) -> Result<SigningKey, Error> {
    let unreadable = || {
        Error::new(Code::Invalid, "the file is not a signing key").hint("choose the file that was saved with the key")
    };
    if file.len() > LARGEST {
        return Err(unreadable());
    }
    let file: Value = serde_json::from_str(file).map_err(|_| unreadable())?;
    let known = file.get("countersign").and_then(Value::as_str) == Some(KIND)
        && file.get("schema").and_then(Value::as_u64) == Some(1);
    let text = |pointer: &str| file.pointer(pointer).and_then(Value::as_str).ok_or_else(unreadable);
    let coded = |pointer: &str| text(pointer).and_then(|text| unhex(text).ok_or_else(unreadable));
    let rounds = file.pointer("/kdf/iterations").and_then(Value::as_u64).filter(|rounds| *rounds <= MOST_ROUNDS);
    let rounds = rounds.and_then(|rounds| u32::try_from(rounds).ok());
    let (true, Some(rounds)) = (known, rounds) else { return Err(unreadable()) };
    let public: PublicKey =
        serde_json::from_value(file.get("key").cloned().unwrap_or_default()).map_err(|_| unreadable())?;
    let (salt, iv, sealed) = (coded("/kdf/salt")?, coded("/cipher/iv")?, coded("/sealed")?);
    let key = derive(passphrase, &salt, rounds).await?;
    let opened = wait(subtle()?.decrypt_with_object_and_u8_array(&cipher(&iv)?, &key, &sealed)).await;
    let opened = opened.map_err(|_| {
        Error::new(Code::Invalid, "the passphrase does not open this key").hint("type the passphrase it was saved with")
    })?;
    let key = SigningKey { private: private_key(&bytes(opened)).await?, public };
    // The public half stands beside the sealed one and could have been exchanged.
    let test = b"countersign";
    if verify(&key.public, test, &sign(&key, test).await?).await { Ok(key) } else { Err(unreadable()) }
}

/// Signs; the signature as RFC 7518 writes `ES256`, base64url without padding.
pub(crate) async fn sign(key: &SigningKey, data: &[u8]) -> Result<String, Error> {
    let signed = wait(subtle()?.sign_with_object_and_u8_array(&object(ECDSA)?, &key.private, data)).await?;
    Ok(base64url(&bytes(signed)))
}

/// Whether a signature is that of a key over the data. What cannot be checked is not.
pub(crate) async fn verify(key: &PublicKey, data: &[u8], signature: &str) -> bool {
    let check = async {
        let subtle = subtle().ok()?;
        let jwk = json!({ "kty": "EC", "crv": "P-256", "x": key.x, "y": key.y }).to_string();
        let (algorithm, usages) = (object(ECDSA).ok()?, Array::of1(&"verify".into()));
        let read = subtle.import_key_with_object("jwk", &object(&jwk).ok()?, &algorithm, false, &usages);
        let key: CryptoKey = wait(read).await.ok()?.unchecked_into();
        let signature = unbase64url(signature)?;
        let checked = subtle.verify_with_object_and_u8_array_and_u8_array(&algorithm, &key, &signature, data);
        wait(checked).await.ok()?.as_bool()
    };
    check.await.unwrap_or_default()
}

async fn seal(public: &PublicKey, secret: &[u8], passphrase: &str) -> Result<String, Error> {
    let (mut salt, mut iv) = ([0; 16], [0; 12]);
    random(&mut salt);
    random(&mut iv);
    let key = derive(passphrase, &salt, ROUNDS).await?;
    let sealed = wait(subtle()?.encrypt_with_object_and_u8_array(&cipher(&iv)?, &key, secret)).await?;
    let file = json!({
        "countersign": KIND,
        "schema": 1,
        "key": public,
        "kdf": { "name": "PBKDF2", "hash": "SHA-256", "iterations": ROUNDS, "salt": hex(&salt) },
        "cipher": { "name": "AES-GCM", "length": 256, "iv": hex(&iv) },
        "sealed": hex(&bytes(sealed)),
    });
    serde_json::to_string_pretty(&file).map_err(|error| Error::new(Code::Invalid, error.to_string()))
}

/// The AES-GCM key of a passphrase.
async fn derive(passphrase: &str, salt: &[u8], rounds: u32) -> Result<CryptoKey, Error> {
    let subtle = subtle()?;
    let usages = Array::of1(&"deriveKey".into());
    let typed = Uint8Array::from(passphrase.as_bytes());
    let base = wait(subtle.import_key_with_str("raw", &typed, "PBKDF2", false, &usages)).await?.unchecked_into();
    let how = object(r#"{"name":"PBKDF2","hash":"SHA-256"}"#)?;
    set(&how, "salt", &Uint8Array::from(salt))?;
    set(&how, "iterations", &rounds.into())?;
    let wanted = object(r#"{"name":"AES-GCM","length":256}"#)?;
    let usages = Array::of2(&"encrypt".into(), &"decrypt".into());
    let key = subtle.derive_key_with_object_and_object(&how, &base, &wanted, false, &usages);
    Ok(wait(key).await?.unchecked_into())
}

/// The private half from its bytes (PKCS #8), never to be read out again.
async fn private_key(pkcs8: &[u8]) -> Result<CryptoKey, Error> {
    let usages = Array::of1(&"sign".into());
    let bytes = Uint8Array::from(pkcs8);
    let read = subtle()?.import_key_with_object("pkcs8", &bytes, &object(ECDSA)?, false, &usages);
    Ok(wait(read).await?.unchecked_into())
}

fn strong(passphrase: &str) -> Result<(), Error> {
    if passphrase.chars().count() >= SHORTEST {
        return Ok(());
    }
    let why = format!("the passphrase is shorter than {SHORTEST} characters");
    Err(Error::new(Code::Invalid, why).hint("use a longer one; four random words are good"))
}

fn cipher(iv: &[u8]) -> Result<Object, Error> {
    let cipher = object(r#"{"name":"AES-GCM"}"#)?;
    set(&cipher, "iv", &Uint8Array::from(iv))?;
    Ok(cipher)
}

fn object(text: &str) -> Result<Object, Error> {
    js_sys::JSON::parse(text).map(JsCast::unchecked_into).map_err(failed)
}

fn set(object: &Object, name: &str, value: &JsValue) -> Result<(), Error> {
    Reflect::set(object, &name.into(), value).map(drop).map_err(failed)
}

async fn wait(promise: Result<js_sys::Promise, JsValue>) -> Result<JsValue, Error> {
    JsFuture::from(promise.map_err(failed)?).await.map_err(failed)
}

fn failed(error: JsValue) -> Error {
    Error::new(Code::Storage, format!("the browser's WebCrypto failed: {}", words(&error)))
}

fn subtle() -> Result<SubtleCrypto, Error> {
    let subtle = global("crypto").and_then(|crypto| Reflect::get(&crypto, &"subtle".into()).ok());
    let subtle = subtle.filter(|subtle| !subtle.is_undefined());
    subtle.map(JsCast::unchecked_into).ok_or_else(|| {
        Error::new(Code::Storage, "this page has no WebCrypto, so it cannot sign").hint("open it over https")
    })
}

fn bytes(buffer: JsValue) -> Vec<u8> {
    Uint8Array::new(&buffer.unchecked_into::<ArrayBuffer>()).to_vec()
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Base64url without padding (RFC 4648 section 5).
fn base64url(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let at = |index: usize| u32::from(chunk.get(index).copied().unwrap_or_default());
        let joined = at(0) << 16 | at(1) << 8 | at(2);
        for place in 0..=chunk.len() {
            let six = (joined >> (18 - 6 * place)) & 63;
            text.push(ALPHABET.get(six as usize).copied().map_or('A', char::from));
        }
    }
    text
}

fn unbase64url(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() * 3 / 4);
    let (mut joined, mut bits) = (0_u32, 0);
    for byte in text.bytes() {
        let six = ALPHABET.iter().position(|one| *one == byte)?;
        joined = (joined << 6 | u32::try_from(six).ok()?) & 0xffff;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from((joined >> bits) & 0xff).ok()?);
        }
    }
    Some(bytes)
}
