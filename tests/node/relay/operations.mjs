// The operations that relay-compiler made: their texts by name, as JSON on standard output.
import { readFileSync, readdirSync } from 'node:fs';
import ts from 'typescript';

const operations = {};
// Artifacts of fragments name those of their operations and have no text.
const isOperation = (file) => /(Query|Mutation|Subscription)\.graphql\.ts$/.test(file);
for (const file of readdirSync('__generated__').filter(isOperation)) {
  const options = { compilerOptions: { target: 'es2022', module: 'esnext' } };
  const { outputText } = ts.transpileModule(readFileSync(`__generated__/${file}`, 'utf8'), options);
  const { default: artifact } = await import(`data:text/javascript,${encodeURIComponent(outputText)}`);
  operations[artifact.params.name] = artifact.params.text;
}
process.stdout.write(JSON.stringify(operations));
