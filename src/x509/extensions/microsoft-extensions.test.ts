import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DerError } from '../der/error.ts'
import { tags } from '../der/reader.ts'
import { encodeElement, encodeSequence } from '../der/writer.ts'
import { encodeOidElement } from '../der/oid.ts'
import { parseMicrosoftTemplate } from './microsoft-extensions.ts'

const templateId = '1.3.6.1.4.1.311.21.8.1.2'

function template(...versionsHex: readonly string[]): Uint8Array {
  return encodeSequence(
    encodeOidElement(templateId),
    ...versionsHex.map((hex) => encodeElement(tags.integer, Buffer.from(hex, 'hex'))),
  )
}

test('versions of a Microsoft template have 32 bits, and both are optional', () => {
  assert.deepEqual(parseMicrosoftTemplate(template('00ffffffff', '0080000000')), {
    templateId,
    majorVersion: 2 ** 32 - 1,
    minorVersion: 2 ** 31,
  })
  assert.deepEqual(parseMicrosoftTemplate(template('64')), {
    templateId,
    majorVersion: 100,
    minorVersion: undefined,
  })
  assert.deepEqual(parseMicrosoftTemplate(template()), {
    templateId,
    majorVersion: undefined,
    minorVersion: undefined,
  })
})

test('a version of more than 32 bits, a negative version and a third version are refused', () => {
  for (const versions of [['0100000000'], ['01', '0100000000'], ['ff'], ['01', '01', '01']])
    assert.throws(() => parseMicrosoftTemplate(template(...versions)), DerError)
})
