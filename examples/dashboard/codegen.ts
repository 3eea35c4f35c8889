// Makes the typed client of dashboard.ts from the server's schema: npx graphql-codegen --config codegen.ts
import type { CodegenConfig } from "@graphql-codegen/cli";

const config: CodegenConfig = {
  schema: "schema.graphql",
  documents: ["dashboard.ts"],
  generates: {
    "gql/": {
      preset: "client",
      presetConfig: { fragmentMasking: false },
      config: {
        documentMode: "string",
        // Only what the documents use: the whole schema would be tens of thousands of lines.
        onlyOperationTypes: true,
        enumsAsTypes: true,
        useTypeImports: true,
        // Every scalar is said here, and a new one stops the generator instead of becoming `any`.
        strictScalars: true,
        scalars: {
          CurrencyCode: "string",
          Cursor: "string",
          DateTime: "string",
          Decimal: { input: "string | number", output: "string" },
          Email: "string",
          JSON: "unknown",
          LocalDate: "string",
          Percent: { input: "string | number", output: "string" },
          Url: "string",
          Version: "string",
        },
      },
    },
  },
  emitLegacyCommonJSImports: false,
};

export default config;
