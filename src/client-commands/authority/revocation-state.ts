/**
 * Shows CRLs and OCSP responses as relying parties see them, for `signet ca show`, `signet ca publish-crl` and `signet
 * certificates check`.
 */
import { setTimeout } from 'node:timers/promises'
import type {
  CheckRevocationOutput,
  Client,
  DescribeRevocationOutput,
} from '../../../client/index.ts'
import { ConfigurationError } from '../../errors.ts'
import type { Line, Paragraph } from '../../inspect/lines.ts'
import { isoSeconds } from '../../text/iso-time.ts'

/** Returns the state of a CA's CRLs and OCSP responses, or null if the API does not return it to the caller. */
export async function revocationState(
  client: Client,
  arn: string,
): Promise<DescribeRevocationOutput | null> {
  try {
    return await client.describeRevocation({ CertificateAuthorityArn: arn, MaxResults: 1 })
  } catch {
    // AWS does not have DescribeRevocation, and the caller may lack permission for it.
    return null
  }
}

export function revocationLines({ Crl, Crls, Ocsp }: DescribeRevocationOutput): Line[] {
  const [newest] = Crls
  return [
    ...(Crl.Enabled ? crlLines(Crl, newest) : []),
    ...(Ocsp.Enabled && Ocsp.Signer !== undefined ? [ocspLine(Ocsp)] : []),
  ]
}

function crlLines(
  { Crls, Entries, Pending, Failed, Late }: DescribeRevocationOutput['Crl'],
  newest: DescribeRevocationOutput['Crls'][number] | undefined,
): Line[] {
  if (newest === undefined)
    return [
      {
        label: 'CRL state',
        text: 'the CA has not issued a certificate with a CRL URL yet',
        tone: 'plain',
      },
    ]
  const { CrlNumber, NextUpdate } = newest
  const number = CrlNumber === undefined ? 'not published yet' : `number ${CrlNumber}`
  const until = NextUpdate === undefined ? '' : `, until ${isoSeconds(NextUpdate)}`
  const count = Crls > 1 ? `${Crls} CRLs, ` : ''
  const problems = [
    ...(Late > 0 ? [`${Late} late`] : []),
    ...(Failed > 0 ? [`${Failed} not published, the server retries`] : []),
    ...(Pending > 0 && Failed === 0 ? [`${Pending} waiting to be published`] : []),
  ]
  return [
    {
      label: 'CRL state',
      text: `${count}${number}${until}, ${Entries} entries`,
      tone: 'plain',
    },
    ...(problems.length === 0
      ? []
      : [
          {
            label: '',
            text: problems.join(', '),
            tone: Late + Failed > 0 ? 'bad' : 'warning',
          } as const,
        ]),
  ]
}

function ocspLine({
  Signer,
  SignerNotAfter,
  ValiditySeconds,
}: DescribeRevocationOutput['Ocsp']): Line {
  const signer = Signer === 'DELEGATED' ? 'a delegated key' : 'the CA'
  const until =
    SignerNotAfter === undefined ? '' : `, certificate until ${isoSeconds(SignerNotAfter)}`
  return {
    label: 'OCSP state',
    text: `signed by ${signer}${until}; responses are valid for ${ValiditySeconds} s`,
    tone: 'plain',
  }
}

const pollMilliseconds = 500

/**
 * Publishes a CA's CRLs and waits until they are published. Throws ConfigurationError if the CRLs are not published within
 * `waitSeconds`, or if a publication has failed.
 */
export async function publishCrl(
  client: Client,
  arn: string,
  waitSeconds: number,
): Promise<DescribeRevocationOutput> {
  const input = { CertificateAuthorityArn: arn }
  await client.publishCrl(input)
  const until = performance.now() + waitSeconds * 1000
  for (;;) {
    const state = await client.describeRevocation(input)
    const { Pending, Failed } = state.Crl
    if (Pending === 0 && Failed === 0) return state
    const rest =
      'the server continues to retry; see the server log, and show the state with: signet ca show'
    if (Failed > 0)
      throw new ConfigurationError(`${Failed} CRLs could not be published; ${rest} ${arn}`)
    if (performance.now() > until)
      throw new ConfigurationError(
        `${Pending} CRLs were not published within ${waitSeconds} s; ${rest} ${arn}`,
      )
    await setTimeout(pollMilliseconds)
  }
}

/** Describes a certificate's status in the CRL, in the OCSP response and in the database. */
export function checkParagraphs({ Api, Crl, Ocsp }: CheckRevocationOutput): Paragraph[] {
  return [
    {
      title: 'Database',
      lines: [
        line('status', Api.Status, Api.Status === 'REVOKED' ? 'bad' : 'plain'),
        ...timeLines({ revoked: Api.RevokedAt }),
        ...textLines({ reason: Api.Reason }),
      ],
    },
    {
      title: 'CRL',
      lines: Crl === undefined ? [line('state', 'the CA has no CRL', 'plain')] : crlCheckLines(Crl),
    },
    {
      title: 'OCSP',
      lines:
        Ocsp === undefined
          ? [line('state', 'OCSP is disabled for the CA', 'plain')]
          : [
              line('status', Ocsp.Status, Ocsp.Status === 'GOOD' ? 'good' : 'bad'),
              ...textLines({ problem: Ocsp.Problem, URL: Ocsp.Url }),
              ...timeLines({
                'this update': Ocsp.ThisUpdate,
                'next update': Ocsp.NextUpdate,
                revoked: Ocsp.RevokedAt,
              }),
              ...textLines({ reason: Ocsp.Reason }),
            ],
    },
  ]
}

function crlCheckLines(crl: NonNullable<CheckRevocationOutput['Crl']>): Line[] {
  const { Listed, Problem, Url, CrlNumber, ThisUpdate, NextUpdate, RevokedAt, Reason } = crl
  return [
    ...(Listed === undefined
      ? []
      : [line('listed', Listed ? 'yes' : 'no', Listed ? 'bad' : 'good')]),
    ...(Problem === undefined ? [] : [line('problem', Problem, 'bad')]),
    ...textLines({ URL: Url, number: CrlNumber?.toString() }),
    ...timeLines({ 'this update': ThisUpdate, 'next update': NextUpdate, revoked: RevokedAt }),
    ...textLines({ reason: Reason }),
  ]
}

function line(label: string, text: string, tone: Line['tone']): Line {
  return { label, text, tone }
}

function textLines(texts: Readonly<Record<string, string | undefined>>): Line[] {
  return Object.entries(texts).flatMap(([label, text]) =>
    text === undefined ? [] : [line(label, text, 'plain')],
  )
}

function timeLines(times: Readonly<Record<string, Date | undefined>>): Line[] {
  return Object.entries(times).flatMap(([label, time]) =>
    time === undefined ? [] : [line(label, isoSeconds(time), 'plain')],
  )
}
