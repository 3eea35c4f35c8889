// The rules that the published schema keeps: all of schema-recommended and schema-relay, with the exceptions below and why.
//
//     SCHEMA=schema.graphql npx eslint --max-warnings 0 schema.graphql
//
// An exception that nothing needs any more is an error too.

import graphql from '@graphql-eslint/eslint-plugin';

// Members and types that one rule does not fit.
const MEMBERS = {
  '@graphql-eslint/no-typename-prefix': [
    // A portfolio in a portfolio, and a portfolio's health: the words of the trade, and the same in every type of item.
    'Portfolio.portfolio', 'Portfolio.portfolioHealth',
    // A project's manager is a role of that name, and its type is no type of the schema.
    'Project.projectManager', 'Project.projectType',
    // The benefits map and the realization of benefits are things of their own, named so wherever they stand.
    'Benefit.benefitsMapNodes', 'Benefit.benefitRealization',
  ],
  // How somebody logs in is found by issuer and subject: it is a part of a person and never asked for by an id.
  '@graphql-eslint/relay-edge-types': ['PersonIdentityEdge'],
};

// Types without an id of their own: they are parts or answers, never rows. Whatever is a row implements Node and has an id.
const PARTS = {
  // Figures over rows, and pages of rows.
  suffixes: [
    'Aggregate', 'Avg', 'Sum', 'Min', 'Max', 'DistinctCount', 'Coverage', 'GroupKey', 'Group', 'Connection', 'Edge',
    // What a write answers, for a row or for each of a list.
    'Payload', 'BulkResult',
    // What a stream tells: it has a cursor.
    'Event',
  ],
  types: [
    // Values made of several scalars.
    'Money', 'PageInfo', 'ViewerAccess', 'PersonIdentity', 'WorkingDay', 'AuditChange', 'EventCause', 'StreamReset', 'ChangePage',
    // Errors.
    'UserError', 'UserErrorParam',
    // The server, the caller and the table of rights.
    'ServerInfo', 'ServerLimits', 'Viewer', 'PermissionMatrix', 'PermissionGrant', 'PermissionScope', 'FieldPermission', 'StepPermission',
    // Figures by period, by item or by resource, computed when they are asked for.
    'AllocationConflict', 'AllocationConflicts', 'AllocationCurveByPeriod', 'BenchEntry', 'BenchList', 'BenefitPeriod', 'BenefitRealization',
    'BenefitsMap', 'CandidateReason', 'CapacityGap', 'CapacityGapRow', 'CapacityGapTotal', 'CapacityHeatmap', 'CapacityHeatmapRow',
    'CapacityHeatmapTotal', 'CertificationCoverageRow', 'FinancialPeriod', 'FinancialSummary', 'FreeSpan', 'HealthDimension',
    'KpiExplanation', 'KpiInput', 'KpiLeftOut', 'KpiMeasure', 'KpiPart', 'KpiValue', 'PortfolioHealth', 'RequestCandidate',
    'RequestCandidates', 'ResourcingPeriod', 'RollupDifference', 'RollupVerification', 'SkillsGap', 'SkillsGapRow', 'SkillsGapTotal',
    'Utilization', 'UtilizationRow', 'UtilizationTotal',
    // What an import found.
    'ImportKindCount', 'ImportLeftOut', 'ImportReport', 'ImportRowNote',
  ],
};

const rules = {
  ...graphql.configs['flat/schema-recommended'].rules,
  ...graphql.configs['flat/schema-relay'].rules,
  '@graphql-eslint/strict-id-in-types': ['error', { exceptions: PARTS }],
  // A list that never has more than a hundred elements is a plain list: the values of a choice, the errors of a write, the
  // periods of a figure. What may have more is a connection, and its edges are held to the rule.
  '@graphql-eslint/relay-edge-types': ['error', { withEdgeSuffix: true, shouldImplementNode: true, listTypeCanWrapOnlyEdgeType: false }],
};

/** Leaves out what the list of members excepts, and tells of exceptions that were not needed. */
const exceptions = {
  meta: { name: 'exceptions-by-member', version: '1' },
  preprocess(text) {
    exceptions.lines = text.split('\n');
    return [text];
  },
  postprocess(lists) {
    const { lines } = exceptions;
    const needed = new Set();
    const isExcepted = ({ ruleId, message, line }) => {
      const [, member, type] = /Field "(\w+)" .* parent type "(\w+)"/.exec(message) ?? [];
      const about = member ? `${type}.${member}` : /^type (\w+)/.exec(lines[line - 1])?.[1];
      const fits = MEMBERS[ruleId]?.includes(about) ?? false;
      if (fits) needed.add(about);
      return fits;
    };
    const left = lists.flat().filter((message) => !isExcepted(message));
    const isThere = (type) => lines.some((line) => line.startsWith(`type ${type} `));
    const unneeded = [
      ...Object.values(MEMBERS).flat().filter((member) => !needed.has(member)),
      ...PARTS.types.filter((type) => !isThere(type)),
    ];
    const told = (name) => ({ ruleId: null, severity: 2, line: 1, column: 1, message: `The exception for ${name} is not needed.` });
    return [...left, ...unneeded.map(told)];
  },
};

export default [{
  files: ['**/*.graphql'],
  languageOptions: {
    parser: graphql.parser,
    parserOptions: { graphQLConfig: { schema: process.env.SCHEMA ?? 'schema.graphql' } },
  },
  plugins: { '@graphql-eslint': graphql },
  processor: exceptions,
  rules,
}];
