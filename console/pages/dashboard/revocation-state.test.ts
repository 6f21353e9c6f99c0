import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RevocationState } from '../../api/types.ts'
import { crlState, ocspState } from './revocation-state.ts'

const now = Date.parse('2026-01-01T00:00:00Z')
const seconds = now / 1000
const totals = { Enabled: true, Crls: 1, Entries: 0, Size: 0, Pending: 0, Failed: 0, Late: 0 }
const crl = {
  Name: 'a',
  CrlType: 'COMPLETE',
  IsCurrent: true,
  Status: 'PUBLISHED',
  IsLate: false,
  ThisUpdate: seconds - 7200,
  NextUpdate: seconds + 7200,
} as const

const state = (changed: object, newest: object | undefined = crl): RevocationState =>
  ({
    Crl: { ...totals, ...changed },
    Crls: newest === undefined ? [] : [newest],
    Ocsp: { Enabled: false },
  }) as unknown as RevocationState

test('the state of CRLs shows failures and late CRLs before the age of the newest CRL', () => {
  const cases: [RevocationState, string, string][] = [
    [state({ Enabled: false }), 'stopped', 'Disabled'],
    [state({ Failed: 1, Late: 1 }), 'error', 'Publication failed'],
    [state({ Late: 2, Crls: 5 }), 'error', 'Late (2 of 5)'],
    [{ ...state({}), Crls: [] }, 'pending', 'None until the CA issues a certificate'],
    [state({}, { ...crl, ThisUpdate: undefined }), 'pending', 'Not published yet'],
    [state({}, { ...crl, NextUpdate: seconds - 3600 }), 'error', 'Expired 1 hour ago'],
    [state({ Pending: 1 }), 'pending', 'Published 2 hours ago; changes pending'],
    [state({}), 'success', 'Published 2 hours ago'],
  ]
  for (const [input, type, text] of cases) assert.deepEqual(crlState(input, now), { type, text })
})

test('the state of OCSP shows who signs responses, and whether that certificate has expired', () => {
  const of = (Ocsp: object): unknown => ocspState({ ...state({}), Ocsp } as RevocationState, now)
  assert.deepEqual(of({ Enabled: false }), { type: 'stopped', text: 'Disabled' })
  const signer = { Enabled: true, Signer: 'DELEGATED', SignerNotAfter: seconds + 1e6 }
  assert.deepEqual(of(signer), { type: 'success', text: 'Signed by the delegated responder' })
  assert.deepEqual(of({ ...signer, Signer: 'CA', SignerNotAfter: seconds - 1 }), {
    type: 'error',
    text: 'The certificate of the CA has expired',
  })
})
