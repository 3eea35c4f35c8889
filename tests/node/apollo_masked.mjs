// Apollo Client as somebody who may not read all that her page asks for: what is masked is null, and the rest is there.
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, gql } from '@apollo/client';
import { map } from 'rxjs';
import { authorization, endpoint, told } from './office.mjs';

let access = null;
const note = new ApolloLink((operation, forward) =>
  forward(operation).pipe(map((result) => {
    access = result.extensions?.access ?? null;
    return result;
  })));
const link = note.concat(new HttpLink({ uri: endpoint, headers: { authorization } }));
const client = new ApolloClient({ link, cache: new InMemoryCache() });
const page = gql`query Page { project(by: {key: "PR-001"}) { id key name } roleAssignments { totalCount } }`;
const { data, error } = await client.query({ query: page });
told({ data, error: error?.message ?? null, access });
