import type { Command } from 'commander'
import {
  addIdentityProvider,
  changeIdentityProvider,
  listAllIdentityProviders,
  removeIdentityProvider,
  type ProviderOptions,
} from '../../admin-commands/identity-providers.ts'
import type { Flags } from '../../settings/config.ts'
import { severalOf } from '../shared/config-flags.ts'
import type { CommandContext } from '../shared/context.ts'
import { readTextFile } from '../shared/policy-file.ts'
import { listOf, ofAccount, SignetCommand, type Call } from '../shared/signet-command.ts'

type ProviderFlags = Flags & { readonly audience?: readonly string[]; readonly jwks?: string }

export function oidcProviderCommand(context: CommandContext): Command {
  const group = new SignetCommand(context, 'oidc-provider')
  group.description('Manage trusted OpenID Connect identity providers')
  withOptions(ofAccount(group, 'create').output())
    .description('Add an identity provider that role trust policies can reference')
    .argument('<issuer>', 'issuer URL, as in the iss claim of its tokens')
    .examples(
      'signet oidc-provider create https://token.actions.githubusercontent.com --audience signet',
      'signet oidc-provider create https://kubernetes.default.svc.cluster.local --audience signet --jwks jwks.json',
    )
    .run(async ({ config, flags }: Call<ProviderFlags>, issuer: string) =>
      addIdentityProvider(config, { accountId: flags.account, issuer }, await optionsOf(flags)),
    )
  listOf(group)
    .output()
    .description('List identity providers')
    .examples('signet oidc-provider list')
    .run(({ config, flags }) => listAllIdentityProviders(config, flags.account))
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
      'file with the JSON Web Key Set of an issuer that the server cannot reach; with an empty file, the server fetches the keys from the issuer again',
    )
}

async function optionsOf({ audience, jwks }: ProviderFlags): Promise<ProviderOptions> {
  return {
    ...(audience !== undefined && { audiences: audience }),
    ...(jwks !== undefined && { keySet: (await readTextFile('--jwks', jwks)).trim() }),
  }
}
