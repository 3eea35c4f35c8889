// A write and a stream, as `useMutation` and `useSubscription` take them.
import { graphql } from 'relay-runtime';

export const mutation = graphql`
  mutation ProjectRenameMutation($input: ProjectUpdateInput!) {
    projectUpdate(input: $input) {
      project {
        ...ProjectCard_project
      }
      userErrors {
        code
        message
        path
      }
    }
  }
`;

export const subscription = graphql`
  subscription ProjectRenameSubscription($filter: ChangeFilter, $after: Cursor) {
    changes(filter: $filter, after: $after) {
      __typename
      ... on ChangeEvent {
        cursor
        node {
          ...ProjectCard_project
        }
      }
      ... on StreamReset {
        resumeFrom
      }
    }
  }
`;
