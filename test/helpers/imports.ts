import { parseAst } from 'vitest/node';

/** One place where a file names another module. */
export interface Import {
  readonly specifier: string;
  /** Erased before it runs. */
  readonly isType: boolean;
}

const NAMING = new Set([
  'ImportDeclaration',
  'ExportNamedDeclaration',
  'ExportAllDeclaration',
  'ImportExpression',
  'TSImportType',
  'TSExternalModuleReference',
]);

type AstNode = Readonly<Record<string, unknown>>;

const isNode = (value: unknown): value is AstNode => typeof value === 'object' && value !== null;

/** Every module that TypeScript source names: static, dynamic, re-exported, or in a type. */
export function importsOf(source: string): Import[] {
  return collect(parseAst(source, { lang: 'ts' }));
}

function collect(node: unknown): Import[] {
  if (!isNode(node)) return [];
  const below = Object.values(node).flatMap(collect);
  const named =
    typeof node['type'] === 'string' && NAMING.has(node['type'])
      ? (node['source'] ?? node['expression'])
      : undefined;
  if (!isNode(named)) return below;
  // A computed name cannot be checked: it is told as one that no rule allows.
  const specifier = typeof named['value'] === 'string' ? named['value'] : '<computed>';
  return [{ specifier, isType: isTypeOnly(node) }, ...below];
}

function isTypeOnly(node: AstNode): boolean {
  if (node['type'] === 'TSImportType') return true;
  return node['importKind'] === 'type' || node['exportKind'] === 'type';
}
