import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { testServices } from '../../../test/support/services.ts'
import { userCaller } from '../../../test/support/callers.ts'
import { integer, required, string, structure, timestamp } from '../../wire/shapes/shape.ts'
import { findOperation, operations } from '../index.ts'
import { operation } from './operation.ts'

const caller = userCaller({ region: 'eu-west-1' })

const services = testServices({})

const declared = {
  name: 'GetPolicy',
  input: structure({ ResourceArn: required(string()), Count: integer() }),
  errors: [],
  resource: (input: { readonly ResourceArn: string }) => input.ResourceArn,
} as const

suite('operation()', () => {
  test('an operation decodes its input, returns its resource and encodes its output', async () => {
    const shown = operation({
      ...declared,
      output: structure({ Policy: string(), At: timestamp() }),
      run: async (_services, { ResourceArn, Count = 0 }, { region }) => {
        const output = {
          Policy: `${ResourceArn} ${Count + 1} ${region}`,
          At: new Date(1500),
          More: 'x',
        }
        return output
      },
    })
    assert.equal(shown.action, 'acm-pca:GetPolicy')
    assert.ok(shown.offered)
    const call = shown.accept({ ResourceArn: 'arn', Count: 1 })
    assert.equal(call.resourceArn, 'arn')
    assert.deepEqual(await call.run(services, caller), { Policy: 'arn 2 eu-west-1', At: 1.5 })
    const inQuery = shown.acceptQuery(
      new Map([
        ['ResourceArn', 'other'],
        ['Count', '2'],
      ]),
    )
    assert.deepEqual(await inQuery.run(services, caller), { Policy: 'other 3 eu-west-1', At: 1.5 })
  })

  test('an operation without output returns undefined', async () => {
    let ran = 0
    const silent = operation({
      ...declared,
      output: undefined,
      run: async () => {
        ran += 1
      },
    })
    assert.equal(await silent.accept({ ResourceArn: 'arn' }).run(services, caller), undefined)
    assert.equal(ran, 1)
  })

  test('an operation rejects invalid members before it runs', () => {
    const strict = operation({ ...declared, output: undefined })
    assert.throws(() => strict.accept({}), { code: 'ValidationException' })
    assert.throws(() => strict.accept({ ResourceArn: 1 }), { code: 'SerializationException' })
  })

  test('a call of an unsupported operation fails with UnknownOperationException', async () => {
    const absent = operation({ ...declared, output: undefined })
    assert.equal(absent.offered, false)
    const call = absent.accept({ ResourceArn: 'arn' })
    await assert.rejects(call.run(services, caller), {
      code: 'UnknownOperationException',
      message: '',
    })
  })
})

suite('the table of operations', () => {
  test('the table finds operations by exact name only', () => {
    assert.equal(findOperation('IssueCertificate'), operations.IssueCertificate)
    for (const name of [
      '',
      'issueCertificate',
      'IssueCertificate ',
      '__proto__',
      'constructor',
      'toString',
    ])
      assert.equal(findOperation(name), undefined)
  })

  test('the table returns the resource of a call', () => {
    const arn = 'arn:aws:acm-pca:eu-west-1:123456789012:certificate-authority/x'
    const about = (name: string, input: object): unknown =>
      findOperation(name)?.accept(input).resourceArn
    assert.equal(about('ListCertificateAuthorities', {}), undefined)
    assert.equal(about('DescribeCertificateAuthority', { CertificateAuthorityArn: arn }), arn)
    assert.equal(about('GetPolicy', { ResourceArn: arn }), arn)
    assert.equal(
      about('GetCertificate', {
        CertificateAuthorityArn: arn,
        CertificateArn: `${arn}/certificate/01`,
      }),
      arn,
    )
  })
})
