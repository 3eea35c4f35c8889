// Has GraphQL Code Generator write its manifest of persisted documents.
//
// In:  {"sdl", "documents"} on standard input. Out: the manifest, hash to text.
import { generate } from '@graphql-codegen/cli';

let text = '';
for await (const chunk of process.stdin) text += chunk;
const { sdl, documents } = JSON.parse(text);
const files = await generate({
  schema: sdl,
  documents,
  silent: true,
  generates: { './generated/': { preset: 'client', presetConfig: { persistedDocuments: { hashAlgorithm: 'sha256' } } } },
}, false);
const manifest = files.find(({ filename }) => filename.endsWith('persisted-documents.json'));
process.stdout.write(manifest.content, () => process.exit(0));
