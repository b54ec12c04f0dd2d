//! What a server's operator can paste so that the server lets web pages in. Pure.

/// A kind of server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ServerKind {
    /// Node with Express.
    Express,
    /// Python with Starlette or FastAPI, which the Python SDKs are built on.
    Starlette,
    /// nginx in front of it.
    Nginx,
    /// Caddy in front of it.
    Caddy,
}

impl ServerKind {
    /// Every kind with its name.
    pub(super) const ALL: [(ServerKind, &'static str); 4] = [
        (ServerKind::Express, "Express"),
        (ServerKind::Starlette, "Starlette, FastAPI"),
        (ServerKind::Nginx, "nginx"),
        (ServerKind::Caddy, "Caddy"),
    ];
}

/// The headers of answers that pages have to be able to read.
const EXPOSED: &str = "WWW-Authenticate, Mcp-Session-Id, DPoP-Nonce, Retry-After";

/// The text for one kind of server and the origin of this page. An origin is no free text: it is what the browser says.
pub(super) fn snippet(kind: ServerKind, origin: &str) -> String {
    match kind {
        ServerKind::Express => format!(
            "import cors from \"cors\";\n\n// Before every other middleware. Echoes what a request wants to send, so that Mcp-Param-* headers pass too.\napp.use(cors({{\n  origin: \"{origin}\",\n  methods: [\"GET\", \"POST\", \"DELETE\"],\n  exposedHeaders: \"{EXPOSED}\",\n}}));\n// The SDK's own check of the Origin header has to allow {origin} as well\n// (originValidation: its list of host names; createMcpExpressApp may bring one of its own).\n"
        ),
        ServerKind::Starlette => format!(
            "from starlette.middleware import Middleware\nfrom starlette.middleware.cors import CORSMiddleware\n\nmiddleware = [\n    Middleware(\n        CORSMiddleware,\n        allow_origins=[\"{origin}\"],\n        allow_methods=[\"GET\", \"POST\", \"DELETE\"],\n        allow_headers=[\"*\"],  # echoes what is asked for\n        expose_headers=[{}],\n    )\n]\n# The SDK's own check of the Origin header has to allow {origin} as well\n# (TransportSecuritySettings.allowed_origins).\n",
            EXPOSED.split(", ").map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ")
        ),
        ServerKind::Nginx => format!(
            "# Inside the location of the MCP endpoint.\nif ($request_method = OPTIONS) {{\n    add_header Access-Control-Allow-Origin {origin} always;\n    add_header Access-Control-Allow-Methods \"GET, POST, DELETE\" always;\n    add_header Access-Control-Allow-Headers $http_access_control_request_headers always;\n    add_header Access-Control-Max-Age 7200 always;\n    return 204;\n}}\nadd_header Access-Control-Allow-Origin {origin} always;\nadd_header Access-Control-Expose-Headers \"{EXPOSED}\" always;\nproxy_buffering off;\n"
        ),
        ServerKind::Caddy => format!(
            "# Inside the site of the MCP endpoint, before reverse_proxy.\n@preflight method OPTIONS\nhandle @preflight {{\n\theader Access-Control-Allow-Origin {origin}\n\theader Access-Control-Allow-Methods \"GET, POST, DELETE\"\n\t# What is asked for: the names of Mcp-Param-* headers are known to the server's actions only.\n\theader Access-Control-Allow-Headers {{http.request.header.Access-Control-Request-Headers}}\n\trespond 204\n}}\nheader Access-Control-Allow-Origin {origin}\nheader Access-Control-Expose-Headers \"{EXPOSED}\"\n"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn every_snippet_names_the_origin_the_methods_and_what_pages_must_read() {
        for (kind, name) in ServerKind::ALL {
            let text = snippet(kind, "https://chat.example");
            for needed in ["https://chat.example", "DELETE", "WWW-Authenticate", "Mcp-Session-Id"] {
                assert!(text.contains(needed), "{name}: {needed} in {text}");
            }
        }
    }
}
