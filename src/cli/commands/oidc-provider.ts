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
  group.description('OpenID Connect issuers whose tokens roles may be taken on with')
  withOptions(ofAccount(group, 'create').output())
    .description('let roles of an account trust an issuer')
    .argument('<issuer>', 'URL, as tokens name it in iss')
    .examples(
      'signet oidc-provider create https://token.actions.githubusercontent.com --audience signet',
      'signet oidc-provider create https://kubernetes.default.svc.cluster.local \\\n' +
        '    --audience signet --jwks jwks.json',
    )
    .run(async ({ config, flags }: Call<ProviderFlags>, issuer: string) =>
      addIdentityProvider(config, { accountId: flags.account, issuer }, await optionsOf(flags)),
    )
  listOf(group)
    .output()
    .description('list issuers that are trusted')
    .examples('signet oidc-provider list')
    .run(({ config, flags }) => listAllIdentityProviders(config, flags.account))
  withOptions(ofAccount(group, 'update'))
    .description('change what tokens are for, or their keys; what is not said stays')
    .argument('<issuer>')
    .examples('signet oidc-provider update https://ci.example.com --jwks k.json')
    .run(async ({ config, flags }: Call<ProviderFlags>, issuer: string) =>
      changeIdentityProvider(config, { accountId: flags.account, issuer }, await optionsOf(flags)),
    )
  ofAccount(group, 'delete')
    .description('trust an issuer no more')
    .argument('<issuer>')
    .examples('signet oidc-provider delete https://ci.example.com')
    .run(({ config, flags }, issuer: string) =>
      removeIdentityProvider(config, { accountId: flags.account, issuer }),
    )
  return group
}

function withOptions(command: SignetCommand): SignetCommand {
  return command
    .option(
      '--audience <text>',
      'what tokens must be for, in aud; several times for several',
      severalOf,
    )
    .option(
      '--jwks <file>',
      'JSON Web Key Set of the issuer, where it cannot be asked; an empty file to have it asked',
    )
}

async function optionsOf({ audience, jwks }: ProviderFlags): Promise<ProviderOptions> {
  return {
    ...(audience !== undefined && { audiences: audience }),
    ...(jwks !== undefined && { keySet: (await readTextFile('--jwks', jwks)).trim() }),
  }
}
