//! The real MCP server that `cargo xtask start --demo` runs, so that there is something to connect to.

use crate::places::Places;
use crate::run::{Doing, Environment, Failure, Outcome, Program, Running, step};
use crate::setup;
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

/// `@modelcontextprotocol/server-everything`, by the lock file of `tests/`.
const SERVER: &str = "tests/node_modules/@modelcontextprotocol/server-everything/dist/index.js";

/// A server that runs until this value is dropped.
pub(crate) struct Demo {
    port: u16,
    _running: Running,
}

/// Starts it on a free port of this machine and waits until it answers.
pub(crate) fn start(places: &Places) -> Outcome<Demo> {
    setup::for_demo(places)?;
    let port = free_port()?;
    step("start a demo server (@modelcontextprotocol/server-everything)", || {
        let mut environment = Environment::default();
        environment.set("PORT", port.to_string());
        let running = Program::new("node")
            .args([places.root.join(SERVER).into_os_string(), "streamableHttp".into()])
            .env(&environment)
            .spawn_quietly()?;
        let until = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if Instant::now() > until {
                return Err(Failure::new("the demo server did not answer within 20 s").next("start without `--demo`"));
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(Demo { port, _running: running })
    })
}

fn free_port() -> Outcome<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).doing("find a free port")?;
    Ok(listener.local_addr().doing("find a free port")?.port())
}

impl Demo {
    /// What to do with it.
    pub(crate) fn advice(&self) -> String {
        format!(
            "Demo server: http://localhost:{}/mcp
  1. Settings, Advanced: turn on Developer mode, then \"Servers on this machine\".
  2. Connectors, Add connector: paste the address above.",
            self.port
        )
    }
}
