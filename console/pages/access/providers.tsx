/** The page of OpenID Connect identity providers that the account's roles can trust. */
import type { ReactNode } from 'react'
import type { IdentityProvider } from '../../api/types.ts'
import { ListPage } from '../../lists/list-page.tsx'
import { ForeignText, Time } from '../../widgets/values.tsx'

export function Page(): ReactNode {
  return (
    <ListPage
      path="access/providers"
      title="Identity providers"
      description="Roles can trust the tokens of OpenID Connect identity providers, such as those of pods and CI jobs."
      noun="identity providers"
      empty={{ command: 'signet oidc-provider create https://ISSUER --audience signet' }}
      operation="ListIdentityProviders"
      itemsOf={({ IdentityProviders }) => IdentityProviders}
      trackBy={({ Arn }) => Arn}
      textOf={({ Url, ClientIDList }) => [Url, ...ClientIDList].join(' ')}
      filters={[]}
      sortKeys={{
        issuer: ({ Url }) => Url,
        created: ({ CreateDate }) => CreateDate,
      }}
      columns={[
        {
          id: 'issuer',
          header: 'Issuer',
          isRowHeader: true,
          minWidth: 290,
          cell: ({ Url }) => <ForeignText text={Url} />,
        },
        {
          id: 'audiences',
          header: 'Audiences',
          minWidth: 140,
          cell: ({ ClientIDList }) => <ForeignText text={ClientIDList.join(', ')} />,
        },
        {
          id: 'keys',
          header: 'Keys',
          minWidth: 220,
          cell: (provider) => <Keys provider={provider} />,
        },
        {
          id: 'created',
          header: 'Created',
          minWidth: 150,
          cell: ({ CreateDate }) => <Time seconds={CreateDate} />,
        },
      ]}
    />
  )
}

function Keys({ provider }: { readonly provider: IdentityProvider }): ReactNode {
  if (provider.KeySource === 'ISSUER') return 'Fetched from the issuer'
  return (
    <ul className="names">
      {provider.Keys.map(({ KeyId, KeyType, Thumbprint }, index) => (
        // oxlint-disable-next-line react/no-array-index-key -- the keys may be equal, and never move
        <li key={index}>
          <ForeignText text={`${KeyId ?? 'No key ID'} (${KeyType})`} />
          <br />
          <small>
            <ForeignText text={Thumbprint ?? 'malformed key'} />
          </small>
        </li>
      ))}
    </ul>
  )
}
