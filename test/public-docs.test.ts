/** The docstrings of `signet-ca/client` and `signet-ca/embedded`, which editors show to users of the package. */
import assert from 'node:assert/strict'
import { resolve } from 'node:path'
import { test } from 'node:test'
import ts from '@typescript/typescript6'
import { facts } from './support/model-values.ts'

const root = resolve(import.meta.dirname, '..')
const files = ['client/index.ts', 'embedded/index.ts'].map((name) => resolve(root, name))
const program = ts.createProgram(files, {
  target: ts.ScriptTarget.ES2024,
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  allowImportingTsExtensions: true,
  noEmit: true,
  strict: true,
  skipLibCheck: true,
  types: ['node'],
})
const checker = program.getTypeChecker()

interface Documented {
  readonly name: string
  readonly declaration: ts.Declaration
  /** Whether users call it. */
  readonly isCallable: boolean
}

/** The exported declarations of a library, and the methods of its interfaces and classes. */
function documentedOf(file: string): Documented[] {
  const source = program.getSourceFile(file)
  const module = source && checker.getSymbolAtLocation(source)
  assert.ok(module !== undefined, file)
  return checker.getExportsOfModule(module).flatMap((exported) => {
    const symbol =
      exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported
    return (symbol.declarations ?? []).flatMap((declaration) => [
      { name: symbol.name, declaration, isCallable: ts.isFunctionDeclaration(declaration) },
      ...methodsOf(declaration).map((method) => ({
        name: `${symbol.name}.${method.name.getText()}`,
        declaration: method,
        isCallable: true,
      })),
    ])
  })
}

type Method = ts.MethodSignature | ts.MethodDeclaration

/** Interfaces that users implement have methods that users do not call. */
const implementedByUsers = ['ClientLogger', 'RequestHandler']

function methodsOf(declaration: ts.Declaration): Method[] {
  const isType = ts.isInterfaceDeclaration(declaration) || ts.isClassDeclaration(declaration)
  if (!isType || implementedByUsers.includes(declaration.name?.text ?? '')) return []
  return [...declaration.members].filter(
    (member): member is Method => ts.isMethodSignature(member) || ts.isMethodDeclaration(member),
  )
}

function docOf(declaration: ts.Declaration): string {
  // The docstring of a constant belongs to its statement.
  const node = ts.isVariableDeclaration(declaration) ? declaration.parent.parent : declaration
  return ts
    .getJSDocCommentsAndTags(node)
    .map((part) => part.getText())
    .join(' ')
    .replaceAll(/\s*\n\s*\*\s*/g, ' ')
}

const documented = files.flatMap(documentedOf)

test('every exported declaration has a docstring', () => {
  assert.ok(documented.length > 150, String(documented.length))
  const missing = documented.filter(({ declaration }) => docOf(declaration) === '')
  assert.deepEqual(
    missing.map(({ name }) => name),
    [],
  )
})

test('every exported function and method has an @example', () => {
  const callable = documented.filter(({ isCallable }) => isCallable)
  assert.ok(callable.length > 40, String(callable.length))
  const missing = callable.filter(({ declaration }) => !docOf(declaration).includes('@example'))
  assert.deepEqual(
    missing.map(({ name }) => name),
    [],
  )
})

test('the error codes in the docstring of an operation are those of the API', () => {
  for (const interfaceName of ['AuthorityOperations', 'Operations'])
    for (const { name, declaration } of operationsOf(interfaceName)) {
      const { errors } = facts.operations[name] ?? { errors: [] }
      const [, thrown = ''] =
        /@throws ClientError ([\s\S]*?), and the codes/.exec(docOf(declaration)) ?? []
      const codes = [...thrown.matchAll(/`(\w+Exception)`/g)].map(([, code = '']) => code)
      assert.deepEqual(new Set(codes), new Set(errors), name)
    }
})

/** The operations of an interface, by their names in the API. */
function operationsOf(interfaceName: string) {
  const file = interfaceName === 'Operations' ? 'operations.ts' : 'authority-operations.ts'
  const source = program.getSourceFile(resolve(root, 'client', file))
  const found = source?.statements.find(
    (statement): statement is ts.InterfaceDeclaration =>
      ts.isInterfaceDeclaration(statement) && statement.name.text === interfaceName,
  )
  assert.ok(found !== undefined)
  return methodsOf(found).map((declaration) => {
    const method = declaration.name.getText()
    return { name: method.charAt(0).toUpperCase() + method.slice(1), declaration }
  })
}
