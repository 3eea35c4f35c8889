// Apollo Client against the server: queries and mutations by `HttpLink`, subscriptions in parts of multipart/mixed by the
// same, and over a WebSocket by `GraphQLWsLink`.
import { ApolloClient, HttpLink, InMemoryCache, gql } from '@apollo/client';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { FOLLOW, PROJECT, RENAME, authorization, endpoint, here, rename, socketAddress, told } from './office.mjs';

const socket = createClient({ url: socketAddress, webSocketImpl: WebSocket, connectionParams: { authorization } });
const headers = { authorization, 'x-client-name': 'apollo', 'x-client-version': '4' };
const over = (link) => new ApolloClient({ link, cache: new InMemoryCache() });
const page = over(new HttpLink({ uri: endpoint, headers }));
const live = over(new GraphQLWsLink(socket));

/** The first event of a subscription, which somebody else's change makes. */
async function seen(client, name) {
  const after = await here();
  const event = new Promise((resolve, reject) => {
    client.subscribe({ query: gql(FOLLOW), variables: { after } }).subscribe({ next: resolve, error: reject });
  });
  await rename(name);
  return event;
}

const plain = ({ data, error }) => ({ data, error: error?.message ?? null });
const query = plain(await page.query({ query: gql(PROJECT), variables: { key: 'PR-001' } }));
const byGet = over(new HttpLink({ uri: endpoint, headers, useGETForQueries: true }));
const got = plain(await byGet.query({ query: gql(PROJECT), variables: { key: 'PR-001' } }));
const refused = plain(await page.mutate({ mutation: gql(RENAME), variables: { key: 'PR-001', name: '' } }));
const done = plain(await page.mutate({ mutation: gql(RENAME), variables: { key: 'PR-002', name: 'by Apollo' } }));
const parts = plain(await seen(page, 'seen in parts'));
const wrong = await new Promise((resolve) => {
  page.subscribe({ query: gql('subscription { nothing }') }).subscribe({ next: (result) => resolve(plain(result)), error: (error) => resolve(String(error)) });
});
const sockets = plain(await seen(live, 'seen over a socket'));
told({ query, got, refused, done, parts, wrong, sockets });
