// Has GraphQL Code Generator write its manifest of persisted documents.
//
// In:  {"sdl", "documents"} on standard input. Out: the manifest, hash to text.
import { readFileSync } from 'node:fs';
import { generate } from '@graphql-codegen/cli';

const { sdl, documents } = JSON.parse(readFileSync(0, 'utf8'));
const files = await generate({
  schema: sdl,
  documents,
  silent: true,
  generates: { './generated/': { preset: 'client', presetConfig: { persistedDocuments: { hashAlgorithm: 'sha256' } } } },
}, false);
const manifest = files.find(({ filename }) => filename.endsWith('persisted-documents.json'));
process.stdout.write(manifest.content, () => process.exit(0));
