//! How to talk MCP, without IO.
