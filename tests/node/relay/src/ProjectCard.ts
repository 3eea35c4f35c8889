// The shape of `useRefetchableFragment` on a type and on an interface: both are found again by `node(id:)`.
import { graphql } from 'relay-runtime';

export const project = graphql`
  fragment ProjectCard_project on Project @refetchable(queryName: "ProjectCardRefetchQuery") {
    key
    name
    state
    version
    budget {
      amount
      currency
    }
    owner {
      displayName
    }
    viewerAccess {
      canWrite
    }
    ...ProjectCard_item
  }
`;

export const item = graphql`
  fragment ProjectCard_item on PortfolioItem @refetchable(queryName: "ProjectCardItemRefetchQuery") {
    rag
    forecastFinishOn
    kpis(keys: ["EV_CPI"]) {
      value
      status
    }
  }
`;
