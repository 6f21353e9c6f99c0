import type { Authority } from '../../authority/authority.ts'
import { statusAt } from '../../authority/status.ts'
import { listAuthorities, listSharedAuthorities } from '../../store/authorities.ts'
import { certificateAuthorityArn } from '../../wire/arn.ts'
import { enumeration, list, structure } from '../../wire/shapes/shape.ts'
import { describeAuthority } from '../shared/authority-view.ts'
import { operation } from '../shared/operation.ts'
import { readPage } from '../shared/read-page.ts'
import { certificateAuthority, maxResults, nextToken } from '../shared/shapes.ts'

/** Maximum number of CAs on a page, even if MaxResults is higher (AWS Private CA API, ListCertificateAuthorities). */
const pageSizeMax = 100

/** Lists the account's CAs in pages (AWS Private CA API, ListCertificateAuthorities). */
export const listCertificateAuthorities = operation({
  name: 'ListCertificateAuthorities',
  input: structure({
    MaxResults: maxResults,
    NextToken: nextToken,
    ResourceOwner: enumeration(['SELF', 'OTHER_ACCOUNTS']),
  }),
  output: structure({
    NextToken: nextToken,
    CertificateAuthorities: list(certificateAuthority),
  }),
  errors: ['InvalidNextTokenException'],
  resource: () => undefined,
  async run({ db, clock, pageTokens }, input, caller) {
    const { arn: callerArn, region } = caller
    const owner = input.ResourceOwner ?? 'SELF'
    const now = clock.now()
    const listRows = owner === 'SELF' ? listAuthorities : listSharedAuthorities
    const { rows, more } = await readPage(pageTokens, {
      scope: { operation: 'ListCertificateAuthorities', callerArn, region, resource: owner },
      nextToken: input.NextToken,
      limit: Math.min(input.MaxResults ?? pageSizeMax, pageSizeMax),
      errorCode: 'InvalidNextTokenException',
      read: (after = '0', limit) => listRows(db, caller, { after: Number(after), limit, now }),
      positionOf: (row) => String(row.number),
    })
    return { ...more, CertificateAuthorities: rows.flatMap((row) => describeAt(row, now)) }
  },
})

function describeAt(authority: Authority, now: Date): ReturnType<typeof describeAuthority>[] {
  const status = statusAt(authority, now)
  const arn = certificateAuthorityArn(authority)
  return status === undefined ? [] : [describeAuthority(authority, { arn, status, now })]
}
