// The explorer page: GraphiQL over /graphql, with the token kept in this tab's session storage only.
// The schema is asked for as soon as the header pane holds a token, so that a page without one shows no error.
"use strict";

const TYPE_REF = "kind name ofType{".repeat(9) + "kind name" + "}".repeat(9);
const INPUT_VALUE = `name description defaultValue isDeprecated deprecationReason type{${TYPE_REF}}`;
const INTROSPECTION = `query IntrospectionQuery { __schema {
  queryType { name } mutationType { name } subscriptionType { name }
  types { kind name description specifiedByURL isOneOf
    fields(includeDeprecated: true) { name description isDeprecated deprecationReason
      args(includeDeprecated: true) { ${INPUT_VALUE} } type { ${TYPE_REF} } }
    inputFields(includeDeprecated: true) { ${INPUT_VALUE} }
    interfaces { ${TYPE_REF} } possibleTypes { ${TYPE_REF} }
    enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason } }
  directives { name description isRepeatable locations args(includeDeprecated: true) { ${INPUT_VALUE} } } } }`;

const PAUSE_MS = 400;
const fetcher = GraphiQL.createFetcher({ url: "/graphql" });

function headersIn(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

function hasToken(headers) {
  return /^Bearer \S/i.test(headers.Authorization ?? "");
}

function Explorer({ firstQuery }) {
  const [schema, setSchema] = React.useState(null);
  const [headers, setHeaders] = React.useState(sessionStorage.getItem("graphiql:headers") ?? "");

  React.useEffect(() => {
    const given = headersIn(headers);
    if (!hasToken(given)) return;
    const later = setTimeout(async () => {
      const response = await fetch("/graphql", {
        method: "POST",
        headers: { ...given, "Content-Type": "application/json" },
        body: JSON.stringify({ query: INTROSPECTION }),
      });
      const answer = await response.json();
      if (answer.data?.__schema) setSchema(answer.data);
    }, PAUSE_MS);
    return () => clearTimeout(later);
  }, [headers]);

  return React.createElement(GraphiQL, {
    fetcher,
    schema,
    storage: sessionStorage,
    shouldPersistHeaders: true,
    showPersistHeadersSettings: false,
    defaultEditorToolsVisibility: "headers",
    defaultHeaders: '{\n  "Authorization": "Bearer "\n}',
    defaultQuery: firstQuery,
    onEditHeaders: setHeaders,
  }, React.createElement(GraphiQL.Logo, null, React.createElement("a", { href: "/docs", target: "_blank", rel: "noopener" }, "Guide")));
}

async function start() {
  const firstQuery = await (await fetch("/explorer/first.graphql")).text();
  ReactDOM.createRoot(document.getElementById("explorer")).render(React.createElement(Explorer, { firstQuery }));
}

start();
