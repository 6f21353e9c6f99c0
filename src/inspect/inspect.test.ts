/** Tests that foreign certificates, CSRs, CRLs and OCSP responses are described, and that other content is rejected. */
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { craft, pemOf } from '../../test/support/crafted-certificates.ts'
import { primeModulus, requestWith, strongModulus } from '../../test/support/weak-moduli.ts'
import { DerError } from '../x509/der/error.ts'
import { encodeName } from '../x509/names/name.ts'
import { oids } from '../x509/der/oid.ts'
import { encodeOcspError } from '../x509/ocsp/encode-response.ts'
import { encodePem, parsePem } from '../x509/pem.ts'
import { inspect } from './inspect.ts'
import { paragraphsOf } from './lines.ts'
import { recognize } from './recognize.ts'
import { durationWords, generalNameWords, signedSerialWords, whenWords } from './value-texts.ts'

const testdata = new URL('../../testdata/', import.meta.url)
const fileOf = (name: string): Buffer => readFileSync(new URL(name, testdata))
const now = new Date('2026-11-26T12:00:00Z')

/** Returns the entire description as one string. */
async function wordsOf(bytes: Uint8Array): Promise<string> {
  const paragraphs = paragraphsOf(await inspect(bytes, now), now)
  return paragraphs
    .flatMap(({ title, lines }) => [title, ...lines.map(({ label, text }) => `${label}: ${text}`)])
    .join('\n')
}

test('the description of a CRL has its number, times, entries and reasons', async () => {
  const words = await wordsOf(fileOf('revocation/empty.crl.der'))
  assert.match(
    words,
    /^Certificate revocation list\nissuer: C=DE, O=Signet Test, CN=ec\nnumber: \d+\n/,
  )
  assert.match(words, /\nrevoked: 0 certificates\n/)
  const { objects } = await inspect(fileOf('revocation/gnutls.crl.der'), now)
  const [crl] = objects
  assert.ok(crl?.kind === 'crl')
  const text = fileOf('revocation/gnutls.crl.txt').toString()
  assert.equal(crl.revoked, text.match(/Serial Number/g)?.length)
  for (const { serialNumber } of crl.entries)
    assert.ok(text.toLowerCase().includes(serialNumber), serialNumber)
})

test('a CRL with a nextUpdate in the past is overdue', async () => {
  const later = new Date('2049-01-01T00:00:00Z')
  const [crl] = (await inspect(fileOf('revocation/empty.crl.der'), later)).objects
  assert.ok(crl?.kind === 'crl')
  assert.equal(crl.status, 'overdue')
})

test('the description of a CSR has its names, its key and the result of its signature check', async () => {
  const good = await wordsOf(fileOf('csr/ec-server.pem'))
  assert.match(good, /^Certificate signing request\n/)
  assert.match(good, /\nkey: EC prime256v1\nsignature: ecdsaWithSha256, valid\n/)
  assert.match(good, /subjectAltName: .*DNS:/)
  assert.match(await wordsOf(fileOf('csr/wrong-signature.pem')), /signature: \w+, invalid/)
  assert.match(await wordsOf(fileOf('csr/sha1-signature.pem')), /sha1\w+, not checked/)
})

test('every CSR of the test data is described or refused', async () => {
  for (const name of readdirSync(new URL('csr/', testdata)).filter((one) => one.endsWith('.pem')))
    assert.match(await wordsOf(fileOf(`csr/${name}`)), /^Certificate signing request/, name)
})

test('PEM and DER have the same description, with the validity in days', async () => {
  const der = fileOf('revocation/ec.crt.der')
  const [one] = (await inspect(der, now)).objects
  assert.ok(one?.kind === 'certificate')
  assert.equal(one.subject, one.issuer)
  assert.match(one.fingerprintSha256, /^([0-9A-F]{2}:){31}[0-9A-F]{2}$/)
  const end = Date.parse(one.notAfter)
  const pem = Buffer.from(`text before\n${encodePem('CERTIFICATE', der)}`)
  assert.deepEqual((await inspect(pem, now)).objects, [one])
  const daysBefore = (count: number): Date => new Date(end - count * 86_400_000 - 1000)
  for (const [left, text] of [
    [12, 'expires in 12 days'],
    [-3, 'expired 2 days ago'],
  ] as const) {
    const paragraphs = paragraphsOf(await inspect(der, daysBefore(left)), daysBefore(left))
    const line = paragraphs[0]?.lines.find(({ label }) => label === 'valid until')
    assert.ok(line?.text.endsWith(text), line?.text)
    assert.equal(line?.tone, left > 0 ? 'warning' : 'bad')
  }
})

test('a certificate is valid, with zero days left, until the end of its last second', async () => {
  const der = fileOf('revocation/ec.crt.der')
  const [one] = (await inspect(der, now)).objects
  assert.ok(one?.kind === 'certificate')
  const end = Date.parse(one.notAfter)
  for (const [milliseconds, status, days, words] of [
    [-86_400_001, 'valid', 1, 'expires in 24 hours'],
    [-1000, 'valid', 0, 'expires in 1 second'],
    [0, 'valid', 0, 'expires in 0 seconds'],
    [999, 'valid', 0, 'expires in 0 seconds'],
    [1000, 'expired', -1, 'expired 1 second ago'],
  ] as const) {
    const at = new Date(end + milliseconds)
    const found = await inspect(der, at)
    const [certificate] = found.objects
    assert.ok(certificate?.kind === 'certificate')
    assert.deepEqual([certificate.status, certificate.expiresInDays], [status, days])
    const line = paragraphsOf(found, at)[0]?.lines.find(({ label }) => label === 'valid until')
    assert.ok(line?.text.endsWith(words), line?.text)
    assert.equal(line?.tone, status === 'valid' ? 'warning' : 'bad')
  }
})

test('the description of a chain states who signed each certificate', async () => {
  const pem = (name: string): string => encodePem('CERTIFICATE', fileOf(`revocation/${name}`))
  const stranger = Buffer.from(pem('ec.crt.der') + pem('rsa.crt.der'))
  assert.deepEqual((await inspect(stranger, now)).chain, [
    { certificate: 0, next: 1, signed: 'no', sameEncoding: false },
  ])
  const itself = Buffer.from(pem('ec.crt.der') + pem('ec.crt.der'))
  assert.match(await wordsOf(itself), /\nChain\n1 by 2: signed$/)
})

test('an issuer name that is encoded differently from the next subject causes a warning', async () => {
  const above = craft({ subject: encodeName([{ type: oids.commonName, value: 'Root' }]) })
  const below = craft({ issuer: encodeName([{ type: oids.commonName, value: 'ROOT' }]) }, above)
  const words = await wordsOf(pemOf(below, above))
  assert.match(words, /\n1 by 2: signed; the issuer is encoded differently from the subject$/)
})

test('a weak key, and a common name without a SAN, cause warnings', async () => {
  const weak = Buffer.from(requestWith(strongModulus()))
  const words = await wordsOf(weak)
  assert.match(words, /\nwarning: no subject alternative name: TLS clients/)
  assert.doesNotMatch(words, /weak key/)
  assert.match(
    await wordsOf(fileOf('csr/rsa-1024.pem')),
    /\nwarning: weak key: RSA key has 1024 bits/,
  )
  assert.match(
    await wordsOf(Buffer.from(requestWith(primeModulus()))),
    /\nwarning: weak key: RSA modulus is a prime number\n/,
  )
  assert.doesNotMatch(await wordsOf(fileOf('csr/ec-server.pem')), /warning/)
})

test('a negative serial number is shown with its sign', () => {
  const shown = (hex: string): string => signedSerialWords(Buffer.from(hex, 'hex'))
  assert.deepEqual(['fb', 'ff00', '80', '00fb', '05'].map(shown), [
    '-05',
    '-0100',
    '-80',
    'fb',
    '05',
  ])
})

test('OCSP errors are shown by name', async () => {
  assert.equal(
    await wordsOf(encodeOcspError('unauthorized')),
    'OCSP response\nresponse: unauthorized',
  )
})

test('private keys are refused in every form, and never quoted', async () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
  const locked = { cipher: 'aes-256-cbc', passphrase: 'x' }
  const forms = [
    privateKey.export({ type: 'pkcs8', format: 'pem' }),
    privateKey.export({ type: 'pkcs8', format: 'der' }),
    privateKey.export({ type: 'sec1', format: 'pem' }),
    privateKey.export({ type: 'sec1', format: 'der' }),
    rsa.export({ type: 'pkcs1', format: 'der' }),
    rsa.export({ type: 'pkcs8', format: 'der', ...locked }),
    rsa.export({ type: 'pkcs8', format: 'pem', ...locked }),
  ]
  for (const form of forms)
    await assert.rejects(inspect(Buffer.from(form), now), {
      name: 'DerError',
      message: 'the file contains a private key, and signet inspect does not read private keys',
    })
  const bundle = `${encodePem('CERTIFICATE', fileOf('revocation/ec.crt.der'))}${String(forms[0])}`
  await assert.rejects(inspect(Buffer.from(bundle), now), /private key/)
})

test('unsupported content is refused with its type', async () => {
  const spki = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'der' })
  for (const [bytes, message] of [
    [Buffer.from(''), /empty/],
    [Buffer.from('hello'), /neither PEM nor DER/],
    [Buffer.from('<html>'), /neither PEM nor DER/],
    [spki, /public key/],
    [Buffer.from('3006060100a0010 5'.replace(' ', ''), 'hex'), /CMS/],
    [Buffer.from(encodePem('PKCS7', spki)), /type PKCS7/],
    [Buffer.from('-----BEGIN CERTIFICATE-----\nxx'), /no matching END/],
    [fileOf('revocation/ec.crt.der').subarray(0, 100), /truncated \(at byte/],
  ] as const)
    await assert.rejects(inspect(bytes, now), (error: Error) => {
      assert.ok(error instanceof DerError, String(error))
      assert.match(error.message, message)
      return true
    })
})

test('a file with any changed byte is described or refused', async () => {
  const samples = ['revocation/ec.crt.der', 'revocation/gnutls.crl.der', 'revocation/rsa.crt.der']
    .map(fileOf)
    .concat(Buffer.from(parsePem(fileOf('csr/ec-server.pem').toString())[0]?.der ?? []))
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...samples),
      fc.nat(),
      fc.nat(255),
      async (whole, at, octet) => {
        const changed = Buffer.from(whole)
        changed[at % changed.length] = octet
        try {
          const found = await inspect(changed, now)
          const paragraphs = paragraphsOf(found, now)
          assert.ok(paragraphs.length > 0)
          for (const { title, lines } of paragraphs) assert.ok(title !== '' && lines.length > 0)
        } catch (error) {
          assert.ok(error instanceof DerError, String(error))
        }
      },
    ),
    { numRuns: 300 },
  )
})

test('the kind of a file is recognized by its content alone', () => {
  const kindOf = (name: string): string | undefined => recognize(fileOf(name))[0]?.kind
  assert.equal(kindOf('revocation/ec.crt.der'), 'certificate')
  assert.equal(kindOf('revocation/reasons.crl.der'), 'crl')
  assert.equal(kindOf('csr/ec-server.pem'), 'request')
  const [request] = parsePem(fileOf('csr/ec-server.pem').toString())
  assert.equal(recognize(request?.der ?? new Uint8Array())[0]?.kind, 'request')
})

test('times and addresses are formatted for people', () => {
  const at = (milliseconds: number): string =>
    whenWords(new Date(now.getTime() + milliseconds), now)
  assert.equal(at(12 * 86_400_000), 'in 12 days')
  assert.equal(at(47 * 3_600_000), 'in 47 hours')
  assert.equal(at(-90_000), '90 seconds ago')
  assert.equal(durationWords(1000), '1 second')
  const address = (hex: string): string =>
    generalNameWords({ kind: 'iPAddress', content: Buffer.from(hex, 'hex') })
  assert.equal(address('c0000201'), 'IP:192.0.2.1')
  assert.equal(address('20010db8000000000000000000000001'), 'IP:2001:db8::1')
  assert.equal(address('0a000000ff000000'), 'IP:10.0.0.0/8')
})
