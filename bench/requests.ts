/** Loads that call API operations on a CA. Requests are signed again for each turn. */
import { revocableSerials, someSerials } from './stored-rows.ts'
import type { Target } from './target.ts'
import { addressOf, runLoad, type LoadTarget } from './turns.ts'

/** A CA on a running server. */
export interface Subject extends Pick<LoadTarget, 'name' | 'pids' | 'shared'> {
  readonly target: Target
  readonly data: string
  readonly csrs: readonly string[]
}

type Requests = LoadTarget['requests']

function loadOf(
  { name, pids, shared, target }: Omit<Subject, 'data' | 'csrs'>,
  requests: Requests,
): LoadTarget {
  const address = addressOf(target.url)
  return { name, pids, ...address, ...(shared !== undefined && { shared }), requests }
}

/** Returns a load that issues a certificate for each CSR in rotation. */
export function issueLoad(subject: Omit<Subject, 'data'>): LoadTarget {
  const { target, csrs } = subject
  return loadOf(subject, () =>
    csrs.map((csr) => target.request('IssueCertificate', target.issueInput(csr))),
  )
}

/** Returns a load that fetches `count` different certificates from the CA, in random order. */
export function getLoad(subject: Subject, count: number): LoadTarget {
  const { target, data } = subject
  const { authorityArn } = target
  return loadOf(
    subject,
    cachedForTwoMinutes(() =>
      someSerials({ data, authorityArn }, count).map((serial) => getRequest(target, serial)),
    ),
  )
}

/** A cache of signed requests, because signing a hundred thousand requests takes longer than a turn. */
function cachedForTwoMinutes(create: () => readonly Buffer[]): Requests {
  let requests: readonly Buffer[] = []
  let expiresAt = 0
  return () => {
    if (performance.now() > expiresAt) {
      requests = create()
      expiresAt = performance.now() + 120_000
    }
    return requests
  }
}

function getRequest(target: Target, serial: string): Buffer {
  return target.request('GetCertificate', {
    CertificateAuthorityArn: target.authorityArn,
    CertificateArn: `${target.authorityArn}/certificate/${serial}`,
  })
}

export function describeLoad(subject: Subject): LoadTarget {
  return loadOf(subject, () => [describeRequest(subject.target)])
}

function describeRequest(target: Target): Buffer {
  const input = { CertificateAuthorityArn: target.authorityArn }
  return target.request('DescribeCertificateAuthority', input)
}

export function listLoad(subject: Subject): LoadTarget {
  return loadOf(subject, () => [listRequest(subject.target)])
}

function listRequest(target: Target): Buffer {
  return target.request('ListCertificateAuthorities', { MaxResults: listed })
}

/** Number of CAs on the requested page. */
export const listed = 10

/**
 * Returns a load that revokes `perTurn` different certificates in each turn. If the CA has too few certificates, more are issued
 * before the turn.
 */
export function revokeLoad(subject: Subject, perTurn: number): LoadTarget {
  const { target, data } = subject
  const { authorityArn } = target
  const requests = async (): Promise<Buffer[]> => {
    let serials = revocableSerials({ data, authorityArn }, perTurn)
    while (serials.length < perTurn) {
      await runLoad(issueLoad(subject), { connections: 64, seconds: 1 })
      serials = revocableSerials({ data, authorityArn }, perTurn)
    }
    return serials.map((serial) =>
      target.request('RevokeCertificate', {
        CertificateAuthorityArn: authorityArn,
        CertificateSerial: serial,
        RevocationReason: 'SUPERSEDED',
      }),
    )
  }
  return { ...loadOf(subject, requests), once: true }
}

/** Returns a mixed load: out of 20 requests, 14 get a certificate, 4 issue a certificate, 1 describes a CA and 1 lists CAs. */
export function mixedLoad(subject: Subject): LoadTarget {
  const { target, data, csrs } = subject
  const { authorityArn } = target
  return loadOf(subject, () =>
    someSerials({ data, authorityArn }, 1000).map((serial, index) => {
      const kind = index % 20
      if (kind === 3) return describeRequest(target)
      if (kind === 13) return listRequest(target)
      const csr = csrs[index % csrs.length]
      if (kind % 5 === 1 && csr !== undefined)
        return target.request('IssueCertificate', target.issueInput(csr))
      return getRequest(target, serial)
    }),
  )
}
