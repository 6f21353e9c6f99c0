/** The status of a certificate in the database, in the published CRL and in the OCSP response. */
import KeyValuePairs, {
  type KeyValuePairsProps,
} from '@cloudscape-design/components/key-value-pairs'
import StatusIndicator from '@cloudscape-design/components/status-indicator'
import type { ReactNode } from 'react'
import type { RevocationCheck } from '../api/types.ts'
import { enumText } from './format.ts'
import { CertificateState, Time } from './values.tsx'

export function RevocationCheckView({ check }: { readonly check: RevocationCheck }): ReactNode {
  const { Api: api, Crl: crl, Ocsp: ocsp } = check
  return (
    <KeyValuePairs
      columns={3}
      items={[
        {
          type: 'group',
          title: 'Signet',
          items: [
            { label: 'State', value: <CertificateState status={api.Status} /> },
            ...revocationPairs(api),
          ],
        },
        { type: 'group', title: 'Published CRL', items: crlPairs(crl) },
        { type: 'group', title: 'OCSP response', items: ocspPairs(ocsp) },
      ]}
    />
  )
}

type Pairs = KeyValuePairsProps.Pair[]

function crlPairs(crl: RevocationCheck['Crl']): Pairs {
  if (crl === undefined) return [{ label: 'State', value: 'The CA has no CRL.' }]
  const { Listed, Problem, CrlNumber, ThisUpdate, NextUpdate } = crl
  return [
    {
      label: 'State',
      value:
        Listed === undefined ? (
          <StatusIndicator type="warning">{Problem ?? 'Unknown'}</StatusIndicator>
        ) : (
          <StatusIndicator type={Listed ? 'error' : 'success'}>
            {Listed ? 'Listed as revoked' : 'Not listed'}
          </StatusIndicator>
        ),
    },
    ...revocationPairs(crl),
    ...(CrlNumber === undefined ? [] : [{ label: 'CRL number', value: String(CrlNumber) }]),
    ...updatePairs({ ThisUpdate, NextUpdate }),
  ]
}

function ocspPairs(ocsp: RevocationCheck['Ocsp']): Pairs {
  if (ocsp === undefined) return [{ label: 'State', value: 'OCSP is off for this CA.' }]
  const { Status, Problem, ThisUpdate, NextUpdate } = ocsp
  const type = Status === 'GOOD' ? 'success' : Status === 'REVOKED' ? 'error' : 'warning'
  return [
    { label: 'State', value: <StatusIndicator type={type}>{enumText(Status)}</StatusIndicator> },
    ...(Problem === undefined ? [] : [{ label: 'Reason', value: Problem }]),
    ...revocationPairs(ocsp),
    ...updatePairs({ ThisUpdate, NextUpdate }),
  ]
}

function revocationPairs({
  RevokedAt,
  Reason,
}: {
  readonly RevokedAt?: number | undefined
  readonly Reason?: string | undefined
}): Pairs {
  return [
    ...(RevokedAt === undefined ? [] : [{ label: 'Revoked', value: <Time seconds={RevokedAt} /> }]),
    ...(Reason === undefined ? [] : [{ label: 'Reason', value: enumText(Reason) }]),
  ]
}

function updatePairs({
  ThisUpdate,
  NextUpdate,
}: {
  readonly ThisUpdate: number | undefined
  readonly NextUpdate: number | undefined
}): Pairs {
  return [
    ...(ThisUpdate === undefined
      ? []
      : [{ label: 'This update', value: <Time seconds={ThisUpdate} /> }]),
    ...(NextUpdate === undefined
      ? []
      : [{ label: 'Next update', value: <Time seconds={NextUpdate} relative /> }]),
  ]
}
