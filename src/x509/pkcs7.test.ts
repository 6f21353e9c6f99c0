import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { craft, named } from '../../test/support/crafted-certificates.ts'
import { tool } from '../../test/support/foreign-tools.ts'
import { requireDerTree } from './der/tree.ts'
import { parsePem } from './pem.ts'
import { encodeCertsOnly } from './pkcs7.ts'

const certificates = Array.from(
  { length: 4 },
  (_, index) => craft({ subject: named(`CA ${index}`) }).certificate.der,
)

test('OpenSSL reads every certificate of a certs-only message, as PKCS #7 and as CMS', async (t) => {
  if ((await tool(t, 'openssl', { probe: ['version'] })) === undefined) return
  for (let count = 0; count <= certificates.length; count += 1) {
    const input = encodeCertsOnly(certificates.slice(0, count))
    const printed = execFileSync('openssl', ['pkcs7', '-inform', 'DER', '-print_certs'], { input })
    const read = parsePem(printed.toString()).map(({ der }) => Buffer.from(der).toString('hex'))
    const written = certificates.slice(0, count).map((der) => Buffer.from(der).toString('hex'))
    assert.deepEqual(read.sort(), written.sort())
    const cms = execFileSync('openssl', ['cms', '-inform', 'DER', '-cmsout', '-print', '-noout'], {
      input,
    }).toString()
    assert.match(cms, /signerInfos:\s+<EMPTY>/)
  }
})

test('a certs-only message is DER, and does not depend on the order of the certificates', () => {
  fc.assert(
    fc.property(fc.shuffledSubarray(certificates), (chosen) => {
      const message = encodeCertsOnly(chosen)
      requireDerTree(message, 'certs-only message')
      assert.deepEqual(message, encodeCertsOnly(chosen.toReversed()))
    }),
    { seed: 21, numRuns: 30 },
  )
})
