/** Kinds of leaves for ACME and EST endpoints, and for their accounts, keys and passwords. */
import { createAcmeAccount } from '../endpoints.ts'
import { change, removal, type KindContext, type RecordedKind } from './kind.ts'

const acmeAccount = 'p9JxW2rT5uYk7QeHs3LdNg'

export function enrollmentKinds(context: KindContext): RecordedKind[] {
  const { service, cli, named, removing } = context
  const endpointArn = (name: string): string =>
    `arn:aws:signet:eu-west-1:${service.config.accountId}:${name}`
  let bindingKey = ''
  let password = ''
  return [
    named('acme create', [change('enrollment_endpoints')], () =>
      cli(`acme create web --ca ${context.root.arn} --eab required`),
    ),
    named('acme update', [change('enrollment_endpoints')], () =>
      cli('acme update web --validity 7d'),
    ),
    named('acme eab create', [change('acme_binding_keys')], async () => {
      bindingKey = (await cli('acme eab create web')).KeyId
    }),
    named('acme', [change('acme_accounts', endpointArn('acme/web'))], () =>
      createAcmeAccount(service, { endpoint: 'web', id: acmeAccount, by: endpointArn('acme/web') }),
    ),
    named('acme account deactivate', [change('acme_accounts')], () =>
      cli(`acme account deactivate web ${acmeAccount}`),
    ),
    named('est create', [change('enrollment_endpoints')], () =>
      cli(`est create devices --ca ${context.root.arn}`),
    ),
    named('est update', [change('enrollment_endpoints')], () =>
      cli('est update devices --validity 7d'),
    ),
    named('est password create', [change('est_passwords')], async () => {
      password = (await cli('est password create devices --names *')).UserName
    }),
    removing('est password delete', [removal('est_passwords')], () =>
      cli(`est password delete devices ${password}`),
    ),
    removing('est delete', [removal('enrollment_endpoints')], () => cli('est delete devices')),
    removing('acme eab delete', [removal('acme_binding_keys')], () =>
      cli(`acme eab delete web ${bindingKey}`),
    ),
    removing('acme delete', [removal('acme_accounts'), removal('enrollment_endpoints')], () =>
      cli('acme delete web --force'),
    ),
  ]
}
