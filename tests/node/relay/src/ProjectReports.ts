// The shape of `usePaginationFragment` on a row: a page of its reports, and those before.
import { graphql } from 'relay-runtime';

export const query = graphql`
  query ProjectReportsQuery($key: String!, $count: Int!) {
    project(by: { key: $key }) {
      ...ProjectReports_project @arguments(count: $count)
    }
  }
`;

export const fragment = graphql`
  fragment ProjectReports_project on Project
  @refetchable(queryName: "ProjectReportsPaginationQuery")
  @argumentDefinitions(count: { type: "Int", defaultValue: 10 }, cursor: { type: "Cursor" }) {
    statusReports(first: $count, after: $cursor, orderBy: [{ periodEndOn: { direction: DESC } }])
      @connection(key: "ProjectReports_statusReports") {
      edges {
        node {
          periodEndOn
          narrative
        }
      }
    }
  }
`;
