/**
 * Tests that the table of operations matches AWS's service model. The declarations must match, and so must the accepted and
 * rejected inputs.
 */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import * as fc from 'fast-check'
import { ServiceError } from '../src/errors.ts'
import { operations } from '../src/operations/index.ts'
import type {
  AwsOperationName,
  Operation,
  OperationName,
  OwnOperationName,
} from '../src/operations/shared/operation.ts'
import { decode } from '../src/wire/shapes/decode.ts'
import type { Shape } from '../src/wire/shapes/shape.ts'
import {
  blobOf,
  facts,
  inputWith,
  matches,
  pathOf,
  shapeFacts,
  sitesOf,
  smallest,
  textOf,
  valueAt,
  violatingTexts,
  type ShapeFacts,
  type Site,
} from './support/model-values.ts'

const names = Object.keys(facts.operations) as AwsOperationName[]

/** Operations of Signet that AWS's model does not contain. */
const own: readonly OwnOperationName[] = [
  'ApproveRequest',
  'DescribeServer',
  'CheckRevocation',
  'DescribeRevocation',
  'GetApproval',
  'GetEnrollmentEndpoint',
  'GetRole',
  'GetStatistics',
  'GetUser',
  'ListAccessKeys',
  'ListAcmeAccounts',
  'ListAcmeOrders',
  'GetRecordCheckpoint',
  'GetRecordEntry',
  'ListApprovals',
  'ListBackups',
  'ListCertificates',
  'ListEnrollmentEndpoints',
  'ListIdentityProviders',
  'ListRoles',
  'ListUsers',
  'ListJobs',
  'ListRecordEntries',
  'PublishCrl',
  'RejectRequest',
  'SimulatePolicy',
]
/** Operations that no policy written for AWS allows. */
const ofSignet = own.filter((name) => name !== 'ListCertificates')
const all: readonly OperationName[] = [...names, ...own]

/**
 * Errors that are missing from AWS's model. For these operations, the model declares no error for a concurrent change to the CA.
 */
const beyondModel: Partial<Record<AwsOperationName, readonly string[]>> = {
  IssueCertificate: ['ConcurrentModificationException'],
  RestoreCertificateAuthority: ['ConcurrentModificationException'],
}

suite('the table declares the operations of the model', () => {
  test('the table has the 23 operations of the model and the additional operations of Signet, each under its name', () => {
    assert.equal(names.length, 23)
    assert.deepEqual(Object.keys(operations).toSorted(), all.toSorted())
    for (const name of all) {
      assert.equal(operations[name].name, name)
      const prefix = ofSignet.some((one) => one === name) ? 'signet' : 'acm-pca'
      assert.equal(operations[name].action, `${prefix}:${name}`)
    }
  })

  const seen = new Set<string>()
  for (const name of names)
    test(name, () => {
      const { input, output, errors } = facts.operations[name]!
      const operation = operations[name]
      assert.deepEqual(operation.errors, [...errors, ...(beyondModel[name] ?? [])])
      assert.equal(operation.action, `acm-pca:${name}`)
      compare(operation.input, input, { at: 'input', seen })
      if (output === null) assert.equal(operation.output, undefined)
      else compare(operation.output, output, { at: 'output', seen })
    })

  test('every shape of the model was compared', () => {
    assert.deepEqual([...seen].sort(), Object.keys(facts.shapes).sort())
    assert.equal(seen.size, 130)
  })
})

interface Walk {
  readonly at: string
  readonly seen: Set<string>
}

/** Asserts that a shape and all its members have exactly the same declarations as in the model. */
function compare(shape: Shape | undefined, name: string, walk: Walk): void {
  const {
    type,
    enum: values,
    members = {},
    required = [],
    element,
    pattern,
    min = 0,
    max,
  } = shapeFacts(name)
  const { at, seen } = walk
  seen.add(name)
  assert.ok(shape, at)
  assert.equal(shape.kind, values === undefined ? type : 'enumeration', at)
  if (shape.kind === 'enumeration') assert.deepEqual(shape.values, values, at)
  if ('limits' in shape)
    assert.deepEqual(
      { min: 0, max: undefined, pattern: undefined, ...shape.limits },
      { min, max, pattern },
      at,
    )
  if (shape.kind === 'list') compare(shape.element, element!, { seen, at: `${at}[]` })
  if (shape.kind !== 'structure') return
  const { fields } = shape
  assert.deepEqual(fields.map((field) => field.name).sort(), Object.keys(members).sort(), at)
  assert.deepEqual(
    fields
      .filter((field) => field.required)
      .map((field) => field.name)
      .sort(),
    [...required].sort(),
    at,
  )
  for (const field of fields)
    compare(field.shape, members[field.name]!, { seen, at: `${at}.${field.name}` })
}

suite('operations accept and reject inputs according to the model', () => {
  const count = { limits: 0, patterns: 0, enumerations: 0, required: 0, types: 0 }
  for (const name of names)
    test(name, () => {
      const { input } = facts.operations[name]!
      const trial = new Trial(operations[name], input)
      trial.accepts({ steps: [], shape: input }, smallest(input))
      for (const site of sitesOf(input)) {
        count.limits += tryLimits(trial, site)
        count.patterns += tryPattern(trial, site)
        count.enumerations += tryEnumeration(trial, site)
        count.required += tryRequired(trial, site)
        count.types += tryTypes(trial, site)
      }
    })

  test('every constraint of the model was tried', () => {
    const sites = names.flatMap((name) => sitesOf(facts.operations[name]!.input))
    const shapes = sites.map(({ shape }) => shapeFacts(shape))
    const total = (of: (shape: ShapeFacts) => number): number =>
      shapes.reduce((sum, shape) => sum + of(shape), 0)
    assert.deepEqual(count, {
      limits: total(({ min = 0, max }) => (min > 0 ? 1 : 0) + (max === undefined ? 0 : 1)),
      patterns: total(({ pattern }) => (pattern === undefined ? 0 : 1)),
      enumerations: total((shape) => (shape.enum === undefined ? 0 : 1)),
      required: total(({ required = [] }) => required.length),
      types: sites.length,
    })
    assert.ok(
      count.limits >= 230 && count.patterns >= 70 && count.enumerations >= 20,
      JSON.stringify(count),
    )
  })
})

/** Decodes an operation's inputs that are valid except for a single value. */
class Trial {
  readonly operation: Operation
  readonly input: string

  constructor(operation: Operation, input: string) {
    this.operation = operation
    this.input = input
  }

  read(site: Pick<Site, 'steps'>, value: unknown): unknown {
    return decode(this.operation.input, inputWith(this.input, site, value))
  }

  accepts(site: Site, value: unknown): void {
    assert.deepEqual(asJson(valueAt(this.read(site, value), site)), value, pathOf(site))
  }

  rejects(
    site: Pick<Site, 'steps'>,
    value: unknown,
    expected: { readonly code: string; readonly message: string | RegExp },
  ): void {
    assert.throws(() => this.read(site, value), { name: 'ServiceError', ...expected }, pathOf(site))
  }
}

/** Returns a decoded value, with its blobs in base64. */
function asJson(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (Array.isArray(value)) return value.map(asJson)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, asJson(member)]))
}

/** Tries sizes just below, at and just above each limit, and returns the number of limits. */
function tryLimits(trial: Trial, site: Site): number {
  const { min = 0, max } = shapeFacts(site.shape)
  const sizes = [min - 1, min, min + 1, ...(max === undefined ? [] : [max - 1, max, max + 1])]
  for (const size of sizes)
    for (const value of valuesOf(site.shape, size)) {
      const failures = failuresOf(site.shape, value)
      if (failures.length === 0) trial.accepts(site, value)
      else trial.rejects(site, value, validation(site, value, failures))
    }
  return (min > 0 ? 1 : 0) + (max === undefined ? 0 : 1)
}

/** Returns values of a given size: a valid value if one exists, otherwise an invalid value. */
function valuesOf(name: string, size: number): unknown[] {
  const shape = shapeFacts(name)
  if (shape.type === 'integer' || shape.type === 'long') return [size]
  if (size < 0 || shape.enum !== undefined) return []
  if (shape.type === 'blob') return [blobOf(size)]
  if (shape.type === 'list') return [Array.from({ length: size }, () => smallest(shape.element!))]
  return shape.type === 'string' ? [textOf(shape, size) ?? '*'.repeat(size)] : []
}

/** Returns the expected validation errors for a value. */
function failuresOf(name: string, value: unknown): string[] {
  const shape = shapeFacts(name)
  const { type, min = 0, max = Number.POSITIVE_INFINITY } = shape
  const size = sizeOf(shape, value)
  const measure = type === 'integer' || type === 'long' ? 'have value' : 'have length'
  return [
    ...(size < min ? [`Member must ${measure} greater than or equal to ${min}`] : []),
    ...(size > max ? [`Member must ${measure} less than or equal to ${max}`] : []),
    ...(typeof value === 'string' && type === 'string' && !matches(shape, value)
      ? [`Member must satisfy regular expression pattern: ${shape.pattern}`]
      : []),
  ]
}

function sizeOf({ type }: ShapeFacts, value: unknown): number {
  if (typeof value === 'number') return value
  if (Array.isArray(value)) return value.length
  return type === 'blob'
    ? Buffer.from(String(value), 'base64').length
    : Array.from(String(value)).length
}

function validation(
  site: Site,
  value: unknown,
  failures: readonly string[],
): { code: string; message: string } {
  const { type } = shapeFacts(site.shape)
  const text =
    type === 'blob'
      ? heapBuffer(String(value))
      : Array.isArray(value)
        ? `[${value.map((item: unknown) => (typeof item === 'string' ? item : JSON.stringify(item))).join(', ')}]`
        : String(value)
  const shown = text.length > 4096 ? `${text.slice(0, 4096).replace(/\p{Cs}$/u, '')}…` : text
  const at = pathOf(site)
  const list = failures.map(
    (failure) => `Value '${shown}' at '${at}' failed to satisfy constraint: ${failure}`,
  )
  const detected =
    failures.length === 1 ? '1 validation error' : `${failures.length} validation errors`
  return { code: 'ValidationException', message: `${detected} detected: ${list.join('; ')}` }
}

function heapBuffer(base64: string): string {
  const { length } = Buffer.from(base64, 'base64')
  return `java.nio.HeapByteBuffer[pos=0 lim=${length} cap=${length}]`
}

function tryPattern(trial: Trial, site: Site): number {
  const shape = shapeFacts(site.shape)
  if (shape.pattern === undefined) return 0
  const texts = violatingTexts(shape)
  assert.ok(texts.length > 2, site.shape)
  for (const text of texts) {
    const [failure] = failuresOf(site.shape, text)
    const at = `' at '${pathOf(site)}' failed to satisfy constraint: ${failure}`
    assert.throws(
      () => trial.read(site, text),
      (error) => isValidation(error) && error.message.endsWith(at),
    )
  }
  return 1
}

function isValidation(error: unknown): error is ServiceError {
  return (
    error instanceof ServiceError &&
    error.code === 'ValidationException' &&
    error.message.startsWith('1 validation error detected: ')
  )
}

function tryEnumeration(trial: Trial, site: Site): number {
  const values = shapeFacts(site.shape).enum
  if (values === undefined) return 0
  for (const value of values) trial.accepts(site, value)
  const set = `Member must satisfy enum value set: [${values.join(', ')}]`
  const first = values[0]!
  for (const value of ['', 'X', first.toLowerCase(), `${first} `, 'constructor']) {
    if (values.includes(value)) continue
    if (site.steps.at(-1) === '[]') {
      const list = { shape: site.shape, steps: site.steps.slice(0, -1) }
      trial.rejects(site, value, {
        code: 'ValidationException',
        message: `1 validation error detected: Value '[${first}, ${value}]' at '${pathOf(list)}' failed to satisfy constraint: Member must satisfy constraint: [${set}]`,
      })
    } else trial.rejects(site, value, validation(site, value, [set]))
  }
  return 1
}

/** Tries an absent value and a null value for each required member. */
function tryRequired(trial: Trial, site: Site): number {
  const { required = [] } = shapeFacts(site.shape)
  for (const member of required)
    for (const absent of [undefined, null]) {
      const at = pathOf({ steps: [...site.steps, member] })
      const value = { ...(smallest(site.shape) as object), [member]: absent }
      trial.rejects(site, value, {
        code: 'ValidationException',
        message: `1 validation error detected: Value null at '${at}' failed to satisfy constraint: Member must not be null`,
      })
    }
  return required.length
}

/** Tries every JSON type that is invalid at the given position. */
function tryTypes(trial: Trial, site: Site): number {
  const { type } = shapeFacts(site.shape)
  const validKinds: Record<ShapeFacts['type'], string> = {
    string: 'string',
    blob: 'string',
    integer: 'number',
    long: 'number',
    timestamp: 'number',
    boolean: 'boolean',
    list: 'list',
    structure: 'structure',
  }
  const values = {
    string: 'AAAA',
    number: 7,
    fraction: 1.5,
    boolean: true,
    list: [],
    structure: {},
  }
  for (const [kind, value] of Object.entries(values))
    if (kind !== validKinds[type])
      trial.rejects(site, value, {
        code: 'SerializationException',
        message: /^(Start of|Expected|class java\.lang\.)/,
      })
  return 1
}

suite('hostile input', () => {
  const refusals = ['SerializationException', 'ValidationException']

  function survives(operation: Operation, json: unknown): void {
    try {
      operation.accept(json)
    } catch (error) {
      assert.ok(error instanceof ServiceError, String(error))
      assert.ok(refusals.includes(error.code), error.code)
      assert.ok(error.message.length < 50_000)
    }
  }

  test('any JSON is accepted, or rejected with one of two codes', () => {
    const name = fc.constantFrom(...all)
    fc.assert(
      fc.property(name, fc.jsonValue(), (of, json) => survives(operations[of], json)),
      { numRuns: 2000 },
    )
  })

  test('any JSON in known members is accepted, or rejected with one of two codes', () => {
    const members = fc.constantFrom(...all).chain((of) => {
      const known = operations[of].input.fields.map((field) => field.name)
      const key = fc.constantFrom(...known, '__proto__', 'constructor', 'toString')
      return fc.tuple(fc.constant(of), fc.dictionary(key, fc.jsonValue()))
    })
    fc.assert(
      fc.property(members, ([of, json]) => survives(operations[of], json)),
      { numRuns: 3000 },
    )
  })

  test('any JSON at any site of an otherwise valid input is accepted, or rejected with one of two codes', () => {
    const siteInput = fc.constantFrom(...names).chain((of) =>
      fc.record({
        of: fc.constant(of),
        site: fc.constantFrom(...sitesOf(facts.operations[of]!.input)),
      }),
    )
    fc.assert(
      fc.property(
        siteInput,
        fc.oneof(fc.jsonValue(), fc.string({ unit: 'binary' })),
        ({ of, site }, json) =>
          survives(operations[of], inputWith(facts.operations[of]!.input, site, json)),
      ),
      { numRuns: 5000 },
    )
  })
})
