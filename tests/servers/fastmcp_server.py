"""A small weather station on FastMCP, the other framework of Python, for the browser suite.

    python fastmcp_server.py PORT
"""

import sys

from fastmcp import Context, FastMCP
from mcp.types import ElicitRequest, ElicitRequestFormParams, InputRequiredResult
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

server = FastMCP("weather", instructions="A weather station.")
alarms: list[str] = []


@server.tool(title="Read the weather", annotations={"readOnlyHint": True, "openWorldHint": False})
def read_weather(city: str) -> str:
    """Tells the weather of a city."""
    return f"It rains in {city}"


@server.tool(title="Set an alarm", annotations={"readOnlyHint": False, "destructiveHint": False, "openWorldHint": False})
def set_alarm(city: str) -> str:
    """Sets an alarm for storms in a city."""
    alarms.append(city)
    return f"Alarm {len(alarms)} is for {city}"


QUESTION = ElicitRequest(
    params=ElicitRequestFormParams(
        message="Who saw the storm?",
        requested_schema={
            "type": "object",
            "properties": {"observer": {"type": "string", "title": "Observer"}},
            "required": ["observer"],
        },
    )
)


@server.tool(title="Report a storm", annotations={"readOnlyHint": False, "destructiveHint": False})
async def report_storm(city: str, ctx: Context) -> str | InputRequiredResult:
    """Reports a storm; asks who saw it, in rounds of one call as 2026-07-28 has it."""
    answers = ctx.input_responses
    if answers is None:
        return InputRequiredResult(input_requests={"who": QUESTION}, request_state=f"a storm in {city}")
    answer = answers["who"]
    if answer.action == "accept":
        return f"{answer.content['observer']} saw {ctx.request_state}"
    return f"No report: {answer.action}"


cors = Middleware(
    CORSMiddleware,
    allow_origins=["*"],
    allow_methods=["GET", "POST", "DELETE"],
    allow_headers=["*"],
    expose_headers=["Mcp-Session-Id", "WWW-Authenticate"],
)
server.run(
    transport="http",
    host="127.0.0.1",
    port=int(sys.argv[1]),
    show_banner=False,
    log_level="warning",
    middleware=[cors],
)
