// Executes GraphQL documents with graphql-js, so that a test can compare our bytes with the reference implementation's.
//
// In:  {"sdl", "data", "cases": [{"name", "document", "operationName", "variables"}]} on standard input.
// Out: [{"name", "body"}] where `body` is the response as JSON text, keys in the order of graphql-js.
//
// Data: objects as they are; `__typename` tells members of interfaces and unions; `{"__error": "text"}` fails its field;
// an array where the schema has a connection is paged by `first`, `last`, `after`, `before`.
// `data.__objects` holds objects by id: `{"__ref": id}` stands for one of them, and `node`, `nodes` and `by` look there.

import { readFileSync } from 'node:fs';
import {
  assertValidSchema, buildSchema, defaultFieldResolver, execute, getNamedType, isObjectType, parse, validate,
} from 'graphql';

const DEFAULT_PAGE = 50;

function isConnection(type) {
  return isObjectType(type) && type.name.endsWith('Connection') && 'pageInfo' in type.getFields();
}

function connection(rows, { first, last, after, before }) {
  let start = after ? Number(after) + 1 : 0;
  let end = before ? Number(before) : rows.length;
  if (last != null) {
    start = Math.max(start, end - last);
  } else {
    end = Math.min(end, start + (first ?? DEFAULT_PAGE));
  }
  const nodes = rows.slice(start, end);
  const edges = nodes.map((node, i) => ({ cursor: String(start + i), node }));
  return {
    nodes,
    edges,
    totalCount: rows.length,
    pageInfo: {
      hasNextPage: end < rows.length,
      hasPreviousPage: start > 0,
      startCursor: edges.at(0)?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  };
}

// `{"__error": ...}` becomes an Error: graphql-js fails the field, or the list item, that has one as its value.
function withErrors(value) {
  if (Array.isArray(value)) return value.map(withErrors);
  if (value === null || typeof value !== 'object') return value;
  if ('__error' in value) return new Error(value.__error);
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, withErrors(member)]));
}

function lookUp(objects, args, info) {
  if (args.ids) return args.ids.map((id) => objects[id] ?? null);
  if (args.id) return objects[args.id] ?? null;
  const type = getNamedType(info.returnType).name;
  const fits = (one) => one.__typename === type && (args.by.id ? one.id === args.by.id : one.key === args.by.key);
  return Object.values(objects).find(fits) ?? null;
}

function resolve(source, args, context, info) {
  const objects = info.rootValue.__objects;
  if (objects && info.parentType.name === 'Query' && (args.id || args.ids || args.by)) {
    return lookUp(objects, args, info);
  }
  const follow = (value) => (value?.__ref ? objects[value.__ref] : value);
  const found = defaultFieldResolver(source, args, context, info);
  const value = Array.isArray(found) ? found.map(follow) : follow(found);
  return Array.isArray(value) && isConnection(getNamedType(info.returnType)) ? connection(value, args) : value;
}

function answer(schema, data, { document, operationName, variables }) {
  let parsed;
  try {
    parsed = parse(document);
  } catch (error) {
    return { errors: [error] };
  }
  const errors = validate(schema, parsed);
  if (errors.length > 0) return { errors };
  return execute({
    schema, document: parsed, operationName, variableValues: variables, rootValue: data, fieldResolver: resolve,
  });
}

const { sdl, data, cases } = JSON.parse(readFileSync(0, 'utf8'));
const schema = buildSchema(sdl);
assertValidSchema(schema);
const root = withErrors(data);
const answers = [];
for (const one of cases) {
  const body = await answer(schema, root, one);
  answers.push({ name: one.name, body: JSON.stringify(body) });
}
process.stdout.write(JSON.stringify(answers));
