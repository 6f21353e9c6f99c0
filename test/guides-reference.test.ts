/** Tests that the pages in docs/reference/api equal the output of their generator, and describe every operation. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Caller } from '../src/identity/caller.ts'
import { operations } from '../src/operations/index.ts'
import type { OperationName } from '../src/operations/shared/operation.ts'
import { apiReference } from '../tools/api-reference.ts'

const folder = join(import.meta.dirname, '../docs/reference/api')

test('the pages of the API reference are current', () => {
  for (const [name, text] of apiReference())
    assert.equal(readFileSync(join(folder, name), 'utf8'), text, `${name}; run: npm run docs`)
})

test('every operation has one section with all its members and errors', () => {
  const text = [...apiReference().values()].join('\n')
  for (const { name, input, errors } of Object.values(operations)) {
    const [, section = '', ...others] = text.split(`\n## ${name}\n`)
    assert.equal(others.length, 0, name)
    const own = section.split(/\n##? /)[0] ?? ''
    for (const field of input.fields)
      assert.ok(own.includes(field.required ? `| **${field.name}** |` : `| ${field.name} |`))
    for (const error of errors) assert.ok(own.includes(error), `${name} ${error}`)
  }
})

const arn =
  'arn:aws:acm-pca:eu-central-1:123456789012:certificate-authority/11111111-1111-1111-1111-111111111111'
const Tags = [{ Key: 'team', Value: 'web' }]
const validity = { Type: 'DAYS', Value: 1 }

/** Inputs with all members that set condition keys or require additional actions. */
const calls: Readonly<Partial<Record<OperationName, object>>> = {
  CreateCertificateAuthority: {
    CertificateAuthorityType: 'ROOT',
    CertificateAuthorityConfiguration: {
      KeyAlgorithm: 'RSA_2048',
      SigningAlgorithm: 'SHA256WITHRSA',
      Subject: {},
    },
    Tags,
  },
  IssueCertificate: {
    CertificateAuthorityArn: arn,
    Csr: 'AAAA',
    SigningAlgorithm: 'SHA256WITHRSA',
    Validity: validity,
  },
  TagCertificateAuthority: { CertificateAuthorityArn: arn, Tags },
  UntagCertificateAuthority: { CertificateAuthorityArn: arn, Tags },
}

test('the documented condition keys and further actions match those of the operations', () => {
  const caller = { partition: 'aws' } as Caller
  const documented = Object.values(operations).filter(
    ({ conditionKeys, furtherActions }) => conditionKeys ?? furtherActions,
  )
  assert.deepEqual(documented.map(({ name }) => name).sort(), Object.keys(calls).sort())
  for (const operation of Object.values(operations)) {
    const members = calls[operation.name]
    if (members === undefined) continue
    const call = operation.accept(members)
    const { furtherActions, conditionKeys } = operation
    for (const action of call.furtherActions)
      assert.ok(furtherActions?.documentation.includes(`\`${action}\``), action)
    const keys = [...call.conditionKeys(caller).keys()].map((key) => key.replace(/\/.*/, '/…'))
    const listed = [...(conditionKeys?.documentation ?? '').matchAll(/`([^`]+)`/g)].map(
      ([, key = '']) => key,
    )
    assert.deepEqual(keys.sort(), listed.map((key) => key.toLowerCase()).sort(), operation.name)
  }
})
