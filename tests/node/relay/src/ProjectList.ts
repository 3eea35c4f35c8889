// The shape of `usePaginationFragment` on the root: a page of projects, and the next ones.
import { graphql } from 'relay-runtime';

export const query = graphql`
  query ProjectListQuery($count: Int!, $filter: ProjectFilter) {
    ...ProjectList_query @arguments(count: $count, filter: $filter)
  }
`;

export const fragment = graphql`
  fragment ProjectList_query on Query
  @refetchable(queryName: "ProjectListPaginationQuery")
  @argumentDefinitions(count: { type: "Int", defaultValue: 10 }, cursor: { type: "Cursor" }, filter: { type: "ProjectFilter" }) {
    projects(first: $count, after: $cursor, filter: $filter, orderBy: [{ key: { direction: ASC } }])
      @connection(key: "ProjectList_projects", filters: ["filter", "orderBy"]) {
      totalCount
      edges {
        node {
          key
          ...ProjectCard_project
        }
      }
    }
  }
`;
