// The client `urql` against the server: queries and mutations over HTTP, subscriptions by `graphql-ws`.
import { Client, fetchExchange, subscriptionExchange } from '@urql/core';
import { createClient } from 'graphql-ws';
import { pipe, subscribe } from 'wonka';
import WebSocket from 'ws';
import { FOLLOW, PROJECT, RENAME, authorization, endpoint, here, rename, socketAddress, told } from './office.mjs';

const socket = createClient({ url: socketAddress, webSocketImpl: WebSocket, connectionParams: { authorization } });
const client = new Client({
  url: endpoint,
  fetchOptions: { headers: { authorization } },
  exchanges: [
    fetchExchange,
    subscriptionExchange({
      forwardSubscription: ({ query = '', variables }) => ({
        subscribe: (sink) => ({ unsubscribe: socket.subscribe({ query, variables }, sink) }),
      }),
    }),
  ],
});

const plain = ({ data, error }) => ({ data: data ?? null, error: error?.message ?? null });
const query = plain(await client.query(PROJECT, { key: 'PR-001' }).toPromise());
const refused = plain(await client.mutation(RENAME, { key: 'PR-001', name: '' }).toPromise());
const done = plain(await client.mutation(RENAME, { key: 'PR-002', name: 'by urql' }).toPromise());
const wrong = plain(await client.query('query Wrong { nothing }', {}).toPromise());
const after = await here();
const event = new Promise((resolve) => {
  pipe(client.subscription(FOLLOW, { after }), subscribe(resolve));
});
await rename('seen by urql');
told({ query, refused, done, wrong, event: plain(await event) });
