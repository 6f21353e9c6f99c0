/** Creates ACME endpoints with keys and accounts, without an ACME client. */
import { addBindingKey } from '../../src/admin-commands/enrollment/binding-keys.ts'
import { addEndpoint } from '../../src/admin-commands/enrollment/endpoints.ts'
import { withData } from '../../src/data-folder/data-folder.ts'
import { insertAccount } from '../../src/store/enrollment/accounts.ts'
import { recorded } from '../../src/store/recorded-states.ts'
import type { TestService } from './service.ts'

/** Creates an ACME endpoint with an EAB key that is valid for all names. */
export async function createBoundEndpoint(
  { config }: Pick<TestService, 'config'>,
  { name, ca }: { readonly name: string; readonly ca: string },
) {
  await addEndpoint(config, name, { protocol: 'acme', ca, eab: 'required' })
  const options = { names: undefined, reusable: true, expiresSeconds: undefined }
  return addBindingKey(config, name, options)
}

/** Inserts an account at an ACME endpoint, as the endpoint does for a client. */
export async function createAcmeAccount(
  service: TestService,
  { endpoint, id, by }: { readonly endpoint: string; readonly id: string; readonly by: string },
): Promise<void> {
  const time = service.clock.now()
  const account = {
    id,
    endpointName: endpoint,
    keyThumbprint: `thumbprint of ${id}`,
    publicKey: '{}',
    contacts: ['mailto:ada@corp.example'],
    status: 'valid',
    bindingKeyId: undefined,
    createdAt: time,
  } as const
  await withData(service.config, ({ db }) =>
    db.transaction(recorded([insertAccount(account)], { time, actor: { principal: by } })),
  )
}
