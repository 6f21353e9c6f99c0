import { recorded } from '../../store/recorded-states.ts'
import type { AuthorityRequest } from '../../authority/authority.ts'
import type { Caller } from '../../identity/caller.ts'
import {
  requireConfiguration,
  certificateAuthorityConfiguration,
} from '../../authority/configuration.ts'
import {
  noRevocation,
  requireRevocation,
  revocationConfiguration,
} from '../../authority/revocation-configuration.ts'
import { requireKeyStorage } from '../../authority/key-storage.ts'
import { requireTags } from '../../authority/tags.ts'
import { limitExceeded, ServiceError } from '../../errors.ts'
import { uuid } from '../../random.ts'
import type { Services } from '../../services.ts'
import { insertAuthority, insertCertificateCount } from '../../store/authority-changes.ts'
import { ConflictError } from '../../store/database.ts'
import { findTokenArn } from '../../store/idempotency-tokens.ts'
import type { Sql } from '../../store/sql.ts'
import { putTag } from '../../store/tags.ts'
import { certificateAuthorityArn } from '../../wire/arn.ts'
import { required, structure, type Infer } from '../../wire/shapes/shape.ts'
import { commitOnce, scopedToken } from '../shared/idempotency.ts'
import { operation } from '../shared/operation.ts'
import {
  arn,
  certificateAuthorityType,
  certificateAuthorityUsageMode,
  idempotencyToken,
  keyStorageSecurityStandard,
  tagList,
} from '../shared/shapes.ts'
import { requireBucket } from '../shared/require-bucket.ts'
import { tagKeys, tagOf } from '../tag/tag-view.ts'

const createCertificateAuthorityInput = structure({
  CertificateAuthorityConfiguration: required(certificateAuthorityConfiguration),
  RevocationConfiguration: revocationConfiguration,
  CertificateAuthorityType: required(certificateAuthorityType),
  IdempotencyToken: idempotencyToken,
  KeyStorageSecurityStandard: keyStorageSecurityStandard,
  Tags: tagList,
  UsageMode: certificateAuthorityUsageMode,
})

/**
 * Creates a CA (AWS Private CA API, CreateCertificateAuthority). After the call, a background job generates the CA's key and CSR.
 * The CA can issue certificates after its own certificate has been imported.
 */
export const createCertificateAuthority = operation({
  name: 'CreateCertificateAuthority',
  input: createCertificateAuthorityInput,
  output: structure({
    CertificateAuthorityArn: arn,
  }),
  errors: [
    'LimitExceededException',
    'InvalidArgsException',
    'InvalidTagException',
    'InvalidPolicyException',
  ],
  resource: () => undefined,
  furtherActions: {
    documentation: '`acm-pca:TagCertificateAuthority` if the request has tags',
    of: ({ Tags = [] }) => (Tags.length === 0 ? [] : ['acm-pca:TagCertificateAuthority']),
  },
  conditionKeys: tagKeys,
  async run(services, input, caller) {
    const scope = { operation: 'CreateCertificateAuthority', resource: '' }
    const token = scopedToken(caller, scope, input.IdempotencyToken)
    const now = services.clock.now()
    const earlier = token && (await findTokenArn(services.db, token, now))
    if (earlier !== undefined) return { CertificateAuthorityArn: earlier }
    const request = authorityRequest(services, input, caller)
    const authorityArn = certificateAuthorityArn(request)
    const statements = recorded(createStatements(services, input, request), {
      time: now,
      actor: { principal: caller.arn },
    })
    await requireBucket(services, request.revocation, caller.accountId)
    try {
      const CertificateAuthorityArn = await commitOnce(services, token, {
        arn: authorityArn,
        now,
        statements,
      })
      services.wake('finish-creation')
      return { CertificateAuthorityArn }
    } catch (error) {
      if (!(error instanceof ConflictError) || error.guard !== 'quota') throw error
      throw limitExceeded(
        `The account has ${services.quotas.authoritiesPerRegion} certificate authorities in this Region, its quota. ` +
          'Deleted certificate authorities count until the end of their restoration period.',
        error,
      )
    }
  },
})

type Input = Infer<typeof createCertificateAuthorityInput>

function authorityRequest(
  { clock, random, keyStorageStandards: offered }: Services,
  input: Input,
  { partition, region, accountId }: Caller,
): AuthorityRequest {
  const configuration = requireConfiguration(input.CertificateAuthorityConfiguration)
  return {
    id: uuid(random),
    partition,
    region,
    accountId,
    type: input.CertificateAuthorityType,
    usageMode: input.UsageMode ?? 'GENERAL_PURPOSE',
    keyStorageSecurityStandard: requireKeyStorage(input.KeyStorageSecurityStandard, {
      partition,
      offered,
    }),
    configuration,
    revocation: requireRevocation(input.RevocationConfiguration, noRevocation),
    createdAt: clock.now(),
  }
}

function createStatements({ quotas }: Services, input: Input, request: AuthorityRequest): Sql[] {
  const tags = (input.Tags ?? []).map(tagOf)
  requireTags(tags)
  if (tags.length > quotas.tagsPerAuthority)
    throw new ServiceError(
      'InvalidTagException',
      `A certificate authority cannot have more than ${quotas.tagsPerAuthority} tags.`,
    )
  return [
    insertAuthority(request, quotas.authoritiesPerRegion),
    insertCertificateCount(request.id),
    ...tags.map((tag) => putTag(request.id, tag)),
  ]
}
