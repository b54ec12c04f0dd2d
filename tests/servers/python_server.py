"""A small library on the official Python SDK, for the browser suite.

    python python_server.py PORT [--no-cors | --guarded | --pasted FILE]

Without CORS it is the SDK's default: it refuses every foreign origin. Guarded it has CORS and refuses them all the same.
Pasted it has the middleware that a file names, and lets in the origins that this one lets in.
"""

import runpy
import sys
from typing import Annotated

import uvicorn
from mcp.server.mcpserver import AcceptedElicitation, Elicit, ElicitationResult, MCPServer, Resolve
from mcp.server.transport_security import TransportSecuritySettings
from mcp.types import ToolAnnotations
from pydantic import BaseModel, Field
from starlette.middleware.cors import CORSMiddleware

port = int(sys.argv[1])
cors = "--no-cors" not in sys.argv
server = MCPServer("library", instructions="A library of books.")
books: dict[str, str] = {"Middlemarch": "George Eliot"}


@server.tool(title="Find a book", annotations=ToolAnnotations(read_only_hint=True, open_world_hint=False))
def find_book(title: str) -> str:
    """Finds the author of a book by its title."""
    return books.get(title, f"There is no book called {title}")


@server.tool(
    title="Add a book",
    annotations=ToolAnnotations(read_only_hint=False, destructive_hint=False, open_world_hint=False),
)
def add_book(title: str, author: str) -> str:
    """Adds a book to the library."""
    books[title] = author
    return f"Added {title} by {author}"


@server.tool(title="Remove a book", annotations=ToolAnnotations(read_only_hint=False, destructive_hint=True))
def remove_book(title: str) -> str:
    """Removes a book from the library for good."""
    return f"Removed {title}" if books.pop(title, None) else f"There is no book called {title}"


class Card(BaseModel):
    """What the library asks a reader."""

    name: str = Field(description="Name on the card")
    years: int = Field(default=1, ge=1, le=5, description="For how many years")


def ask_for_card() -> Elicit[Card]:
    """The question as a resolver, which the SDK can put in every revision; 2026-07-28 leaves `ctx.elicit` no way to ask."""
    return Elicit("Who is the card for?", Card)


@server.tool(title="Issue a reader's card", annotations=ToolAnnotations(read_only_hint=False, destructive_hint=False))
def issue_card(answer: Annotated[ElicitationResult[Card], Resolve(ask_for_card)]) -> str:
    """Issues a reader's card; asks for the name."""
    if isinstance(answer, AcceptedElicitation):
        return f"Card for {answer.data.name}, {answer.data.years} years"
    return f"No card: {answer.action}"


pasted = runpy.run_path(sys.argv[3])["middleware"] if "--pasted" in sys.argv else []
if pasted:
    origins = pasted[0].kwargs["allow_origins"]
elif cors and "--guarded" not in sys.argv:
    origins = ["http://localhost:*", "http://127.0.0.1:*"]
else:
    origins = []
security = TransportSecuritySettings(allowed_hosts=[f"127.0.0.1:{port}"], allowed_origins=origins)
app = server.streamable_http_app(transport_security=security)
if pasted:
    app.user_middleware[:0] = pasted
elif cors:
    app = CORSMiddleware(
        app,
        allow_origins=["*"],
        allow_methods=["GET", "POST", "DELETE"],
        allow_headers=["*"],
        expose_headers=["Mcp-Session-Id", "WWW-Authenticate"],
    )
uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning")
