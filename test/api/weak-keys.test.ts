/** Tests of CSRs with public keys whose private keys can be computed. */
import assert from 'node:assert/strict'
import { createECDH, hash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import {
  encodeBitString,
  encodeElement,
  encodeSequence,
  encodeSmallInteger,
  encodeUnsigned,
} from '../../src/x509/der/writer.ts'
import { parseCertificationRequest } from '../../src/x509/certification-request.ts'
import { encodeName } from '../../src/x509/names/name.ts'
import { encodeOidElement, oids } from '../../src/x509/der/oid.ts'
import { encodePem, parsePem } from '../../src/x509/pem.ts'
import { csr } from '../support/csrs.ts'
import { createRoot, issue, issueInput } from '../support/hierarchy.ts'
import { TestService } from '../support/service.ts'
import { factorableModuli, primeModulus, requestWith } from '../support/weak-moduli.ts'

let service: TestService
let root: { arn: string; certificate: string }
before(async () => {
  service = await TestService.start()
  root = await createRoot(service)
})
after(() => service.close())

const refusalOf = (pem: string, refuser = service, { arn } = root): Promise<string> =>
  refuser.refusal('IssueCertificate', issueInput(arn, pem))

test('every kind of factorable RSA key is refused, although the signature of its CSR is valid', async () => {
  for (const key of [...factorableModuli(), primeModulus()]) {
    const refusal = await refusalOf(requestWith(key))
    const start = /^MalformedCSRException: CSR has a public key that is not accepted: /
    assert.match(refusal, start, key.name)
    assert.match(refusal, key.reason, key.name)
  }
})

test('--weak-keys=allow certifies factorable RSA keys', async () => {
  const allowingService = await TestService.start({ weakKeys: 'allow' })
  try {
    const { arn } = await createRoot(allowingService)
    const keys = [...factorableModuli(), primeModulus()]
    for (const key of keys) await issue(allowingService, { arn, csr: requestWith(key) })
  } finally {
    await allowingService.close()
  }
})

/**
 * If the public key is the point at infinity, (r, 1) is a valid signature. The x-coordinate of any known multiple of the base
 * point can serve as r.
 */
test('a CSR with the point at infinity, which anyone can sign, is refused', async () => {
  const info = encodeSequence(
    encodeSmallInteger(0),
    encodeName([{ type: oids.commonName, value: 'victim.example.com' }]),
    encodeSequence(
      encodeSequence(encodeOidElement(oids.ecPublicKey), encodeOidElement('1.3.132.0.10')),
      encodeBitString(Uint8Array.of(0)),
    ),
    encodeElement(0xa0),
  )
  const known = createECDH('secp256k1')
  known.setPrivateKey(hash('sha256', info, 'buffer'))
  const r = known.getPublicKey().subarray(1, 33)
  const signature = encodeSequence(encodeUnsigned(r), encodeSmallInteger(1))
  const algorithm = encodeSequence(encodeOidElement(oids.ecdsaWithSha256))
  const der = encodeSequence(info, algorithm, encodeBitString(signature))
  assert.match(
    await refusalOf(encodePem('CERTIFICATE REQUEST', der)),
    /^MalformedCSRException: CSR cannot be parsed: EC key is not a point on its curve, 1\.3\.132\.0\.10$/,
  )
})

test('a CSR with a public key that is not on its curve is refused with the reason', async () => {
  const [block] = parsePem(csr('ec-server'))
  const der = Buffer.from(block?.der ?? [])
  const { subjectPublicKey } = parseCertificationRequest(der).subjectPublicKeyInfo
  const at = der.indexOf(subjectPublicKey) + 20
  der[at] = (der[at] ?? 0) ^ 1
  assert.match(
    await refusalOf(encodePem('CERTIFICATE REQUEST', der)),
    /CSR has a public key that is not accepted: it is not valid for its algorithm$/,
  )
})

test('--weak-key-list refuses the listed keys, and an invalid list prevents startup', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'signet-weak-'))
  const list = join(folder, 'list')
  const requests = ['rsa-2048', 'ec-server'] as const
  const lines = requests.map((name) => {
    const { der, key } = parseCertificationRequest(
      parsePem(csr(name))[0]?.der ?? Buffer.of(),
    ).subjectPublicKeyInfo
    if (key.kind !== 'rsa') return hash('sha256', der)
    const modulus = Buffer.from(key.modulus).toString('hex').toUpperCase()
    return hash('sha1', `Modulus=${modulus}\n`).slice(20)
  })
  try {
    await writeFile(list, `# two keys\n${lines.join('\n')}\n`)
    const listingService = await TestService.start({ weakKeyList: list })
    try {
      const ca = await createRoot(listingService)
      for (const name of requests)
        assert.match(
          await refusalOf(csr(name), listingService, ca),
          /on the list of weak keys$/,
          name,
        )
      await issue(listingService, { arn: ca.arn, csr: csr('ec-no-san') })
    } finally {
      await listingService.close()
    }
    await writeFile(list, 'no fingerprint')
    await assert.rejects(TestService.start({ weakKeyList: list }), /--weak-key-list: .*line 1 must/)
    await assert.rejects(TestService.start({ weakKeyList: `${list}.missing` }), /--weak-key-list/)
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('RSA keys without a weakness are certified, concurrently and repeatedly', async () => {
  for (let turn = 0; turn < 3; turn += 1) {
    const requests = Array.from({ length: 6 }, () =>
      issue(service, { arn: root.arn, csr: csr('rsa-2048') }),
    )
    await Promise.all(requests)
  }
})
