import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { craft, named } from '../../test/support/crafted-certificates.ts'
import { signatureFile, transcriptFile, transcriptFormat } from './transcript.ts'
import { verifyCeremony } from './verify-transcript.ts'

const root = craft({ subject: named('Root') }).certificate

test('a file that is not a transcript signed by the root is a problem, and none of its content is returned', async () => {
  const forged = fc.record(
    { format: fc.constant(transcriptFormat), root: fc.jsonValue(), files: fc.jsonValue() },
    { requiredKeys: ['format'] },
  )
  const algorithmOnly = fc.record({
    format: fc.constant(transcriptFormat),
    root: fc.record({
      signingAlgorithm: fc.constantFrom('SHA256WITHECDSA', 'SHA256WITHRSA', 'ML_DSA_44'),
    }),
  })
  const text = fc.oneof(
    fc.string(),
    fc.oneof(fc.jsonValue(), forged, algorithmOnly).map((value) => JSON.stringify(value)),
  )
  await fc.assert(
    fc.asyncProperty(text, fc.uint8Array({ maxLength: 80 }), async (transcript, signature) => {
      const files = new Map<string, Uint8Array>([
        [transcriptFile, Buffer.from(transcript)],
        [signatureFile, signature],
      ])
      const verified = await verifyCeremony(files, root)
      assert.equal(verified.transcript, undefined)
      assert.equal(verified.problems.length, 1)
    }),
  )
})

test('a missing transcript or signature, and a root that is not self-signed, are problems', async () => {
  const empty = new Uint8Array()
  const files = new Map<string, Uint8Array>([[transcriptFile, empty]])
  assert.deepEqual((await verifyCeremony(new Map(), root)).problems, ['transcript.json is missing'])
  assert.deepEqual((await verifyCeremony(files, root)).problems, ['transcript.json.sig is missing'])
  const issuing = craft({ subject: named('Issuing') }, craft({ subject: named('Root') }))
  files.set(signatureFile, empty)
  assert.deepEqual((await verifyCeremony(files, issuing.certificate)).problems, [
    'the root certificate is not signed by its own key',
  ])
})
