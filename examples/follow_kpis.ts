// Follows KPIs of Foliograph as they change and prints a JSON line for each value. Needs Node 20 or later.
//
//     npm install graphql graphql-ws ws tsx
//     export FOLIOGRAPH_TOKEN_FILE=token.txt        # a token, or an API key
//     npx tsx follow_kpis.ts --url http://127.0.0.1:8080 --place place.txt --scope prj_... EV_AC EV_CPI
//
// The first run prints the values of now, then what changes. It may be stopped and run again at any time: the cursor of the
// last change is kept in a file, and the next run goes on after it. The cursor is kept after the line is written: a run that
// is killed between the two repeats that line and loses none. Whoever keeps both in one transaction has each exactly once.
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { createClient } from "graphql-ws";
import WebSocket from "ws";

const FOLLOW = `
  subscription Follow($filter: KpiFilter, $after: Cursor, $initial: Boolean) {
    kpiChanged(filter: $filter, after: $after, initial: $initial) {
      __typename
      ... on KpiChangeEvent {
        cursor at previous causedBy { mutation }
        kpi { kpi { key } scope { id key } periodEnd value unit status nullReason }
      }
      ... on StreamReset { reason }
    }
  }`;

type Change = { __typename: "KpiChangeEvent"; cursor: string; causedBy: object | null };
type Reset = { __typename: "StreamReset"; reason: string };

const { values: asked, positionals: kpis } = parseArgs({
  allowPositionals: true,
  options: {
    url: { type: "string", default: "http://127.0.0.1:8080" },
    place: { type: "string", default: "place.txt" },
    scope: { type: "string", multiple: true },
  },
});
const filter = { kpis: kpis.length > 0 ? kpis : null, scopes: asked.scope ?? null };

/** The credential of a new connection. A token that has ended closes the socket: get the next one here. */
async function credential(): Promise<string> {
  const text = await readFile(process.env.FOLIOGRAPH_TOKEN_FILE ?? "token.txt", "utf8");
  return `Bearer ${text.trim()}`;
}

let silence: NodeJS.Timeout | undefined;
const client = createClient({
  url: `${asked.url.replace(/^http/, "ws")}/graphql/ws`,
  webSocketImpl: WebSocket,
  connectionParams: async () => ({ authorization: await credential() }),
  // The library would begin again where this run began, so it is the loop below that comes back.
  retryAttempts: 0,
  on: {
    // The server asks every 15 seconds whether anybody is there: after three times without a word it is gone.
    message: () => {
      clearTimeout(silence);
      silence = setTimeout(() => client.terminate(), 45_000);
    },
    closed: () => clearTimeout(silence),
  },
});

/** Where the last run stopped; null at first. */
const place = () => (existsSync(asked.place) ? readFileSync(asked.place, "utf8") : null);

function keep(cursor: string): void {
  writeFileSync(`${asked.place}.new`, cursor);
  renameSync(`${asked.place}.new`, asked.place);
}

/** Follows until the connection ends, which throws, or until all must be loaded anew. */
async function follow(after: string | null): Promise<void> {
  const variables = { filter, after, initial: after === null };
  for await (const told of client.iterate<{ kpiChanged: Change | Reset }>({ query: FOLLOW, variables })) {
    if (!told.data) throw told.errors ?? [];
    const event = told.data.kpiChanged;
    if (event.__typename === "StreamReset") {
      // What came after the cursor is kept no more: the values of now come next.
      console.error(`begins anew: ${event.reason}`);
      rmSync(asked.place, { force: true });
      return;
    }
    console.log(JSON.stringify(event));
    // Values of now have no cause. All have one cursor, so the place is kept from the first change on.
    if (event.causedBy) keep(event.cursor);
  }
}

for (let wait = 1; ; wait = Math.min(wait * 2, 30)) {
  const began = Date.now();
  try {
    await follow(place());
  } catch (ended) {
    const { code, reason, message } = ended as { code?: number; reason?: string; message?: string };
    // Errors of the request, and a credential that is none: trying again would change nothing.
    const isBusy = Array.isArray(ended) && ended.some((error) => error.extensions?.retryable);
    if ((Array.isArray(ended) && !isBusy) || code === 4400 || code === 4401) {
      console.error(`refused: ${reason ?? JSON.stringify(ended)}`);
      process.exit(1);
    }
    if (Date.now() - began > 60_000) wait = 1;
    console.error(`${code ?? ""} ${reason || message}: comes back in ${wait} s`);
    await pause(wait * 1_000);
  }
}
