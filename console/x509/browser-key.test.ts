import assert from 'node:assert/strict'
import { createPrivateKey, createPublicKey } from 'node:crypto'
import { test } from 'node:test'
import { inspect } from '../../src/inspect/inspect.ts'
import { parseCertificationRequest } from '../../src/x509/certification-request.ts'
import { parsePem } from '../../src/x509/pem.ts'
import { browserKeyAlgorithms, generateKey, nameProblem } from './browser-key.ts'
import { describeRequest } from './describe.ts'

for (const { value: algorithm } of browserKeyAlgorithms)
  test(`a CSR for a key ${algorithm} has a valid signature, the key and the names`, async () => {
    const names = ['host.example.com', '192.0.2.1', '2001:db8::1', 'a@example.com']
    const subject = { CommonName: 'host.example.com' }
    const { keyPem, csrPem } = await generateKey({ algorithm, names, subject })
    const { objects } = await inspect(Buffer.from(csrPem), new Date(0))
    const [described] = objects
    assert.ok(described?.kind === 'request')
    assert.equal(described.signature, 'valid')
    assert.equal(described.subject, 'CN=host.example.com')
    assert.deepEqual(described.names, [
      'DNS:host.example.com',
      'IP:192.0.2.1',
      'IP:2001:db8::1',
      'email:a@example.com',
    ])
    assert.deepEqual(describeRequest(csrPem).names, described.names)
    const publicKey = createPublicKey(createPrivateKey(keyPem))
    const [block] = parsePem(csrPem)
    assert.ok(block)
    const { subjectPublicKeyInfo } = parseCertificationRequest(block.der)
    assert.deepEqual(
      Buffer.from(subjectPublicKeyInfo.der),
      publicKey.export({ type: 'spki', format: 'der' }),
    )
  })

test('a CSR without a subject has a critical SAN', async () => {
  const { csrPem } = await generateKey({
    algorithm: 'EC_prime256v1',
    names: ['a.example'],
    subject: {},
  })
  const [extension] = describeRequest(csrPem).extensions
  assert.deepEqual([extension?.name, extension?.critical], ['subjectAltName', true])
})

test('invalid names are reported with the name that was probably intended', async () => {
  assert.equal(nameProblem('host.example.com'), undefined)
  assert.match(nameProblem('https://host.example.com') ?? '', /use 'host\.example\.com'/)
  const request = { algorithm: 'EC_prime256v1', names: ['a b'], subject: {} } as const
  await assert.rejects(generateKey(request), /'a b'/)
})
