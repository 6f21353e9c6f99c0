/** The name of a principal: the recognizable part of its ARN. */
import type { ReactNode } from 'react'
import { hrefOf } from '../app/router.ts'
import { endpointOfArn, principalName } from './format.ts'
import { ForeignText, PageLink } from './values.tsx'

/** The name of an enrollment endpoint links to its page. */
export function PrincipalName({ arn }: { readonly arn: string | undefined }): ReactNode {
  if (arn === undefined) return '–'
  const name = <ForeignText text={principalName(arn)} />
  const endpoint = endpointOfArn(arn)
  return (
    <span title={arn}>
      {endpoint === undefined ? (
        name
      ) : (
        <PageLink href={hrefOf(`enrollment/${endpoint}`)}>{name}</PageLink>
      )}
    </span>
  )
}
