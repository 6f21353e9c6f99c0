/** A link to a CA, labeled with the CA's name. */
import type { ReactNode } from 'react'
import type { Authority } from '../api/types.ts'
import { hrefOf } from '../app/router.ts'
import { authorityId, subjectText } from './format.ts'
import { ForeignText, PageLink } from './values.tsx'

interface AuthorityLinkProps {
  readonly arn: string
  readonly authorities: readonly Authority[] | undefined
}

/** Shows part of a CA's ID if the CA is not in the list. */
export function AuthorityLink({ arn, authorities }: AuthorityLinkProps): ReactNode {
  const found = authorities?.find(({ Arn }) => Arn === arn)
  const name = found && subjectText(found.CertificateAuthorityConfiguration.Subject)
  return (
    <PageLink href={hrefOf(`authorities/${arn}`)}>
      <ForeignText text={name ?? authorityId(arn).slice(-12)} />
    </PageLink>
  )
}
