import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CrlKind, CurrentCrl } from '../authority/authority.ts'
import {
  noRevocation,
  type RevocationConfiguration,
} from '../authority/revocation-configuration.ts'
import { boundCrl, listingCrls, listsAllRevocations } from './listing-crls.ts'

const crls = [
  { id: 1, kind: 'PARTITION' },
  { id: 2, kind: 'COMPLETE' },
  { id: 3, kind: 'PARTITION' },
  // A CRL for the CA's later identity (subject and key identifier).
  { id: 4, kind: 'COMPLETE' },
] as const

function authorityWith(type: 'COMPLETE' | 'PARTITIONED' | 'none', currentId: number | undefined) {
  const CrlConfiguration = {
    Enabled: true,
    ExpirationInDays: 7,
    S3BucketName: 'bucket',
    S3ObjectAcl: 'PUBLIC_READ',
    CrlType: type === 'none' ? 'COMPLETE' : type,
  } as const
  const revocation: RevocationConfiguration =
    type === 'none' ? noRevocation : { ...noRevocation, CrlConfiguration }
  const kind: CrlKind = type === 'PARTITIONED' ? 'PARTITION' : 'COMPLETE'
  const crl: CurrentCrl | undefined =
    currentId === undefined ? undefined : { id: currentId, name: 'x', kind, issuerIdentity: 1 }
  return { revocation, crl }
}

test('if CRLs are complete, a revocation is listed on all complete CRLs and on the partition of the certificate', () => {
  const authority = authorityWith('COMPLETE', 4)
  assert.deepEqual(listingCrls(authority, crls, 1), [1, 2, 4])
  assert.deepEqual(listingCrls(authority, crls, 3), [2, 3, 4])
  assert.deepEqual(listingCrls(authority, crls, 2), [2, 4])
  assert.deepEqual(listingCrls(authority, crls, null), [2, 4])
})

test('if CRLs are partitioned, a revocation is listed only on the CRL of the certificate', () => {
  const authority = authorityWith('PARTITIONED', 3)
  assert.deepEqual(listingCrls(authority, crls, 1), [1])
  assert.deepEqual(listingCrls(authority, crls, 2), [2])
})

test('a certificate that was issued without a CRL is bound to the current CRL of its CA', () => {
  assert.deepEqual(listingCrls(authorityWith('PARTITIONED', 3), crls, null), [3])
  assert.equal(boundCrl(authorityWith('PARTITIONED', 3), null), 3)
  assert.equal(boundCrl(authorityWith('PARTITIONED', 3), 1), 1)
})

test('no CRL lists a revocation of a CA that never had a CRL', () => {
  for (const type of ['COMPLETE', 'PARTITIONED', 'none'] as const) {
    assert.deepEqual(listingCrls(authorityWith(type, undefined), [], null), [])
    assert.equal(boundCrl(authorityWith(type, undefined), null), null)
  }
})

test('a revocation while CRLs are disabled is listed after they are enabled again', () => {
  assert.deepEqual(listingCrls(authorityWith('none', 4), crls, 1), [1, 2, 4])
  assert.deepEqual(listingCrls(authorityWith('none', 4), crls, null), [2, 4])
})

test('a revocation is listed on exactly the CRLs that it makes due', () => {
  for (const type of ['COMPLETE', 'PARTITIONED', 'none'] as const)
    for (const issuedUnder of [null, 1, 2, 3, 4]) {
      const authority = authorityWith(type, 3)
      const listing = listingCrls(authority, crls, issuedUnder)
      for (const { id, kind } of crls) {
        // Simulates the publication of a CRL that lists either all revocations or only those recorded under the CRL.
        const isListed =
          listsAllRevocations(authority, kind) || boundCrl(authority, issuedUnder) === id
        assert.equal(listing.includes(id), isListed, `${type}, ${issuedUnder}, CRL ${id}`)
      }
    }
})
