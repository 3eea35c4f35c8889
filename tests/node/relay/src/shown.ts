// What a component is given, by the types that the compiler made: whatever may be masked may be null.
import type { ProjectCard_project$data } from '../__generated__/ProjectCard_project.graphql';
import type { ProjectListPaginationQuery$variables } from '../__generated__/ProjectListPaginationQuery.graphql';
import type { ProjectReports_project$data } from '../__generated__/ProjectReports_project.graphql';

export function card({ key, name, budget, version }: ProjectCard_project$data): readonly string[] {
  const amount: string | undefined = budget?.amount;
  return [key, name, amount ?? 'hidden', version];
}

export function narratives({ statusReports }: ProjectReports_project$data): readonly (string | null | undefined)[] {
  return (statusReports?.edges ?? []).map(({ node }) => node.narrative);
}

export const nextPage = (cursor: string): ProjectListPaginationQuery$variables => ({
  count: 4,
  cursor,
  filter: { state: { eq: 'ACTIVE' } },
});
