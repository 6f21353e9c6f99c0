import type { Command } from 'commander'
import {
  addIdentityProvider,
  changeIdentityProvider,
  listAllIdentityProviders,
  removeIdentityProvider,
  type ProviderOptions,
} from '../../admin-commands/identity-providers.ts'
import { listIdentityProviders } from '../../client-commands/principals.ts'
import type { Flags } from '../../settings/config.ts'
import { severalOf } from '../shared/config-flags.ts'
import type { CommandContext } from '../shared/context.ts'
import { orApi, readFrom, type SourceFlags } from '../shared/data-or-api.ts'
import { readTextFile } from '../shared/policy-file.ts'
import { listOf, ofAccount, SignetCommand, type Call } from '../shared/signet-command.ts'
import { dayText, type Column } from '../shared/table.ts'

type ProviderFlags = Flags & { readonly audience?: readonly string[]; readonly jwks?: string }

const listColumns: readonly Column[] = [
  { key: 'Url', header: 'ISSUER' },
  { key: 'AccountId', header: 'ACCOUNT', shrink: 'never' },
  { key: 'ClientIDList', header: 'AUDIENCES' },
  {
    key: 'KeySource',
    header: 'KEYS',
    text: ({ KeySource, Keys }) =>
      KeySource === 'STORED' && Array.isArray(Keys) ? `${Keys.length} stored` : 'from the issuer',
  },
  { key: 'CreateDate', header: 'CREATED', shrink: 'never', text: dayText('CreateDate') },
  { key: 'Arn', wide: true },
  { key: 'Keys', header: 'STORED KEYS', wide: true },
]

export function oidcProviderCommand(context: CommandContext): Command {
  const group = new SignetCommand(context, 'oidc-provider')
  group.description('Manage trusted OpenID Connect identity providers')
  withOptions(ofAccount(group, 'create').output())
    .description('Add an identity provider that role trust policies can reference')
    .argument('<issuer>', 'issuer URL, which must equal the iss claim of the tokens')
    .examples(
      'signet oidc-provider create https://token.actions.githubusercontent.com --audience signet',
      'signet oidc-provider create https://kubernetes.default.svc.cluster.local --audience signet --jwks jwks.json',
    )
    .run(async ({ config, flags }: Call<ProviderFlags>, issuer: string) =>
      addIdentityProvider(config, { accountId: flags.account, issuer }, await optionsOf(flags)),
    )
  orApi(listOf(group))
    .output()
    .description('List identity providers')
    .examples(
      'signet oidc-provider list',
      'signet oidc-provider list --endpoint https://ca.example.com --profile ca',
    )
    .run(
      (call: Call<SourceFlags>) =>
        readFrom<readonly object[]>(group, call, {
          data: () => listAllIdentityProviders(call.config, call.flags.account),
          api: listIdentityProviders,
        }),
      { columns: listColumns, empty: 'No identity providers found.' },
    )
  withOptions(ofAccount(group, 'update'))
    .description(
      'Update the audiences or keys of an identity provider. Omitted options keep their values',
    )
    .argument('<issuer>')
    .examples('signet oidc-provider update https://ci.example.com --jwks k.json')
    .run(
      async ({ config, flags }: Call<ProviderFlags>, issuer: string) =>
        changeIdentityProvider(
          config,
          { accountId: flags.account, issuer },
          await optionsOf(flags),
        ),
      { done: (issuer) => `Updated identity provider ${issuer}.` },
    )
  ofAccount(group, 'delete')
    .description('Remove an identity provider')
    .argument('<issuer>')
    .examples('signet oidc-provider delete https://ci.example.com')
    .run(
      ({ config, flags }, issuer: string) =>
        removeIdentityProvider(config, { accountId: flags.account, issuer }),
      { done: (issuer) => `Removed identity provider ${issuer}.` },
    )
  return group
}

function withOptions(command: SignetCommand): SignetCommand {
  return command
    .option('--audience <text>', 'accepted audience (aud claim); repeatable', severalOf)
    .option(
      '--jwks <file>',
      'file with the JSON Web Key Set of an issuer that the server cannot reach; an empty file makes the server fetch the keys from the issuer again',
    )
}

async function optionsOf({ audience, jwks }: ProviderFlags): Promise<ProviderOptions> {
  return {
    ...(audience !== undefined && { audiences: audience }),
    ...(jwks !== undefined && { keySet: (await readTextFile('--jwks', jwks)).trim() }),
  }
}
