/** The API's eight revocation reasons, with their codes in RFC 5280 §5.3.1. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { reasonCodeOf, reasonOfCode, revocationReasons } from './revocation-reason.ts'

/** Names of revocation reasons in RFC 5280, in the order of their codes. Code 7 is not used. */
const rfcNames = [
  'unspecified',
  'keyCompromise',
  'cACompromise',
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
  'certificateHold',
  '',
  'removeFromCRL',
  'privilegeWithdrawn',
  'aACompromise',
]

test('every reason has its code from RFC 5280', () => {
  assert.deepEqual(
    revocationReasons.map((reason) => [reason, rfcNames[reasonCodeOf(reason)]]),
    [
      ['UNSPECIFIED', 'unspecified'],
      ['KEY_COMPROMISE', 'keyCompromise'],
      ['CERTIFICATE_AUTHORITY_COMPROMISE', 'cACompromise'],
      ['AFFILIATION_CHANGED', 'affiliationChanged'],
      ['SUPERSEDED', 'superseded'],
      ['CESSATION_OF_OPERATION', 'cessationOfOperation'],
      ['PRIVILEGE_WITHDRAWN', 'privilegeWithdrawn'],
      ['A_A_COMPROMISE', 'aACompromise'],
    ],
  )
})

test('every reason code is converted back to its reason, and other codes are rejected', () => {
  for (const reason of revocationReasons) assert.equal(reasonOfCode(reasonCodeOf(reason)), reason)
  for (const code of [-1, 6, 7, 8, 11, 0.5, Number.NaN, Infinity])
    assert.throws(() => reasonOfCode(code), RangeError, String(code))
})
