/** Tests that compare the client's types, and their encoding on the wire, with AWS's model. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { facts, shapeFacts, sitesOf } from '../test/support/model-values.ts'
import { apiName, operationNames } from './commands.ts'
import { blobMembers, decodeOutput, encodeInput, timeMembers } from './json-form.ts'

const source = ['enumerations.ts', 'shapes.ts', 'requests.ts']
  .map((name) => readFileSync(join(import.meta.dirname, name), 'utf8'))
  .join('\n')
  .replaceAll(/\s+/g, ' ')
  // The formatter starts a long union with a vertical bar.
  .replaceAll(/([=:]) \|/g, '$1')

/** The TypeScript type of a shape in AWS's model. */
function typeOf(name: string): string {
  const { type, element, enum: values } = shapeFacts(name)
  if (type === 'list') return `${typeOf(element ?? '')}[]`
  if (type === 'structure' || values !== undefined) return name
  const scalars = {
    string: 'string',
    blob: 'Blob',
    integer: 'number',
    long: 'number',
    boolean: 'boolean',
    timestamp: 'Date',
  }
  return scalars[type]
}

/** The expected TypeScript declaration of a structure or enumeration. */
function declarationOf(name: string): string {
  const { enum: values, members = {}, required = [] } = shapeFacts(name)
  if (values !== undefined) return `${name} = ${values.map((value) => `'${value}'`).join(' | ')}`
  const lines = Object.entries(members).map(([member, shape]) =>
    required.includes(member)
      ? `${member}: ${typeOf(shape)}`
      : `${member}?: ${typeOf(shape)} | undefined`,
  )
  return `interface ${name} { ${[...lines, '}'].join(' ')}`
}

const shapes = new Set(
  Object.values(facts.operations)
    .flatMap(({ input, output }) => [input, ...(output === null ? [] : [output])])
    .flatMap((name) => sitesOf(name).map(({ shape }) => shape)),
)
const declared = [...shapes].filter((name) => {
  const { type, enum: values } = shapeFacts(name)
  return type === 'structure' || values !== undefined
})

test('the client has the operations of the model', () => {
  assert.deepEqual(operationNames.map(apiName).toSorted(), Object.keys(facts.operations).toSorted())
})

for (const name of declared)
  test(`${name} is declared as in the model`, () => {
    assert.ok(source.includes(declarationOf(name)), declarationOf(name))
  })

test('every time of a response is read as a Date', () => {
  for (const { output } of Object.values(facts.operations))
    for (const { steps, shape } of output === null ? [] : sitesOf(output))
      assert.equal(
        timeMembers.has(steps.at(-1) ?? ''),
        shapeFacts(shape).type === 'timestamp',
        steps.join('.'),
      )
  const decoded = decodeOutput({ CertificateAuthorities: [{ NotAfter: 1.5, Serial: '1' }] })
  assert.deepEqual(decoded, { CertificateAuthorities: [{ NotAfter: new Date(1500), Serial: '1' }] })
})

test('every blob of a request may be text, and bytes are sent as base64', () => {
  for (const name of operationNames) {
    const { input } = facts.operations[apiName(name)]!
    const blobs = sitesOf(input).filter(({ shape }) => shapeFacts(shape).type === 'blob')
    assert.deepEqual(
      blobs.map(({ steps }) => steps.join('.')),
      blobMembers[name] ?? [],
    )
  }
  const members = { Csr: 'ä', Other: 'ä', Bytes: new Uint8Array([0xff]), Absent: undefined }
  assert.deepEqual(encodeInput('issueCertificate', members), {
    Csr: 'w6Q=',
    Other: 'ä',
    Bytes: '/w==',
  })
})
