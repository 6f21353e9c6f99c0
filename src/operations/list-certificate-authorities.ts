import type { Authority } from '../authority/authority.ts'
import { statusAt } from '../authority/status.ts'
import { ServiceError } from '../errors.ts'
import { listAuthorities, listSharedAuthorities } from '../store/authorities.ts'
import { certificateAuthorityArn } from '../wire/arn.ts'
import { enumeration, list, structure } from '../wire/shape.ts'
import { describeAuthority } from './authority-view.ts'
import { operation } from './operation.ts'
import { certificateAuthority, maxResults, nextToken } from './shapes.ts'

/** At most so many on a page, whatever is asked for (AWS Private CA API, ListCertificateAuthorities). */
const pageSizeMax = 100

/** Lists the account's CAs, page by page (AWS Private CA API, ListCertificateAuthorities). */
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
    const scope = { operation: 'ListCertificateAuthorities', callerArn, region, resource: owner }
    const after = input.NextToken === undefined ? '0' : pageTokens.open(scope, input.NextToken)
    if (after === undefined)
      throw new ServiceError(
        'InvalidNextTokenException',
        'NextToken was not issued by this operation.',
      )
    const now = clock.now()
    const limit = Math.min(input.MaxResults ?? pageSizeMax, pageSizeMax)
    const listRows = owner === 'SELF' ? listAuthorities : listSharedAuthorities
    const found = await listRows(db, caller, { after: Number(after), limit: limit + 1, now })
    const page = found.slice(0, limit)
    const last = found.length > limit ? page.at(-1) : undefined
    return {
      ...(last && { NextToken: pageTokens.seal(scope, String(last.number)) }),
      CertificateAuthorities: page.flatMap((authority) => describeAt(authority, now)),
    }
  },
})

function describeAt(authority: Authority, now: Date): ReturnType<typeof describeAuthority>[] {
  const status = statusAt(authority, now)
  const arn = certificateAuthorityArn(authority)
  return status === undefined ? [] : [describeAuthority(authority, { arn, status, now })]
}
