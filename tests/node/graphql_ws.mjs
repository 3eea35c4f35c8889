// The client `graphql-ws` against the server. Beside what `office.mjs` reads: "tokens", those of its connections in turn.
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { FOLLOW, PROJECT, RENAME, here, input, rename, socketAddress, told } from './office.mjs';

const closes = [];
let connections = 0;
const client = createClient({
  url: socketAddress,
  webSocketImpl: WebSocket,
  lazy: true,
  connectionParams: () => {
    const token = input.tokens[Math.min(connections, input.tokens.length - 1)];
    connections += 1;
    return { authorization: `Bearer ${token}` };
  },
  retryAttempts: 5,
  // Nobody listens while this is written.
  retryWait: () => rename('three', 'PR-005'),
  shouldRetry: () => true,
  on: { closed: ({ code, reason }) => closes.push([code, reason]) },
});

/** The one answer of a query or a mutation. */
const once = (query, variables) => client.iterate({ query, variables }).next().then(({ value }) => value);

const after = await here();
// The library sends the same payload again when it comes back: its cursor is moved on with each event.
const payload = { query: FOLLOW, variables: { after } };
const events = [];
const all = new Promise((resolve, reject) => {
  client.subscribe(payload, {
    next: ({ data, errors }) => {
      if (errors) reject(new Error(JSON.stringify(errors)));
      events.push(data.changes);
      payload.variables.after = data.changes.cursor;
      if (data.changes.node.name === 'three') rename('four', 'PR-006').catch(reject);
      if (events.length === 5) resolve();
    },
    error: reject,
    complete: () => reject(new Error('complete')),
  });
});
const query = await once(PROJECT, { key: 'PR-001' });
const refused = await once(RENAME, { key: 'PR-001', name: '' });
const done = await once(RENAME, { key: 'PR-002', name: 'by graphql-ws' });
// Each another project: an event shows its row as it is when the event is told.
await rename('one', 'PR-003');
await rename('two', 'PR-004');
await all;
// What would be told twice is told before this is answered.
await once(PROJECT, { key: 'PR-001' });
told({ query, refused, done, names: events.map((event) => event.node.name), cursors: events.map((event) => event.cursor), closes, connections });
