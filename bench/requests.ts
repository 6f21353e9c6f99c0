/** The load of each operation on one CA: which requests are sent, signed anew for each turn. */
import { revocableSerials, someSerials } from './stored-rows.ts'
import type { Target } from './target.ts'
import { addressOf, runLoad, type LoadTarget } from './turns.ts'

/** A CA with its data folder, and what is asked of it. */
export interface Subject {
  readonly target: Target
  readonly data: string
  readonly csrs: readonly string[]
}

/** Different certificates asked for in one turn. */
const different = 1000

/** One certificate for each CSR, in rotation. */
export function issueLoad({ target, csrs }: Pick<Subject, 'target' | 'csrs'>): LoadTarget {
  return {
    ...addressOf(target.url),
    requests: () => csrs.map((csr) => target.request('IssueCertificate', target.issueInput(csr))),
  }
}

/** Certificates from anywhere among those of the CA. */
export function getLoad({ target, data }: Subject): LoadTarget {
  const { authorityArn } = target
  return {
    ...addressOf(target.url),
    requests: () =>
      someSerials({ data, authorityArn }, different).map((serial) => getRequest(target, serial)),
  }
}

function getRequest(target: Target, serial: string): Buffer {
  return target.request('GetCertificate', {
    CertificateAuthorityArn: target.authorityArn,
    CertificateArn: `${target.authorityArn}/certificate/${serial}`,
  })
}

export function listLoad({ target }: Pick<Subject, 'target'>): LoadTarget {
  const requests = (): Buffer[] => [
    target.request('ListCertificateAuthorities', { MaxResults: listed }),
  ]
  return { ...addressOf(target.url), requests }
}

/** CAs on the page that is asked for. */
export const listed = 10

/** Each certificate once, `perTurn` of them; what is missing is issued before the turn begins. */
export function revokeLoad(subject: Subject, perTurn: number): LoadTarget {
  const { target, data } = subject
  const { authorityArn } = target
  const requests = async (): Promise<Buffer[]> => {
    let serials = revocableSerials({ data, authorityArn }, perTurn)
    while (serials.length < perTurn) {
      await runLoad(issueLoad(subject), { connections: 64 }, { seconds: 1 })
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
  return { ...addressOf(target.url), once: true, requests }
}

/** Of twenty requests fourteen get, four issue, one describes, one lists. */
export function mixedLoad({ target, data, csrs }: Subject): LoadTarget {
  const { authorityArn } = target
  const requests = (): Buffer[] =>
    someSerials({ data, authorityArn }, different).map((serial, index) => {
      const kind = index % 20
      if (kind === 3)
        return target.request('DescribeCertificateAuthority', {
          CertificateAuthorityArn: authorityArn,
        })
      if (kind === 13) return target.request('ListCertificateAuthorities', { MaxResults: listed })
      const csr = csrs[index % csrs.length]
      if (kind % 5 === 1 && csr !== undefined)
        return target.request('IssueCertificate', target.issueInput(csr))
      return getRequest(target, serial)
    })
  return { ...addressOf(target.url), requests }
}
