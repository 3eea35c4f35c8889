"""The client `gql` against the server: queries and mutations over requests and httpx, all of it over websockets.

In, on standard input: {"url", "token", "other"}: the server, the client's token, a colleague's. Out: what was answered.
"""

import asyncio
import json
import sys
from urllib.request import Request, urlopen

from gql import Client, GraphQLRequest
from gql.transport.exceptions import TransportQueryError
from gql.transport.httpx import HTTPXAsyncTransport
from gql.transport.requests import RequestsHTTPTransport
from gql.transport.websockets import WebsocketsTransport

PROJECT = """query Project($key: String!) {
  project(by: {key: $key}) { id key name budget { amount currency } }
}"""
RENAME = """mutation Rename($key: String!, $name: String!) {
  projectUpdate(input: {ref: {key: $key}, ifVersion: "*", patch: {name: $name}}) {
    project { id name }
    userErrors { code path }
  }
}"""
FOLLOW = """subscription Follow($after: Cursor) {
  changes(filter: {types: [PROJECT]}, after: $after) {
    __typename
    ... on ChangeEvent { cursor node { ... on Project { id key name } } }
  }
}"""
PULL = "query($since: Cursor) { changes(since: $since, first: 1000) { watermark hasMore } }"

GIVEN = json.load(sys.stdin)
ENDPOINT = GIVEN["url"] + "/graphql"
HEADERS = {"Authorization": "Bearer " + GIVEN["token"]}


def post(token, query, variables):
    """Posts without any library, as the colleague does."""
    body = json.dumps({"query": query, "variables": variables}).encode()
    headers = {"Content-Type": "application/json", "Authorization": "Bearer " + token}
    with urlopen(Request(ENDPOINT, data=body, headers=headers)) as answer:
        return json.load(answer)["data"]


def rename(name):
    """Renames a project as the colleague."""
    assert post(GIVEN["other"], RENAME, {"key": "PR-001", "name": name})["projectUpdate"]["userErrors"] == []


def here():
    """Where the client is now."""
    since, more = None, True
    while more:
        changes = post(GIVEN["token"], PULL, {"since": since})["changes"]
        since, more = changes["watermark"], changes["hasMore"]
    return since


def asked(document, **variables):
    """A request of the library."""
    return GraphQLRequest(document, variable_values=variables)


def over_requests():
    """Synchronous, with the schema of the server checked first."""
    transport = RequestsHTTPTransport(url=ENDPOINT, headers=HEADERS)
    with Client(transport=transport, fetch_schema_from_transport=True) as session:
        query = session.execute(asked(PROJECT, key="PR-001"))
        refused = session.execute(asked(RENAME, key="PR-001", name=""))
        done = session.execute(asked(RENAME, key="PR-002", name="by requests"))
    with Client(transport=RequestsHTTPTransport(url=ENDPOINT, headers=HEADERS)) as session:
        try:
            session.execute(asked("{ nothing }"))
            wrong = None
        except TransportQueryError as error:
            wrong = error.errors[0]["extensions"]["code"]
    return {"query": query, "refused": refused, "done": done, "wrong": wrong}


async def over_httpx():
    """Asynchronous."""
    async with Client(transport=HTTPXAsyncTransport(url=ENDPOINT, headers=HEADERS)) as session:
        query = await session.execute(asked(PROJECT, key="PR-001"))
        refused = await session.execute(asked(RENAME, key="PR-001", name=""))
        done = await session.execute(asked(RENAME, key="PR-002", name="by httpx"))
    return {"query": query, "refused": refused, "done": done}


async def over_websockets():
    """All over one socket; a change of the colleague's is seen."""
    url = ENDPOINT.replace("http", "ws", 1) + "/ws"
    init = {"authorization": HEADERS["Authorization"]}
    # Version 4 looks for the server's answer under a header's name in capitals, and takes any other for the old protocol.
    speaks = [WebsocketsTransport.GRAPHQLWS_SUBPROTOCOL]
    transport = WebsocketsTransport(url=url, init_payload=init, subprotocols=speaks)
    async with Client(transport=transport) as session:
        query = await session.execute(asked(PROJECT, key="PR-001"))
        refused = await session.execute(asked(RENAME, key="PR-001", name=""))
        done = await session.execute(asked(RENAME, key="PR-002", name="by websockets"))
        events = session.subscribe(asked(FOLLOW, after=here()))
        coming = asyncio.ensure_future(anext(events))
        rename("seen by gql")
        event = await coming
        await events.aclose()
    return {"query": query, "refused": refused, "done": done, "event": event}


async def both():
    """The asynchronous ones."""
    return {"httpx": await over_httpx(), "websockets": await over_websockets()}


print(json.dumps({"requests": over_requests(), **asyncio.run(both())}))
