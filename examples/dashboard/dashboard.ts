// A dashboard of active projects: what they are now, then their figures as they change; a JSON line for each. Needs Node 20 or later.
//
//     npm install graphql graphql-ws ws tsx @graphql-codegen/cli @graphql-codegen/client-preset
//     curl -s -H "Authorization: Bearer $TOKEN" http://127.0.0.1:8080/schema.graphql > schema.graphql
//     npx graphql-codegen --config codegen.ts
//     FOLIOGRAPH_TOKEN=$TOKEN npx tsx dashboard.ts --url http://127.0.0.1:8080 --follow
//
// The documents below are typed by the generator. A budget that the caller may not read is null, and `extensions.access` says so:
// the dashboard shows it as hidden, and a project without a budget as having none.
import { parseArgs } from "node:util";
import { createClient } from "graphql-ws";
import WebSocket from "ws";
import { graphql } from "./gql/gql.js";
import type { DashboardQuery, FiguresSubscription, FiguresSubscriptionVariables, ProjectFilter, TypedDocumentString } from "./gql/graphql.js";

const DASHBOARD = graphql(`
  query Dashboard($first: Int, $after: Cursor, $filter: ProjectFilter) {
    projects(first: $first, after: $after, filter: $filter, orderBy: [{ key: { direction: ASC } }]) {
      nodes {
        id
        key
        name
        rag
        forecastFinishOn
        budget {
          amount
          currency
        }
        kpis(keys: ["EV_CPI"]) {
          value
          status
          nullReason
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`);

const FIGURES = graphql(`
  subscription Figures($filter: KpiFilter) {
    kpiChanged(filter: $filter) {
      __typename
      ... on KpiChangeEvent {
        cursor
        previous
        kpi {
          kpi {
            key
          }
          scope {
            key
          }
          value
          status
        }
      }
      ... on StreamReset {
        reason
      }
    }
  }
`);

/** What the answer says of fields that were not told to this caller. */
type Access = { path: string[]; coordinate: string; needs: string; reason: string; count: number };
type Answer<Data> = { data?: Data | null; errors?: { message: string }[]; extensions?: { access?: Access[] } };
type Project = NonNullable<NonNullable<DashboardQuery["projects"]>["nodes"][number]>;

const { values: asked } = parseArgs({
  options: {
    url: { type: "string", default: "http://127.0.0.1:8080" },
    portfolio: { type: "string" },
    follow: { type: "boolean", default: false },
  },
});
const authorization = `Bearer ${process.env.FOLIOGRAPH_TOKEN ?? ""}`;

async function request<Data, Variables>(document: TypedDocumentString<Data, Variables>, variables: Variables): Promise<Answer<Data>> {
  const response = await fetch(`${asked.url}/graphql`, {
    method: "POST",
    headers: {
      authorization,
      accept: "application/graphql-response+json",
      "content-type": "application/json",
      // A dashboard is shared by several roles: a denied field is null and no error.
      "x-access-mode": "MASK",
    },
    body: JSON.stringify({ query: document.toString(), variables }),
  });
  return (await response.json()) as Answer<Data>;
}

/** The budget as it is shown. */
function budget({ budget }: Project, access: Access[]): string {
  if (budget) return `${budget.amount} ${budget.currency}`;
  // Where some of a list are masked, only the count tells; a null of a list with masked fields may be either.
  return access.some(({ coordinate }) => coordinate === "Project.budget") ? "hidden" : "none";
}

async function show(): Promise<string[]> {
  const ids: string[] = [];
  const filter: ProjectFilter = { state: { eq: "ACTIVE" } };
  if (asked.portfolio) filter.portfolio = { key: { eq: asked.portfolio } };
  let after: string | null = null;
  do {
    const { data, errors, extensions }: Answer<DashboardQuery> = await request(DASHBOARD, { first: 20, after, filter });
    if (errors || !data?.projects) throw new Error(errors?.[0]?.message ?? "projects may not be read");
    const access = extensions?.access ?? [];
    for (const project of data.projects.nodes) {
      const { id, key, name, rag, forecastFinishOn, kpis } = project;
      const cpi = kpis?.[0]?.value ?? kpis?.[0]?.nullReason ?? null;
      console.log(JSON.stringify({ key, name, rag, forecastFinishOn, budget: budget(project, access), cpi }));
      ids.push(id);
    }
    const { hasNextPage, endCursor }: { hasNextPage: boolean; endCursor?: string | null } = data.projects.pageInfo;
    after = hasNextPage ? (endCursor ?? null) : null;
  } while (after !== null);
  return ids;
}

async function follow(scopes: string[]): Promise<void> {
  const client = createClient({
    url: `${asked.url.replace(/^http/, "ws")}/graphql/ws`,
    webSocketImpl: WebSocket,
    connectionParams: { authorization, accessMode: "MASK" },
  });
  const variables: FiguresSubscriptionVariables = { filter: { kpis: ["EV_CPI"], scopes } };
  for await (const told of client.iterate<FiguresSubscription>({ query: FIGURES.toString(), variables })) {
    const event = told.data?.kpiChanged;
    if (event?.__typename === "KpiChangeEvent") {
      const { kpi, previous } = event;
      console.log(JSON.stringify({ key: kpi.scope?.key, figure: kpi.kpi?.key, value: kpi.value, previous, status: kpi.status }));
    } else if (event) {
      console.error(`begin anew: ${event.reason}`);
    }
  }
}

const ids = await show();
if (asked.follow) await follow(ids);
