// The client `graphql-sse` against the server, in its mode of distinct connections.
import { createClient } from 'graphql-sse';
import { FOLLOW, PROJECT, RENAME, authorization, here, input, rename, told } from './office.mjs';

const client = createClient({ url: `${input.url}/graphql/stream`, headers: { authorization }, retryAttempts: 0 });

/** Every answer of an operation that ends by itself. */
async function all(query, variables) {
  const answers = [];
  for await (const answer of client.iterate({ query, variables })) answers.push(answer);
  return answers;
}

const query = await all(PROJECT, { key: 'PR-001' });
const refused = await all(RENAME, { key: 'PR-001', name: '' });
const done = await all(RENAME, { key: 'PR-002', name: 'by graphql-sse' });
const wrong = await all('{ nothing }', {}).catch((error) => ({ status: error.response?.status ?? null }));
const following = client.iterate({ query: FOLLOW, variables: { after: await here() } });
await rename('seen by graphql-sse');
const { value: event } = await following.next();
await following.return();
told({ query, refused, done, wrong, event });
