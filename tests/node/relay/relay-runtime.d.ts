// As much of relay-runtime's types as artifacts and the documents here name: the compiler is under test, not the runtime.
declare module 'relay-runtime' {
  export function graphql(strings: TemplateStringsArray): unknown;
  export type FragmentRefs<Names extends string> = { readonly [Name in Names]: true };
  export type ConcreteRequest = object;
  export type ReaderFragment = object;
}
