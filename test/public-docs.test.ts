/** Tests of the docstrings in `signet-ca/client` and `signet-ca/embedded`, which editors show to the package's users. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { test } from 'node:test'
import { parseSync } from 'rolldown/utils'
import { facts } from './support/model-values.ts'

const root = resolve(import.meta.dirname, '..')

/** The members of a syntax tree that the tests read. */
interface Node {
  readonly type: string
  readonly start: number
  readonly id?: { readonly name: string }
  readonly key?: { readonly name?: string }
  readonly kind?: string
  readonly declaration?: Node & { readonly declarations?: readonly Node[] }
  readonly source?: { readonly value: string }
  readonly specifiers?: readonly { readonly exported: { readonly name: string } }[]
  readonly body?: readonly Node[] | { readonly body: readonly Node[] }
}

interface Module {
  readonly statements: readonly Node[]
  /** Returns the docstring of the node at an offset, or an empty string if the node has no docstring. */
  readonly docAt: (start: number) => string
}

function readModule(file: string): Module {
  const text = readFileSync(file, 'utf8')
  const { program, comments, errors } = parseSync(file, text)
  assert.deepEqual(errors, [])
  return {
    statements: program.body as unknown as Node[],
    docAt(start) {
      const comment = comments.findLast(({ end }) => end <= start)
      const isDoc = comment?.value.startsWith('*') && text.slice(comment.end, start).trim() === ''
      return isDoc === true ? comment!.value.replaceAll(/\s*\n\s*\*\s*/g, ' ') : ''
    },
  }
}

interface Documented {
  readonly name: string
  readonly doc: string
  /** Whether the package's users call the function or method. */
  readonly isCallable: boolean
}

/** A module's exported declarations, and the methods of its interfaces and classes. */
function declarationsOf(file: string): Documented[] {
  const { statements, docAt } = readModule(file)
  return statements.flatMap(({ type, start, declaration }) => {
    if (type !== 'ExportNamedDeclaration' || !declaration) return []
    const name = (declaration.id ?? declaration.declarations?.[0]?.id)?.name ?? ''
    return [
      { name, doc: docAt(start), isCallable: declaration.type === 'FunctionDeclaration' },
      ...methodsOf(declaration).map((method) => ({
        name: `${name}.${method.key?.name}`,
        doc: docAt(method.start),
        isCallable: true,
      })),
    ]
  })
}

/** Interfaces whose methods users implement but do not call. */
const implementedByUsers = ['ClientLogger', 'RequestHandler']

function methodsOf({ body, id }: Node): readonly Node[] {
  const members = body !== undefined && 'body' in body ? body.body : []
  return implementedByUsers.includes(id?.name ?? '')
    ? []
    : members.filter(
        ({ type, kind }) =>
          (type === 'TSMethodSignature' || type === 'MethodDefinition') && kind === 'method',
      )
}

/** Returns a library's exports. The index file only re-exports declarations from other modules. */
function exportsOf(index: string): Documented[] {
  const file = resolve(root, index)
  return readModule(file).statements.flatMap(({ source, specifiers }) => {
    assert.ok(source, `${index} exports only declarations of other modules`)
    const declared = declarationsOf(resolve(file, '..', source.value))
    const names = specifiers?.map(({ exported }) => exported.name)
    for (const name of names ?? [])
      assert.ok(
        declared.some((one) => one.name === name),
        `${name} of ${source.value}`,
      )
    return declared.filter(({ name }) => names?.includes(name.split('.', 1)[0] ?? '') ?? true)
  })
}

const documented = [...exportsOf('client/index.ts'), ...exportsOf('embedded/index.ts')]

test('every exported declaration has a docstring', () => {
  assert.ok(documented.length > 150, String(documented.length))
  const missing = documented.filter(({ doc }) => doc === '')
  assert.deepEqual(
    missing.map(({ name }) => name),
    [],
  )
})

test('every exported function and method has an @example', () => {
  const callable = documented.filter(({ isCallable }) => isCallable)
  assert.ok(callable.length > 40, String(callable.length))
  const missing = callable.filter(({ doc }) => !doc.includes('@example'))
  assert.deepEqual(
    missing.map(({ name }) => name),
    [],
  )
})

test('the docstring of an operation has the error codes of the API', () => {
  for (const [operation, { errors }] of Object.entries(facts.operations)) {
    const method = operation.charAt(0).toLowerCase() + operation.slice(1)
    const found = documented.find(({ name }) => name.endsWith(`Operations.${method}`))
    const [, thrown = ''] = /@throws ClientError (.*), and the codes/.exec(found?.doc ?? '') ?? []
    const codes = [...thrown.matchAll(/`(\w+Exception)`/g)].map(([, code = '']) => code)
    assert.deepEqual(new Set(codes), new Set(errors), operation)
  }
})
