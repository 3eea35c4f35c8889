// What the scripts of clients share: the operations that each of them sends, and the colleague who changes things meanwhile.
//
// In, on standard input: {"url", "token", "other"}: the server, the client's token, the colleague's.
import { readFileSync } from 'node:fs';

export const input = JSON.parse(readFileSync(0, 'utf8'));
export const endpoint = `${input.url}/graphql`;
export const socketAddress = `${input.url.replace(/^http/, 'ws')}/graphql/ws`;
export const authorization = `Bearer ${input.token}`;

export const PROJECT = `query Project($key: String!) {
  project(by: {key: $key}) { id key name budget { amount currency } }
}`;
export const RENAME = `mutation Rename($key: String!, $name: String!) {
  projectUpdate(input: {ref: {key: $key}, ifVersion: "*", patch: {name: $name}}) {
    project { id name }
    userErrors { code path }
  }
}`;
export const FOLLOW = `subscription Follow($after: Cursor) {
  changes(filter: {types: [PROJECT]}, after: $after) {
    __typename
    ... on ChangeEvent { cursor node { __typename ... on Project { id key name } } }
  }
}`;
const PULL = 'query($since: Cursor) { changes(since: $since, first: 1000) { watermark hasMore } }';

/** Posts as somebody else than the client that is tested. */
export async function post(query, variables, token = input.other) {
  const answer = await fetch(endpoint, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = await answer.json();
  if (errors) throw new Error(JSON.stringify(errors));
  return data;
}

/** Renames a project as the colleague. */
export async function rename(name, key = 'PR-001') {
  const { projectUpdate } = await post(RENAME, { key, name });
  if (projectUpdate.userErrors.length > 0) throw new Error(JSON.stringify(projectUpdate.userErrors));
}

/** Where the client is now: what is changed from here on is told to it, however late its subscription begins. */
export async function here() {
  let [since, more] = [null, true];
  while (more) {
    const { changes } = await post(PULL, { since }, input.token);
    [since, more] = [changes.watermark, changes.hasMore];
  }
  return since;
}

// What does not come within a minute does not come.
setTimeout(() => {
  process.stderr.write('took longer than a minute');
  process.exit(1);
}, 60_000);

/** Writes what the test is to see, and ends: some libraries would keep their connections open. */
export function told(facts) {
  process.stdout.write(JSON.stringify(facts), () => process.exit(0));
}
